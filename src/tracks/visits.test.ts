import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type BoxE6, type Stretch, type TrackStore } from "./track-store.ts";
import { randomOf, START, VEHICLES, wandering } from "./wandering-for-tests.ts";

const STAY = 600_000;
const DAY = 86_400_000;

let dir: string;
let store: TrackStore;
const open = async (heldMiB = 64): Promise<void> => {
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, heldMiB });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-visits-"));
  await open();
  for (let vehicle = 0; vehicle < VEHICLES; vehicle++) store.vehicles.numberOf(`v${vehicle}`);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What the store may answer at least, and at most if it told vehicles apart by their fixes alone. */
function expected(
  all: FixBatch,
  [w, s, e, n]: BoxE6,
  fromMs: number,
  toMs: number,
): { present: Set<number>; staying: Set<number>; mayStay: Set<number> } {
  const [present, staying, mayStay] = [new Set<number>(), new Set<number>(), new Set<number>()];
  let [runFirst, chainFrom, chainTo] = [-1, 0, 0];
  for (let row = 0; row < all.length; row++) {
    const { vehicle, timeMs, lonE6, latE6 } = all;
    const isIn =
      lonE6[row] >= w &&
      lonE6[row] <= e &&
      latE6[row] >= s &&
      latE6[row] <= n &&
      timeMs[row] >= fromMs &&
      timeMs[row] < toMs;
    const isSame = row > 0 && vehicle[row - 1] === vehicle[row];
    if (!isIn) runFirst = -1;
    if (!isIn) continue;
    present.add(vehicle[row]);
    if (runFirst < 0 || !isSame) runFirst = row;
    if (timeMs[row] - timeMs[runFirst] >= STAY) staying.add(vehicle[row]);
    // The widest stretch in which the vehicle may have been there, by this one file's fixes.
    const before = isSame ? timeMs[row - 1] : timeMs[row] - 21_600_000;
    const after =
      row + 1 < all.length && vehicle[row + 1] === vehicle[row] ? timeMs[row + 1] : timeMs[row] + 21_600_000;
    if (!isSame || before > chainTo + 300_000) chainFrom = before;
    chainTo = after;
    if (chainTo - chainFrom >= STAY) mayStay.add(vehicle[row]);
  }
  return { present, staying, mayStay };
}

async function checkStretches(all: FixBatch, stretches: Stretch[]): Promise<void> {
  const given: string[] = [];
  await store.eachStretch(stretches, (vehicle, { length, timeMs, lonE6 }) => {
    for (let row = 0; row < length; row++) given.push(`${vehicle} ${timeMs[row]} ${lonE6[row]}`);
  });
  const wanted: string[] = [];
  for (let row = 0; row < all.length; row++) {
    const { vehicle, timeMs, lonE6 } = all;
    const isAsked = stretches.some(
      (stretch) => stretch.vehicle === vehicle[row] && stretch.fromMs <= timeMs[row] && timeMs[row] <= stretch.toMs,
    );
    if (isAsked) wanted.push(`${vehicle[row]} ${timeMs[row]} ${lonE6[row]}`);
  }
  expect(given).toEqual(wanted);
}

type Parts = [string, number, (random: () => number, timeMs: number) => number];
const PARTS: Parts[] = [
  ["one file", 1, (random) => random()],
  ["seven files that overlap in time, as late fixes make them", 7, (random) => random()],
  ["four files, one behind the other", 4, (_random, timeMs) => ((timeMs - START) % DAY) / DAY],
];

test.each(
  PARTS.flatMap(([name, parts, shareOf]) => [false, true].map((isHeld) => [name, isHeld, parts, shareOf] as const)),
)(
  "no vehicle that was in a box, or stayed in it, is left out: %s, held in memory: %s",
  async (_, isHeld, parts, shareOf) => {
    const random = randomOf(parts);
    const all = wandering(random);
    await store.close();
    await open(isHeld ? 64 : 0);
    const partOf = Uint8Array.from(all.timeMs.subarray(0, all.length), (timeMs) =>
      Math.floor(shareOf(random, timeMs) * parts),
    );
    for (let part = 0; part < parts; part++) {
      const batch = createFixBatch(all.length);
      for (let row = 0; row < all.length; row++) {
        if (partOf[row] !== part) continue;
        const to = batch.length++;
        for (const column of ["vehicle", "timeMs", "lonE6", "latE6", "receivedMs"] as const)
          batch[column][to] = all[column][row];
      }
      await store.append(batch);
      await store.compact(true);
    }
    expect(store.health()).toMatchObject({ hotFixes: 0, fileFixes: all.length });
    if (isHeld) await store.hold();
    expect(store.health().heldFixes).toBe(isHeld ? all.length : 0);
    const sums = { present: 0, found: 0, mayStay: 0, foundStaying: 0 };
    for (let round = 0; round < 60; round++) {
      const size = 500 + random() ** 2 * 30_000;
      const [west, south] = [113_800_000 + Math.floor(random() * 2e5), 35_000_000 + Math.floor(random() * 2e5)];
      const box: BoxE6 = [west, south, Math.floor(west + size), Math.floor(south + size)];
      const fromMs = round % 2 === 0 ? START : START + Math.floor(random() * 40_000_000);
      const toMs = round % 2 === 0 ? Infinity : fromMs + Math.floor(random() * 10_000_000);
      const wanted = expected(all, box, fromMs, toMs);
      const found = new Set(await store.vehiclesIn([box], fromMs, toMs));
      const foundStaying = new Set(await store.vehiclesIn([box], fromMs, toMs, STAY));
      expect([...wanted.present].filter((vehicle) => !found.has(vehicle))).toEqual([]);
      expect([...wanted.staying].filter((vehicle) => !foundStaying.has(vehicle))).toEqual([]);
      expect([...foundStaying].filter((vehicle) => !found.has(vehicle))).toEqual([]);
      if (round % 10 === 0) await checkStretches(all, await store.stretchesIn([box], fromMs, toMs, STAY));
      for (const [key, count] of [
        ["present", wanted.present.size],
        ["found", found.size],
        ["mayStay", wanted.mayStay.size],
        ["foundStaying", foundStaying.size],
      ] as const) {
        sums[key] += count;
      }
    }
    // A visit that touches the box counts whole, so a few more than need be are named: not many.
    if (parts > 1) return;
    expect(sums.found).toBeLessThan(1.5 * sums.present);
    expect(sums.foundStaying).toBeLessThan(1.5 * sums.mayStay);
  },
);
