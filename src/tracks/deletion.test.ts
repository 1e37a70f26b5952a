import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createByteColumn, setBytes } from "../model/byte-column.ts";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type Stretch, type TrackStore } from "./track-store.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2021, 10, 6, 4);
const FIXES = 300;
const ITEM_BYTES = 120;

let dir: string;
let store: TrackStore;
let nowMs: number;
let kept: Stretch[];
const open = async (): Promise<void> => {
  store = await openTrackStore({
    dir,
    compactEveryMs: null,
    gatherMs: 1,
    retentionMs: 30 * DAY,
    now: () => nowMs,
    keep: async () => kept,
  });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-deletion-"));
  nowMs = NOON + DAY;
  kept = [];
  await open();
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Fixes with something beside each that nothing can compress: it stands as it is wherever the fix is. */
function markedFixes(vehicle: number, fromMs: number): { batch: FixBatch; marks: Buffer[] } {
  const batch = createFixBatch(FIXES);
  batch.length = FIXES;
  batch.items = createByteColumn(FIXES);
  const marks = Array.from({ length: FIXES }, () => randomBytes(ITEM_BYTES));
  for (const [row, mark] of marks.entries()) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = batch.receivedMs[row] = fromMs + row * 1000;
    batch.lonE6[row] = 113_900_000 + row;
    batch.latE6[row] = 35_300_000;
    setBytes(batch.items, row, mark, 0, mark.length);
  }
  return { batch, marks };
}

/** Files of the folder, whatever they are, that hold one of the marks. */
function filesWith(marks: readonly Buffer[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = readFileSync(join(entry.parentPath, entry.name));
    if (marks.some((mark) => content.includes(mark.subarray(8, 40)))) found.push(entry.name.replace(/\d{10,}/, "RUN"));
  }
  return found.toSorted();
}

test("nothing of a deleted day, and of a vehicle whose finding is over, can be found in any file of the folder", async () => {
  const a = store.vehicles.numberOf("豫G10001_2");
  const b = store.vehicles.numberOf("豫G10002_2");
  const old = markedFixes(a, NOON);
  const proof = markedFixes(b, NOON);
  await store.append(old.batch);
  await store.append(proof.batch);
  const marks = [...old.marks, ...proof.marks];
  expect(filesWith(marks), "in the log of the open hour").not.toEqual([]);
  await store.close();
  await open();
  expect(filesWith(marks), "in the hot table").not.toEqual([]);
  await store.compact(true);
  expect(filesWith(marks)).toContain("2021-11-06-RUN-0.parquet");

  const young = markedFixes(a, NOON + 29 * DAY);
  await store.append(young.batch);
  nowMs = NOON + 40 * DAY;
  kept = [{ vehicle: b, fromMs: NOON, toMs: NOON + FIXES * 1000 }];
  await store.compact(true);
  expect(store.health().compactionError).toBe(null);
  expect(filesWith(old.marks), "past retention").toEqual([]);
  expect(filesWith(proof.marks), "a finding's proof").toEqual(["2021-11-06-RUN-0.parquet"]);

  kept = [];
  await store.compact();
  expect(filesWith(marks), "the finding is over").toEqual([]);
  expect(filesWith(young.marks)).toEqual(["2021-12-05-RUN-0.parquet"]);
  expect(await store.track(a, -Infinity, Infinity)).toMatchObject({ length: FIXES });
});
