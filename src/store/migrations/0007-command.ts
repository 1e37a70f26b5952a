/** What terminals were told, and what they answered. */
export const command = `
select 1;
`;
