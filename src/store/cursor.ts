import { sql, type SelectQueryBuilder } from "kysely";
import { WuxingError } from "../model/errors.ts";

/** Where a page ended: the instant and the id of its last row. Lists run by (instant, id), newest first. */
export interface Keyset {
  ms: number;
  id: string;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

export function encodeCursor({ ms, id }: Keyset): string {
  return Buffer.from(JSON.stringify([ms, id])).toString("base64url");
}

/** @throws INPUT_INVALID when the text is no cursor that `encodeCursor` made */
export function decodeCursor(cursor: string | undefined): Keyset | null {
  if (cursor === undefined) return null;
  try {
    const [ms, id] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    if (Number.isSafeInteger(ms) && typeof id === "string") return { ms: ms as number, id };
  } catch {
    // Told below.
  }
  throw new WuxingError("INPUT_INVALID", "cursor", [
    { where: "cursor", value: cursor.slice(0, 100), expected: "the `next` of the page before" },
  ]);
}

/** @throws INPUT_INVALID */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return LIMIT_DEFAULT;
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new WuxingError("INPUT_INVALID", "limit", [
    { where: "limit", value: String(limit), expected: `an integer from 1 to ${LIMIT_MAX}` },
  ]);
}

/**
 * A page of a list that runs by (instant, id), newest first: rows that come behind the cursor, and where the next page begins.
 * @param query without order, limit or cursor
 * @param columns of the instant and of the id
 * @param keyOf where a row stands
 * @throws INPUT_INVALID when cursor or limit are none
 */
export async function newestFirst<Db, From extends keyof Db, Row>(
  query: SelectQueryBuilder<Db, From, Row>,
  columns: { ms: string; id: string },
  { limit, cursor }: { limit?: number | undefined; cursor?: string | undefined },
  keyOf: (row: Row) => Keyset,
): Promise<{ rows: Row[]; next: string | null }> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  const [ms, id] = [sql.ref(columns.ms), sql.ref(columns.id)];
  const asked = after === null ? query : query.where(sql<boolean>`(${ms}, ${id}) < (${after.ms}, ${after.id})`);
  const found = await asked
    .orderBy(ms, "desc")
    .orderBy(id, "desc")
    .limit(size + 1)
    .execute();
  const rows = found.slice(0, size);
  return { rows, next: found.length > size ? encodeCursor(keyOf(rows.at(-1)!)) : null };
}
