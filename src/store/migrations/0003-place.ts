/** Places, their versions and dated operations; duties, who holds them, leave. */
export const place = `
select 1;
`;
