/** What was told is deleted by when it was told. */
export const retention = `
create index event_oldest on event (at_ms);
`;
