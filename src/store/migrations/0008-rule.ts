/**
 * Versions of rules that people published (version 1 is the program's own and has no row), what came in by the hour, and the
 * indexes by which a day's and a week's report ask. Instants are ms UTC.
 */
export const rule = `
create table rule_version (
  rule          text not null,
  version       integer not null check (version > 1),
  body          jsonb not null,
  author        text not null,
  reason        text not null,
  published_ms  bigint not null,
  effective_ms  bigint not null,
  primary key (rule, version)
);

-- Fixes and frames, counted in memory and added here every minute: a crash loses what was counted since.
create table tally (
  hour_ms  bigint not null,
  name     text not null,
  count    bigint not null,
  primary key (hour_ms, name)
);

create index lock_ended on lock (ended_ms) where ended_ms is not null;
create index exposure_by_exposed on exposure (exposed_ms);
create index event_late on event (at_ms) where cause = 'late-fix';
create index event_of_areas on event (at_ms) where kind = 'area';
create index work_case_opened on work_case (opened_ms);
`;
