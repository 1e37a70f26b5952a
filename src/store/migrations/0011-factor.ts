/**
 * What an account proves besides its password, who else may vouch for it, and until when a session's purpose holds.
 * Instants are ms UTC.
 */
export const factor = `
-- secret: ciphertext (the keys are not here), or base32 as it was once entered by hand. It counts from confirmed_ms on.
-- Codes of last_step and before it are used up.
create table totp (
  account       text primary key references account (id),
  secret        text not null,
  confirmed_ms  bigint,
  last_step     bigint not null default 0
);
insert into totp (account, secret, confirmed_ms) select id, totp, changed_ms from account where totp is not null;
alter table account drop column totp;

-- Keyed hashes of the codes that are still good.
create table recovery_code (
  account  text not null references account (id),
  hash     text not null,
  primary key (account, hash)
);

create table passkey (
  id          text primary key,
  account     text not null references account (id),
  label       text not null,
  public_key  text not null,
  counter     bigint not null,
  transports  text[] not null,
  created_ms  bigint not null,
  used_ms     bigint
);
create index passkey_of_account on passkey (account, created_ms);

-- Under whose name an identity provider knows an account.
create table account_identity (
  issuer     text not null,
  subject    text not null,
  account    text not null references account (id),
  linked_by  text not null,
  linked_ms  bigint not null,
  primary key (issuer, subject)
);
create unique index account_identity_one on account_identity (issuer, account);

alter table session add column purpose_until_ms bigint;
-- A purpose that was preset was chosen by nobody.
update session set purpose = null;
`;
