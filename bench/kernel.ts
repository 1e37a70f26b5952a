/**
 * How fast fixes are matched exactly, beside the least that any program does with a fix and beside what a good engineer writes in a day, in one run and on one core.
 * `npm run bench:kernel [-- --json] [-- --fixes 10000000] [-- --vehicles 200000] [-- --areas 5000] [-- --rounds 3] [-- --short]`
 *
 * Targets: at most 3 times the limit's time, at least 5 million fixes a second, at least 20 times the day's work; a tenfold of areas costs at most 1.3
 * times the time of a fix; at most 200 bytes a vehicle that is near nothing; nothing allocated per fix on the common path; a changed area among 50,000 counts
 * in under 50 ms.
 */
import { parseArgs } from "node:util";
import { getHeapStatistics } from "node:v8";
import type { MatchSink } from "../src/kernel/findings.ts";
import { Matcher } from "../src/kernel/matcher.ts";
import { World } from "../src/kernel/world.ts";
import { DEFAULT_RULE } from "../src/model/rule.ts";
import { DaysWork } from "./days-work.ts";
import { report, type Figure } from "./report.ts";
import { measuredShareNear, seededAreas, seededFixes, type CountryArea, type CountryFixes } from "./seeded-country.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    short: { type: "boolean" },
    fixes: { type: "string" },
    vehicles: { type: "string" },
    areas: { type: "string" },
    rounds: { type: "string" },
  },
});
const isShort = values.short === true;
const vehicles = Number(values.vehicles ?? (isShort ? 50_000 : 200_000));
const fixCount = Number(values.fixes ?? (isShort ? 2_000_000 : 10_000_000));
const areaCount = Number(values.areas ?? 5000);
const rounds = Number(values.rounds ?? 3);
/** Fixes of a line that tells how the time scales. */
const scaled = isShort ? 1_000_000 : 4_000_000;
const figures: Figure[] = [];
let sink = 0;

const told = { opened: 0, closed: 0 };
const counting: MatchSink = {
  exposure(_vehicle, _exposure, change) {
    if (change === "opened") told.opened++;
    else if (change === "closed") told.closed++;
  },
  passage: () => {},
  fence: () => {},
};

function worldOf(areas: readonly CountryArea[]): World {
  const world = new World(DEFAULT_RULE);
  for (const [i, { shape }] of areas.entries()) addArea(world, i, shape);
  return world;
}

function addArea(world: World, i: number, shape: CountryArea["shape"]): number {
  return world.addArea({ id: `R${i}`, version: 1, shape, fromMs: -Infinity, toMs: Infinity });
}

/** Reads each fix, writes its vehicle's last time and place, in records of 16 bytes. */
function limit({ vehicles: count, length, vehicle, timeMs, lonE6, latE6 }: CountryFixes): number {
  const buffer = new ArrayBuffer(16 * count);
  const times = new Float64Array(buffer);
  const places = new Int32Array(buffer);
  const begin = performance.now();
  for (let row = 0; row < length; row++) {
    const at = vehicle[row];
    times[2 * at] = timeMs[row];
    places[4 * at + 2] = lonE6[row];
    places[4 * at + 3] = latE6[row];
  }
  const ms = performance.now() - begin;
  sink += times[0] + places[2];
  return ms;
}

/**
 * The least that any exact matcher must do with a fix: read its vehicle's last time and place, refuse what is not later, leave what is too fast to someone else
 * (a fix is an outlier by its neighbours), write time and place. In the same records of 16 bytes; no area is looked at.
 */
function leastExact({ vehicles: count, length, vehicle, timeMs, lonE6, latE6 }: CountryFixes): number {
  const buffer = new ArrayBuffer(16 * count);
  const times = new Float64Array(buffer).fill(-Infinity);
  const places = new Int32Array(buffer);
  const plainE6PerMs = DEFAULT_RULE.maxSpeedKmh / 3600 / 0.1117;
  const begin = performance.now();
  let refused = 0;
  for (let row = 0; row < length; row++) {
    const at = vehicle[row];
    const gapMs = timeMs[row] - times[2 * at];
    const lon = lonE6[row];
    const lat = latE6[row];
    const stepE6 = Math.abs((lon - places[4 * at + 2]) | 0) + Math.abs((lat - places[4 * at + 3]) | 0);
    if (stepE6 <= plainE6PerMs * gapMs) {
      times[2 * at] = timeMs[row];
      places[4 * at + 2] = lon;
      places[4 * at + 3] = lat;
    } else refused++;
  }
  const ms = performance.now() - begin;
  sink += refused;
  return ms;
}

