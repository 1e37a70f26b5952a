import type { DuckDBConnection } from "@duckdb/node-api";
import { overlaps, type Span } from "./fix-source.ts";
import type { HeldFile, HeldFiles } from "./held-files.ts";
import type { TrackDatabase } from "./track-database.ts";

/** A file of the manifest, as far as questions about places need it; times and vehicles of all its fixes. */
export interface PlanFile {
  name: string;
  visitsName: string;
  /** Empty for a file that has none. */
  restsName: string;
  minTimeMs: number;
  maxTimeMs: number;
  minVehicle: number;
  maxVehicle: number;
  /** The same in memory: nothing is read from the file then. */
  held: HeldFile | undefined;
}

/** Where all fixes of a span are at one moment: in these files, in a fixed order, and in the hot table if it has any. */
export interface StoreMoment {
  files: PlanFile[];
  hasHot: boolean;
}

/** Files that end or begin so long before or behind the span are asked for as well: a stretch can reach beyond it. */
export const AROUND_MS = 86_400_000;

/** The moment of a connection's transaction. */
export async function momentOf(connection: DuckDBConnection, held: HeldFiles, span: Span): Promise<StoreMoment> {
  const around = { fromMs: span.fromMs - AROUND_MS, toMs: span.toMs + AROUND_MS };
  const result = await connection.runAndReadAll(
    `SELECT EXISTS (SELECT 1 FROM hot_fix), name, visits_name, rests_name, min_time_ms::DOUBLE, max_time_ms::DOUBLE,
       min_vehicle, max_vehicle
     FROM (SELECT 1) LEFT JOIN track_file ON ${overlaps(around)} ORDER BY run, name`,
  );
  const rows = result.getRows();
  const files = rows
    .filter(([, name]) => name !== null)
    .map(([, name, visitsName, restsName, ...numbers]): PlanFile => {
      const [minTimeMs, maxTimeMs, minVehicle, maxVehicle] = numbers.map(Number);
      return {
        name: String(name),
        visitsName: String(visitsName),
        restsName: String(restsName),
        minTimeMs,
        maxTimeMs,
        minVehicle,
        maxVehicle,
        held: held.find(String(name)),
      };
    });
  return { files, hasHot: rows[0][0] === true };
}

/** The present moment when all that it names is held in memory, so that no statement is needed; null otherwise. */
export class HeldMoments {
  private readonly database: TrackDatabase;
  private readonly held: HeldFiles;
  private last: { revision: number; moment: StoreMoment } | null = null;

  constructor(database: TrackDatabase, held: HeldFiles) {
    this.database = database;
    this.held = held;
  }

  async find(span: Span): Promise<StoreMoment | null> {
    const { revision } = this.database;
    if (revision === null || this.held.size.fixes === 0) return null;
    if (this.last?.revision !== revision) {
      const moment = await this.database.use("quick", (connection) => momentOf(connection, this.held, ALL_TIMES));
      // Only then nothing has changed on the way.
      if (this.database.revision !== revision) return null;
      // What is held is looked up with each question: nothing that was let go stays in memory through this.
      this.last = {
        revision,
        moment: { ...moment, files: moment.files.map((file) => ({ ...file, held: undefined })) },
      };
    }
    if (this.last.moment.hasHot) return null;
    const files: PlanFile[] = [];
    for (const file of this.last.moment.files) {
      if (file.maxTimeMs < span.fromMs - AROUND_MS || file.minTimeMs >= span.toMs + AROUND_MS) continue;
      const held = this.held.find(file.name);
      if (held === undefined) return null;
      files.push({ ...file, held });
    }
    return { files, hasHot: false };
  }
}

const ALL_TIMES: Span = { fromMs: -8.64e15, toMs: 8.64e15 };
