/**
 * Byte strings in rows, one behind the other in one piece of memory: those of row r are `bytes[ends[r - 1], ends[r])`, of
 * row 0 `bytes[0, ends[0])`. A row without any has the end of the row before it.
 */
export interface ByteColumn {
  ends: Uint32Array;
  bytes: Uint8Array;
}

const FIRST_BYTES = 4096;

/** A column with room for `capacity` rows, none of them with bytes. */
export function createByteColumn(capacity: number): ByteColumn {
  return { ends: new Uint32Array(capacity), bytes: new Uint8Array(FIRST_BYTES) };
}

/** Where the bytes of a row begin. */
export function startOf({ ends }: ByteColumn, row: number): number {
  return row === 0 ? 0 : ends[row - 1]!;
}

/** Gives row `row`, behind which there is none yet, the bytes `source[start, end)`, copied. */
export function setBytes(column: ByteColumn, row: number, source: Uint8Array, start: number, end: number): void {
  const at = startOf(column, row);
  const length = end - start;
  makeRoom(column, at + length);
  const { bytes } = column;
  for (let index = 0; index < length; index++) bytes[at + index] = source[start + index]!;
  column.ends[row] = at + length;
}

/** Copies the rows `[from, to)` into `target` at row `at`, behind which there is none yet; without a source they are empty. */
export function copyBytes(
  source: ByteColumn | undefined,
  from: number,
  to: number,
  target: ByteColumn,
  at: number,
): void {
  const targetStart = startOf(target, at);
  if (source === undefined) {
    target.ends.fill(targetStart, at, at + to - from);
    return;
  }
  const sourceStart = startOf(source, from);
  const sourceEnd = to === from ? sourceStart : source.ends[to - 1]!;
  makeRoom(target, targetStart + sourceEnd - sourceStart);
  target.bytes.set(source.bytes.subarray(sourceStart, sourceEnd), targetStart);
  for (let row = from; row < to; row++) target.ends[at + row - from] = source.ends[row]! - sourceStart + targetStart;
}

/** The bytes of a row, in the same memory. */
export function bytesOf(column: ByteColumn, row: number): Uint8Array {
  return column.bytes.subarray(startOf(column, row), column.ends[row]);
}

function makeRoom(column: ByteColumn, length: number): void {
  if (length <= column.bytes.length) return;
  const larger = new Uint8Array(Math.max(length, column.bytes.length * 2));
  larger.set(column.bytes);
  column.bytes = larger;
}
