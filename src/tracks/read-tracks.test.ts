import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ABSENT_U16 } from "../model/fix.ts";
import { CsvRecords } from "./csv-records.ts";
import { readTracks, type RejectedRow } from "./read-tracks.ts";

const folder = mkdtempSync(join(tmpdir(), "wuxing-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const HEADER = "vehicle,time,lon,lat,speed,heading\n";
const ROW = "豫G12345_2,2022-05-01T08:00:00+08:00,113.912345,35.298765,61.5,359\n";

describe("recorded tracks", () => {
  it("are read from CSV whatever the order of the columns", async () => {
    const path = file("order.csv", 'lat,note,time,vehicle,lon\n35.3,"a, ""b""\nc",1651363200000,H1,113.9\n');
    const { tracks, rows, rejected } = await readTracks([path], { datum: "wgs84" });
    expect({ rows, rejected }).toEqual({ rows: 1, rejected: 0 });
    expect(tracks).toEqual([
      {
        vehicle: "H1",
        length: 1,
        timeMs: Float64Array.of(1651363200000),
        lonE6: Int32Array.of(113_900_000),
        latE6: Int32Array.of(35_300_000),
        speedKmh10: Uint16Array.of(ABSENT_U16),
        headingDeg: Uint16Array.of(ABSENT_U16),
      },
    ]);
  });

  it("are the same from CSV, gzipped CSV with a byte order mark and CRLF, and Parquet", async () => {
    const text = HEADER + ROW + ROW.replace("08:00:00", "08:00:30") + ROW.replace("12345", "54321");
    const plain = file("a.csv", text);
    const gzipped = file("b.bin", gzipSync(`\uFEFF${text.replaceAll("\n", "\r\n")}`));
    const parquet = join(folder, "c.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(`COPY (FROM read_csv('${plain}')) TO '${parquet}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    const read = await Promise.all([plain, gzipped, parquet].map((path) => readTracks([path], { datum: "wgs84" })));
    expect(read[0].tracks.map(({ vehicle, length }) => [vehicle, length])).toEqual([
      ["豫G12345_2", 2],
      ["豫G54321_2", 1],
    ]);
    expect(read[0].tracks[0].speedKmh10[0]).toBe(615);
    expect(read[1]).toEqual(read[0]);
    expect(read[2]).toEqual(read[0]);
  });

  it("of several files become one track a vehicle", async () => {
    const paths = [file("one.csv", HEADER + ROW), file("two.csv", HEADER + ROW.replace("08:00", "09:00"))];
    const { tracks } = await readTracks(paths, { datum: "wgs84" });
    expect(tracks.map(({ length }) => length)).toEqual([2]);
  });

  it("in GCJ-02 are converted to WGS-84 on the way in", async () => {
    const path = file("gcj.csv", HEADER + ROW);
    const [track] = (await readTracks([path], { datum: "gcj02" })).tracks;
    expect(Math.abs(track.lonE6[0] - 113_912_345)).toBeGreaterThan(3000);
    expect(Math.abs(track.lonE6[0] - 113_912_345)).toBeLessThan(9000);
  });

  it("leave out what is not valid, with its line, field, value and what was expected", async () => {
    const bad = [
      ",2022-05-01T00:00:00Z,113,35,,",
      "A,2022-05-01T00:00:00,113,35,,",
      "A,2022-05-01T00:00:00Z,113x,35,,",
      "A,2022-05-01T00:00:00Z,113,95.5,,",
      "A,2022-05-01T00:00:00Z,113",
      `${"A".repeat(70_000)},2022-05-01T00:00:00Z,113,35,,`,
    ];
    const path = file("bad.csv", `${HEADER}${bad.join("\n")}\n\n${ROW}A,1651363200000,0,0,fast,`);
    const rejects: RejectedRow[] = [];
    const { rows, rejected } = await readTracks([path], { datum: "wgs84", onReject: (row) => rejects.push(row) });
    expect({ rows, rejected }).toEqual({ rows: 2, rejected: 6 });
    expect(rejects.map(({ line, field, value }) => [line, field, value.slice(0, 20)])).toEqual([
      [2, "vehicle", ""],
      [3, "time", "2022-05-01T00:00:00"],
      [4, "lon", "113x"],
      [5, "lat", "95.5"],
      [6, "(line)", "A,2022-05-01T00:00:0"],
      [7, "(line)", "A".repeat(20)],
    ]);
    expect(rejects.every((row) => row.file === path && row.expected !== "")).toBe(true);
  });

  it.each([
    ["a missing column", "vehicle,time,lon\nA,1,2\n", "no column lat"],
    ["a column twice", "vehicle,time,lon,lat,LAT\n", "lat twice"],
    ["nothing", "", "is empty"],
    ["a gzip file that is cut off", gzipSync(HEADER + ROW.repeat(5000)).subarray(0, 200), "breaks off"],
    ["a Parquet file that is none", "PAR1, or so it says", "Parquet"],
  ])("are refused with the file's name for %s", async (name, content, says) => {
    const path = file(`${name}.csv`, content);
    await expect(readTracks([path], { datum: "wgs84" })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(`${name}.*${says}`),
    });
  });

  it("of a file that is not there are refused with its name", async () => {
    await expect(readTracks([join(folder, "nowhere.csv")], { datum: "wgs84" })).rejects.toThrow(/nowhere\.csv/);
  });
});

describe("CSV records", () => {
  const field = fc.string({ unit: fc.constantFrom("a", "é", "新", ",", '"', "\n", " "), maxLength: 6 });

  it("are those of csv-parse, wherever the chunks are cut", () => {
    const quoted = (value: string): string =>
      /[",\n]/.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value;
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
        fc.nat(),
        (table, cut) => {
          const text = table.map((fields) => fields.map(quoted).join(",")).join("\n");
          const got: string[][] = [];
          const records = new CsvRecords({
            record: (_line, bytes, starts, ends, count) => {
              got.push(
                Array.from({ length: count }, (_, at) => Buffer.from(bytes.subarray(starts[at], ends[at])).toString()),
              );
            },
            tooLong: () => expect.unreachable(),
          });
          const bytes = Buffer.from(text);
          const step = 1 + (cut % (bytes.length + 1));
          for (let at = 0; at < bytes.length; at += step) records.push(Buffer.from(bytes.subarray(at, at + step)));
          records.end();
          const wanted = parse(text, { relaxColumnCount: true });
          expect(got).toEqual(wanted.filter((fields) => fields.length > 1 || fields[0] !== ""));
        },
      ),
      { numRuns: 500 },
    );
  });
});
