import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type BoxE6, type TrackStore } from "./track-store.ts";
import { randomOf, START, VEHICLES, wandering } from "./wandering-for-tests.ts";

const STAY_MS = 600_000;

let dir: string;
let store: TrackStore;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-held-"));
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, heldMiB: 64 });
  for (let vehicle = 0; vehicle < VEHICLES; vehicle++) store.vehicles.numberOf(`v${vehicle}`);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Vehicles with fixes in the box all the time for ten minutes or longer, among the rows that `isIn` leaves. */
function staying(all: FixBatch, isIn: (row: number) => boolean, [w, s, e, n]: BoxE6): Set<number> {
  const found = new Set<number>();
  let [vehicle, firstMs] = [-1, 0];
  for (let row = 0; row < all.length; row++) {
    if (!isIn(row)) continue;
    const isInBox = all.lonE6[row] >= w && all.lonE6[row] <= e && all.latE6[row] >= s && all.latE6[row] <= n;
    if (!isInBox) vehicle = -1;
    else if (vehicle !== all.vehicle[row]) [vehicle, firstMs] = [all.vehicle[row], all.timeMs[row]];
    else if (all.timeMs[row] - firstMs >= STAY_MS) found.add(vehicle);
  }
  return found;
}

test(
  "what was acknowledged is in the answer at once, whether it is hot, in files, held or on the way",
  { timeout: 120_000 },
  async () => {
    const random = randomOf(8);
    const all = wandering(random);
    // Most come hour by hour, some late, some of these twice.
    const hourOf = Uint32Array.from(
      all.timeMs.subarray(0, all.length),
      (timeMs) => (timeMs - START) / 7_200_000 + (random() < 0.02 ? 4 * random() : 0),
    );
    const last = 13;
    let compacting: Promise<unknown> = Promise.resolve();
    let [stays, moments] = [0, 0];
    for (let hour = 0; hour <= last; hour++) {
      const batch = createFixBatch(all.length);
      for (let row = 0; row < all.length; row++) {
        if (hourOf[row] !== hour && !(hourOf[row] === hour - 3 && random() < 0.01)) continue;
        const to = batch.length++;
        for (const column of ["vehicle", "timeMs", "lonE6", "latE6", "receivedMs"] as const)
          batch[column][to] = all[column][row];
      }
      await store.append(batch);
      if (hour % 2 === 0) compacting = compacting.then(() => store.compact(true));
      if (hour % 4 === 2) await compacting.then(() => store.hold());
      for (let round = 0; round < 2; round++) {
        const [west, south] = [113_800_000 + Math.floor(random() * 2e5), 35_000_000 + Math.floor(random() * 2e5)];
        const box: BoxE6 = [west, south, west + 20_000, south + 20_000];
        const wanted = staying(all, (row) => hourOf[row] <= hour, box);
        const found = new Map<number, string[]>();
        for await (const { vehicle, places } of store.staysIn([box], -Infinity, Infinity, STAY_MS)) {
          const rows = Array.from(
            { length: places.length },
            (_, row) => `${places.timeMs[row]} ${places.lonE6[row]} ${places.latE6[row]}`,
          );
          found.set(vehicle, [...(found.get(vehicle) ?? []), ...rows]);
        }
        expect([...wanted].filter((vehicle) => !found.has(vehicle))).toEqual([]);
        for (const [vehicle, rows] of found) {
          // Every fix of the box that is known is there once, and nothing that is not.
          const known = Array.from({ length: all.length }, (_, row) => row).filter(
            (row) => all.vehicle[row] === vehicle && hourOf[row] <= hour,
          );
          const texts = new Set(known.map((row) => `${all.timeMs[row]} ${all.lonE6[row]} ${all.latE6[row]}`));
          expect(new Set(rows).size).toBe(rows.length);
          expect(rows.filter((row) => !texts.has(row))).toEqual([]);
        }
        stays += found.size;
        if (store.health().heldFixes > 0 && store.health().hotFixes === 0) moments++;
      }
    }
    await compacting;
    expect(stays).toBeGreaterThan(50);
    expect(moments, "questions to memory alone").toBeGreaterThan(3);
    await store.hold();
    expect(store.health().heldFixes).toBe(store.health().fileFixes);
  },
);

test("files that are gone are let go, and nothing is held when there is no room", { timeout: 120_000 }, async () => {
  const all = wandering(randomOf(2));
  // Two vehicles, each on the days that it takes.
  all.length = 4000;
  await store.append(all);
  await store.compact(true);
  expect(store.health().heldFixes).toBe(0);
  await store.hold();
  const { heldFixes } = store.health();
  expect(heldFixes).toBe(all.length);
  // The same once more: compaction merges files, and drops what repeats.
  for (let round = 0; round < 3; round++) {
    await store.append(all);
    await store.compact(true);
  }
  await store.hold();
  expect(store.health().heldFixes).toBe(store.health().fileFixes);
  await store.close();
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, heldMiB: 0 });
  await store.hold();
  expect(store.health().heldFixes).toBe(0);
});
