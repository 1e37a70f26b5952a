/**
 * Places, their versions and the dated operations that made them; duties, who holds them, leave and substitutes.
 * Nothing here is edited: an operation ends versions and begins others. Instants are ms UTC (bigint); every period
 * is half-open, `[from_ms, to_ms)`, and without an end while `to_ms` is null.
 */
export const place = `
-- effective_ms: from when on it holds, in the past or in the future; number: the order in which they were recorded.
create table place_operation (
  number       bigint generated always as identity primary key,
  id           text not null unique,
  effective_ms bigint not null,
  recorded_ms  bigint not null,
  account      text,
  reason       text not null,
  changes      jsonb not null,
  preview      jsonb not null
);

-- One row for an identity that was ever given; it is never given again.
create table place (
  id        text primary key,
  tree      text not null check (tree in ('civil', 'police', 'school')),
  kind      text not null check (kind in ('city', 'county', 'township', 'community', 'grid', 'district')),
  operation text not null references place_operation (id)
);

-- Outlines, WGS-84, longitude first, multiples of 1e-6 degree. Several versions share one.
create table place_shape (
  id       text primary key,
  area_m2  double precision not null,
  geometry jsonb not null
);

create table place_version (
  place     text not null references place (id),
  from_ms   bigint not null,
  to_ms     bigint,
  name      text not null,
  parent    text references place (id),
  path      text not null,
  shape     text not null references place_shape (id),
  operation text not null references place_operation (id),
  primary key (place, from_ms),
  check (to_ms is null or to_ms > from_ms)
);
create unique index place_version_last on place_version (place) where to_ms is null;
create index place_version_path on place_version (path text_pattern_ops);
create index place_version_parent on place_version (parent);

-- Only a name to show. What identifies a person, and how to reach one, stands encrypted elsewhere.
create table person (
  id          text primary key,
  name        text not null,
  recorded_ms bigint not null
);

-- A slot of a place held by a person for a period.
create table duty (
  id          text primary key,
  place       text not null references place (id),
  slot        text not null,
  person      text not null references person (id),
  from_ms     bigint not null,
  to_ms       bigint,
  recorded_ms bigint not null,
  account     text,
  operation   text references place_operation (id),
  check (to_ms is null or to_ms >= from_ms)
);
create index duty_of_place on duty (place, slot);
create index duty_of_person on duty (person);

create table leave (
  id          text primary key,
  person      text not null references person (id),
  from_ms     bigint not null,
  to_ms       bigint not null,
  recorded_ms bigint not null,
  account     text,
  check (to_ms >= from_ms)
);
create index leave_of_person on leave (person);

-- Who stands in for the holder of a duty whenever the holder is on leave.
create table substitute (
  id          text primary key,
  duty        text not null references duty (id),
  person      text not null references person (id),
  from_ms     bigint not null,
  to_ms       bigint,
  recorded_ms bigint not null,
  account     text,
  check (to_ms is null or to_ms >= from_ms)
);
create index substitute_of_duty on substitute (duty);
create index substitute_of_person on substitute (person);
`;
