import type { Kysely } from "kysely";
import { decodeCursor, encodeCursor, pageLimit } from "../store/cursor.ts";
import type { Tables } from "../store/tables.ts";
import type { AuditNote } from "./audit-chain.ts";

export interface AuditFilter {
  account?: string | undefined;
  subject?: string | undefined;
  purpose?: string | undefined;
  kind?: AuditNote["kind"] | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** A page of the audit, newest first. */
export async function findAudit(
  kysely: Kysely<Tables>,
  { fromMs, toMs, limit, cursor, ...asked }: AuditFilter,
): Promise<{ items: (AuditNote & { seq: number; at: string })[]; next: string | null }> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  let query = kysely
    .selectFrom("audit")
    .selectAll()
    .orderBy("seq", "desc")
    .limit(size + 1);
  for (const column of ["account", "subject", "purpose", "kind"] as const)
    if (asked[column] !== undefined) query = query.where(column, "=", asked[column]);
  if (fromMs !== undefined) query = query.where("at_ms", ">=", fromMs);
  if (toMs !== undefined) query = query.where("at_ms", "<", toMs);
  if (after !== null) query = query.where("seq", "<", after.ms);
  const rows = await query.execute();
  const items = rows
    .slice(0, size)
    .map(({ at_ms: atMs, seq, account: who, purpose, kind, subject: whom, shape, count, status }) => ({
      seq,
      account: who,
      purpose,
      subject: whom,
      shape,
      count,
      status,
      kind: kind as AuditNote["kind"],
      at: new Date(atMs).toISOString(),
    }));
  const last = items.at(-1);
  return { items, next: rows.length > size && last !== undefined ? encodeCursor({ ms: last.seq, id: "" }) : null };
}

/** Who looked at somebody or something, what for and how often. */
export interface Viewer {
  account: string | null;
  purpose: string | null;
  times: number;
  firstAt: string;
  lastAt: string;
}

const VIEWERS_MAX = 1000;

/** Whoever was shown a vehicle, a person or a case, the last one first; as the person concerned may be told. */
export async function viewersOf(kysely: Kysely<Tables>, subject: string): Promise<Viewer[]> {
  const rows = await kysely
    .selectFrom("audit")
    .select(["account", "purpose"])
    .select(({ fn }) => [
      fn.countAll<number>().as("times"),
      fn.min("at_ms").as("first_ms"),
      fn.max("at_ms").as("last_ms"),
    ])
    .where("subject", "=", subject)
    .where("status", "<", 400)
    .groupBy(["account", "purpose"])
    .orderBy("last_ms", "desc")
    .limit(VIEWERS_MAX)
    .execute();
  return rows.map(({ account, purpose, times, first_ms: firstMs, last_ms: lastMs }) => ({
    account,
    purpose,
    times,
    firstAt: new Date(firstMs).toISOString(),
    lastAt: new Date(lastMs).toISOString(),
  }));
}
