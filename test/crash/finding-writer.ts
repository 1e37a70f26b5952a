/**
 * The process that the crash test of findings kills: takes the batches of a world in, from the first that has not been
 * acknowledged, and says on its standard output what has been. Arguments: folder, seed, number of the first batch, the
 * point at which it kills itself (a step of the track store, `acknowledged`, `ingested`, or `-`) and at which occurrence.
 * When all is in and settled it writes what stands to `standing.json` and ends. With the point `batch` nothing is taken in
 * live: all fixes are stored, and what stands is the answer to their whole history.
 */
import { writeFileSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createFixBatch, type FixBatch } from "../../src/model/fix.ts";
import { arrivalsOf, openSmallCity, standing, type Fix } from "./finding-world.ts";

const [dir = "", seed = "1", first = "0", killPoint = "-", killAt = "0"] = process.argv.slice(2);
/** So that findings are written while fixes come. */
const PAUSE_MS = 3;
const COMPACT_EVERY = 60;

let killIn = Number(killAt);
const reach = (point: string): void => {
  if (point === killPoint && --killIn <= 0) process.kill(process.pid, "SIGKILL");
};
let city = await openSmallCity(dir, reach);
writeSync(1, "open\n");

const batches = arrivalsOf(Number(seed));
for (let index = Number(first); index < batches.length; index++) {
  const batch = batchOf(batches[index]);
  const position = await city.tracks.append(batch);
  writeSync(1, `${index} ${index + 1}\n`);
  reach("acknowledged");
  if (killPoint === "batch") continue;
  city.watch.ingest(batch, position);
  reach("ingested");
  if (index % COMPACT_EVERY === 0) await city.tracks.compact(true);
  await pause(PAUSE_MS);
}
if (killPoint === "batch") {
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
