import { sql, type Kysely } from "kysely";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { Page, PageRequest } from "./ledger.ts";
import type { Tables } from "./tables.ts";

/** A message of a terminal that is no position, as it is kept. */
export interface KeptMessage {
  id: number;
  terminal: string;
  vehicle: string;
  messageId: number;
  /** ms UTC. */
  receivedMs: number;
  /** It came with the layout of 2019. */
  wideHeader: boolean;
  /** Hexadecimal, whole. */
  body: string;
}

export interface MessageFilter extends PageRequest {
  vehicle: string;
  messageId?: number | undefined;
  fromMs?: number | undefined;
  /** Not included. */
  toMs?: number | undefined;
}

/** What terminals say beside their positions: drivers' cards, waybills, and whatever is not understood here, as bytes. */
export class TerminalMessages {
  readonly #kysely: Kysely<Tables>;

  constructor(kysely: Kysely<Tables>) {
    this.#kysely = kysely;
  }

  /** Durable when it resolves. */
  async keep(messages: readonly Omit<KeptMessage, "id">[]): Promise<void> {
    const rows = messages.map(({ terminal, vehicle, messageId, receivedMs, wideHeader, body }) => {
      return { terminal, vehicle, message: messageId, received_ms: receivedMs, wide_header: wideHeader, body };
    });
    await sql`
      insert into terminal_message (terminal, vehicle, message, received_ms, wide_header, body)
      select terminal, vehicle, message, received_ms, wide_header, body
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
        terminal text, vehicle text, message integer, received_ms bigint, wide_header boolean, body text
      )`.execute(this.#kysely);
  }

  /** Messages of a vehicle, newest first. */
  async page({ vehicle, messageId, fromMs, toMs, limit, cursor }: MessageFilter): Promise<Page<KeptMessage>> {
    const size = pageLimit(limit);
    const after = decodeCursor(cursor);
    const wanted = sql.join(
      [
        sql`vehicle = ${vehicle}`,
        ...(messageId === undefined ? [] : [sql`message = ${messageId}`]),
        ...(fromMs === undefined ? [] : [sql`received_ms >= ${fromMs}`]),
        ...(toMs === undefined ? [] : [sql`received_ms < ${toMs}`]),
        ...(after === null ? [] : [sql`(received_ms, id) < (${after.ms}, ${Number(after.id)})`]),
      ],
      sql` and `,
    );
    const { rows } = await sql<KeptMessage>`
      select id, terminal, vehicle, message as "messageId", received_ms as "receivedMs", wide_header as "wideHeader", body
      from terminal_message where ${wanted} order by received_ms desc, id desc limit ${size + 1}`.execute(this.#kysely);
    const items = rows.slice(0, size);
    const last = items.at(-1);
    return { items, next: rows.length > size ? encodeCursor({ ms: last!.receivedMs, id: String(last!.id) }) : null };
  }

  /** Deletes what was received before the instant, ms UTC. */
  async prune(beforeMs: number): Promise<void> {
    await this.#kysely.deleteFrom("terminal_message").where("received_ms", "<", beforeMs).execute();
  }
}
