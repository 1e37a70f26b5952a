/** Operations on places that are taken back before their date; what it takes to give back the duties that they end. */
export const undone = `
alter table place_operation add column undone_ms bigint;
alter table place_operation add column undone_by text;
-- Duties as they were: [[id, to_ms or null], ...].
alter table place_operation add column duties_before jsonb not null default '[]';
`;
