/**
 * Commands to terminals (JT/T 808), from when they were given to their end, and what terminals say beside positions. Instants are ms UTC (bigint). A terminal speaks
 * one of two layouts, and which one is only known when it is here: both bodies are kept, hexadecimal.
 */
export const command = `
create table terminal_command (
  id             bigint primary key,
  terminal       text not null,
  message        integer not null,
  answered_by    integer not null,
  state          text not null
    check (state in ('waiting', 'sent', 'done', 'refused', 'unanswered', 'expired', 'cancelled')),
  given_ms       bigint not null,
  valid_until_ms bigint not null,
  sent_ms        bigint,
  attempts       integer not null,
  result         integer,
  answer         text,
  narrow_body    text not null,
  wide_body      text not null
);
create index terminal_command_newest on terminal_command (terminal, given_ms desc, id desc);
create index terminal_command_unfinished on terminal_command (id) where state in ('waiting', 'sent');

create table terminal_message (
  id          bigint generated always as identity primary key,
  terminal    text not null,
  vehicle     text not null,
  message     integer not null,
  received_ms bigint not null,
  wide_header boolean not null,
  body        text not null
);
create index terminal_message_of_vehicle on terminal_message (vehicle, received_ms desc, id desc);
create index terminal_message_oldest on terminal_message (received_ms);
`;
