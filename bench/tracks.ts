/**
 * `npm run bench:tracks [-- --fixes N] [--json] [--no-postgis] [--store DIR]`: a seeded city's day is written to a track store,
 * compacted, and asked who stayed near a place; the same question goes to a plain DuckDB table and, where a PostgreSQL
 * server with PostGIS is installed, to it. 10 million fixes by default. With `--store` the store stays in that folder, and
 * one that is there already is asked again instead of being written.
 */
import { readFileSync, rmSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { openTrackStore, type TrackStore } from "../src/tracks/track-store.ts";
import { createFixBatch, type FixBatch } from "../src/model/fix.ts";
import { copyFixes, viewFixes } from "../src/tracks/fix-columns.ts";
import { askPostgis } from "./postgis-server.ts";
import { report, type Figure } from "./report.ts";
import { BEGIN_MS, randomOf, seededCity, STEP_MS } from "./seeded-city.ts";
import { askDuckDb, askStore, boxOf, type Place } from "./stay-question.ts";

const { values: given } = parseArgs({
  options: {
    fixes: { type: "string", default: "10000000" },
    json: { type: "boolean", default: false },
    "no-postgis": { type: "boolean", default: false },
    seed: { type: "string", default: "7" },
    store: { type: "string" },
  },
});
const STEPS = 2880;
const vehicles = Math.max(1, Math.round(Number(given.fixes) / STEPS));
const total = vehicles * STEPS;
const END_MS = BEGIN_MS + STEPS * STEP_MS;
const QUESTIONS = 40;
const BATCH_FIXES = 2000;
const COLD_P50 = "who stayed near one place, cold file cache, p50";

const figures: Figure[] = [];
const add = (name: string, value: number, unit: string, more: Partial<Figure> = {}): void => {
  figures.push({ name, value, unit, ...more });
  if (!given.json) console.error(`${name}: ${value.toPrecision(4)} ${unit}`);
};

const dir = mkdtempSync(join(tmpdir(), "wuxing-bench-tracks-"));
try {
  await run();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
report("tracks", figures);

async function run(): Promise<void> {
  const storeDir = given.store ?? join(dir, "store");
  let store = await openTrackStore({ dir: storeDir, retentionMs: null, log: complaints() });
  const city = seededCity(vehicles, STEPS, Number(given.seed));
  for (let vehicle = 0; vehicle < vehicles; vehicle++) store.vehicles.numberOf(`豫G${10_000 + vehicle}_2`);
  const places = placesOf(city.sites);

  if (store.health().position < total) await writeAll(store, city);
  const compactionStart = performance.now();
  await store.compact(true);
  add("compaction of what was left", (performance.now() - compactionStart) / 1000, "s");
  const { fileBytes, fileFixes, files } = store.health();
  add("on disk, index of visits included", fileBytes / fileFixes, "bytes/fix", {
    sizes: { files, fixes: fileFixes },
    comparedTo: `rows of 43 bytes; CSV of ${csvBytes(city.next()).toFixed(0)} bytes a fix`,
    ratio: fileBytes / fileFixes / 43,
  });

  await store.close();
  if (dropCaches()) {
    const cold = await times(10, async (index) => {
      store = await openTrackStore({ dir: storeDir, retentionMs: null, compactEveryMs: null });
      dropCaches();
      const start = performance.now();
      await askStore(store, [places[QUESTIONS + index]], BEGIN_MS, END_MS);
      const ms = performance.now() - start;
      await store.close();
      return ms;
    });
    add(COLD_P50, percentile(cold, 0.5), "ms");
    add("who stayed near one place, cold file cache, p95", percentile(cold, 0.95), "ms", { sizes: { fixes: total } });
  }
  store = await openTrackStore({ dir: storeDir, retentionMs: null, compactEveryMs: null });
  const holdStart = performance.now();
  await store.hold();
  add("newest files taken into memory", (performance.now() - holdStart) / 1000, "s", {
    sizes: { fixes: store.health().heldFixes, "fixes in files": store.health().fileFixes },
  });
  await askTracks(store, places);
  const stays = await askPlaces(store, places);
  await countRowsRead(storeDir, places);
  await acknowledgeSteadily(store);
  add("peak memory of the process", peakMemoryMiB(), "MiB");

  if (total <= 20_000_000) {
    const storeMs = figures.find(({ name }) => name === "who stayed near one place, warm, p50")!.value;
    await compare(storeDir, places, stays, storeMs);
  }
  await store.close();
}

/** Appends the city's day in batches of 2,000, many at once; making the fixes is not counted. */
async function writeAll(store: TrackStore, city: ReturnType<typeof seededCity>): Promise<void> {
  const perBlock = Math.max(1, Math.floor(1_000_000 / vehicles));
  const block = createFixBatch(perBlock * vehicles);
  let ms = 0;
  for (let step = 0; step < STEPS; step += perBlock) {
    block.length = 0;
    for (let index = step; index < Math.min(STEPS, step + perBlock); index++) {
      copyFixes(city.next(), 0, vehicles, block, block.length);
      block.length += vehicles;
    }
    const start = performance.now();
    const appends: Promise<number>[] = [];
    for (let from = 0; from < block.length; from += BATCH_FIXES) {
      appends.push(store.append(viewFixes(block, from, Math.min(block.length, from + BATCH_FIXES))));
    }
    await Promise.all(appends);
    ms += performance.now() - start;
  }
  const { commits, slowestCommitMs } = store.health();
  add("written and committed, compaction beside it", total / (ms / 1000), "fixes/s", {
    sizes: { fixes: total, vehicles, "fixes a batch": BATCH_FIXES, commits },
  });
  add("slowest commit meanwhile", slowestCommitMs, "ms");
}

async function askTracks(store: TrackStore, places: readonly Place[]): Promise<void> {
  await askStore(store, [places[0]], BEGIN_MS, END_MS);
  const day = await times(100, async (index) => {
    const start = performance.now();
    const track = await store.track((index * 7919) % vehicles, BEGIN_MS, END_MS);
    if (track.length !== STEPS) throw new Error(`a day has ${track.length} fixes`);
    return performance.now() - start;
  });
  add("one vehicle's day, p95", percentile(day, 0.95), "ms", { sizes: { fixes: STEPS } });
}

/** How many stays each place has. */
async function askPlaces(store: TrackStore, places: readonly Place[]): Promise<number[]> {
  const found: number[] = [];
  let [candidates, fixesRead] = [0, 0];
  const cpu = process.cpuUsage();
  const warm = await times(QUESTIONS, async (index) => {
    const start = performance.now();
    const answer = await askStore(store, [places[index]], BEGIN_MS, END_MS);
    found.push(answer.stays[0].length);
    candidates += answer.vehicles;
    fixesRead += answer.fixesRead;
    return performance.now() - start;
  });
  add("who stayed near one place, warm, p50", percentile(warm, 0.5), "ms", {
    sizes: { "CPU ms": Math.round(cpuMs(cpu) / QUESTIONS) },
  });
  add("who stayed near one place, warm, p95", percentile(warm, 0.95), "ms", {
    sizes: {
      "vehicles a place": Math.round(candidates / QUESTIONS),
      "fixes read a place": Math.round(fixesRead / QUESTIONS),
      fixes: total,
    },
  });
  const who = await times(QUESTIONS, async (index) => {
    const start = performance.now();
    await store.vehiclesIn([boxE6(places[index])], BEGIN_MS, END_MS, 600_000);
    return performance.now() - start;
  });
  add("of that: which vehicles come into question, p95", percentile(who, 0.95), "ms");
  const start = performance.now();
  const manyCpu = process.cpuUsage();
  const many = await askStore(store, places.slice(0, 100), BEGIN_MS, END_MS);
  add("who stayed near 100 places at once", (performance.now() - start) / 1000, "s", {
    sizes: { vehicles: many.vehicles, "fixes read": many.fixesRead, "CPU seconds": Math.round(cpuMs(manyCpu) / 1000) },
  });
  const differs = found.findIndex((count, index) => count !== many.stays[index].length);
  if (differs >= 0)
    throw new Error(`place ${differs}: ${found[differs]} stays alone, ${many.stays[differs].length} among 100`);
  return found;
}

/** How many places of rests the row groups hold that the cells of a place are in: what has to be unpacked, whatever comes of it. */
async function countRowsRead(storeDir: string, places: readonly Place[]): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const metadata = await connection.runAndReadAll(
    `SELECT row_group_num_rows::DOUBLE, stats_min_value::DOUBLE, stats_max_value::DOUBLE
     FROM parquet_metadata('${storeDir}/files/*-rests.parquet') WHERE path_in_schema = 'cell'`,
  );
  const groups = metadata.getRows().map((row) => row.map(Number) as [rows: number, first: number, last: number]);
  connection.disconnectSync();
  instance.closeSync();
  let rows = 0;
  for (const place of places.slice(0, QUESTIONS)) {
    const cells = cellsOf(boxOf(place));
    for (const [count, first, last] of groups) if (cells.some((cell) => cell >= first && cell <= last)) rows += count;
  }
  add("rows read for one place / rows total", rows / QUESTIONS / total, "", {
    sizes: { "rows read": Math.round(rows / QUESTIONS), fixes: total, "row groups": groups.length },
  });
}

/** See docs/tracks.md. */
function cellsOf([west, south, east, north]: readonly [number, number, number, number]): number[] {
  const cells: number[] = [];
  for (let row = Math.floor((south + 90e6) / 11_000); row <= Math.floor((north + 90e6) / 11_000); row++) {
    for (let column = Math.floor((west + 180e6) / 22_000); column <= Math.floor((east + 180e6) / 22_000); column++) {
      cells.push(row * 32_768 + column);
    }
  }
  return cells;
}

/** 35,000 vehicles' rate, 1,167 fixes/s, in the small batches that single terminals make. */
async function acknowledgeSteadily(store: TrackStore): Promise<void> {
  const waits: number[] = [];
  const batch = createFixBatch(1);
  batch.length = 1;
  const pending: Promise<void>[] = [];
  for (let tick = 0; tick < 300; tick++) {
    for (let index = 0; index < 12; index++) {
      const start = performance.now();
      batch.timeMs[0] = batch.receivedMs[0] = END_MS + tick * 10;
      batch.vehicle[0] = (tick * 12 + index) % vehicles;
      pending.push(store.append(batch).then(() => void waits.push(performance.now() - start)));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(pending);
  add("acknowledged after, one fix at a time at 1,200 fixes/s, p50", percentile(waits, 0.5), "ms");
  add("acknowledged after, one fix at a time at 1,200 fixes/s, p99", percentile(waits, 0.99), "ms");
}

async function compare(
  storeDir: string,
  places: readonly Place[],
  stays: readonly number[],
  storeMs: number,
): Promise<void> {
  const instance = await DuckDBInstance.create(join(dir, "plain.duckdb"), { memory_limit: "1GiB" });
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE fix AS SELECT vehicle, time_ms, lon_e6, lat_e6 FROM read_parquet('${storeDir}/files/*-[0-9].parquet') ORDER BY time_ms, vehicle`,
  );
  await askDuckDb(connection, places[0]);
  const scan = await times(QUESTIONS, async (index) => {
    const start = performance.now();
    checkSame("the DuckDB scan", index, stays[index], await askDuckDb(connection, places[index]));
    return performance.now() - start;
  });
  add("the same question to a plain DuckDB table, p50", percentile(scan, 0.5), "ms", {
    comparedTo: "the track store",
    ratio: percentile(scan, 0.5) / storeMs,
  });
  if (!given["no-postgis"]) {
    const csv = join(dir, "fixes.csv");
    await connection.run(
      `COPY (SELECT vehicle, make_timestamp(time_ms * 1000), lon_e6 / 1e6, lat_e6 / 1e6 FROM fix) TO '${csv}' (HEADER false)`,
    );
    const answer = await askPostgis(join(dir, "postgres"), csv, places.slice(0, QUESTIONS), dropCaches);
    if (answer === null) add("PostGIS is not installed here", 0, "");
    else {
      for (const [index, count] of answer.stays.entries()) checkSame("PostGIS", index, stays[index], count);
      const ms = percentile(answer.ms, 0.5);
      add("the same question to PostgreSQL with PostGIS (GiST, B-tree), p50", ms, "ms", {
        comparedTo: "the track store",
        ratio: ms / storeMs,
        sizes: { "seconds to load and index": Math.round(answer.loadSeconds) },
      });
      add("the same, p95", percentile(answer.ms, 0.95), "ms");
      const ours = figures.find(({ name }) => name === COLD_P50);
      if (answer.coldMs.length > 0 && ours !== undefined) {
        const coldMs = percentile(answer.coldMs, 0.5);
        add("the same to PostGIS, cold, p50", coldMs, "ms", {
          comparedTo: "the track store, cold",
          ratio: coldMs / ours.value,
        });
      }
    }
  }
  connection.disconnectSync();
  instance.closeSync();
}

/** A fix at the very edge may be near by one reckoning and not by another: one stay in a place may differ. */
function checkSame(name: string, place: number, wanted: number, found: number): void {
  if (Math.abs(wanted - found) > 1)
    throw new Error(`place ${place}: ${wanted} stays by the track store, ${found} by ${name}`);
}

/** Half of the places are sites, where vehicles rest; half lie anywhere. Areas of 300 m, reach of 800 m. */
function placesOf(sites: Float64Array): Place[] {
  const random = randomOf(99);
  return Array.from({ length: 120 }, (_, index): Place => {
    const site = Math.floor(random() * (sites.length / 2));
    const [lon, lat] = [sites[2 * site] / 1e6, sites[2 * site + 1] / 1e6];
    const shift = index % 2 === 0 ? 0.005 : 0.05;
    return { lon: lon + (random() - 0.5) * shift, lat: lat + (random() - 0.5) * shift, radiusMeters: 1100 };
  });
}

function boxE6({ lon, lat }: Place): [number, number, number, number] {
  return [(lon - 0.0121) * 1e6, (lat - 0.01) * 1e6, (lon + 0.0121) * 1e6, (lat + 0.01) * 1e6];
}

async function times(count: number, measure: (index: number) => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(await measure(index));
  return all;
}

/** Processor time of all threads since then. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}

/** Bytes of a fix as a line of CSV with time, place, speed, heading, altitude, status and receipt. */
function csvBytes(batch: FixBatch): number {
  const rows = Math.min(1000, batch.length);
  let bytes = 0;
  for (let row = 0; row < rows; row++) {
    const [time, received] = [batch.timeMs[row], batch.receivedMs[row]].map((ms) => new Date(ms).toISOString());
    bytes +=
      `豫G${10_000 + row}_2,${time},${batch.lonE6[row] / 1e6},${batch.latE6[row] / 1e6},${batch.speedKmh10[row] / 10},${batch.headingDeg[row]},${batch.altitudeM[row]},${batch.status[row]},${received}\n`
        .length;
  }
  return bytes / rows;
}

/** Empties the system's file cache, where we may. */
function dropCaches(): boolean {
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "1\n");
    return true;
  } catch {
    return false;
  }
}

function peakMemoryMiB(): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

function say(fields: object, text: string): void {
  console.error(text, fields);
}

function complaints(): {
  info(): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
} {
  return { info: () => {}, warn: say, error: say };
}
