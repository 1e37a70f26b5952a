import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FIX_UNUSABLE } from "../model/fix.ts";
import { FILE_COLUMNS_SQL, parquet, quoted } from "./fix-source.ts";
import { restsOf } from "./rests.ts";
import { visitsOf } from "./visits.ts";

/** A file of fixes with its files of visits and rests, as the manifest names them. Times, receipts, vehicles and log places of all its fixes. */
export interface TrackFile {
  name: string;
  run: number;
  day: number;
  fixes: number;
  minTimeMs: number;
  maxTimeMs: number;
  minReceivedMs: number;
  maxReceivedMs: number;
  minVehicle: number;
  maxVehicle: number;
  minSeq: number;
  maxSeq: number;
  bytes: number;
  sha256: string;
  visitsName: string;
  visitsBytes: number;
  visitsSha256: string;
  /** The places of its rests (`rests.ts`); empty for a file from before there were such. */
  restsName: string;
  restsBytes: number;
  restsSha256: string;
  /** Fixes beside which a terminal said more (`fix-items.ts`); with none the file has no column for it. */
  items: number;
}

/** Fixes in one file at most (more when one vehicle alone has more): what is sorted at once stays below some 300 MB. */
const FILE_FIXES = 4_000_000;
/**
 * A stretch of one vehicle costs the reading of its whole group. For the 470 vehicles that come into question near a
 * place, of 35,000 with 100 million fixes: 61,440 rows 1.5 s, 7.5 bytes a fix; 20,480 rows 0.3 s, 8.6 bytes; 8,192 rows
 * 0.25 s, 9.4 bytes and 130 MB of footers in memory instead of 55.
 */
const FIX_GROUP_ROWS = 20_480;
const VISIT_GROUP_ROWS = 8192;
const REST_GROUP_ROWS = 20_480;
// V2 has delta encodings: 8.4 instead of 10.1 bytes a fix. They count from the least step of some 2,048 rows: with the time
// backwards the step to the next vehicle is a large one, not the least, and spoils nothing else: 0.6 bytes a fix.
// Dictionaries of a small group's receipts would be larger than the receipts: 0.35 bytes a fix.
const COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 512";

/** Of zstd. What was merged is read for weeks: 0.3 bytes a fix less, for some 0.3 s of processor more a million. */
const MERGED_LEVEL = 15;
const FLUSHED_LEVEL = 3;

/**
 * Writes the fixes of a table expression, sorted by vehicle and time backwards, each once, into files of disjoint ranges of
 * vehicles, and makes them durable. They count for nothing until the manifest has them. `hasItems`: the expression has
 * a column `items` behind those of the hot table.
 */
export async function writeRun(
  connection: DuckDBConnection,
  filesDir: string,
  run: { run: number; day: number; isMerged: boolean },
  { source, hasItems }: { source: string; hasItems: boolean },
): Promise<TrackFile[]> {
  const files: TrackFile[] = [];
  for (const [first, last] of await vehicleRanges(connection, source)) {
    const name = `${dayName(run.day)}-${run.run}-${files.length}.parquet`;
    const part = `(SELECT * FROM ${source} WHERE vehicle BETWEEN ${first} AND ${last})`;
    files.push(await writeFile(connection, filesDir, { ...run, name, hasItems }, part));
  }
  if (files.length > 0) await syncPath(filesDir);
  return files;
}

/** The files that belong together, each with what the manifest says of it. */
export function filesOf(file: TrackFile): { name: string; bytes: number; sha256: string }[] {
  const all = [
    { name: file.name, bytes: file.bytes, sha256: file.sha256 },
    { name: file.visitsName, bytes: file.visitsBytes, sha256: file.visitsSha256 },
    { name: file.restsName, bytes: file.restsBytes, sha256: file.restsSha256 },
  ];
  return all.filter(({ name }) => name !== "");
}

