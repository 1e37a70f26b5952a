import { sql, type Kysely, type Transaction } from "kysely";
import { WuxingError } from "../model/errors.ts";
import { insertRows } from "../store/insert-rows.ts";
import type { Tables } from "../store/tables.ts";
import { CASE_COLUMNS, type CaseRow, type EntryBody } from "./case-record.ts";
import type { DueStep } from "./clocks.ts";
import { writeNotices, type NewNotice } from "./notice-outbox.ts";

export interface Timer {
  case: string;
  clock: string;
  run: number;
  step: number;
  due_ms: number;
}

/** A case by its id; `for update` holds it until the transaction ends. */
export async function findCase(
  database: Kysely<Tables>,
  id: string,
  lock?: "for update",
): Promise<CaseRow | undefined> {
  const query = database.selectFrom("work_case").select(CASE_COLUMNS).where("id", "=", id);
  return (await (lock === undefined ? query : query.forUpdate()).executeTakeFirst()) as CaseRow | undefined;
}

/** What the opening of a case writes. */
export interface Opening {
  row: CaseRow;
  entry: { at_ms: number; kind: string; actor: string | null; command: string | null; body: EntryBody };
  timers: readonly DueStep[];
  notices: readonly NewNotice[];
}

const ENTRY_COLUMNS = ["case", "seq", "at_ms", "kind", "actor", "path", "command", "body"] as const;
const TIMER_COLUMNS = ["case", "clock", "run", "step", "due_ms"] as const;

/**
 * Writes cases with the beginning of their stories, their timers and notices: five statements, however many there are.
 * @param openings of different cases
 * @returns the ids of those that were not there yet; nothing is written of the others
 */
export async function insertOpenings(
  transaction: Transaction<Tables>,
  openings: readonly Opening[],
  channels: readonly string[],
): Promise<ReadonlySet<string>> {
  // In one order, so that two that open the same cases at once do not wait for each other in a ring.
  const rows = openings.map(({ row }) => row).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const opened = new Set(await insertRows(transaction, "work_case", CASE_COLUMNS, rows, ["id"]));
  const written = openings.filter(({ row }) => opened.has(row.id));
  const entries = written.map(({ row, entry }) => ({ ...entry, case: row.id, seq: row.body.entries, path: row.path }));
  await insertRows(transaction, "case_entry", ENTRY_COLUMNS, entries);
  const timers = written.flatMap(({ row, timers: due }) => due.map((step) => timerOf(row.id, step)));
  await insertRows(transaction, "case_timer", TIMER_COLUMNS, timers);
  await writeNotices(
    transaction,
    written.flatMap(({ notices }) => notices),
    channels,
  );
  return opened;
}

export async function updateCase(transaction: Transaction<Tables>, { id, ...row }: CaseRow): Promise<void> {
  await transaction
    .updateTable("work_case")
    .set({ ...row, body: JSON.stringify(row.body) })
    .set(sql`change`, sql`pg_current_xact_id()`)
    .where("id", "=", id)
    .execute();
}

/**
 * The steps of a case's ladder that are due by an instant, the earliest first.
 * @param command the identity that the doer of a step gave it
 * @returns with them, whether the command is done already
 */
export async function findDue(
  transaction: Transaction<Tables>,
  id: string,
  atMs: number,
  command: string | null = null,
): Promise<{ isDone: boolean; due: Timer[] }> {
  const { rows } = await sql<{ is_done: boolean; due: Timer[] }>`
    select exists (select 1 from case_entry where command = ${command}::uuid) as is_done,
           (select coalesce(json_agg(timer order by due_ms), '[]') from case_timer as timer
            where timer."case" = ${id} and due_ms <= ${atMs}) as due`.execute(transaction);
  return { isDone: rows[0]!.is_done, due: rows[0]!.due };
}

/** Binds what was stored before to a case. @throws WuxingError ATTACHMENT_NOT_FOUND */
export async function attach(transaction: Transaction<Tables>, row: CaseRow, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const known = await transaction.selectFrom("attachment").select("id").where("id", "in", ids).execute();
  const missing = ids.filter((id) => !known.some((each) => each.id === id));
  if (missing.length > 0) throw new WuxingError("ATTACHMENT_NOT_FOUND", missing.join(", "));
  await transaction
    .insertInto("case_attachment")
    .values(ids.map((attachment) => ({ case: row.id, attachment, path: row.path })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Sets the timers of a case to the steps that are due, but for those that have fired before. */
export async function setTimers(
  transaction: Transaction<Tables>,
  id: string,
  wanted: readonly DueStep[],
): Promise<void> {
  const { rows } = await sql<{ clock: string; run: number; step: number }>`
    with gone as (delete from case_timer where "case" = ${id})
    select body #>> '{detail,clock}' as clock,
           (body #>> '{detail,run}')::integer as run,
           (body #>> '{detail,step}')::integer as step
    from case_entry where "case" = ${id} and kind = 'ladder'`.execute(transaction);
  const fired = new Set(rows.map(keyOf));
  const timers = wanted.filter((step) => !fired.has(keyOf(step))).map((step) => timerOf(id, step));
  if (timers.length > 0) await transaction.insertInto("case_timer").values(timers).execute();
}

/** Takes a timer away. @returns false when somebody else has */
export async function takeTimer(
  transaction: Transaction<Tables>,
  { case: id, clock, run, step }: Timer,
): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom("case_timer")
    .where("case", "=", id)
    .where("clock", "=", clock)
    .where("run", "=", run)
    .where("step", "=", step)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function timerOf(id: string, { clock, run, step, dueMs }: DueStep): Timer {
  return { case: id, clock, run, step, due_ms: Math.ceil(dueMs) };
}

function keyOf({ clock, run, step }: { clock: string; run: number; step: number }): string {
  return `${clock}:${run}:${step}`;
}
