import { PGlite, types } from "@electric-sql/pglite";
import { parentPort, workerData } from "node:worker_threads";
import { SyncedFiles } from "./synced-files.ts";

/**
 * The thread in which PGlite runs. PostgreSQL as WebAssembly computes without yielding; in a thread of its own it
 * never makes a terminal wait for its answer. One statement at a time comes in, its rows go out.
 */
export interface PgliteThreadData {
  /** Folder on disk, or null for memory. */
  dir: string | null;
}

/** `begin`: what begins a transaction of which the statement is the first. */
export type PgliteRequest =
  | { id: number; begin: string | null; sql: string; parameters: readonly unknown[] }
  | { id: number; end: true };

export type PgliteAnswer =
  | { id: number; rows: unknown[]; affectedRows: number }
  | { id: number; error: { message: string; code: string | null; detail: string | null } };

const port = parentPort!;
const { dir } = workerData as PgliteThreadData;
const database = openPglite();

port.on("message", (request: PgliteRequest) => void answer(request));

function openPglite(): Promise<PGlite> {
  // int8 as a number: sequences and milliseconds stay below 2^53.
  const parsers = { [types.INT8]: Number };
  if (dir === null) return PGlite.create({ parsers });
  const { defaultStartParams } = PGlite as unknown as { defaultStartParams: string[] };
  return PGlite.create({
    fs: new SyncedFiles(dir),
    parsers,
    relaxedDurability: false,
    startParams: [...defaultStartParams.filter((parameter) => parameter !== "-F"), "-c", "wal_sync_method=fsync"],
  });
}

async function answer(request: PgliteRequest): Promise<void> {
  const { id } = request;
  try {
    const pglite = await database;
    if ("end" in request) {
      await pglite.close();
      port.postMessage({ id, rows: [], affectedRows: 0 } satisfies PgliteAnswer);
      port.close();
      return;
    }
    if (request.begin !== null) await pglite.exec(request.begin);
    // Without parameters the simple protocol: it takes several statements, as migrations have.
    const result =
      request.parameters.length === 0
        ? (await pglite.exec(request.sql)).at(-1)
        : await pglite.query(request.sql, [...request.parameters]);
    const { rows = [], affectedRows = 0 } = result ?? {};
    port.postMessage({ id, rows, affectedRows } satisfies PgliteAnswer);
  } catch (error) {
    const { message, code = null, detail = null } = error as Error & { code?: string; detail?: string };
    port.postMessage({ id, error: { message, code, detail } } satisfies PgliteAnswer);
  }
}
