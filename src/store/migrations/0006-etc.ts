/**
 * Toll records, what they say together with the passages of GPS, and how far that has been joined.
 * Instants are ms UTC (bigint).
 */
export const etc = `
-- seq: the order in which they became known, in the order of the commits. digest: of what the record says, so that the
-- same record sent again is told from another one under the same number. gate, direction: by the mapping of etc_join.
create table etc_passage (
  id             text primary key,
  seq            bigint generated always as identity unique,
  source         text not null,
  vehicle        text not null,
  time_ms        bigint not null,
  facility       text not null,
  lane           text,
  road_direction text,
  goods          boolean not null,
  gate           text,
  direction      text check (direction in ('inbound', 'outbound')),
  digest         text not null,
  body           jsonb not null
);
create index etc_passage_newest on etc_passage (time_ms desc, id desc);
create index etc_passage_of_vehicle on etc_passage (vehicle, time_ms desc, id desc);
create index etc_passage_of_gate on etc_passage (gate, time_ms desc, id desc);
create index etc_passage_at_gates on etc_passage (time_ms) where gate is not null;

create table gate_finding (
  id        text primary key,
  vehicle   text not null,
  gate      text not null,
  direction text not null check (direction in ('inbound', 'outbound')),
  kind      text not null check (kind in ('seen-twice', 'gps-silent', 'etc-missing')),
  time_ms   bigint not null,
  body      jsonb not null
);
create index gate_finding_newest on gate_finding (time_ms desc, id desc);
create index gate_finding_of_gate on gate_finding (gate, kind, time_ms desc, id desc);
create index gate_finding_of_vehicle on gate_finding (vehicle, time_ms desc, id desc);

-- world: digest of mapping and rule. event_seq, etc_seq: joined up to there. etc_decided_ms: passages up to then have been
-- looked at for a toll record that is missing; fix_decided_ms: toll records up to then for a GPS passage.
create table etc_join (
  id             integer primary key check (id = 1),
  world          text not null,
  event_seq      bigint not null,
  etc_seq        bigint not null,
  first_ms       bigint,
  etc_decided_ms bigint,
  fix_decided_ms bigint
);
`;
