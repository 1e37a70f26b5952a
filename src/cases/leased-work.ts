import { sql, type Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";

/** It failed and would fail again: nobody tries again before a person has looked. */
export class PermanentFailure extends Error {
  override readonly name = "PermanentFailure";
}

/** How work that waits in a table is tried. Times are ms. */
export interface LeaseTerms {
  /** Who took work and did not come back within this has lost it: somebody else does it again. */
  leaseMs: number;
  /** Wait before the second try; each further one waits twice as long, at most `waitMaxMs`. */
  firstWaitMs: number;
  waitMaxMs: number;
  /** After so many tries it is dead. */
  attemptsMax: number;
}

/** Eleven tries within some five hours. */
const LEASE_TERMS: LeaseTerms = {
  leaseMs: 60_000,
  firstWaitMs: 10_000,
  waitMaxMs: 3_600_000,
  attemptsMax: 11,
};

interface LeasedRow {
  id: string;
  attempts: number;
}

const PROBLEM_LENGTH_MAX = 500;

/**
 * Work that is done outside the database, at least once: rows with `state`, `attempts`, `tried_ms`, `due_ms` and `problem`. Taking a row is a
 * short transaction that moves its due time behind the lease, so that no transaction is open while the work is done, and a
 * process that ends in the middle leaves nothing behind but a row that is due again later.
 */
export class LeasedWork<Row extends LeasedRow> {
  readonly #kysely: Kysely<Tables>;
  readonly #table: "delivery" | "case_effect";
  readonly #done: "sent" | "done";
  readonly #terms: LeaseTerms;

  constructor(
    kysely: Kysely<Tables>,
    table: "delivery" | "case_effect",
    done: "sent" | "done",
    terms: Partial<LeaseTerms> = {},
  ) {
    this.#kysely = kysely;
    this.#table = table;
    this.#done = done;
    this.#terms = { ...LEASE_TERMS, ...terms };
  }

  /**
   * Does what is due at `nowMs`, at most `limit` at once, all at the same time.
   * @returns how many were taken
   */
  async run(nowMs: number, work: (row: Row) => Promise<void>, limit = 20): Promise<number> {
    const taken = await this.#take(nowMs, limit);
    await Promise.all(
      taken.map(async (row) => {
        try {
          await work(row);
          await this.#settle(row, nowMs, null);
        } catch (error) {
          await this.#settle(row, nowMs, error);
        }
      }),
    );
    return taken.length;
  }

  async #take(nowMs: number, limit: number): Promise<Row[]> {
    const table = sql.table(this.#table);
    const { rows } = await sql<Row>`
      update ${table} set attempts = attempts + 1, tried_ms = ${nowMs}, due_ms = ${nowMs + this.#terms.leaseMs}
      where id in (
        select id from ${table} where state = 'waiting' and due_ms <= ${nowMs}
        order by due_ms limit ${limit} for update skip locked
      ) and state = 'waiting'
      returning *`.execute(this.#kysely);
    return rows;
  }

  /** Only who still holds the lease settles: another try may be under way, or a person may have taken the row up again. */
  async #settle(row: Row, nowMs: number, error: unknown): Promise<void> {
    const { attemptsMax } = this.#terms;
    const isDead = error !== null && (error instanceof PermanentFailure || row.attempts >= attemptsMax);
    const state = error === null ? this.#done : isDead ? "dead" : "waiting";
    const dueMs = nowMs + (state === "waiting" ? waitMs(this.#terms, row.attempts) : 0);
    const problem = error === null ? null : describe(error).slice(0, PROBLEM_LENGTH_MAX);
    await sql`
      update ${sql.table(this.#table)} set state = ${state}, due_ms = ${dueMs}, problem = ${problem}
      where id = ${row.id} and attempts = ${row.attempts} and state = 'waiting'`.execute(this.#kysely);
  }
}

function waitMs({ firstWaitMs, waitMaxMs }: LeaseTerms, attempts: number): number {
  return Math.min(waitMaxMs, firstWaitMs * 2 ** (attempts - 1));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
