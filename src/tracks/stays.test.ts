import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFixBatch, FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type BoxE6, type PlaceTrack, type TrackStore } from "./track-store.ts";
import { randomOf, START, VEHICLES, wandering } from "./wandering-for-tests.ts";

const STAY = 600_000;

let dir: string;
let store: TrackStore;
const open = async (heldMiB?: number): Promise<void> => {
  const held = heldMiB === undefined ? {} : { heldMiB };
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, ...held });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-stays-"));
  await open();
  for (let vehicle = 0; vehicle < VEHICLES; vehicle++) store.vehicles.numberOf(`v${vehicle}`);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Appends the rows of each part as one run of files; the last part stays in the hot table when `keepsHot`. */
async function write(all: FixBatch, partOf: (row: number) => number, parts: number, keepsHot: boolean): Promise<void> {
  for (let part = 0; part < parts; part++) {
    const batch = createFixBatch(all.length);
    for (let row = 0; row < all.length; row++) {
      if (partOf(row) !== part) continue;
      const to = batch.length++;
      for (const column of ["vehicle", "timeMs", "lonE6", "latE6", "receivedMs", "flags"] as const)
        batch[column][to] = all[column][row];
    }
    await store.append(batch);
    if (!keepsHot || part < parts - 1) await store.compact(true);
  }
}

/** What a stretch's fixes come to: the usable ones, in order. */
function usable(vehicle: number, { length, timeMs, lonE6, latE6, flags }: PlaceTrack): string {
  const rows: string[] = [];
  for (let row = 0; row < length; row++) {
    if ((flags[row] & FIX_UNUSABLE) === 0) rows.push(`${timeMs[row]} ${lonE6[row]} ${latE6[row]}`);
  }
  return `${vehicle}: ${rows.join(", ")}`;
}

async function check(boxes: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs = STAY): Promise<number> {
  const wanted: string[] = [];
  const stretches = await store.stretchesIn(boxes, fromMs, toMs, leastStayMs);
  await store.eachStretch(stretches, (vehicle, places) => void wanted.push(usable(vehicle, places)));
  const found: string[] = [];
  for await (const { vehicle, places } of store.staysIn(boxes, fromMs, toMs, leastStayMs)) {
    found.push(usable(vehicle, places));
  }
  const whole = (tracks: string[]): string[] => tracks.filter((track) => !track.endsWith(": ")).toSorted();
  expect(whole(found)).toEqual(whole(wanted));
  return found.length;
}

/** Some fixes that take no part in matching, and some reports that came twice. */
function withNoise(all: FixBatch, random: () => number): FixBatch {
  for (let row = 0; row < all.length; row++) if (random() < 0.02) all.flags[row] = random() < 0.5 ? 1 : 2;
  return all;
}

type Parts = [string, number, boolean, (row: number, timeMs: number, random: () => number) => number];
const PARTS: Parts[] = [
  ["one file", 1, false, () => 0],
  ["a file for each half of the time", 2, false, (_row, timeMs) => (timeMs < START + 30_000_000 ? 0 : 1)],
  ["the second half still hot", 2, true, (_row, timeMs) => (timeMs < START + 30_000_000 ? 0 : 1)],
  ["an hour late of some vehicles", 2, false, (row, timeMs) => (isLate(row, timeMs) ? 1 : 0)],
  ["an hour late of some vehicles, still hot", 2, true, (row, timeMs) => (isLate(row, timeMs) ? 1 : 0)],
  ["three files that overlap everywhere", 3, false, (_row, _time, random) => Math.floor(3 * random())],
];
/** Memory for the newest files: none, enough for some of them, and enough for all. */
const HELD_MIB = [0, 0.25, 64];

test.each(PARTS.flatMap((parts) => HELD_MIB.map((heldMiB) => [...parts, heldMiB] as const)))(
  "stays are read with the same fixes as by their stretches: $0, $4 MiB in memory",
  async (_name, parts, keepsHot, partOf, heldMiB) => {
    const random = randomOf(11 + parts);
    const all = withNoise(wandering(random), random);
    const part = Uint8Array.from({ length: all.length }, (_, row) => partOf(row, all.timeMs[row], random));
    await store.close();
    await open(heldMiB);
    await write(all, (row) => part[row], parts, keepsHot);
    expect(store.health().hotFixes > 0).toBe(keepsHot);
    await store.hold();
    const heldShare = store.health().heldFixes / store.health().fileFixes;
    // Unusable fixes are not held.
    expect(heldShare).toBeGreaterThan([-1, 0.05, 0.95][HELD_MIB.indexOf(heldMiB)]);
    expect(heldShare).toBeLessThan([0.01, 1, 1][HELD_MIB.indexOf(heldMiB)]);
    const box = (size: number): BoxE6 => {
      const [west, south] = [113_800_000 + Math.floor(random() * 2e5), 35_000_000 + Math.floor(random() * 2e5)];
      return [west, south, Math.floor(west + size), Math.floor(south + size)];
    };
    let stays = 0;
    for (let round = 0; round < (heldMiB === 0 ? 15 : 6); round++) {
      stays += await check([box(500 + random() ** 2 * 30_000)], START, Infinity);
      const fromMs = START + Math.floor(random() * 40_000_000);
      stays += await check([box(20_000)], fromMs, fromMs + 7_200_000);
    }
    stays += await check(
      Array.from({ length: 20 }, () => box(8000)),
      START,
      Infinity,
    );
    stays += await check([box(60_000)], -Infinity, Infinity, 0);
    expect(stays).toBeGreaterThan(heldMiB === 0 ? 200 : 100);
  },
);

/** Every fifth vehicle from the second to the third hour. */
function isLate(row: number, timeMs: number): boolean {
  return Math.floor(row / 2000) % 5 === 0 && timeMs >= START + 7_200_000 && timeMs < START + 10_800_000;
}

test("stays are found where files have no rests yet, and while compaction changes the files", async () => {
  const random = randomOf(3);
  const all = wandering(random);
  await write(all, (row) => row % 4, 4, true);
  await store.close();
  const instance = await DuckDBInstance.create(join(dir, "tracks.duckdb"));
  const connection = await instance.connect();
  const before = "UPDATE track_file SET rests_name = '', rests_bytes = 0, rests_sha256 = ''";
  await connection.run(`${before} WHERE run = (SELECT min(run) FROM track_file)`);
  connection.disconnectSync();
  instance.closeSync();
  await open();
  expect((await store.verify()).faults).toEqual([]);
  const boxes = Array.from({ length: 25 }, (_, index): BoxE6 => {
    const [west, south] = [113_800_000 + (index % 5) * 40_000, 35_000_000 + Math.floor(index / 5) * 40_000];
    return [west, south, west + 30_000, south + 30_000];
  });
  await check(boxes, START, Infinity, 0);

  const wanted: string[] = [];
  const stretches = await store.stretchesIn(boxes, START, Infinity, 0);
  await store.eachStretch(stretches, (vehicle, places) => void wanted.push(usable(vehicle, places)));
  const stays = store.staysIn(boxes, START, Infinity, 0);
  const first = await stays.next();
  // A fourth run a day: they are merged, and the old files are gone.
  const { files } = store.health();
  await store.compact(true);
  expect(store.health().files).toBeLessThan(files / 2);
  const found = [usable(first.value!.vehicle, first.value!.places)];
  for await (const { vehicle, places } of stays) found.push(usable(vehicle, places));
  expect(found.toSorted()).toEqual(wanted.toSorted());
  const readMs = stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  expect(readMs, "more than one pass").toBeGreaterThan(8192 * 600_000);
});
