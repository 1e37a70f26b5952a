import type { DuckDBConnection } from "@duckdb/node-api";

/** Asks a query with so many columns, all DOUBLE, in a transaction that is open. */
export type AskNumbers = (sql: string, count: number) => Promise<Float64Array[]>;

/** The whole answer of a query whose columns are all DOUBLE. */
export async function collectNumbers(
  connection: DuckDBConnection,
  sql: string,
  count: number,
): Promise<Float64Array[]> {
  const result = await connection.stream(sql);
  let columns = Array.from({ length: count }, () => new Float64Array(1024));
  let length = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return columns.map((column) => column.subarray(0, length));
    if (length + chunk.rowCount > columns[0].length) {
      const capacity = 2 * (length + chunk.rowCount);
      columns = columns.map((column) => {
        const larger = new Float64Array(capacity);
        larger.set(column);
        return larger;
      });
    }
    for (const [index, column] of columns.entries()) {
      column.set((chunk.getColumnVector(index) as unknown as { items: Float64Array }).items, length);
    }
    length += chunk.rowCount;
  }
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** The array itself when it holds `length` numbers, otherwise one of twice the size with the same content. */
export function grown<T extends Numbers>(array: T, length: number): T {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}
