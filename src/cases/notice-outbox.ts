import { sql, type Kysely, type Transaction } from "kysely";
import type { Bilingual, CaseNotice, Notice } from "../model/case.ts";
import { WuxingError } from "../model/errors.ts";
import { newestFirst } from "../store/cursor.ts";
import { insertRows } from "../store/insert-rows.ts";
import type { Tables } from "../store/tables.ts";
import { isoOf } from "./case-record.ts";

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
  let query = kysely.selectFrom("notice").selectAll().where("person", "=", person);
  if (page.unread === true) query = query.where("read_ms", "is", null);
  const { rows, next } = await newestFirst(query, { ms: "at_ms", id: "id" }, page, (row) => {
    return { ms: row.at_ms, id: row.id };
  });
  return { items: rows.map(viewNotice), next };
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
  const query = kysely
    .selectFrom("delivery")
    .innerJoin("notice", "notice.id", "delivery.notice")
    .select(["delivery.id", "delivery.notice", "channel", "attempts", "due_ms", "problem", "kind", "case"])
    .where("state", "=", "dead");
  const { rows, next } = await newestFirst(query, { ms: "due_ms", id: "delivery.id" }, page, (row) => {
    return { ms: row.due_ms, id: row.id };
  });
  return { items: rows.map(({ due_ms, ...letter }) => ({ ...letter, at: isoOf(due_ms) })), next };
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

/** Has every delivery that was given up tried again, as when a receiver was away for long. @returns how many */
export async function replayDeadLetters(kysely: Kysely<Tables>, channel: string | null): Promise<number> {
  let query = kysely
    .updateTable("delivery")
    .set({ state: "waiting", attempts: 0, due_ms: 0 })
    .where("state", "=", "dead");
  if (channel !== null) query = query.where("channel", "=", channel);
  const { numUpdatedRows } = await query.executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The notices of a case, newest first, with what became of each; asked in the connection that is given, with its rights. */
export async function listCaseNotices(
  database: Kysely<Tables>,
  id: string,
  page: { limit?: number | undefined; cursor?: string | undefined },
): Promise<{ items: CaseNotice[]; next: string | null }> {
  const query = database
    .selectFrom("notice")
    .leftJoin("person", "person.id", "notice.person")
    .select(["notice.id", "at_ms", "kind", "body", "read_ms", "notice.person", "person.name"])
    .where("case", "=", id);
  const { rows, next } = await newestFirst(query, { ms: "at_ms", id: "notice.id" }, page, (row) => {
    return { ms: row.at_ms, id: row.id };
  });
  const ids = rows.map((row) => row.id);
  const sent = await database
    .selectFrom("delivery")
    .select(["notice", "channel", "state", "attempts", "due_ms", "tried_ms"])
    .where("notice", "in", ids.length === 0 ? [""] : ids)
    .orderBy("channel")
    .execute();
  const ways = Map.groupBy(sent, ({ notice }) => notice);
  const items = rows.map((row) => ({
    id: row.id,
    at: isoOf(row.at_ms),
    kind: row.kind,
    person: row.person,
    personName: row.name,
    text: row.body as Bilingual,
    readAt: row.read_ms === null ? null : isoOf(row.read_ms),
    deliveries: (ways.get(row.id) ?? []).map(({ channel, state, attempts, due_ms: dueMs, tried_ms: triedMs }) => ({
      channel,
      state,
      attempts,
      triedAt: triedMs === null ? null : isoOf(triedMs),
      sentAt: state === "sent" ? isoOf(dueMs) : null,
      failedAt: state === "dead" ? isoOf(dueMs) : null,
      nextAt: state === "waiting" && dueMs > 0 ? isoOf(dueMs) : null,
    })),
  }));
  return { items, next };
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
    at: isoOf(row.at_ms),
    case: row.case,
    kind: row.kind,
    text: row.body as Bilingual,
    readAt: row.read_ms === null ? null : isoOf(row.read_ms),
  };
}
