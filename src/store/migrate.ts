import { createHash } from "node:crypto";
import { sql, type Kysely, type Transaction } from "kysely";
import { WuxingError } from "../model/errors.ts";
import { ledger } from "./migrations/0001-ledger.ts";
import { checkpoint } from "./migrations/0002-checkpoint.ts";
import { place } from "./migrations/0003-place.ts";
import { work } from "./migrations/0004-case.ts";
import { access } from "./migrations/0005-access.ts";
import { etc } from "./migrations/0006-etc.ts";
import { command } from "./migrations/0007-command.ts";
import { rule } from "./migrations/0008-rule.ts";
import { retention } from "./migrations/0009-retention.ts";
import { arrival } from "./migrations/0010-arrival.ts";
import { factor } from "./migrations/0011-factor.ts";
import { undone } from "./migrations/0012-undone.ts";
import { guard } from "./migrations/0013-guard.ts";
import { noticesOfCases } from "./migrations/0014-notices-of-cases.ts";
import { passwordCode } from "./migrations/0015-password-code.ts";
import { home } from "./migrations/0016-home.ts";
import { seenFindings } from "./migrations/0017-seen-findings.ts";
import { toldFindings } from "./migrations/0018-told-findings.ts";
import type { Tables } from "./tables.ts";

export interface Migration {
  name: string;
  sql: string;
}

/** Numbered from 1 by their place. Append only: what stands here once is never edited, reordered or removed. */
const MIGRATIONS: readonly Migration[] = [
  { name: "ledger", sql: ledger },
  { name: "checkpoint", sql: checkpoint },
  { name: "place", sql: place },
  { name: "case", sql: work },
  { name: "access", sql: access },
  { name: "etc", sql: etc },
  { name: "command", sql: command },
  { name: "rule", sql: rule },
  { name: "retention", sql: retention },
  { name: "arrival", sql: arrival },
  { name: "factor", sql: factor },
  { name: "undone", sql: undone },
  { name: "guard", sql: guard },
  { name: "notices of cases", sql: noticesOfCases },
  { name: "password code", sql: passwordCode },
  { name: "home", sql: home },
  { name: "seen findings", sql: seenFindings },
  { name: "told findings", sql: toldFindings },
];

/** Held while migrating, so that two processes that start at one server do it one after the other. "wxmg" in ASCII. */
const ADVISORY_LOCK = 0x77786d67;

/**
 * Applies what the database lacks, each migration in a transaction of its own, and keeps the digest of each beside it.
 *
 * @throws DATA_UNREADABLE when a migration was edited after it was applied, or when a newer program made the database
 */
export async function migrate(kysely: Kysely<Tables>, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await sql`
    create table if not exists migration (
      number integer primary key, name text not null, digest text not null, applied_ms bigint not null
    )`.execute(kysely);
  for (let number = 1; number <= migrations.length; number++) {
    const migration = migrations[number - 1]!;
    await kysely.transaction().execute((transaction) => applyOnce(transaction, number, migration));
  }
  const newest = await kysely
    .selectFrom("migration")
    .select(({ fn }) => fn.max("number").as("number"))
    .executeTakeFirst();
  if ((newest?.number ?? 0) > migrations.length) {
    throw new WuxingError(
      "DATA_UNREADABLE",
      `the database has migration ${newest!.number}, this program knows ${migrations.length}: a newer program made it`,
    );
  }
}

async function applyOnce(transaction: Transaction<Tables>, number: number, migration: Migration): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
  const digest = createHash("sha256").update(migration.sql).digest("hex");
  const applied = await transaction.selectFrom("migration").selectAll().where("number", "=", number).executeTakeFirst();
  if (applied) {
    if (applied.digest === digest) return;
    throw new WuxingError(
      "DATA_UNREADABLE",
      `migration ${number} (${migration.name}) is not the one that was applied (${applied.name}); migrations are append only`,
    );
  }
  await sql.raw(migration.sql).execute(transaction);
  await sql`
    insert into migration (number, name, digest, applied_ms)
    values (${number}, ${migration.name}, ${digest}, (extract(epoch from now()) * 1000)::bigint)`.execute(transaction);
}
