import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { WuxingError } from "../model/errors.ts";
import { CsvRecords, type CsvRecordSink } from "./csv-records.ts";
import { readNumber, readTimeMs, textOf } from "./field-text.ts";
import { FIX_COLUMNS, REQUIRED_COLUMNS, type RowIntake } from "./row-intake.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * Reads a CSV file of fixes, plain or gzipped, row by row into `intake`.
 *
 * @throws WuxingError INPUT_INVALID for a header without the required columns, and for a file that breaks off
 */
export async function readCsvFixes(
  path: string,
  gzipped: boolean,
  intake: RowIntake,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const rows = new FixRows(path, intake);
  const records = new CsvRecords(rows);
  const text = gzipped ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
  if (text !== file) file.on("error", (error) => text.destroy(error));
  try {
    for await (const chunk of text) {
      records.push(chunk as Buffer);
      onBytes(file.bytesRead);
    }
    records.end();
    rows.end();
  } catch (error) {
    if (error instanceof WuxingError) throw error;
    const place = `${path}, after line ${records.line}`;
    throw new WuxingError("INPUT_INVALID", `${place}: the file breaks off (${(error as Error).message})`, [
      { where: place, expected: gzipped ? "a whole gzip file" : "a readable file" },
    ]);
  } finally {
    file.destroy();
  }
}

class FixRows implements CsvRecordSink {
  readonly #path: string;
  readonly #intake: RowIntake;
  /** Fields of the header, 0 before it is read. */
  #fieldCount = 0;
  /** For each of `FIX_COLUMNS` its place in a record, -1 when it is not there. */
  readonly #places: number[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #starts: Int32Array = new Int32Array(0);
  #ends: Int32Array = new Int32Array(0);
  #vehicle = "";
  #vehicleBytes: Uint8Array = this.#bytes;
  readonly #raw = (column: number): string => textOf(this.#bytes, this.#start(column), this.#end(column));

  constructor(path: string, intake: RowIntake) {
    this.#path = path;
    this.#intake = intake;
  }

  record(line: number, bytes: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#ends = ends;
    if (this.#fieldCount === 0) return this.#header(line, count);
    if (count !== this.#fieldCount) {
      const text = textOf(bytes, starts[0], ends[count - 1]);
      return this.#intake.reject(line, "(line)", text, `${this.#fieldCount} fields, as in the header, not ${count}`);
    }
    this.#intake.add(
      line,
      this.#readVehicle(bytes),
      readTimeMs(bytes, this.#start(1), this.#end(1)),
      readNumber(bytes, this.#start(2), this.#end(2)),
      readNumber(bytes, this.#start(3), this.#end(3)),
      this.#places[4] < 0 ? NaN : readNumber(bytes, this.#start(4), this.#end(4)),
      this.#places[5] < 0 ? NaN : readNumber(bytes, this.#start(5), this.#end(5)),
      this.#raw,
    );
  }

  tooLong(line: number, start: Uint8Array, maxBytes: number): void {
    if (this.#fieldCount === 0) this.#refuseHeader(line, textOf(start, 0, start.length), "is not a header");
    this.#intake.reject(line, "(line)", textOf(start, 0, start.length), `at most ${maxBytes} bytes in a line`);
  }

  end(): void {
    if (this.#fieldCount === 0) this.#refuseHeader(1, "", "is empty");
  }

  #header(line: number, count: number): void {
    const names = Array.from({ length: count }, (_, field) =>
      textOf(this.#bytes, this.#starts[field], this.#ends[field]).trim().toLowerCase(),
    );
    const missing = FIX_COLUMNS.slice(0, REQUIRED_COLUMNS).filter((name) => !names.includes(name));
    if (missing.length > 0) this.#refuseHeader(line, names.join(","), `has no column ${missing.join(", ")}`);
    const doubled = FIX_COLUMNS.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
    if (doubled.length > 0) this.#refuseHeader(line, names.join(","), `has the column ${doubled.join(", ")} twice`);
    this.#places.push(...FIX_COLUMNS.map((name) => names.indexOf(name)));
    this.#fieldCount = count;
  }

  #refuseHeader(line: number, value: string, problem: string): never {
    throw new WuxingError("INPUT_INVALID", `${this.#path}, line ${line}: the header ${problem}`, [
      {
        where: `${this.#path}, line ${line}`,
        value: value.slice(0, 100),
        expected: "a header with vehicle, time, lon, lat in any order, each once",
      },
    ]);
  }

  /** Consecutive lines mostly name the same vehicle: its name is made a string once. */
  #readVehicle(bytes: Uint8Array): string {
    const start = this.#start(0);
    const length = this.#end(0) - start;
    const known = this.#vehicleBytes;
    let same = length === known.length;
    for (let at = 0; same && at < length; at++) same = bytes[start + at] === known[at];
    if (same) return this.#vehicle;
    this.#vehicle = textOf(bytes, start, start + length).trim();
    this.#vehicleBytes = bytes.slice(start, start + length);
    return this.#vehicle;
  }

  #start(column: number): number {
    return this.#starts[this.#places[column]];
  }

  #end(column: number): number {
    return this.#ends[this.#places[column]];
  }
}
