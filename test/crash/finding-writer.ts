/**
 * The process that the crash test of findings kills. It waits for its order, then takes the batches of a world in, from the
 * first that has not been acknowledged, and says on its standard output what has been; the points at which it can be told
 * to kill itself are the steps of the track store, `acknowledged` and `ingested`. When all is in and settled it writes what
 * stands to `standing.json` and ends. With `isBatch` nothing is taken in live: all fixes are stored, and what stands is the
 * answer to their whole history.
 */
import { writeFileSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createFixBatch, type FixBatch } from "../../src/model/fix.ts";
import { arrivalsOf, openSmallCity, standing, type Fix } from "./finding-world.ts";
import { readOrder, reachOf } from "./life-order.ts";

/** So that findings are written while fixes come. */
const PAUSE_MS = 3;
const COMPACT_EVERY = 60;

const order = await readOrder();
const { dir, first, seed = 1, isBatch = false } = order;
const reach = reachOf(order);
let city = await openSmallCity(dir, reach);
writeSync(1, "open null\n");

const batches = arrivalsOf(seed);
for (let index = first; index < batches.length; index++) {
  const batch = batchOf(batches[index]);
  const position = await city.tracks.append(batch);
  writeSync(1, `${index} ${index + 1}\n`);
  reach("acknowledged");
  if (isBatch) continue;
  city.watch.ingest(batch, position);
  reach("ingested");
  if (index % COMPACT_EVERY === 0) await city.tracks.compact(true);
  await pause(PAUSE_MS);
}
if (isBatch) {
  await city.close();
  city = await openSmallCity(dir, reach);
}
await city.watch.settled();
writeFileSync(`${dir}/standing.json`, JSON.stringify(await standing(city)));
await city.close();

function batchOf(fixes: readonly Fix[]): FixBatch {
  const batch = createFixBatch(fixes.length);
  for (const { vehicle, timeMs, lonE6, latE6 } of fixes) {
    const row = batch.length++;
    batch.vehicle[row] = city.tracks.vehicles.numberOf(vehicle);
    batch.timeMs[row] = timeMs;
    batch.receivedMs[row] = timeMs;
    batch.lonE6[row] = lonE6;
    batch.latE6[row] = latE6;
  }
  return batch;
}
