import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createByteColumn, setBytes } from "../model/byte-column.ts";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type TrackStore, type TrackStoreOptions } from "./track-store.ts";

const NOON = Date.UTC(2021, 10, 6, 4);
const DAY = 86_400_000;

let dir: string;
let store: TrackStore;
const open = async (options: Partial<TrackStoreOptions> = {}): Promise<void> => {
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, ...options });
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-items-"));
  await open();
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Fixes a second apart from `fromMs` on, each with the items given in hexadecimal, if any. */
function batchOf(vehicle: number, fromMs: number, items: readonly string[]): FixBatch {
  const batch = createFixBatch(items.length);
  for (const [row, hex] of items.entries()) {
    batch.length++;
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = fromMs + row * 1000;
    batch.lonE6[row] = 113_900_000 + row;
    batch.latE6[row] = 35_300_000;
    batch.receivedMs[row] = fromMs + row * 1000;
    if (hex === "") {
      if (batch.items !== undefined) setBytes(batch.items, row, new Uint8Array(0), 0, 0);
      continue;
    }
    // A column that begins late has nothing in the rows before.
    batch.items ??= createByteColumn(items.length);
    const bytes = Buffer.from(hex, "hex");
    setBytes(batch.items, row, bytes, 0, bytes.length);
  }
  return batch;
}

async function kept(vehicle: number, fromMs = 0, toMs = Infinity, limit = 100): Promise<[number, string][]> {
  const found = await store.items(vehicle, fromMs, toMs, limit);
  return found.map(({ timeMs, items }) => [timeMs, Buffer.from(items).toString("hex")]);
}

test("what a terminal says beside its positions is there after each step of a file's life, and with its own fix", async () => {
  const a = store.vehicles.numberOf("豫G10001_2");
  const b = store.vehicles.numberOf("豫G10002_2");
  const long = `e0ff${"5a".repeat(255)}`;
  // Both come into one commit, and a batch without items between them.
  await Promise.all([
    store.append(batchOf(a, NOON, ["", "010400000123", long])),
    store.append(batchOf(b, NOON + 500, ["", ""])),
    store.append(batchOf(b, NOON, ["300119"])),
  ]);
  const ofA = [
    [NOON + 2000, long],
    [NOON + 1000, "010400000123"],
  ];
  expect(await kept(a)).toEqual(ofA);
  expect(await kept(b)).toEqual([[NOON, "300119"]]);

  await store.close();
  await open();
  expect(await kept(a), "after a restart").toEqual(ofA);
  await store.compact(true);
  expect(store.health()).toMatchObject({ hotFixes: 0, files: 1 });
  expect(await kept(a), "in a file").toEqual(ofA);
  expect(await kept(b), "in a file").toEqual([[NOON, "300119"]]);

  // Three more runs, one of them without items: the four are merged.
  for (const more of [["310107"], ["", ""], ["2504000000ff"]]) {
    await store.append(batchOf(b, NOON + 10_000 * more[0].length, more));
    await store.compact(true);
  }
  expect(store.health().files).toBe(1);
  expect(await kept(a), "merged").toEqual(ofA);
  expect((await kept(b)).map(([, hex]) => hex)).toEqual(["2504000000ff", "310107", "300119"]);
  expect(await store.verify()).toMatchObject({ faults: [] });

  expect(await kept(a, NOON + 1500, NOON + 2500), "within the span only").toEqual([ofA[0]]);
  expect(await kept(a, 0, Infinity, 1), "the newest first").toEqual([ofA[0]]);
});

test("a file without items has no column for them, and one with items can be read by any reader of Parquet", async () => {
  const a = store.vehicles.numberOf("豫G10001_2");
  await store.append(batchOf(a, NOON, ["", ""]));
  await store.append(batchOf(a, NOON + 2 * DAY, ["010400000123"]));
  await store.compact(true);
  const { files } = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as {
    files: { name: string; items: number }[];
  };
  expect(files.map(({ items }) => items)).toEqual([0, 1]);
  await using reader = {
    instance: await DuckDBInstance.create(),
    [Symbol.asyncDispose]() {
      this.instance.closeSync();
      return Promise.resolve();
    },
  };
  const connection = await reader.instance.connect();
  const columns = async (name: string): Promise<string[]> =>
    (await connection.runAndReadAll(`SELECT * FROM read_parquet('${join(dir, "files", name)}')`)).columnNames();
  expect(await columns(files[0].name)).not.toContain("items");
  expect(await columns(files[1].name)).toContain("items");
  connection.disconnectSync();
});

test("items go when retention takes their fix, out of the hot table and out of files", async () => {
  const a = store.vehicles.numberOf("豫G10001_2");
  await store.append(batchOf(a, NOON, ["010400000123"]));
  await store.compact(true);
  await store.append(batchOf(a, NOON + DAY, ["010400000456"]));
  await store.append(batchOf(a, NOON + 40 * DAY, ["010400000789"]));
  await store.close();
  await open({ retentionMs: 30 * DAY, now: () => NOON + 40 * DAY });
  await store.compact();
  expect((await kept(a)).map(([, hex]) => hex)).toEqual(["010400000789"]);
});
