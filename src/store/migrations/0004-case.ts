/** Cases, their clocks and timers, and the outbox of notices. */
export const work = `
select 1;
`;
