import { sql, type Kysely, type Transaction } from "kysely";
import type { Bilingual, Notice } from "../model/case.ts";
import { WuxingError } from "../model/errors.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../store/cursor.ts";
import { insertRows } from "../store/insert-rows.ts";
import type { Tables } from "../store/tables.ts";

/** Something that a person is to be told. `id` says what is told to whom: told twice, it is told once. */
export interface NewNotice {
  id: string;
  atMs: number;
  person: string;
  /** Of the place that it is about: whoever may see the place's work may see that it was told. */
  path: string;
  case: string | null;
  kind: string;
  text: Bilingual;
}

/** A delivery that was given up. `id` is what a replay names. */
export interface DeadLetter {
  id: string;
  notice: string;
  channel: string;
  attempts: number;
  /** When it was given up. */
  at: string;
  problem: string | null;
  kind: string;
  case: string | null;
}

const NOTICE_COLUMNS = ["id", "at_ms", "person", "path", "case", "kind", "body", "read_ms"] as const;
const DELIVERY_COLUMNS = ["id", "notice", "channel", "state", "attempts", "due_ms", "problem"] as const;

/** In two statements, however many there are. `channels` beside the inbox, by their names. */
export async function writeNotices(
  transaction: Transaction<Tables>,
  notices: readonly NewNotice[],
  channels: readonly string[],
): Promise<void> {
  const rows = notices.map(({ id, atMs, person, path, case: ofCase, kind, text }) => {
    return { id, at_ms: atMs, person, path, case: ofCase, kind, body: text, read_ms: null };
  });
  const written = await insertRows(transaction, "notice", NOTICE_COLUMNS, rows, ["id"]);
  const deliveries = written.flatMap((id) =>
    channels.map((channel) => ({
      id: `${id}:${channel}`,
      notice: id,
      channel,
      state: "waiting" as const,
      attempts: 0,
      due_ms: 0,
      problem: null,
    })),
  );
  await insertRows(transaction, "delivery", DELIVERY_COLUMNS, deliveries);
}

/** A person's inbox, newest first. */
export async function listNotices(
  kysely: Kysely<Tables>,
  person: string,
  page: { unread?: boolean | undefined; limit?: number | undefined; cursor?: string | undefined },
): Promise<{ items: Notice[]; next: string | null }> {
  const size = pageLimit(page.limit);
  const after = decodeCursor(page.cursor);
  let query = kysely.selectFrom("notice").selectAll().where("person", "=", person);
  if (page.unread === true) query = query.where("read_ms", "is", null);
  if (after !== null) {
    query = query.where(sql<boolean>`(at_ms, id) < (${after.ms}, ${after.id})`);
  }
  const rows = await query
    .orderBy("at_ms", "desc")
    .orderBy("id", "desc")
    .limit(size + 1)
    .execute();
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items: items.map(viewNotice),
    next: rows.length > size && last !== undefined ? encodeCursor({ ms: last.at_ms, id: last.id }) : null,
  };
}

/** Marks a notice of a person's inbox as read; once read it stays so. @throws WuxingError NOTICE_NOT_FOUND */
export async function readNotice(kysely: Kysely<Tables>, person: string, id: string, atMs: number): Promise<Notice> {
  const row = await kysely
    .updateTable("notice")
    .set({ read_ms: sql<number>`coalesce(read_ms, ${atMs})` })
    .where("id", "=", id)
    .where("person", "=", person)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new WuxingError("NOTICE_NOT_FOUND", id);
  return viewNotice(row);
}

/** Deliveries that were given up, the latest first. */
export async function listDeadLetters(
  kysely: Kysely<Tables>,
  page: { limit?: number | undefined; cursor?: string | undefined },
): Promise<{ items: DeadLetter[]; next: string | null }> {
  const size = pageLimit(page.limit);
  const after = decodeCursor(page.cursor);
  let query = kysely
    .selectFrom("delivery")
    .innerJoin("notice", "notice.id", "delivery.notice")
    .select(["delivery.id", "delivery.notice", "channel", "attempts", "due_ms", "problem", "kind", "case"])
    .where("state", "=", "dead");
  if (after !== null) {
    query = query.where(sql<boolean>`(due_ms, delivery.id) < (${after.ms}, ${after.id})`);
  }
  const rows = await query
    .orderBy("due_ms", "desc")
    .orderBy("delivery.id", "desc")
    .limit(size + 1)
    .execute();
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items: items.map(({ due_ms, ...letter }) => ({ ...letter, at: new Date(due_ms).toISOString() })),
    next: rows.length > size && last !== undefined ? encodeCursor({ ms: last.due_ms, id: last.id }) : null,
  };
}

/** Has a delivery that was given up tried again from the beginning. @throws WuxingError NOTICE_NOT_FOUND */
export async function replayDeadLetter(kysely: Kysely<Tables>, id: string): Promise<void> {
  const row = await kysely
    .updateTable("delivery")
    .set({ state: "waiting", attempts: 0, due_ms: 0 })
    .where("id", "=", id)
    .where("state", "=", "dead")
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) throw new WuxingError("NOTICE_NOT_FOUND", `${id} is no delivery that was given up`);
}

function viewNotice(row: {
  id: string;
  at_ms: number;
  case: string | null;
  kind: string;
  body: unknown;
  read_ms: number | null;
}): Notice {
  return {
    id: row.id,
    at: new Date(row.at_ms).toISOString(),
    case: row.case,
    kind: row.kind,
    text: row.body as Bilingual,
    readAt: row.read_ms === null ? null : new Date(row.read_ms).toISOString(),
  };
}
