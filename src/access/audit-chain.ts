import { createHash } from "node:crypto";
import { sql, type Kysely, type Selectable } from "kysely";
import type { AccessTables } from "../store/access-tables.ts";
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

/** "wxau" in ASCII: one writer at a time, so that the chain is one. */
const ADVISORY_LOCK = 0x77786175;
const WAITING_MAX = 20_000;
const VERIFIED_AT_ONCE = 5000;
const START = "0".repeat(64);

/**
 * The audit's chain: each row holds the digest of the one before, so that no row can be changed, removed or put between
 * without all behind it. What comes together is written together, and an answer waits until its note is on disk.
 */
export class AuditChain {
  readonly #kysely: Kysely<Tables>;
  readonly #now: () => number;
  #waiting: { note: AuditNote; atMs: number }[] = [];
  #next = Promise.withResolvers<void>();
  #isWriting = false;

  constructor(kysely: Kysely<Tables>, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#now = now;
  }

  /** Resolves when the note is durable. @throws when it cannot be written: then nothing is shown */
  append(note: AuditNote): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new Error("too many audit notes wait"));
    this.#waiting.push({ note, atMs: this.#now() });
    const { promise } = this.#next;
    if (!this.#isWriting) void this.#write();
    return promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      const done = this.#next;
      this.#waiting = [];
      this.#next = Promise.withResolvers<void>();
      await this.#insert(batch).then(done.resolve, done.reject);
    }
    this.#isWriting = false;
  }

  #insert(batch: readonly { note: AuditNote; atMs: number }[]): Promise<void> {
    return this.#kysely.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
      const last = await transaction
        .selectFrom("audit")
        .select(["seq", "digest"])
        .orderBy("seq", "desc")
        .limit(1)
        .executeTakeFirst();
      let { seq, digest } = last ?? { seq: 0, digest: START };
      const rows: AuditRow[] = batch.map(({ note, atMs }) => {
        const row = { seq: ++seq, at_ms: atMs, ...note, previous: digest };
        digest = digestOf(row);
        return { ...row, digest };
      });
      await transaction.insertInto("audit").values(rows).execute();
    });
  }
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
