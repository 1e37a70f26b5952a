import {
  BIGINT,
  DuckDBDataChunk,
  INTEGER,
  SMALLINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  type DuckDBAppender,
} from "@duckdb/node-api";
import { copyBytes, createByteColumn } from "../model/byte-column.ts";
import { createFixBatch, type FixBatch } from "../model/fix.ts";

/** The hot table, in the order in which `FixAppender` writes it. `seq` is the fix's place in the log. */
export const HOT_TABLE_SQL = `CREATE TABLE IF NOT EXISTS hot_fix (
  vehicle UINTEGER NOT NULL, time_ms BIGINT NOT NULL, lon_e6 INTEGER NOT NULL, lat_e6 INTEGER NOT NULL,
  speed_kmh10 USMALLINT NOT NULL, heading_deg USMALLINT NOT NULL, altitude_m SMALLINT NOT NULL,
  status UINTEGER NOT NULL, alarm UINTEGER NOT NULL, received_ms BIGINT NOT NULL, flags UTINYINT NOT NULL,
  seq BIGINT NOT NULL)`;

const HOT_TYPES = [
  UINTEGER,
  BIGINT,
  INTEGER,
  INTEGER,
  USMALLINT,
  USMALLINT,
  SMALLINT,
  UINTEGER,
  UINTEGER,
  BIGINT,
  UTINYINT,
  BIGINT,
];

/** The columns of the hot table and of the Parquet files, in their order. */
export const STORED_COLUMNS_SQL =
  "vehicle, time_ms, lon_e6, lat_e6, speed_kmh10, heading_deg, altitude_m, status, alarm, received_ms, flags, seq";

/** The columns of a `FixBatch`. Times as DOUBLE: they are whole and below 2^53. */
export const FIX_COLUMNS_SQL =
  "vehicle, time_ms::DOUBLE, lon_e6, lat_e6, speed_kmh10, heading_deg, altitude_m, status, alarm, received_ms::DOUBLE, flags";

/** The columns of a `FixBatch` in the order of `FIX_COLUMNS_SQL`. */
export const FIX_COLUMNS = [
  "vehicle",
  "timeMs",
  "lonE6",
  "latE6",
  "speedKmh10",
  "headingDeg",
  "altitudeM",
  "status",
  "alarm",
  "receivedMs",
  "flags",
] as const satisfies readonly (keyof FixBatch)[];
export type FixColumn = (typeof FIX_COLUMNS)[number];

/** Rows in one chunk of DuckDB. */
const CHUNK_ROWS = 2048;
const TWO_32 = 4_294_967_296;

interface Column<T> {
  readonly items: T;
  flush(): void;
}

/** Writes fixes from columns to the hot table, without an object or a BigInt a row. */
export class FixAppender {
  private readonly chunk = DuckDBDataChunk.create(HOT_TYPES);

  /** Appends all rows of `fixes` with log places `firstSeq`, `firstSeq + 1`, …; the caller's transaction decides. */
  append(appender: DuckDBAppender, fixes: FixBatch, firstSeq: number): void {
    for (let from = 0; from < fixes.length; from += CHUNK_ROWS) {
      this.appendChunk(appender, fixes, from, Math.min(from + CHUNK_ROWS, fixes.length), firstSeq + from);
    }
  }

  private appendChunk(appender: DuckDBAppender, fixes: FixBatch, from: number, to: number, firstSeq: number): void {
    const { chunk } = this;
    const rows = to - from;
    chunk.reset();
    chunk.rowCount = rows;
    copy(chunk, 0, fixes.vehicle, from, to);
    copyTimes(chunk, 1, fixes.timeMs, from, to);
    copy(chunk, 2, fixes.lonE6, from, to);
    copy(chunk, 3, fixes.latE6, from, to);
    copy(chunk, 4, fixes.speedKmh10, from, to);
    copy(chunk, 5, fixes.headingDeg, from, to);
    copy(chunk, 6, fixes.altitudeM, from, to);
    copy(chunk, 7, fixes.status, from, to);
    copy(chunk, 8, fixes.alarm, from, to);
    copyTimes(chunk, 9, fixes.receivedMs, from, to);
    copy(chunk, 10, fixes.flags, from, to);
    const seq = columnOf<BigInt64Array>(chunk, 11);
    const words = wordsOf(seq.items);
    for (let row = 0; row < rows; row++) setInt64(words, row, firstSeq + row);
    seq.flush();
    appender.appendDataChunk(chunk);
  }
}

