/**
 * How far matching has been decided and written: everything before `position` in the log of the track store, for the
 * city's rule, fence and gates as `world` names them, with the areas as they were at event `seq`.
 */
export const checkpoint = `
create table checkpoint (
  id       integer primary key check (id = 1),
  position bigint not null,
  seq      bigint not null,
  world    text not null
);
create index event_of_area on event (seq) where kind = 'area';
`;
