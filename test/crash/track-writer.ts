/**
 * The process that the crash test kills: appends numbered fixes to a track store, compacts all the time, and says on
 * its standard output what has been acknowledged. Arguments: folder, number of the first fix, a step of the store and
 * at which of its occurrences the process kills itself there (`-` and 0: it waits to be killed).
 */
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { openTrackStore, type TrackStore } from "../../src/tracks/track-store.ts";
import { fixesOf, vehicleIdOf, vehicleOf } from "./numbered-fixes.ts";

const [dir = "", firstText = "0", killStep = "-", killAtText = "0"] = process.argv.slice(2);
const IN_FLIGHT = 6;
const BATCH_FIXES_MAX = 2000;

let killIn = Number(killAtText);
const store = await openTrackStore({
  dir,
  compactEveryMs: null,
  retentionMs: null,
  gatherMs: 2,
  onStep: (step) => {
    if (step === killStep && --killIn <= 0) process.kill(process.pid, "SIGKILL");
  },
});
writeSync(1, "open\n");

let next = Number(firstText);
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
