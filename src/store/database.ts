import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool, types } from "pg";
import { WuxingError, type ErrorCode } from "../model/errors.ts";
import { lockFolder } from "./folder-lock.ts";
import { migrate } from "./migrate.ts";
import { createPglitePool } from "./pglite-pool.ts";
import type { Tables } from "./tables.ts";

const CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 10_000;

/** `dir`: PGlite in this process, below `dir/registers`. `memory`: PGlite without a disk. `url`: a PostgreSQL server. */
export type DatabaseLocation = { dir: string } | { memory: true } | { url: string };

export interface Database {
  readonly kysely: Kysely<Tables>;
  /** Where it is, for a log line; never with a password. */
  readonly name: string;
  close: () => Promise<void>;
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @throws DATA_LOCKED when another process uses the folder, DATA_UNREADABLE when the folder or its tables cannot be
 * used, STORE_UNAVAILABLE when the server does not answer
 */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  if ("url" in location) return openServer(location.url);
  if ("memory" in location)
    return start(new PostgresDialect({ pool: createPglitePool(null) }), "memory", "INTERNAL", () => {});

  const folder = join(location.dir, "registers");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new WuxingError("DATA_UNREADABLE", `${folder}: ${(error as Error).message}`, [], { cause: error });
  }
  const unlock = lockFolder(folder);
  return start(
    new PostgresDialect({ pool: createPglitePool(join(folder, "pglite")) }),
    folder,
    "DATA_UNREADABLE",
    unlock,
  );
}

function openServer(url: string): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "wuxing",
    types: {
      // `pg` gives int8 as text; sequences and milliseconds stay below 2^53.
      getTypeParser: ((oid: Parameters<typeof types.getTypeParser>[0], format?: "text" | "binary") =>
        oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // Without a listener an idle connection that the server drops would end the process; the next query opens another.
  pool.on("error", () => {});
  const { hostname, port, pathname } = new URL(url);
  return start(new PostgresDialect({ pool }), `${hostname}:${port || 5432}${pathname}`, "STORE_UNAVAILABLE", () => {});
}

async function start(
  dialect: PostgresDialect,
  name: string,
  onFailure: ErrorCode,
  release: () => void,
): Promise<Database> {
  const kysely = new Kysely<Tables>({ dialect });
  const close = async (): Promise<void> => {
    try {
      await kysely.destroy();
    } finally {
      release();
    }
  };
  try {
    await sql`select 1`.execute(kysely);
  } catch (error) {
    await close().catch(() => {});
    throw new WuxingError(onFailure, `${name}: ${(error as Error).message}`, [], { cause: error });
  }
  try {
    await migrate(kysely);
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  return { kysely, name, close };
}
