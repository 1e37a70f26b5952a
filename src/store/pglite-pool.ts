import { Worker } from "node:worker_threads";
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import type { PgliteAnswer, PgliteRequest, PgliteThreadData } from "./pglite-thread.ts";

const BEGINS = /^(begin|start transaction)\b[^;]*$/i;

/** An error that PostgreSQL reported; `code` is its SQLSTATE, as with `pg`. */
class PgliteError extends Error {
  override readonly name = "PgliteError";
  readonly code: string | null;
  readonly detail: string | null;

  constructor(error: { message: string; code: string | null; detail: string | null }) {
    super(error.message);
    this.code = error.code;
    this.detail = error.detail;
  }
}

/**
 * PGlite in a thread, seen as a `pg` pool with one connection, so that Kysely speaks to it through the same dialect
 * as to a server. Who asks for the connection while it is taken waits in line.
 *
 * @param dir folder on disk (made when missing), or null for memory
 */
export function createPglitePool(dir: string | null): PostgresPool {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const thread = new Worker(new URL(`./pglite-thread.${extension}`, import.meta.url), {
    workerData: { dir } satisfies PgliteThreadData,
    // Not those of the process: `--input-type`, `--inspect` and the like are not for a thread with a file.
    execArgv: [],
  });
  const waiting = new Map<number, { resolve: (answer: PgliteAnswer) => void; reject: (error: Error) => void }>();
  let requests = 0;
  let ended: Error | null = null;
  let turn: Promise<void> = Promise.resolve();

  thread.on("message", (answer: PgliteAnswer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  thread.on("error", (error: Error) => stop(error));
  thread.on("exit", () => stop(new Error("the database thread has ended")));

  function stop(error: Error): void {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(new Error(ended.message, { cause: ended }));
    waiting.clear();
  }

  async function ask(
    request: { begin: string | null; sql: string; parameters: readonly unknown[] } | { end: true },
  ): Promise<PgliteAnswer> {
    if (ended) throw new Error(ended.message, { cause: ended });
    const id = ++requests;
    const answer = await new Promise<PgliteAnswer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.postMessage({ id, ...request } satisfies PgliteRequest);
    });
    if ("error" in answer) throw new PgliteError(answer.error);
    return answer;
  }

  async function query<R>(
    begin: string | null,
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> {
    const answer = await ask({ begin, sql, parameters });
    if ("error" in answer) throw new PgliteError(answer.error);
    const command = /^\s*\w+/.exec(sql)?.[0].trim().toUpperCase();
    return { command, rowCount: answer.affectedRows, rows: answer.rows } as PostgresQueryResult<R>;
  }

  return {
    options: {},
    async connect(): Promise<PostgresPoolClient> {
      const before = turn;
      const { promise, resolve } = Promise.withResolvers<void>();
      turn = promise;
      await before;
      // What begins a transaction waits for its first statement and goes over with it: one change of threads less.
      let begin: string | null = null;
      // What only read has nothing to make durable: its end is sent off, and the next one follows it in order.
      let isReading = false;
      return {
        query: async <R>(sql: string, parameters?: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
          if (BEGINS.test(sql)) {
            begin = sql;
            isReading = /read only$/i.test(sql);
            return { command: "BEGIN", rowCount: 0, rows: [] } as unknown as PostgresQueryResult<R>;
          }
          const held = begin;
          begin = null;
          const answer = query<R>(held, sql, parameters);
          if (!isReading || sql !== "commit") return answer;
          answer.catch(() => {});
          return { command: "COMMIT", rowCount: 0, rows: [] } as unknown as PostgresQueryResult<R>;
        },
        release: () => resolve(),
      } as PostgresPoolClient;
    },
    async end(): Promise<void> {
      await turn;
      if (ended) return;
      await ask({ end: true });
      await thread.terminate();
    },
  };
}
