import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDatabase } from "../store/database.ts";
import { createEtcQueries } from "../store/etc-queries.ts";

/** Each test starts the program up to three times, and each start makes a database. */
const LIMIT_MS = 240_000;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-etc-"));
});
afterEach(() => rm(dir, { recursive: true }));

function run(...files: string[]): Promise<{ code: number; out: string; err: string }> {
  const [file, ...rest] = files;
  const options = ["--source", "toll", "--colours", "etc", "--data", dir, ...rest];
  return new Promise((resolve) => {
    execFile(process.execPath, ["src/cli/main.ts", "etc", "import", file, ...options], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const HEADER = "transaction,plate,plateColour,vehicleClass,station,time";

it(
  "files of toll records are read, in GBK too, and reading them again doubles nothing",
  async () => {
    const rows = Array.from({ length: 4500 }, (_, at) => `T${at},豫G${10_000 + at},1,14,S12,2022-05-10T02:13:05+08:00`);
    const path = join(dir, "day.csv.gz");
    await writeFile(path, gzipSync(iconv.encode([HEADER, ...rows].join("\r\n"), "gbk")));
    expect(await run(path, "--encoding", "gbk")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^4500 .*new, 0 /u),
    });
    expect(await run(path, "--encoding", "gbk")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 .*new, 4500 /u),
    });
    const database = await openDatabase({ dir });
    const { items } = await createEtcQueries(database.kysely, 300_000).etcPassages({ vehicle: "豫G10007_2" });
    await database.close();
    expect(items).toMatchObject([{ transaction: "T7", source: "toll", time: "2022-05-09T18:13:05.000Z" }]);
  },
  LIMIT_MS,
);

it(
  "what is wrong is named with its line, and the rest is taken",
  async () => {
    const csv = join(dir, "a.csv");
    await writeFile(csv, `${HEADER}\nA,豫G12345,1,14,S12,yesterday\nB,豫G12345,1,14,S12,2022-05-10T02:13:05Z\n`);
    const first = await run(csv);
    expect(first).toMatchObject({ code: 1, out: expect.stringMatching(/^1 .*new, .*1 .*rejected/u) });
    expect(first.err).toContain(`A ${csv}:2.time: "yesterday", expected ISO 8601`);
    const lines = join(dir, "b.ndjson");
    const item = { transaction: "B", plate: "豫G12345", plateColour: 1, station: "S12", time: "2022-05-10T02:13:06Z" };
    await writeFile(lines, `${JSON.stringify(item)}\n{ not json\n`);
    const second = await run(lines);
    expect(second).toMatchObject({ code: 1, out: expect.stringMatching(/^0 .*1 .*conflict, 1 .*rejected/u) });
    expect(second.err).toContain(`${lines}:2`);
  },
  LIMIT_MS,
);

it(
  "a file that is not there, and one that is no CSV, are refused",
  async () => {
    expect(await run(join(dir, "none.csv"))).toMatchObject({ code: 1, err: expect.stringContaining("none.csv") });
    await writeFile(join(dir, "odd.csv"), `${HEADER}\na,"b\n`);
    expect(await run(join(dir, "odd.csv"))).toMatchObject({ code: 1, err: expect.stringContaining("odd.csv") });
  },
  LIMIT_MS,
);
