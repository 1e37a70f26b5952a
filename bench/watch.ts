/**
 * Matching behind the stores: how fast fixes are taken live, how soon a day of late fixes is settled, how long an
 * area's past takes, and what live fixes wait meanwhile. Real track store and PGlite on disk, a seeded city.
 *
 *   npm run bench:watch [-- --vehicles 3500 --hours 24 --json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { createFixBatch, type FixBatch } from "../src/model/fix.ts";
import { openDatabase } from "../src/store/database.ts";
import { openLedger } from "../src/store/ledger.ts";
import { copyFixes } from "../src/tracks/fix-columns.ts";
import { openTrackStore } from "../src/tracks/track-store.ts";
import { openWatch } from "../src/watch/open-watch.ts";
import { report, type Figure } from "./report.ts";
import { BEGIN_MS, STEP_MS, seededCity } from "./seeded-city.ts";

const { values } = parseArgs({
  options: {
    vehicles: { type: "string", default: "3500" },
    hours: { type: "string", default: "24" },
    json: { type: "boolean", default: false },
  },
});
const vehicles = Number(values.vehicles);
const steps = Number(values.hours) * 120;
const LIVE_BATCH = 100;
const LIVE_EVERY_MS = 50;

const dir = mkdtempSync(join(tmpdir(), "wuxing-bench-watch-"));
const tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null });
const database = await openDatabase({ dir });
const ledger = await openLedger(database);
const city = seededCity(vehicles, steps + 2880, 1);
// The fence: the middle of the city, crossed all the time.
const fence = {
  type: "Polygon" as const,
  coordinates: [
    [
      [113.7, 35],
      [114.4, 35],
      [114.4, 35.6],
      [113.7, 35.6],
      [113.7, 35],
    ],
  ],
};
let watch = await openWatch({ tracks, ledger, city: { fence, gates: [] }, now: () => BEGIN_MS });
const figures: Figure[] = [];
const add = (figure: Figure): void => {
  figures.push(figure);
  if (!values.json) console.error(`${figure.name}: ${figure.value.toPrecision(4)} ${figure.unit}`);
};
const sizes = { vehicles, fixes: vehicles * steps };

for (let index = 0; index < vehicles; index++) tracks.vehicles.numberOf(`豫G${10_000 + index}_2`);
const publish = (site: number): Promise<unknown> =>
  watch.publishArea({
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [city.sites[2 * site] / 1e6, city.sites[2 * site + 1] / 1e6] },
  });
for (let site = 0; site < 20; site++) await publish(site);

// The vehicle whose fixes come late later on has been known for thirty days.
const month = seededCity(1, 29 * 2880, 2);
for (let day = 0; day < 29; day++) {
  const batch = createFixBatch(2880);
  for (let step = 0; step < 2880; step++) {
    copyFixes(month.next(), 0, 1, batch, batch.length++);
    batch.timeMs[step] -= 29 * 86_400_000;
    batch.receivedMs[step] -= 29 * 86_400_000;
  }
  watch.ingest(batch, await tracks.append(batch));
}

let ingestMs = 0;
for (let step = 0; step < steps; step++) {
  const batch = city.next();
  const position = await tracks.append(batch);
  const start = performance.now();
  watch.ingest(batch, position);
  ingestMs += performance.now() - start;
}
await watch.settled();
add({ name: "ingest, 20 areas", value: (vehicles * steps) / (ingestMs / 1000), unit: "fixes/s", sizes });
await tracks.compact(true);

// Opened once from the checkpoint, once from the whole history.
await watch.close();
for (const from of ["its checkpoint", "the whole history"]) {
  if (from !== "its checkpoint") await database.kysely.deleteFrom("checkpoint").execute();
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  watch = await openWatch({ tracks, ledger, city: { fence, gates: [] }, now: () => BEGIN_MS });
  const { user, system } = process.cpuUsage(cpuStart);
  const cpuSeconds = Math.round((user + system) / 1e5) / 10;
  add({
    name: `opened again from ${from}`,
    value: (performance.now() - start) / 1000,
    unit: "s",
    sizes: { ...sizes, "CPU seconds": cpuSeconds },
  });
  await watch.settled();
  add({ name: "and settled", value: (performance.now() - start) / 1000, unit: "s" });
  if (from === "its checkpoint") await watch.close();
}

/** Live fixes, 2,000 a second: how long after its time each batch is matched, until `until` resolves. */
async function liveLag(until: Promise<unknown>): Promise<{ p99: number; most: number; seconds: number }> {
  const lags: number[] = [];
  let isOver = false;
  void until.finally(() => (isOver = true));
  const begin = performance.now();
  let due = begin;
  let step = city.next();
  let row = 0;
  while (!isOver || lags.length < 60) {
    if (row + LIVE_BATCH > step.length) {
      step = city.next();
      row = 0;
    }
    const batch = rowsOf(step, row, row + LIVE_BATCH);
    row += LIVE_BATCH;
    due += LIVE_EVERY_MS;
    await sleep(Math.max(0, due - performance.now()));
    watch.ingest(batch);
    lags.push(performance.now() - due);
  }
  lags.sort((a, b) => a - b);
  return {
    p99: lags[Math.floor(lags.length * 0.99)],
    most: lags.at(-1)!,
    seconds: (performance.now() - begin) / 1000,
  };
}