function ours(world: World, fixes: CountryFixes): { ms: number; matcher: Matcher } {
  const matcher = new Matcher(world, fixes.vehicles, counting);
  const { length } = fixes;
  const begin = performance.now();
  sink += matcher.pushRows(fixes, 0, length);
  return { ms: performance.now() - begin, matcher };
}

/**
 * Fixes of which the given share is within 2 km of an area. More areas lie in the way of more vehicles that only drive by, so that fewer are put near one
 * to begin with.
 */
function fixesOfShare(some: readonly CountryArea[], share: number): { rows: CountryFixes; shareNear: number } {
  const make = (shareNear: number): CountryFixes => seededFixes(some, { vehicles, fixes: scaled, shareNear, seed: 5 });
  const tried = measuredShareNear(some, make(share));
  const rows = make(2 * share - tried);
  return { rows, shareNear: measuredShareNear(some, rows) };
}

function nsPerFix(measure: () => number, { length }: { length: number }, times = rounds): number {
  return (least(Array.from({ length: times }, measure)) * 1e6) / length;
}

function least(numbers: readonly number[]): number {
  return Math.min(...numbers);
}

// --- the three contestants, round by round -------------------------------------------------------------------------------------
const areas = seededAreas(areaCount, 3);
const fixes = seededFixes(areas, { vehicles, fixes: fixCount, shareNear: 0.01, seed: 5 });
const world = worldOf(areas);
const sizes = { vehicles, areas: areaCount, fixes: fixCount };
const sampleRows = Math.min(fixCount, 5 * vehicles);
limit(fixes);
leastExact(fixes);
ours(world, fixes);
new DaysWork(areas).run(fixes, 0, Math.min(sampleRows, vehicles));
const times = { limit: [] as number[], least: [] as number[], ours: [] as number[], day: [] as number[] };
for (let round = 0; round < rounds; round++) {
  told.opened = 0;
  times.limit.push((limit(fixes) * 1e6) / fixCount);
  times.least.push((leastExact(fixes) * 1e6) / fixCount);
  times.ours.push((ours(world, fixes).ms * 1e6) / fixCount);
  const work = new DaysWork(areas);
  const begin = performance.now();
  work.run(fixes, 0, sampleRows);
  times.day.push(((performance.now() - begin) * 1e6) / sampleRows);
}
const [limitNs, leastNs, oursNs, dayNs] = [times.limit, times.least, times.ours, times.day].map(least);
const perSecond = (name: string, ns: number): Figure => ({ name, value: 1e9 / ns, unit: "fixes/s", sizes });
figures.push(
  perSecond("the limit: last time and place of each vehicle", limitNs),
  {
    ...perSecond("the least that any exact matcher must do: read, compare, write", leastNs),
    comparedTo: "the limit",
    ratio: limitNs / leastNs,
  },
  { ...perSecond("exact matching", oursNs), comparedTo: "the limit", ratio: limitNs / oursNs },
  {
    ...perSecond("a day's work: flatbush, turf, a Map", dayNs),
    comparedTo: "exact matching",
    ratio: oursNs / dayNs,
    sizes: { ...sizes, fixes: sampleRows },
  },
  { name: "time over the limit (at most 3)", value: oursNs / limitNs, unit: "times" },
  { name: "time over the least that any exact matcher must do", value: oursNs / leastNs, unit: "times" },
  { name: "speed over the day's work (at least 20)", value: dayNs / oursNs, unit: "times" },
  { name: "exposures found", value: told.opened, unit: "exposures" },
  { name: "fixes within 2 km of an area", value: 100 * measuredShareNear(areas, fixes), unit: "%" },
);

