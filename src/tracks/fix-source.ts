import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { addChunk, FIX_COLUMNS, STORED_COLUMNS_SQL, withRoom, type FixColumn } from "./fix-columns.ts";

/** `[fromMs, toMs)`, integer ms UTC; see `wholeMs` for how bounds that are not whole are taken. */
export interface Span {
  fromMs: number;
  toMs: number;
}

const MS_LIMIT = 8.64e15;

/** A bound of a span as SQL can take it: the same instants lie on its two sides. Infinity and NaN become the end of time. */
export function wholeMs(ms: number): number {
  return Math.ceil(Math.min(MS_LIMIT, Math.max(-MS_LIMIT, Number.isNaN(ms) ? MS_LIMIT : ms)));
}

/** The table expression of all stored fixes that `where` (over their columns) leaves, hot ones and those in `files`. */
export function fixesWhere(filesDir: string, files: readonly string[], where: string): string {
  const hot = `SELECT ${STORED_COLUMNS_SQL} FROM hot_fix WHERE ${where}`;
  if (files.length === 0) return `(${hot})`;
  return `(${hot} UNION ALL SELECT * FROM ${fixFiles(filesDir, files)} WHERE ${where})`;
}

/** In files the time of receipt stands as the delay behind the fix's own: 1 byte a fix less. */
export const FILE_COLUMNS_SQL = STORED_COLUMNS_SQL.replace("received_ms", "received_ms - time_ms AS delay_ms");

/** The table expression of the fixes in files, with the columns of the hot table. */
export function fixFiles(filesDir: string, files: readonly string[]): string {
  return `(${fixFilesSql(filesDir, files)})`;
}

/** The same as a query, with further columns (`more`, beginning with a comma). */
export function fixFilesSql(filesDir: string, files: readonly string[], more = ""): string {
  const columns = STORED_COLUMNS_SQL.replace("received_ms", "time_ms + delay_ms AS received_ms");
  return `SELECT ${columns}${more} FROM ${parquet(filesDir, files)}`;
}

/** `read_parquet` of files of one folder. */
export function parquet(filesDir: string, files: readonly string[]): string {
  return `read_parquet([${files.map((file) => quoted(join(filesDir, file))).join(", ")}])`;
}

/** A string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Names of the files that may hold what `where` over the manifest's columns says. */
export async function filesWhere(connection: DuckDBConnection, where: string): Promise<string[]> {
  const result = await connection.runAndReadAll(`SELECT name FROM track_file WHERE ${where} ORDER BY run, name`);
  return result.getRows().map(([name]) => String(name));
}

/** The manifest's condition for a span. */
export function overlaps({ fromMs, toMs }: Span): string {
  return `max_time_ms >= ${fromMs} AND min_time_ms < ${toMs}`;
}

/**
 * Streams a query into columns: with `FIX_COLUMNS_SQL` first, or `columns`; what is not asked for stays 0. `onChunk`
 * sees each chunk after its rows have been added.
 */
export async function collectFixes(
  connection: DuckDBConnection,
  sql: string,
  {
    columns = FIX_COLUMNS,
    onChunk,
  }: { columns?: readonly FixColumn[]; onChunk?: (chunk: DuckDBDataChunk, rows: number) => void } = {},
): Promise<FixBatch> {
  const result = await connection.stream(sql);
  let fixes = createFixBatch(FIRST_CAPACITY);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return fixes;
    fixes = withRoom(fixes, fixes.length + chunk.rowCount);
    addChunk(fixes, chunk, columns);
    onChunk?.(chunk, fixes.length);
  }
}

const FIRST_CAPACITY = 2048;
