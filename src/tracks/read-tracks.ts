import { open } from "node:fs/promises";
import type { Datum } from "../model/area.ts";
import { WuxingError } from "../model/errors.ts";
import { readCsvFixes } from "./csv-fixes.ts";
import { readGeoJsonFixes } from "./geojson-fixes.ts";
import { readGpxFixes } from "./gpx-fixes.ts";
import { readParquetFixes } from "./parquet-fixes.ts";
import { RowIntake } from "./row-intake.ts";
import { TrackCollector, type RecordedTrack } from "./recorded-tracks.ts";

/** One row of a file that is not taken, and why. */
export interface RejectedRow {
  file: string;
  /** Line of a text file, the header being line 1; row of a Parquet file, the first being 1. */
  line: number;
  field: string;
  /** The value as it stands there, shortened to 100 characters. */
  value: string;
  expected: string;
}

export interface ReadProgress {
  file: string;
  /** Bytes read of all files so far, and the size of all files, as they lie on disk. */
  bytesRead: number;
  bytesTotal: number;
  rows: number;
}

export interface ReadTracksOptions {
  /** In which the files' coordinates are; they are converted to WGS-84 once, here. */
  datum: Datum;
  onReject?: (row: RejectedRow) => void;
  onProgress?: (progress: ReadProgress) => void;
}

export interface RecordedTracks {
  /** Sorted by vehicle; within a vehicle in the order of the files. */
  tracks: RecordedTrack[];
  /** Rows that are in `tracks`. */
  rows: number;
  rejected: number;
}

/**
 * Reads recorded fixes from CSV, gzipped CSV, Parquet, GPX and GeoJSON files; what a file is, its first bytes say. A CSV file has a
 * header with at least `vehicle, time, lon, lat` in any order (also `speed` in km/h and `heading` in degrees); `time`
 * is ISO 8601 with `Z` or an offset, or epoch ms. A row that is not valid goes to `onReject`, the rest is read.
 * Takes 20 bytes of memory a fix and nothing else that grows.
 *
 * @throws WuxingError INPUT_INVALID when a file cannot be read or lacks a column, naming the file
 */
export async function readTracks(paths: readonly string[], options: ReadTracksOptions): Promise<RecordedTracks> {
  const files: { path: string; size: number; kind: FileKind }[] = [];
  for (const path of paths) files.push({ path, ...(await inspect(path)) });
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0);
  const collector = new TrackCollector();
  const intake = new RowIntake(collector, options.datum, options.onReject);
  let bytesBefore = 0;
  for (const file of files) {
    intake.startFile(file.path);
    const onBytes = (bytes: number): void => {
      options.onProgress?.({ file: file.path, bytesRead: bytesBefore + bytes, bytesTotal, rows: intake.rows });
    };
    if (file.kind === "parquet") await readParquetFixes(file.path, file.size, intake, onBytes);
    else if (file.kind === "gpx") await readGpxFixes(file.path, intake, onBytes);
    else if (file.kind === "geojson") await readGeoJsonFixes(file.path, file.size, intake, onBytes);
    else await readCsvFixes(file.path, file.kind === "gzip", intake, onBytes);
    bytesBefore += file.size;
    onBytes(0);
  }
  return { tracks: collector.finish(), rows: intake.rows, rejected: intake.rejected };
}

type FileKind = "csv" | "gzip" | "parquet" | "gpx" | "geojson";

async function inspect(path: string): Promise<{ size: number; kind: FileKind }> {
  try {
    await using file = await open(path, "r");
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error("it is not a file");
    const head = Buffer.alloc(64);
    await file.read(head, 0, head.length, 0);
    const kind = kindOf(head);
    return { size: stat.size, kind };
  } catch (error) {
    throw new WuxingError("INPUT_INVALID", `${path} cannot be read (${(error as Error).message})`, [
      { where: path, expected: "a readable CSV, gzipped CSV, Parquet, GPX or GeoJSON file" },
    ]);
  }
}

function kindOf(head: Buffer): FileKind {
  if (head.toString("latin1", 0, 4) === "PAR1") return "parquet";
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  const first = head.toString("utf8").replace(/^\uFEFF?\s*/, "")[0];
  return first === "<" ? "gpx" : first === "{" ? "geojson" : "csv";
}
