import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { sql, type Kysely, type Selectable } from "kysely";
import type { AccessTables } from "../store/access-tables.ts";
import { insertRows } from "../store/insert-rows.ts";
import type { Tables } from "../store/tables.ts";

/** What is noted of a read, a search or a deed. `shape` is the question without its values. */
export interface AuditNote {
  account: string | null;
  purpose: string | null;
  kind: "read" | "search" | "write" | "sign-in";
  /** Whom or what it was about, when it was about one. */
  subject: string | null;
  shape: string;
  /** How many were shown. */
  count: number;
  /** The status of the answer: what was refused is noted, too. */
  status: number;
}

type AuditRow = Selectable<AccessTables["audit"]>;

const UNIQUE_VIOLATION = "23505";
const WAITING_MAX = 20_000;
/** So many notes go into one statement: what waits behind them is not held up by more. */
const WRITTEN_AT_ONCE = 1000;
/**
 * While at least so many others are under way a group waits so long for their notes (ms), as PostgreSQL's own `commit_delay` does: a
 * statement for each note is a seventh of what a list asks of the database, one for several is little of it. Whoever asks
 * alone does not wait.
 */
const OTHERS_MIN = 8;
const GATHERED_MS = 10;
const VERIFIED_AT_ONCE = 5000;
const START = "0".repeat(64);

/** Where a chain ends. */
type Head = Pick<AuditRow, "seq" | "digest">;

/**
 * The audit's chain: each row holds the digest of the one before, so that no row can be changed, removed or put between
 * without all behind it. What comes together is written together, and an answer waits until its note is on disk.
 *
 * A group is one statement: this process knows where the chain ends as long as nobody else writes. When somebody has, the
 * number is taken, which the primary key says; then the end is looked up and written to, with everybody else held back.
 */
export class AuditChain {
  readonly #kysely: Kysely<Tables>;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #others = 0;
  /** As this process wrote it last; null when it has to be looked up. */
  #head: Head | null = null;

  constructor(kysely: Kysely<Tables>, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#now = now;
  }

  /**
   * Resolves when the note is durable.
   * @param others how many are under way whose notes will come soon
   * @throws when it cannot be written: then nothing is shown
   */
  append(note: AuditNote, others = 0): Promise<void> {
    this.#others = others;
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new Error("too many audit notes wait"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ note, atMs: this.#now(), resolve, reject });
    if (!this.#isWriting) void this.#write();
    return promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      if (this.#others >= OTHERS_MIN) await pause(GATHERED_MS);
      const batch = this.#waiting.splice(0, WRITTEN_AT_ONCE);
      try {
        await this.#insert(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#isWriting = false;
  }

  async #insert(batch: readonly Waiting[]): Promise<void> {
    const known = this.#head;
    // What is not known to be written is looked up.
    this.#head = null;
    try {
      if (known !== null) {
        this.#head = await insertAfter(this.#kysely, known, batch);
        return;
      }
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    }
    this.#head = await this.#kysely.transaction().execute(async (transaction) => {
      // Nobody writes between the look and the row; reading goes on.
      await sql`lock table audit in share row exclusive mode`.execute(transaction);
      const last = await transaction
        .selectFrom("audit")
        .select(["seq", "digest"])
        .orderBy("seq", "desc")
        .limit(1)
        .executeTakeFirst();
      return insertAfter(transaction, last ?? { seq: 0, digest: START }, batch);
    });
  }
}

interface Waiting {
  note: AuditNote;
  atMs: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

const COLUMNS = [
  "seq",
  "at_ms",
  "account",
  "purpose",
  "kind",
  "subject",
  "shape",
  "count",
  "status",
  "previous",
  "digest",
] as const;

/** @returns where the chain ends then */
async function insertAfter(database: Kysely<Tables>, { seq, digest }: Head, batch: readonly Waiting[]): Promise<Head> {
  let head = { seq, digest };
  const rows = batch.map(({ note, atMs }) => {
    const row = { seq: head.seq + 1, at_ms: atMs, ...note, previous: head.digest };
    head = { seq: row.seq, digest: digestOf(row) };
    return { ...row, digest: head.digest };
  });
  await insertRows(database, "audit", COLUMNS, rows);
  return head;
}

/** How a chain stands: how long it is, its last digest, and the first row that does not fit. */
export interface AuditVerdict {
  rows: number;
  head: string;
  broken: { seq: number; why: string } | null;
}

/**
 * Reads the whole chain and checks it. Rows cut off at its end leave a chain that fits: compare `rows` and `head` with those
 * that were written down elsewhere (`known`).
 */
export async function verifyAudit(
  kysely: Kysely<Tables>,
  known?: { rows: number; head: string },
): Promise<AuditVerdict> {
  let previous = START;
  let seq = 0;
  for (;;) {
    const rows = await kysely
      .selectFrom("audit")
      .selectAll()
      .where("seq", ">", seq)
      .orderBy("seq")
      .limit(VERIFIED_AT_ONCE)
      .execute();
    for (const row of rows) {
      const why =
        row.seq !== seq + 1
          ? `row ${seq + 1} is missing`
          : row.previous !== previous
            ? "it does not follow the row before"
            : row.digest !== digestOf(row)
              ? "it was changed"
              : null;
      if (why !== null) return { rows: seq, head: previous, broken: { seq: row.seq, why } };
      if (known !== undefined && row.seq === known.rows && row.digest !== known.head)
        return { rows: seq, head: previous, broken: { seq: row.seq, why: "it is not the row that was written down" } };
      ({ seq, digest: previous } = row);
    }
    if (rows.length < VERIFIED_AT_ONCE) break;
  }
  if (known !== undefined && seq < known.rows)
    return { rows: seq, head: previous, broken: { seq: known.rows, why: "rows are missing at the end" } };
  return { rows: seq, head: previous, broken: null };
}

function digestOf({
  seq,
  at_ms,
  account,
  purpose,
  kind,
  subject,
  shape,
  count,
  status,
  previous,
}: Omit<AuditRow, "digest">): string {
  const content = JSON.stringify([previous, seq, at_ms, account, purpose, kind, subject, shape, count, status]);
  return createHash("sha256").update(content).digest("hex");
}
