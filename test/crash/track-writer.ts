/**
 * The process that the crash test kills. It waits for its order, opens the track store, reads through all that the lives
 * before it left, and says what it found; then it appends numbered fixes, compacts all the time, and says on its standard
 * output what has been acknowledged.
 */
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { openTrackStore, type TrackStore } from "../../src/tracks/track-store.ts";
import { readOrder, reachOf } from "./life-order.ts";
import { fixesOf, vehicleIdOf, vehicleOf } from "./numbered-fixes.ts";
import { inspect } from "./stored-fixes.ts";

const IN_FLIGHT = 6;
const BATCH_FIXES_MAX = 500;

const order = await readOrder();
const store = await openTrackStore({
  dir: order.dir,
  compactEveryMs: null,
  retentionMs: null,
  gatherMs: 2,
  onStep: reachOf(order),
});
writeSync(1, `open ${JSON.stringify(await inspect(store, order.first))}\n`);

let next = order.first;
await Promise.all([compactForever(store), ...Array.from({ length: IN_FLIGHT }, () => appendForever(store))]);

async function appendForever(tracks: TrackStore): Promise<never> {
  for (;;) {
    const first = next;
    const count = 1 + Math.floor(Math.random() ** 3 * BATCH_FIXES_MAX);
    next += count;
    for (let fix = first; fix < next; fix++) {
      // Vehicles become known in the order of their numbers: so number and id stay in step over restarts.
      const vehicle = vehicleOf(fix);
      if (vehicle === tracks.vehicles.count) tracks.vehicles.numberOf(vehicleIdOf(vehicle));
    }
    await tracks.append(fixesOf(first, first + count));
    writeSync(1, `${first} ${first + count}\n`);
    // Enough for a commit every few ms, and little enough that the store can be read through after each of many kills.
    await pause(20);
  }
}

async function compactForever(tracks: TrackStore): Promise<never> {
  for (;;) {
    await tracks.compact(true);
    const { position } = tracks.health();
    await tracks.snapshots.save("crash", { position, state: Buffer.from(String(position)) });
    await pause(30);
  }
}
