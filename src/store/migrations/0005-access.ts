/**
 * Accounts, sessions and keys; the role that reads for people, and what it sees of everything that belongs to a place; the
 * audit, a chain in which every row holds the digest of the one before. Instants are ms UTC.
 */
export const access = `
create table account (
  id           text primary key,
  name         text not null,
  person       text unique references person (id),
  -- Argon2id with its parameters and salt; null where another identity provider signs in.
  password     text,
  totp         text,
  roles        text[] not null,
  state        text not null check (state in ('active', 'blocked')),
  created_ms   bigint not null,
  changed_ms   bigint not null
);

-- Only the digest of a session's token is known here.
create table session (
  id          text primary key,
  account     text not null references account (id),
  purpose     text,
  address     text not null,
  created_ms  bigint not null,
  seen_ms     bigint not null,
  expires_ms  bigint not null,
  ended_ms    bigint
);
create index session_of_account on session (account, created_ms desc);

create table api_key (
  id          text primary key,
  account     text not null references account (id),
  label       text not null,
  digest      text not null unique,
  purpose     text,
  rights      text[] not null,
  created_ms  bigint not null,
  expires_ms  bigint not null,
  revoked_ms  bigint
);

-- What identifies a person and how to reach one: ciphertext; the hashes are keyed. Keys are not here.
create table person_field (
  person         text primary key references person (id),
  key            text not null,
  identity       text,
  phone          text,
  mail           text,
  identity_hash  text,
  phone_hash     text
);
create index person_field_identity on person_field (identity_hash) where identity_hash is not null;
create index person_field_phone on person_field (phone_hash) where phone_hash is not null;
create index person_field_key on person_field (key);

-- A right taken in an emergency: for some hours, with a reason, and somebody is told.
create table break_glass (
  id        text primary key,
  account   text not null references account (id),
  path      text not null,
  purpose   text not null,
  reason    text not null,
  from_ms   bigint not null,
  to_ms     bigint not null
);
create index break_glass_of_account on break_glass (account, to_ms);

create table audit (
  seq        bigint primary key,
  at_ms      bigint not null,
  account    text,
  purpose    text,
  kind       text not null,
  subject    text,
  shape      text not null,
  count      integer not null,
  status     integer not null,
  previous   text not null,
  digest     text not null
);
create index audit_of_subject on audit (subject, seq desc) where subject is not null;
create index audit_of_account on audit (account, seq desc);

-- The role in which people's questions are asked. It owns nothing and writes nothing. Several databases of one server share it.
do $$ begin
  create role wuxing_app nologin;
exception when duplicate_object or unique_violation then null;
end $$;
grant wuxing_app to current_user;
grant usage on schema public to wuxing_app;
grant select on work_case, case_entry, case_attachment, attachment, notice, person, place, place_version, duty to wuxing_app;

-- The one predicate: a row of a place is seen by whoever has rights at that place or above it, and a case by its taker.
-- The settings are made by the program for one transaction; without them nothing is seen.
alter table work_case enable row level security;
create policy work_case_seen on work_case for select to wuxing_app using (
  path ^@ any ((select string_to_array(current_setting('wuxing.paths', true), ' '))::text[])
  or taken_by = (select nullif(current_setting('wuxing.person', true), ''))
);
alter table case_entry enable row level security;
create policy case_entry_seen on case_entry for select to wuxing_app using (
  path ^@ any ((select string_to_array(current_setting('wuxing.paths', true), ' '))::text[])
  or exists (select 1 from work_case where work_case.id = case_entry."case")
);
alter table case_attachment enable row level security;
create policy case_attachment_seen on case_attachment for select to wuxing_app using (
  exists (select 1 from work_case where work_case.id = case_attachment."case")
);
alter table attachment enable row level security;
create policy attachment_seen on attachment for select to wuxing_app using (
  exists (select 1 from case_attachment where case_attachment.attachment = attachment.id)
);
alter table notice enable row level security;
create policy notice_seen on notice for select to wuxing_app using (
  person = (select nullif(current_setting('wuxing.person', true), ''))
  or path ^@ any ((select string_to_array(current_setting('wuxing.paths', true), ' '))::text[])
);
`;