/** Adds a chunk with these columns behind the rows of `fixes`, which must have room for them. */
export function addChunk(fixes: FixBatch, chunk: DuckDBDataChunk, columns: readonly FixColumn[]): void {
  const at = fixes.length;
  for (const [index, column] of columns.entries()) fixes[column].set(columnOf<never>(chunk, index).items, at);
  fixes.length = at + chunk.rowCount;
}

/** The rows `[from, to)` of a batch, in the same memory. */
export function viewFixes(fixes: FixBatch, from: number, to: number): FixBatch {
  return {
    length: to - from,
    vehicle: fixes.vehicle.subarray(from, to),
    timeMs: fixes.timeMs.subarray(from, to),
    lonE6: fixes.lonE6.subarray(from, to),
    latE6: fixes.latE6.subarray(from, to),
    speedKmh10: fixes.speedKmh10.subarray(from, to),
    headingDeg: fixes.headingDeg.subarray(from, to),
    altitudeM: fixes.altitudeM.subarray(from, to),
    status: fixes.status.subarray(from, to),
    alarm: fixes.alarm.subarray(from, to),
    receivedMs: fixes.receivedMs.subarray(from, to),
    flags: fixes.flags.subarray(from, to),
  };
}

/** A batch with the rows `[from, to)` of another one, copied. */
export function sliceFixes(fixes: FixBatch, from: number, to: number): FixBatch {
  const slice = createFixBatch(to - from);
  copyFixes(fixes, from, to, slice, 0);
  slice.length = to - from;
  return slice;
}

/** Copies the rows `[from, to)` into `target` at row `at`, behind which there is none yet; `target.length` is left alone. */
export function copyFixes(fixes: FixBatch, from: number, to: number, target: FixBatch, at: number): void {
  const columns = columnsOf(fixes);
  const targets = columnsOf(target);
  for (let index = 0; index < columns.length; index++) targets[index].set(columns[index].subarray(from, to), at);
  if (fixes.items !== undefined) target.items ??= createByteColumn(target.vehicle.length);
  if (target.items !== undefined) copyBytes(fixes.items, from, to, target.items, at);
}

/** The batch itself when it has room for `rows` rows, otherwise a larger one with the same rows. */
export function withRoom(fixes: FixBatch, rows: number): FixBatch {
  const capacity = fixes.vehicle.length;
  if (rows <= capacity) return fixes;
  const larger = createFixBatch(Math.max(rows, capacity * 2));
  copyFixes(fixes, 0, fixes.length, larger, 0);
  larger.length = fixes.length;
  return larger;
}

/** Keeps only the rows that `keep` says, in their order, in place. */
export function retainFixes(fixes: FixBatch, keep: (row: number) => boolean): void {
  const columns = columnsOf(fixes);
  let kept = 0;
  for (let row = 0; row < fixes.length; row++) {
    if (!keep(row)) continue;
    if (kept !== row) for (const column of columns) column[kept] = column[row];
    kept++;
  }
  fixes.length = kept;
}

type NumberColumn = Float64Array | Uint32Array | Int32Array | Uint16Array | Int16Array | Uint8Array;

function columnsOf(fixes: FixBatch): NumberColumn[] {
  return FIX_COLUMNS.map((column) => fixes[column]);
}

function columnOf<T>(chunk: DuckDBDataChunk, index: number): Column<T> {
  return chunk.getColumnVector(index) as unknown as Column<T>;
}

function copy(chunk: DuckDBDataChunk, index: number, values: NumberColumn, from: number, to: number): void {
  const column = columnOf<NumberColumn>(chunk, index);
  column.items.set(values.subarray(from, to));
  column.flush();
}

function copyTimes(chunk: DuckDBDataChunk, index: number, values: Float64Array, from: number, to: number): void {
  const column = columnOf<BigInt64Array>(chunk, index);
  const words = wordsOf(column.items);
  for (let row = from; row < to; row++) setInt64(words, row - from, values[row]);
  column.flush();
}

function wordsOf(items: BigInt64Array): Int32Array {
  return new Int32Array(items.buffer, items.byteOffset, items.length * 2);
}

/** Two's complement, low word first, of a whole number below 2^53; ten times as fast as a BigInt. */
function setInt64(words: Int32Array, row: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  words[2 * row] = value - high * TWO_32;
  words[2 * row + 1] = high;
}
