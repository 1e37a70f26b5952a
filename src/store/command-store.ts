import { sql, type Kysely } from "kysely";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { CommandTables } from "./command-tables.ts";
import type { Page, PageRequest } from "./ledger.ts";
import type { Tables } from "./tables.ts";

/** A command as it is kept. Instants are ms UTC; bodies and answer hexadecimal. */
export interface KeptCommand {
  id: number;
  terminal: string;
  messageId: number;
  /** The message that answers it. */
  answerId: number;
  state: CommandTables["terminal_command"]["state"];
  givenMs: number;
  validUntilMs: number;
  sentMs: number | null;
  attempts: number;
  result: number | null;
  answer: string | null;
  narrowBody: string;
  wideBody: string;
}

/** Commands to terminals, kept from when they are given. */
export class CommandStore {
  readonly #kysely: Kysely<Tables>;

  constructor(kysely: Kysely<Tables>) {
    this.#kysely = kysely;
  }

  /** What an earlier run left: the last number it gave, and the commands without an end, in the order of their numbers. */
  async begin(): Promise<{ lastId: number; unfinished: KeptCommand[] }> {
    const { rows } = await sql<{ last: number | null }>`select max(id) as last from terminal_command`.execute(
      this.#kysely,
    );
    const unfinished = await this.#kysely
      .selectFrom("terminal_command")
      .selectAll()
      .where("state", "in", ["waiting", "sent"])
      .orderBy("id")
      .execute();
    return { lastId: rows[0]?.last ?? 0, unfinished: unfinished.map(keptOf) };
  }

  /** Keeps commands as they are now, in one statement; durable when it resolves. */
  async save(commands: readonly KeptCommand[]): Promise<void> {
    if (commands.length === 0) return;
    await sql`
      insert into terminal_command
      select * from jsonb_populate_recordset(null::terminal_command, ${JSON.stringify(commands.map(rowOf))}::jsonb)
      on conflict (id) do update set state = excluded.state, sent_ms = excluded.sent_ms,
        attempts = excluded.attempts, result = excluded.result, answer = excluded.answer`.execute(this.#kysely);
  }

  /** Commands to any of the terminals, newest first. */
  async page(terminals: readonly string[], { limit, cursor }: PageRequest): Promise<Page<KeptCommand>> {
    const size = pageLimit(limit);
    const after = decodeCursor(cursor);
    const beyond = after === null ? sql`` : sql`and (given_ms, id) < (${after.ms}, ${Number(after.id)})`;
    const { rows } = await sql<CommandTables["terminal_command"]>`
      select * from terminal_command where terminal = any(${terminals}) ${beyond}
      order by given_ms desc, id desc limit ${size + 1}`.execute(this.#kysely);
    const items = rows.slice(0, size).map(keptOf);
    const last = items.at(-1);
    return { items, next: rows.length > size ? encodeCursor({ ms: last!.givenMs, id: String(last!.id) }) : null };
  }
}

function rowOf(command: KeptCommand): CommandTables["terminal_command"] {
  return {
    id: command.id,
    terminal: command.terminal,
    message: command.messageId,
    answered_by: command.answerId,
    state: command.state,
    given_ms: command.givenMs,
    valid_until_ms: command.validUntilMs,
    sent_ms: command.sentMs,
    attempts: command.attempts,
    result: command.result,
    answer: command.answer,
    narrow_body: command.narrowBody,
    wide_body: command.wideBody,
  };
}

function keptOf(row: CommandTables["terminal_command"]): KeptCommand {
  return {
    id: row.id,
    terminal: row.terminal,
    messageId: row.message,
    answerId: row.answered_by,
    state: row.state,
    givenMs: row.given_ms,
    validUntilMs: row.valid_until_ms,
    sentMs: row.sent_ms,
    attempts: row.attempts,
    result: row.result,
    answer: row.answer,
    narrowBody: row.narrow_body,
    wideBody: row.wide_body,
  };
}
