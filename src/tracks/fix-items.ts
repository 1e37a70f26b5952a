import { BIGINT, BLOB, DuckDBBlobValue, DuckDBDataChunk, type DuckDBConnection } from "@duckdb/node-api";
import { bytesOf, startOf } from "../model/byte-column.ts";
import type { FixBatch } from "../model/fix.ts";
import { STORED_COLUMNS_SQL } from "./fix-columns.ts";
import { fixFiles, fixFilesSql, parquet, wholeMs, type Span } from "./fix-source.ts";
import type { TrackFile } from "./run-writer.ts";

/**
 * What terminals say beside their positions (the additional items of JT/T 808), as it came. Matching never reads it, so it
 * stands apart: hot ones in a table of their own by the fix's place in the log, old ones in a column that only files have
 * in which some fix has any.
 */
export const HOT_ITEM_TABLE_SQL = "CREATE TABLE IF NOT EXISTS hot_item (seq BIGINT NOT NULL, items BLOB NOT NULL)";

/** What stands beside a fix. */
export interface FixItems {
  /** The device's time, ms UTC. */
  timeMs: number;
  items: Uint8Array;
}

/** Rows in one chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** Writes the items of fixes with log places `firstSeq`, …, in the caller's transaction. */
export async function appendItems(
  connection: DuckDBConnection,
  { length, items }: FixBatch,
  firstSeq: number,
): Promise<void> {
  if (items === undefined || startOf(items, length) === 0) return;
  const appender = await connection.createAppender("hot_item");
  const chunk = DuckDBDataChunk.create([BIGINT, BLOB]);
  const seqs: bigint[] = [];
  const values: DuckDBBlobValue[] = [];
  for (let row = 0; row < length; row++) {
    const bytes = bytesOf(items, row);
    if (bytes.length > 0) {
      seqs.push(BigInt(firstSeq + row));
      values.push(new DuckDBBlobValue(bytes));
    }
    if (seqs.length === CHUNK_ROWS || (row === length - 1 && seqs.length > 0)) {
      chunk.reset();
      chunk.rowCount = seqs.length;
      chunk.setColumnValues(0, seqs.splice(0));
      chunk.setColumnValues(1, values.splice(0));
      appender.appendDataChunk(chunk);
    }
  }
  appender.closeSync();
}

/** Hot fixes that `where` (over the table `fix`) leaves, with their items where there are any; and whether there are. */
export async function hotFixesWithItems(
  connection: DuckDBConnection,
  where: string,
): Promise<{ source: string; hasItems: boolean }> {
  const found = await connection.runAndReadAll(
    `SELECT EXISTS (SELECT 1 FROM hot_fix AS fix WHERE ${where} AND seq IN (SELECT seq FROM hot_item))`,
  );
  if (found.getRows()[0][0] !== true) {
    return { source: `(SELECT ${STORED_COLUMNS_SQL} FROM hot_fix AS fix WHERE ${where})`, hasItems: false };
  }
  const fixes = `(SELECT ${STORED_COLUMNS_SQL} FROM hot_fix AS fix WHERE ${where})`;
  return { source: `(SELECT fix.*, items FROM ${fixes} AS fix LEFT JOIN hot_item USING (seq))`, hasItems: true };
}

/** The items of fixes that have left the hot table go with them. */
export async function dropItemsWithoutFix(connection: DuckDBConnection): Promise<void> {
  await connection.run("DELETE FROM hot_item WHERE seq NOT IN (SELECT seq FROM hot_fix)");
}

/** The fixes in files, with their items when any of the files has some. */
export function filesWithItems(
  filesDir: string,
  files: readonly Pick<TrackFile, "name" | "items">[],
): { source: string; hasItems: boolean } {
  const names = (wanted: boolean): string[] =>
    files.filter(({ items }) => items > 0 === wanted).map(({ name }) => name);
  const [having, lacking] = [names(true), names(false)];
  if (having.length === 0) return { source: fixFiles(filesDir, lacking), hasItems: false };
  const parts = [fixFilesSql(filesDir, having, ", items")];
  if (lacking.length > 0) parts.push(fixFilesSql(filesDir, lacking, ", NULL::BLOB AS items"));
  return { source: `(${parts.join(" UNION ALL ")})`, hasItems: true };
}

/** The items of a vehicle's fixes in a span, newest first, at most `limit` fixes; those without any are left out. */
export async function itemsOf(
  connection: DuckDBConnection,
  filesDir: string,
  { vehicle, fromMs, toMs, limit }: Span & { vehicle: number; limit: number },
): Promise<FixItems[]> {
  const [from, to] = [wholeMs(fromMs), wholeMs(toMs)];
  const among = `vehicle = ${vehicle} AND time_ms >= ${from} AND time_ms < ${to}`;
  const files = await connection.runAndReadAll(
    `SELECT name FROM track_file WHERE items > 0 AND max_time_ms >= ${from} AND min_time_ms < ${to}
       AND min_vehicle <= ${vehicle} AND max_vehicle >= ${vehicle} ORDER BY run, name`,
  );
  const names = files.getRows().map(([name]) => String(name));
  const parts = [`SELECT time_ms, items FROM hot_fix JOIN hot_item USING (seq) WHERE ${among}`];
  if (names.length > 0) {
    parts.push(`SELECT time_ms, items FROM ${parquet(filesDir, names)} WHERE ${among} AND items IS NOT NULL`);
  }
  const result = await connection.runAndReadAll(
    `SELECT DISTINCT time_ms::DOUBLE AS instant, items FROM (${parts.join(" UNION ALL ")}) ORDER BY instant DESC, items LIMIT ${limit}`,
  );
  return result.getRows().map(([timeMs, items]) => ({
    timeMs: Number(timeMs),
    items: (items as DuckDBBlobValue).bytes,
  }));
}
