import { sql, type Kysely, type RawBuilder } from "kysely";
import type { Tables } from "./tables.ts";

/** Rows that one statement deletes at most: nobody waits long behind it. */
const ROWS_AT_ONCE = 5000;

/** What has been deleted, by table. */
export type Deleted = Record<string, number>;

/**
 * Deletes where vehicles went: passages of gates, crossings of the fence, toll records, what was made of both, and what was
 * told of them, all of before the instant (ms UTC). It must not be later than the tracks are complete since: what can still
 * be matched again would come back.
 */
export async function forgetMovements(kysely: Kysely<Tables>, beforeMs: number): Promise<Deleted> {
  const older = sql<boolean>`time_ms < ${beforeMs}`;
  const deleted: Deleted = {};
  for (const table of ["passage", "fence_event", "etc_passage", "gate_finding"]) {
    deleted[table] = await deleteWhere(kysely, table, "id", older);
  }
  const told = sql<boolean>`at_ms < ${beforeMs} and kind in ('passage', 'fence', 'gate')`;
  deleted["event"] = await deleteWhere(kysely, "event", "seq", told);
  return deleted;
}

/**
 * Deletes what was found and what was done about it, when all of it is over since before the instant (ms UTC): cases that
 * were closed (with those that belong together only as a whole), the notices of them, locks that ended, exposures that no
 * lock holds, and every event of before.
 */
export async function forgetFindings(kysely: Kysely<Tables>, beforeMs: number): Promise<Deleted> {
  const deleted = await forgetCases(kysely, beforeMs);
  deleted["lock"] = await deleteWhere(
    kysely,
    "lock",
    "id",
    sql`coalesce(ended_ms, expires_ms) < ${beforeMs} and state in ('released', 'expired')
      and not exists (select 1 from work_case where work_case.lock = lock.id)`,
  );
  deleted["exposure"] = await deleteWhere(
    kysely,
    "exposure",
    "id",
    sql`last_ms < ${beforeMs} and id not in (select jsonb_array_elements_text(lock.body -> 'exposures') from lock)`,
  );
  deleted["event"] = await deleteWhere(kysely, "event", "seq", sql`at_ms < ${beforeMs}`);
  return deleted;
}

/** In one transaction: a case goes with its story, or stays with it. */
async function forgetCases(kysely: Kysely<Tables>, beforeMs: number): Promise<Deleted> {
  return kysely.transaction().execute(async (transaction) => {
    // A case and those that belong to it, down and up, are over together.
    const { rows } = await sql<{ id: string }>`
      with recursive family as (
        select id as root, id, closed_ms from work_case where parent is null and closed_ms < ${beforeMs}
        union all
        select family.root, member.id, member.closed_ms from work_case member join family on member.parent = family.id
      )
      select id from family
      where root not in (select root from family where closed_ms is null or closed_ms >= ${beforeMs})`.execute(
      transaction,
    );
    const ids = rows.map(({ id }) => id);
    const deleted: Deleted = {};
    const of = async (table: string, where: RawBuilder<boolean>): Promise<void> => {
      const result = await sql`delete from ${sql.table(table)} where ${where}`.execute(transaction);
      deleted[table] = Number(result.numAffectedRows ?? 0);
    };
    await of(
      "delivery",
      sql`notice in (select id from notice where "case" = any(${ids}) or ("case" is null and at_ms < ${beforeMs}))`,
    );
    await of("notice", sql`"case" = any(${ids}) or ("case" is null and at_ms < ${beforeMs})`);
    for (const table of ["case_effect", "case_timer", "case_attachment", "case_entry"]) {
      await of(table, sql`"case" = any(${ids})`);
    }
    await of("work_case", sql`id = any(${ids})`);
    return deleted;
  });
}

async function deleteWhere(
  kysely: Kysely<Tables>,
  table: string,
  key: string,
  where: RawBuilder<unknown>,
): Promise<number> {
  for (let all = 0; ;) {
    const result = await sql`
      delete from ${sql.table(table)} where ${sql.ref(key)} in (
        select ${sql.ref(key)} from ${sql.table(table)} where ${where} limit ${ROWS_AT_ONCE}
      )`.execute(kysely);
    const rows = Number(result.numAffectedRows ?? 0);
    all += rows;
    if (rows < ROWS_AT_ONCE) return all;
  }
}
