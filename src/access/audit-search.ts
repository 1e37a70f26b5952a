import type { Kysely } from "kysely";
import { decodeCursor, encodeCursor, pageLimit } from "../store/cursor.ts";
import type { Tables } from "../store/tables.ts";
import type { AuditNote } from "./audit-chain.ts";

export interface AuditFilter {
  account?: string | undefined;
  subject?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** A page of the audit, newest first. */
export async function findAudit(
  kysely: Kysely<Tables>,
  { account, subject, fromMs, toMs, limit, cursor }: AuditFilter,
): Promise<{ items: (AuditNote & { seq: number; at: string })[]; next: string | null }> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  let query = kysely
    .selectFrom("audit")
    .selectAll()
    .orderBy("seq", "desc")
    .limit(size + 1);
  if (account !== undefined) query = query.where("account", "=", account);
  if (subject !== undefined) query = query.where("subject", "=", subject);
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
