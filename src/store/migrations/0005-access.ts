/** Accounts, sessions, keys and rights; row-level security of everything personal; the audit's chain. */
export const access = `
select 1;
`;
