import { DuckDBInstance, DuckDBTypeId } from "@duckdb/node-api";
import { WuxingError } from "../model/errors.ts";
import { readTimeMs } from "./field-text.ts";
import { FIX_COLUMNS, REQUIRED_COLUMNS, type RowIntake } from "./row-intake.ts";

const MEMORY_MAX = "512MB";
const TIMES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
]);

/**
 * Reads a Parquet file of fixes through DuckDB, chunk by chunk, into `intake`. `time` is a timestamp (UTC), epoch ms
 * or text as in CSV; the other columns are numbers, or text that reads as one.
 *
 * @throws WuxingError INPUT_INVALID when the file is no Parquet or lacks a column
 */
export async function readParquetFixes(
  path: string,
  size: number,
  intake: RowIntake,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: MEMORY_MAX, threads: "2" });
  const connection = await instance.connect();
  try {
    const from = `read_parquet('${path.replaceAll("'", "''")}')`;
    const shape = await connection.run(`SELECT * FROM ${from} LIMIT 0`);
    const names = shape.columnNames();
    const lower = names.map((name) => name.toLowerCase());
    const missing = FIX_COLUMNS.slice(0, REQUIRED_COLUMNS).filter((name) => !lower.includes(name));
    if (missing.length > 0) refuse(path, `has no column ${missing.join(", ")}`, names.join(","));
    const columns = FIX_COLUMNS.map((name) => {
      const place = lower.indexOf(name);
      if (place < 0) return "NULL::DOUBLE";
      const quoted = `"${names[place].replaceAll('"', '""')}"`;
      if (name === "vehicle") return `${quoted}::VARCHAR`;
      if (name !== "time") return `TRY_CAST(${quoted} AS DOUBLE)`;
      return TIMES.has(shape.columnTypeId(place)) ? `epoch_ms(${quoted})::VARCHAR` : `${quoted}::VARCHAR`;
    });
    const raws = FIX_COLUMNS.slice(2, REQUIRED_COLUMNS).map((name) => `"${names[lower.indexOf(name)]}"::VARCHAR`);
    const total = await connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${from}`);
    const rowsTotal = Math.max(1, Number(total.getRows()[0][0]));
    const result = await connection.stream(`SELECT ${[...columns, ...raws].join(", ")} FROM ${from}`);
    let row = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const values = chunk.getColumns() as (string | number | null)[][];
      for (let at = 0; at < chunk.rowCount; at++) {
        row++;
        const time = Buffer.from(String(values[1][at] ?? ""));
        intake.add(
          row,
          String(values[0][at] ?? "").trim(),
          readTimeMs(time, 0, time.length),
          Number(values[2][at] ?? NaN),
          Number(values[3][at] ?? NaN),
          Number(values[4][at] ?? NaN),
          Number(values[5][at] ?? NaN),
          (column) => String((column < 2 ? values[column][at] : values[column + 4][at]) ?? ""),
        );
      }
      onBytes(Math.floor((size * row) / rowsTotal));
    }
  } catch (error) {
    if (error instanceof WuxingError) throw error;
    refuse(path, `cannot be read as Parquet (${(error as Error).message.split("\n")[0]})`, "");
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function refuse(path: string, problem: string, value: string): never {
  throw new WuxingError("INPUT_INVALID", `${path} ${problem}`, [
    { where: path, value: value.slice(0, 100), expected: "a Parquet file with the columns vehicle, time, lon, lat" },
  ]);
}
