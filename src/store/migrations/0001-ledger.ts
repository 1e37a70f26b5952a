/**
 * The ledger: what was published, what was found, and the outbox of everything that became known.
 * Bodies are the published form (model/finding.ts, model/area.ts); the columns beside them are what is asked for.
 * Instants are ms UTC (bigint), as in the bodies and in the track store: nothing is rounded on the way.
 */
export const ledger = `
create table area (
  id           text primary key,
  version      integer not null,
  state        text not null check (state in ('published', 'withdrawn')),
  published_ms bigint not null,
  body         jsonb not null
);
create index area_newest on area (published_ms desc, id desc);

create table area_version (
  area    text not null references area (id),
  version integer not null,
  body    jsonb not null,
  primary key (area, version)
);

-- lock_ms: the first instant at or after exposed_ms at which the vehicle is known to be inside the fence, no later
-- than the lookback allows; entered_ms: the entry that led there. Both belong to the lock's chain, not to the body.
create table exposure (
  id         text primary key,
  vehicle    text not null,
  area       text not null,
  start_ms   bigint not null,
  end_ms     bigint,
  exposed_ms bigint not null,
  last_ms    bigint not null,
  lock_ms    bigint,
  entered_ms bigint,
  body       jsonb not null
);
create index exposure_newest on exposure (start_ms desc, id desc);
create index exposure_of_vehicle on exposure (vehicle, start_ms desc, id desc);
create index exposure_latest on exposure (last_ms);
create index exposure_of_area on exposure (area, start_ms desc, id desc);

create table passage (
  id        text primary key,
  vehicle   text not null,
  gate      text not null,
  direction text not null check (direction in ('inbound', 'outbound')),
  time_ms   bigint not null,
  body      jsonb not null
);
create index passage_newest on passage (time_ms desc, id desc);
create index passage_of_vehicle on passage (vehicle, time_ms desc, id desc);
create index passage_of_gate on passage (gate, time_ms desc, id desc);

create table fence_event (
  id      text primary key,
  vehicle text not null,
  kind    text not null check (kind in ('entry', 'exit')),
  time_ms bigint not null,
  body    jsonb not null
);
create index fence_event_newest on fence_event (time_ms desc, id desc);
create index fence_event_of_vehicle on fence_event (vehicle, time_ms desc, id desc);

create table lock (
  id         text primary key,
  vehicle    text not null,
  state      text not null check (state in ('live', 'review', 'released', 'expired')),
  locked_ms  bigint not null,
  expires_ms bigint not null,
  ended_ms   bigint,
  body       jsonb not null
);
create index lock_newest on lock (locked_ms desc, id desc);
create index lock_of_vehicle on lock (vehicle, locked_ms desc, id desc);
create index lock_in_state on lock (state, locked_ms desc, id desc);
create unique index lock_one_live on lock (vehicle) where state = 'live';
create index lock_to_expire on lock (expires_ms) where state = 'live';

create table event (
  seq     bigint generated always as identity primary key,
  at_ms   bigint not null,
  kind    text not null,
  change  text not null,
  id      text not null,
  vehicle text,
  cause   text not null,
  body    jsonb not null
);
create index event_of_finding on event (id, seq);
`;