/** What a file is in truth: for comparing with the manifest. */
export async function fingerprint(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

/** Makes a file or the names in a folder durable. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

/** `2021-11-06` of a day since 1970 (UTC); `mixed` of days that are too few fixes each for files of their own. */
function dayName(day: number): string {
  return day < 0 ? "mixed" : new Date(day * 86_400_000).toISOString().slice(0, 10);
}

async function vehicleRanges(connection: DuckDBConnection, source: string): Promise<[number, number][]> {
  const result = await connection.runAndReadAll(
    `SELECT min(vehicle), max(vehicle) FROM (
       SELECT vehicle, ((sum(count(*)) OVER (ORDER BY vehicle)) - 1) // ${FILE_FIXES} AS part FROM ${source} GROUP BY vehicle
     ) GROUP BY part ORDER BY part`,
  );
  return result.getRows().map(([first, last]) => [Number(first), Number(last)]);
}

async function writeFile(
  connection: DuckDBConnection,
  filesDir: string,
  {
    run,
    day,
    isMerged,
    name,
    hasItems,
  }: { run: number; day: number; isMerged: boolean; name: string; hasItems: boolean },
  source: string,
): Promise<TrackFile> {
  const visitsName = name.replace(/\.parquet$/, "-visits.parquet");
  const restsName = name.replace(/\.parquet$/, "-rests.parquet");
  await copy(
    connection,
    `SELECT ${FILE_COLUMNS_SQL}${hasItems ? ", items" : ""} FROM (${fixesOnce(source, "DESC")})`,
    join(filesDir, name),
    FIX_GROUP_ROWS,
    isMerged ? MERGED_LEVEL : undefined,
  );
  await copy(connection, visitsOf(filesDir, name), join(filesDir, visitsName), VISIT_GROUP_ROWS);
  await copy(connection, restsOf(filesDir, name, visitsName), join(filesDir, restsName), REST_GROUP_ROWS);
  const figures = await connection.runAndReadAll(
    `SELECT count(*)::DOUBLE, min(time_ms)::DOUBLE, max(time_ms)::DOUBLE,
       min(time_ms + delay_ms)::DOUBLE, max(time_ms + delay_ms)::DOUBLE, min(vehicle), max(vehicle),
       min(seq)::DOUBLE, max(seq)::DOUBLE, ${hasItems ? "count(items)::DOUBLE" : "0"} FROM ${parquet(filesDir, [name])}`,
  );
  const [fixes, minTimeMs, maxTimeMs, minReceivedMs, maxReceivedMs, minVehicle, maxVehicle, minSeq, maxSeq, items] =
    figures.getRows()[0].map(Number);
  const content = await fingerprint(join(filesDir, name));
  const visits = await fingerprint(join(filesDir, visitsName));
  const rests = await fingerprint(join(filesDir, restsName));
  return {
    name,
    run,
    day,
    fixes,
    minTimeMs,
    maxTimeMs,
    minReceivedMs,
    maxReceivedMs,
    minVehicle,
    maxVehicle,
    minSeq,
    maxSeq,
    bytes: content.bytes,
    sha256: content.sha256,
    visitsName,
    visitsBytes: visits.bytes,
    visitsSha256: visits.sha256,
    restsName,
    restsBytes: rests.bytes,
    restsSha256: rests.sha256,
    items,
  };
}

async function copy(
  connection: DuckDBConnection,
  select: string,
  path: string,
  groupRows: number,
  level = FLUSHED_LEVEL,
): Promise<void> {
  try {
    await connection.run(
      `COPY (${select}) TO ${quoted(path)} (${COPY_OPTIONS}, COMPRESSION_LEVEL ${level}, ROW_GROUP_SIZE ${groupRows})`,
    );
    await syncPath(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/**
 * The fixes of a table expression in order of vehicle and time, or with `DESC` of vehicle and time backwards; of
 * repetitions the usable one stays, then the earliest.
 */
export function fixesOnce(source: string, direction: "ASC" | "DESC" = "ASC"): string {
  // The windows have no order of their own: they run over the sorted rows as they come.
  return `SELECT * EXCLUDE (v, t, x, y) FROM (
      SELECT *, lag(vehicle) OVER () AS v, lag(time_ms) OVER () AS t, lag(lon_e6) OVER () AS x, lag(lat_e6) OVER () AS y
      FROM (SELECT * FROM ${source} ORDER BY vehicle, time_ms ${direction}, lon_e6, lat_e6, (flags & ${FIX_UNUSABLE}) <> 0, seq)
    ) WHERE v IS NULL OR v <> vehicle OR t <> time_ms OR x <> lon_e6 OR y <> lat_e6`;
}
