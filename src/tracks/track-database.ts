import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { WuxingError } from "../model/errors.ts";
import { ConnectionLane } from "./connection-lane.ts";
import { HOT_TABLE_SQL } from "./fix-columns.ts";
import { HOT_ITEM_TABLE_SQL } from "./fix-items.ts";

/**
 * - `write`: commits; one at a time.
 * - `quick`: questions that people wait for.
 * - `long`: replay and questions about many vehicles.
 * - `compact`: background work on the files.
 */
export type Lane = "write" | "quick" | "long" | "compact";

/** Changes with every change of tables or files that an older program could not read. */
const FORMAT = 2;
const DATABASE_FILE = "tracks.duckdb";
/** No fix has a time before it. */
const COMPLETE_SINCE_EVER = -8_640_000_000_000_000;

const SCHEMA = [
  HOT_TABLE_SQL,
  HOT_ITEM_TABLE_SQL,
  // A log: of several rows of one vehicle the last one (by rowid) counts. Nothing is ever deleted from it.
  `CREATE TABLE IF NOT EXISTS vehicle (
     vehicle UINTEGER NOT NULL, id VARCHAR NOT NULL, plate VARCHAR, plate_colour INTEGER, terminal VARCHAR)`,
  // The manifest, one row a Parquet file; times, receipts, vehicles and log places of all its fixes. Files of one run are disjoint in vehicles.
  `CREATE TABLE IF NOT EXISTS track_file (
     name VARCHAR NOT NULL, run BIGINT NOT NULL, day BIGINT NOT NULL, fixes BIGINT NOT NULL,
     min_time_ms BIGINT NOT NULL, max_time_ms BIGINT NOT NULL, min_received_ms BIGINT NOT NULL,
     max_received_ms BIGINT NOT NULL, min_vehicle UINTEGER NOT NULL,
     max_vehicle UINTEGER NOT NULL, min_seq BIGINT NOT NULL, max_seq BIGINT NOT NULL,
     bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL,
     visits_name VARCHAR NOT NULL, visits_bytes BIGINT NOT NULL, visits_sha256 VARCHAR NOT NULL)`,
  // Fixes with items in the file; files from before there were any have none.
  "ALTER TABLE track_file ADD COLUMN IF NOT EXISTS items BIGINT DEFAULT 0",
  // Empty for files from before there were rests.
  "ALTER TABLE track_file ADD COLUMN IF NOT EXISTS rests_name VARCHAR DEFAULT ''",
  "ALTER TABLE track_file ADD COLUMN IF NOT EXISTS rests_bytes BIGINT DEFAULT 0",
  "ALTER TABLE track_file ADD COLUMN IF NOT EXISTS rests_sha256 VARCHAR DEFAULT ''",
  // The latest usable fix of every vehicle among those that have left the hot table.
  `CREATE TABLE IF NOT EXISTS last_fix AS SELECT * FROM hot_fix WHERE false`,
  `CREATE TABLE IF NOT EXISTS store_meta (key VARCHAR NOT NULL, value BIGINT NOT NULL)`,
];

/** Folders that this process has open: the lock on the file keeps out other processes only. */
const openFolders = new Set<string>();

export interface TrackDatabaseOptions {
  dir: string;
  memoryLimitMiB: number;
}

/** The DuckDB database of a track store: opened, locked, and opened again after a failure that invalidated it. */
export class TrackDatabase {
  /** Folder of the Parquet files. */
  readonly filesDir: string;
  /** True when the database was made by this `open`. */
  isNew = false;
  /** Called when a failure has invalidated the database, so that nothing works until `reopen`. */
  onInvalidated: () => void = () => {};
  /** Folder of the store. */
  readonly dir: string;
  private readonly memoryLimitMiB: number;
  private readonly lanes: Record<Lane, ConnectionLane> = {
    write: new ConnectionLane(1),
    quick: new ConnectionLane(2),
    long: new ConnectionLane(1),
    compact: new ConnectionLane(1),
  };
  private instance: DuckDBInstance | undefined;
  private changes = 0;
  private changers = 0;
  private readonly running = new Set<Promise<unknown>>();

  private constructor(dir: string, memoryLimitMiB: number) {
    this.dir = dir;
    this.memoryLimitMiB = memoryLimitMiB;
    this.filesDir = join(dir, "files");
  }

  /**
   * @throws WuxingError DATA_LOCKED when this or another process has the folder open.
   * @throws WuxingError DATA_UNREADABLE when the folder or the database cannot be made, read or written.
   */
  static async open(options: TrackDatabaseOptions): Promise<TrackDatabase> {
    let dir: string;
    try {
      await mkdir(join(options.dir, "files"), { recursive: true });
      await mkdir(join(options.dir, "spill"), { recursive: true });
      dir = await realpath(options.dir);
    } catch (error) {
      throw new WuxingError("DATA_UNREADABLE", messageOf(error), [], { cause: error });
    }
    if (openFolders.has(dir)) throw new WuxingError("DATA_LOCKED", `${dir} is open in this process`);
    openFolders.add(dir);
    const database = new TrackDatabase(dir, options.memoryLimitMiB);
    try {
      await database.connect();
    } catch (error) {
      openFolders.delete(dir);
      throw error;
    }
    return database;
  }

