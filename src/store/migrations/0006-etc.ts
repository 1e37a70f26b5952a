/** Passages that toll stations and gantries report. */
export const etc = `
select 1;
`;