function rowsOf(batch: FixBatch, from: number, to: number): FixBatch {
  const part = createFixBatch(to - from);
  for (const [name, column] of Object.entries(part)) {
    if (typeof column !== "number") column.set(batch[name as "vehicle"].subarray(from, to));
  }
  part.length = to - from;
  return part;
}

const quiet = await liveLag(sleep(5000));
add({ name: "live lag p99, nothing else", value: quiet.p99, unit: "ms" });

const before = performance.now();
await publish(100);
add({ name: "an area is published", value: performance.now() - before, unit: "ms" });
await watch.settled();
add({ name: "its past is settled", value: (performance.now() - before) / 1000, unit: "s", sizes });

const rematchesBefore = watch.status().rematches;
const retro = await liveLag(
  (async () => {
    for (let site = 101; site < 201; site++) await publish(site);
    while (watch.status().retro.length > 0) await sleep(20);
  })(),
);
add({
  name: "live lag p99, 100 areas over the past",
  value: retro.p99,
  unit: "ms",
  comparedTo: "nothing else",
  ratio: retro.p99 / quiet.p99,
  sizes: { rematches: watch.status().rematches - rematchesBefore },
});
add({ name: "live lag, the longest meanwhile", value: retro.most, unit: "ms" });
add({ name: "100 areas over the past", value: retro.seconds, unit: "s", sizes });
await watch.settled();

// A terminal that comes out of a dead zone: one vehicle's last 24 hours, halfway between its fixes.
const day = createFixBatch(2880);
const last = await tracks.track(0, BEGIN_MS - 30 * 86_400_000, BEGIN_MS + 365 * 86_400_000);
for (let row = Math.max(1, last.length - 2880); row < last.length; row++) {
  const at = day.length++;
  day.vehicle[at] = 0;
  day.timeMs[at] = last.timeMs[row] - STEP_MS / 2;
  day.lonE6[at] = Math.round((last.lonE6[row] + last.lonE6[row - 1]) / 2);
  day.latE6[at] = Math.round((last.latE6[row] + last.latE6[row - 1]) / 2);
}
await tracks.append(day);
const lateStart = performance.now();
watch.ingest(day);
await watch.settled();
add({
  name: "late fixes of one vehicle settled",
  value: performance.now() - lateStart,
  unit: "ms",
  sizes: { late: day.length, history: last.length },
});

add({ name: "memory (RSS)", value: process.memoryUsage.rss() / 2 ** 20, unit: "MiB" });
await watch.close();
await tracks.close();
await database.close();
rmSync(dir, { recursive: true, force: true });
report("watch", figures);
