/**
 * Where residents and devices are at home: a point and the id that some register knows them by, nothing that names them. Which
 * place a home lies in, on which date, follows from its point (`city/homes.ts`) and stands in no row.
 */
export const home = `
create table home (
  kind         text not null check (kind in ('resident', 'device')),
  id           text not null,
  -- 1e-6 degree, WGS-84.
  lon_e6       integer not null,
  lat_e6       integer not null,
  recorded_ms  bigint not null,
  account      text,
  primary key (kind, id)
);
create index home_at on home (lon_e6, lat_e6);
alter table home enable row level security;
`;