  /** Uses a connection of the lane. @throws WuxingError STORE_UNAVAILABLE, DATA_UNREADABLE */
  async use<T>(lane: Lane, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const running = this.lanes[lane].use(work);
    this.running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.explained(error);
    } finally {
      this.running.delete(running);
    }
  }

  /** Runs what changes the hot table or the manifest. */
  async changing<T>(work: () => Promise<T>): Promise<T> {
    this.changes++;
    this.changers++;
    try {
      return await work();
    } finally {
      this.changers--;
    }
  }

  /** A number that stays the same as long as hot table and manifest do; null while they may be changing. */
  get revision(): number | null {
    return this.changers === 0 ? this.changes : null;
  }

  /** Resolves when all that runs or waits now has ended: files that have left the manifest are then read by nobody. */
  async afterRunning(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** The same in one transaction: all that `work` reads is of one moment, all that it writes is durable or nothing. */
  transaction<T>(lane: Lane, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.use(lane, async (connection) => {
      await connection.run("BEGIN TRANSACTION");
      try {
        const result = await work(connection);
        await connection.run("COMMIT");
        return result;
      } catch (error) {
        // After a failed COMMIT there is nothing left to roll back; the first error is the one that tells.
        await connection.run("ROLLBACK").catch(() => {});
        throw error;
      }
    });
  }

  /**
   * Waits for all that runs, then opens the database anew; every commit that was reported is there. While that fails no file
   * stays open, so that the disk can be repaired, and questions are refused with STORE_UNAVAILABLE.
   */
  async reopen(): Promise<void> {
    // A commit that failed may be there now all the same.
    this.changes++;
    await this.disconnect();
    try {
      await this.connect();
    } catch (error) {
      for (const lane of Object.values(this.lanes)) lane.refuse(messageOf(error));
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      await this.disconnect();
    } finally {
      openFolders.delete(this.dir);
    }
  }

  private async connect(): Promise<void> {
    try {
      this.instance = await DuckDBInstance.create(join(this.dir, DATABASE_FILE), {
        memory_limit: `${this.memoryLimitMiB}MiB`,
        temp_directory: join(this.dir, "spill"),
        checkpoint_threshold: "16MiB",
        // Files never change under their name, so their cached blocks stay right.
        validate_external_file_cache: "NO_VALIDATION",
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
      });
      const first = await this.instance.connect();
      try {
        // Files never change under their name, so their footers need to be read once only.
        await first.run("SET GLOBAL parquet_metadata_cache = true");
        await this.prepareSchema(first);
      } finally {
        first.disconnectSync();
      }
      for (const lane of Object.values(this.lanes)) {
        const { instance } = this;
        lane.fill(await Promise.all(Array.from({ length: lane.size }, () => instance.connect())));
      }
    } catch (error) {
      this.instance?.closeSync();
      this.instance = undefined;
      throw openFailure(this.dir, error);
    }
  }

  private async prepareSchema(connection: DuckDBConnection): Promise<void> {
    const tables = await connection.runAndReadAll("SELECT count(*)::INTEGER FROM duckdb_tables()");
    this.isNew = tables.getRows()[0][0] === 0;
    await connection.run("BEGIN TRANSACTION");
    for (const statement of SCHEMA) await connection.run(statement);
    if (this.isNew) {
      await connection.run(`INSERT INTO store_meta VALUES ('format', ${FORMAT}), ('position', 0)`);
    }
    // Since when all usable fixes are here, ms UTC: retention moves it on.
    await connection.run(
      `INSERT INTO store_meta SELECT 'complete_since', ${COMPLETE_SINCE_EVER}
       WHERE NOT EXISTS (SELECT 1 FROM store_meta WHERE key = 'complete_since')`,
    );
    await connection.run("COMMIT");
    const format = await connection.runAndReadAll("SELECT value::INTEGER FROM store_meta WHERE key = 'format'");
    const found = format.getRows()[0]?.[0];
    if (found !== FORMAT) {
      throw new WuxingError("DATA_UNREADABLE", `${this.dir} has format ${String(found)}, this program reads ${FORMAT}`);
    }
  }

  private async disconnect(): Promise<void> {
    await Promise.all(Object.values(this.lanes).map((lane) => lane.empty()));
    this.instance?.closeSync();
    this.instance = undefined;
  }

  private explained(error: unknown): Error {
    // DuckDB's errors are plain ones; others are mistakes of the program or the caller's own.
    if (error instanceof Error && error.constructor !== Error) return error;
    const message = messageOf(error);
    if (/database has been invalidated|FATAL Error|INTERNAL Error/.test(message)) {
      this.onInvalidated();
      return new WuxingError("STORE_UNAVAILABLE", message, [], { cause: error });
    }
    if (/No space left|IO Error.*(write|sync|truncate)|Out of Memory/i.test(message)) {
      return new WuxingError("STORE_UNAVAILABLE", message, [], { cause: error });
    }
    return new WuxingError("DATA_UNREADABLE", message, [], { cause: error });
  }
}

function openFailure(dir: string, error: unknown): WuxingError {
  if (error instanceof WuxingError) return error;
  const message = messageOf(error);
  const code = /could not set lock/i.test(message) ? "DATA_LOCKED" : "DATA_UNREADABLE";
  return new WuxingError(code, `${dir}: ${message}`, [], { cause: error });
}

/** The first line of what an error says; DuckDB adds stack traces to some. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0].slice(0, 500);
}
