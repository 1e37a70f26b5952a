/**
 * Cases, their story, their timers, what they attach, and the notices and effects that wait to go out. Instants are ms UTC.
 * Every row that belongs to a case carries the path of the place that had it, so that one predicate guards them all.
 * `change` is the transaction that wrote a row: who keeps the oldest transaction under way reads on from there.
 */
export const work = `
create table work_case (
  id            text primary key,
  type          text not null,
  type_version  integer not null,
  state         text not null,
  place         text not null,
  path          text not null,
  -- The county of the path: its list runs along one index.
  county        text generated always as (split_part(path, '/', 2)) stored,
  slot          text not null,
  subject_kind  text not null,
  subject       text not null,
  lock          text unique,
  parent        text references work_case (id),
  opened_ms     bigint not null,
  due_ms        bigint,
  level         integer not null,
  taken_by      text,
  outcome       text check (outcome in ('resolved', 'unresolved', 'unfounded', 'duplicate')),
  confirmation  text not null check (confirmation in ('none', 'confirmed', 'contested')),
  closed_ms     bigint,
  version       integer not null,
  change        xid8 not null default pg_current_xact_id(),
  body          jsonb not null
);
create index work_case_of_place on work_case (path text_pattern_ops, due_ms) where closed_ms is null;
create index work_case_of_county on work_case (county, due_ms, id) where closed_ms is null;
create index work_case_due on work_case (due_ms, id) where closed_ms is null;
create index work_case_taken on work_case (taken_by, due_ms) where closed_ms is null;
create index work_case_subject on work_case (subject_kind, subject, opened_ms desc);
create index work_case_parent on work_case (parent) where parent is not null;
create index work_case_change on work_case (change);
create index work_case_closed on work_case (closed_ms desc, id desc) where closed_ms is not null;

create table case_entry (
  "case"   text not null references work_case (id),
  seq      integer not null,
  at_ms    bigint not null,
  kind     text not null,
  actor    text,
  path     text not null,
  -- The identity that the doer gave the step: done once, however often it is sent.
  command  uuid unique,
  change   xid8 not null default pg_current_xact_id(),
  body     jsonb not null,
  primary key ("case", seq)
);
create index case_entry_moved on case_entry (change) where kind = 'moved';

create table case_timer (
  "case"  text not null references work_case (id),
  clock   text not null,
  run     integer not null,
  step    integer not null,
  due_ms  bigint not null,
  primary key ("case", clock, run, step)
);
create index case_timer_due on case_timer (due_ms);

-- Content is in the data folder under its SHA-256.
create table attachment (
  id          text primary key,
  media_type  text not null,
  bytes       integer not null,
  account     text not null,
  stored_ms   bigint not null
);
create table case_attachment (
  "case"      text not null references work_case (id),
  attachment  text not null references attachment (id),
  path        text not null,
  primary key ("case", attachment)
);

-- What has to happen outside once a step is recorded: a lock released, a text to a driver. Done once.
create table case_effect (
  id        text primary key,
  "case"    text not null references work_case (id),
  kind      text not null,
  body      jsonb not null,
  state     text not null check (state in ('waiting', 'done', 'dead')),
  attempts  integer not null,
  due_ms    bigint not null,
  problem   text
);
create index case_effect_due on case_effect (due_ms) where state = 'waiting';

-- A notice to a person; it stands in the person's inbox.
create table notice (
  id       text primary key,
  at_ms    bigint not null,
  person   text,
  path     text not null,
  "case"   text,
  kind     text not null,
  body     jsonb not null,
  read_ms  bigint
);
create index notice_of_person on notice (person, at_ms desc, id desc);

-- A notice on its way out: by webhook, by mail.
create table delivery (
  id        text primary key,
  notice    text not null references notice (id),
  channel   text not null,
  state     text not null check (state in ('waiting', 'sent', 'dead')),
  attempts  integer not null,
  due_ms    bigint not null,
  problem   text
);
create index delivery_due on delivery (due_ms) where state = 'waiting';
create index delivery_dead on delivery (due_ms desc, id desc) where state = 'dead';

-- Up to where a follower has read the ledger's events.
create table follower (
  name  text primary key,
  seq   bigint not null
);
`;
