/** Codes by which persons choose a new password: one for an account, good once. Only digests are here. Instants are ms UTC. */
export const passwordCode = `
create table password_code (
  account     text primary key references account (id),
  digest      text not null,
  made_by     text not null,
  made_ms     bigint not null,
  expires_ms  bigint not null
);
alter table password_code enable row level security;
`;