// --- memory ---------------------------------------------------------------------------------------------------------------------
const far = seededFixes(areas, { vehicles, fixes: fixCount, shareNear: 0, seed: 7 });
ours(world, far);
globalThis.gc?.();
globalThis.gc?.();
const bytesOf = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
const before = bytesOf();
const kept = ours(world, far).matcher;
globalThis.gc?.();
globalThis.gc?.();
const plainVehicles = vehicles - kept.busyVehicles;
figures.push({ name: "memory of a vehicle (at most 200)", value: (bytesOf() - before) / vehicles, unit: "bytes" });
figures.push({ name: "vehicles near nothing", value: plainVehicles, unit: "vehicles" });
const allocated = (): number => getHeapStatistics().total_allocated_bytes;
const nowhere = new World(DEFAULT_RULE);
const bare = new Matcher(nowhere, vehicles, counting);
bare.pushRows(far, 0, vehicles);
const allocatedBefore = allocated();
sink += bare.pushRows(far, vehicles, fixCount);
figures.push({
  name: "allocated on the common path",
  value: (allocated() - allocatedBefore) / (fixCount - vehicles),
  unit: "bytes/fix",
});

{
  const ns = nsPerFix(() => ours(nowhere, far).ms, far);
  figures.push({
    name: "no area at all: what each fix costs",
    value: ns,
    unit: "ns/fix",
    comparedTo: "the limit",
    ratio: ns / limitNs,
  });
}

// --- scaling --------------------------------------------------------------------------------------------------------------------
let fewerNs = Number.NaN;
for (const count of [500, 5000, 50_000]) {
  const some = seededAreas(count, 3);
  const { rows, shareNear } = fixesOfShare(some, 0.01);
  const over = worldOf(some);
  const ns = nsPerFix(() => ours(over, rows).ms, rows);
  figures.push({
    name: `${count.toLocaleString("en")} areas, ${(100 * shareNear).toPrecision(3)} % of the fixes within 2 km`,
    value: ns,
    unit: "ns/fix",
    ...(!Number.isNaN(fewerNs) && { comparedTo: "a tenth of them (at most 1.3)", ratio: ns / fewerNs }),
  });
  fewerNs = ns;
}
for (const count of isShort ? [10_000, 200_000] : [10_000, 200_000, 2_000_000]) {
  const rows = seededFixes(areas, { vehicles: count, fixes: Math.max(scaled, 3 * count), shareNear: 0.01, seed: 5 });
  const limitHere = nsPerFix(() => limit(rows), rows);
  const ns = nsPerFix(() => ours(world, rows).ms, rows);
  const name = `${count.toLocaleString("en")} vehicles`;
  figures.push({ name, value: ns, unit: "ns/fix", comparedTo: "the limit", ratio: ns / limitHere });
}
for (const share of [0, 0.01, 0.1, 1]) {
  const rows = seededFixes(areas, { vehicles: 50_000, fixes: scaled / 4, shareNear: share, seed: 5 });
  const ns = nsPerFix(() => ours(world, rows).ms, rows);
  figures.push({ name: `${share * 100} % of the vehicles within 2 km of an area`, value: ns, unit: "ns/fix" });
}
{
  const rows = seededFixes(areas, { vehicles: 10_000, fixes: scaled / 8, shareNear: 0, seed: 5 });
  const [lon, lat] = areas[0].ring[0];
  rows.lonE6.fill(Math.round(lon * 1e6));
  rows.latE6.fill(Math.round(lat * 1e6));
  const ns = nsPerFix(() => ours(world, rows).ms, rows);
  figures.push({ name: "10,000 vehicles on one point, near an area", value: ns, unit: "ns/fix" });
}

// --- one area among 50,000 changes --------------------------------------------------------------------------------------------
{
  const many = seededAreas(50_000, 3);
  const over = worldOf(many);
  const changes: number[] = [];
  for (let i = 0; i < 200; i++) {
    const begin = performance.now();
    over.removeArea(over.firstAreaSlot + i * 241);
    addArea(over, i * 241, many[(i * 977) % many.length].shape);
    changes.push(performance.now() - begin);
  }
  figures.push({
    name: "one area of 50,000 replaced, the slowest of 200 (under 50)",
    value: Math.max(...changes),
    unit: "ms",
  });
}

report("Exact matching of fixes against risk areas, one core", figures);
if (sink === -1 || oursNs > 3 * limitNs || 1e9 / oursNs < 5e6 || dayNs < 20 * oursNs) process.exitCode = 1;
