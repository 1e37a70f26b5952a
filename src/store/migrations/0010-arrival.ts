/**
 * Declared arrivals: who goes where, as somebody said before. Instants are ms UTC. `body` holds each value with who said it
 * and when; `contact` is ciphertext and shown to nobody by the reading role. A row is deleted when its span is over.
 */
export const arrival = `
create table arrival (
  id           text primary key,
  vehicle      text not null,
  -- Null when the destination lies outside the city; then the path is the city's own.
  place        text,
  path         text not null,
  from_ms      bigint not null,
  to_ms        bigint not null,
  declared_ms  bigint not null,
  source       text not null,
  body         jsonb not null,
  contact      text
);
create index arrival_of_vehicle on arrival (vehicle, declared_ms desc);
create index arrival_of_path on arrival (path text_pattern_ops);
create index arrival_end on arrival (to_ms);

grant select (id, vehicle, place, path, from_ms, to_ms, declared_ms, source, body) on arrival to wuxing_app;
alter table arrival enable row level security;
create policy arrival_seen on arrival for select to wuxing_app using (
  path ^@ any ((select string_to_array(current_setting('wuxing.paths', true), ' '))::text[])
);
`;
