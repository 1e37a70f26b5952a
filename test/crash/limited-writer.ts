/**
 * Appends to the track store of a folder until it is refused, says so, waits until it can be written again, appends once
 * more and says how much was acknowledged. Run under a limit on the size of files, which is lifted from outside.
 */
import { setTimeout as pause } from "node:timers/promises";
import { WuxingError } from "../../src/model/errors.ts";
import { createFixBatch } from "../../src/model/fix.ts";
import { openTrackStore } from "../../src/tracks/track-store.ts";

const [dir = ""] = process.argv.slice(2);
const BATCH = 5000;
const ROUNDS_MAX = 400;
// The limit is then an error of the write that goes beyond it, not the end of the process.
process.on("SIGXFSZ", () => {});

const store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, giveUpMs: 300 });
const vehicle = store.vehicles.numberOf("a");
let acknowledged = 0;

async function append(): Promise<void> {
  const batch = createFixBatch(BATCH);
  for (let row = 0; row < BATCH; row++) {
    const fix = acknowledged + row;
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = batch.receivedMs[row] = 1_600_000_000_000 + fix * 1000;
    batch.lonE6[row] = 100_000_000 + ((fix * 2_654_435_761) % 10_000_000);
    batch.latE6[row] = 30_000_000 + ((fix * 1_597_334_677) % 10_000_000);
  }
  batch.length = BATCH;
  await store.append(batch);
  acknowledged += BATCH;
}

try {
  for (let round = 0; round < ROUNDS_MAX; round++) await append();
  process.stdout.write("never refused\n");
} catch (error) {
  const { state, reason } = store.health();
  process.stdout.write(
    `refused ${error instanceof WuxingError ? error.code : String(error)} ${state} ${reason ?? ""}\n`,
  );
}
for (let tries = 0; tries < 200 && store.health().state !== "ok"; tries++) await pause(50);
process.stdout.write(`${store.health().state}\n`);
await append();
process.stdout.write(`acknowledged ${acknowledged}\n`);
await store.close();
