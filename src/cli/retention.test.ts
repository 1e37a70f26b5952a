import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { squareCity } from "../../test/end-to-end/program.ts";
import { loadCity } from "../city/city.ts";
import type { Exposure, Lock } from "../model/finding.ts";
import { createFixBatch } from "../model/fix.ts";
import { openDatabase } from "../store/database.ts";
import { openLedger } from "../store/ledger.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { openWatch } from "../watch/open-watch.ts";
import { startPlatform, type Platform } from "./serve.ts";
import { readSettings } from "./settings.ts";

const DAY_MS = 86_400_000;
/** The day on which the trucks drove: longer ago than retention and than the rule looks back. */
const THEN_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 20 * DAY_MS;
const EXPOSED = "豫G12345_2";
const OTHER = "豫G54321_2";

let data: string;
let city: string;
let platform: Platform | undefined;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "wuxing-retention-"));
  city = await squareCity(114.23, 35.3);
});
afterEach(async () => {
  await platform?.close();
  platform = undefined;
  await rm(data, { recursive: true });
});

async function start(retentionDays: number, movementDays = 90): Promise<Platform> {
  const options = { data, city, http: "0", jt808: "0", jt808Host: "127.0.0.1", logLevel: "silent" };
  const days = { retentionDays: String(retentionDays), movementDays: String(movementDays) };
  const settings = readSettings({ ...options, ...days }, {});
  return (platform = await startPlatform(settings, 100));
}

/** A day in which each truck waits for 20 minutes and then drives into the city; the first one waits at the yard. */
async function writeDay(): Promise<void> {
  const tracks = await openTrackStore({ dir: join(data, "tracks"), retentionMs: null, compactEveryMs: null });
  for (const [index, id] of [EXPOSED, OTHER].entries()) {
    const vehicle = tracks.vehicles.numberOf(id);
    const batch = createFixBatch(400);
    for (let row = 0; row < 400; row++) {
      batch.vehicle[row] = vehicle;
      batch.timeMs[row] = batch.receivedMs[row] = THEN_MS + row * 30_000;
      batch.lonE6[row] = 113_800_000 + Math.min(40, Math.max(0, row - 40)) * 4000;
      batch.latE6[row] = 35_300_000 + index * 100_000;
    }
    batch.length = 400;
    await tracks.append(batch);
  }
  const database = await openDatabase({ dir: data });
  const ledger = await openLedger(database);
  const { fence, gates } = await loadCity(city, {});
  const watch = await openWatch({ tracks, ledger, city: { fence, gates }, now: () => THEN_MS });
  await watch.publishArea({
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [113.8, 35.3] },
  });
  await watch.settled();
  await watch.close();
  await database.close();
  await tracks.close();
}

async function writeFix(id: string, timeMs: number): Promise<void> {
  const tracks = await openTrackStore({ dir: join(data, "tracks"), retentionMs: null, compactEveryMs: null });
  const batch = createFixBatch(1);
  batch.vehicle[0] = tracks.vehicles.numberOf(id);
  batch.timeMs[0] = batch.receivedMs[0] = timeMs;
  batch.lonE6[0] = 113_000_000;
  batch.latE6[0] = 35_000_000;
  batch.length = 1;
  await tracks.append(batch);
  await tracks.close();
}

/** What the stores hold while the platform does not run. */
async function inspect(): Promise<{
  fixes: [exposed: number, other: number];
  exposures: Exposure[];
  locks: Lock[];
  crossings: string[];
}> {
  const tracks = await openTrackStore({ dir: join(data, "tracks"), retentionMs: null, compactEveryMs: null });
  const database = await openDatabase({ dir: data });
  const ledger = await openLedger(database);
  const fixesOf = async (id: string): Promise<number> =>
    (await tracks.track(tracks.vehicles.find(id)!, THEN_MS, THEN_MS + DAY_MS)).length;
  const found = {
    fixes: [await fixesOf(EXPOSED), await fixesOf(OTHER)] as [number, number],
    exposures: (await ledger.exposures({})).items,
    locks: (await ledger.locks({})).items,
    crossings: (await ledger.fenceEvents({})).items.map(({ vehicle }) => vehicle).toSorted(),
  };
  await database.close();
  await tracks.close();
  return found;
}

/** How many fixes are in the files, by the manifest beside them. */
async function fixesInFiles(): Promise<number> {
  const text = await readFile(join(data, "tracks", "manifest.json"), "utf8").catch(() => '{"files":[]}');
  const { files } = JSON.parse(text) as { files: { fixes: number }[] };
  return files.reduce((sum, { fixes }) => sum + fixes, 0);
}

test("the fixes that prove a live lock outlive retention, the others are deleted; when the lock is over they go too", async () => {
  await writeDay();
  await start(3650);
  await platform!.close();
  const before = await inspect();
  expect(before.fixes).toEqual([400, 400]);
  expect(before.exposures).toMatchObject([{ vehicle: EXPOSED, area: "yard" }]);
  expect(before.locks).toMatchObject([{ vehicle: EXPOSED, state: "live" }]);

  await start(5);
  await expect.poll(fixesInFiles, { timeout: 60_000 }).toBeGreaterThan(0);
  await platform!.close();
  const [kept, deleted] = (await inspect()).fixes;
  expect(deleted).toBe(0);
  // From before the stay to ten minutes behind it, and round the entry into the city.
  expect(kept).toBeGreaterThan(60);
  expect(kept).toBeLessThan(120);

  // What is left makes the same finding again.
  await start(5);
  await platform!.close();
  const after = await inspect();
  expect(after.exposures).toEqual(before.exposures);
  expect(after.locks).toEqual(before.locks);
  expect(after.fixes).toEqual([kept, 0]);

  // Time goes on, by a fix of today, until the lock has expired.
  await writeFix(OTHER, Date.now());
  await start(5);
  await expect.poll(fixesInFiles, { timeout: 60_000 }).toBe(0);
  await platform!.close();
  const over = await inspect();
  expect(over.locks).toMatchObject([{ state: "expired" }]);
  expect(over.fixes).toEqual([0, 0]);

  // Where they crossed the fence is a class of its own.
  expect(over.crossings).toEqual([EXPOSED, OTHER]);
  await start(5, 10);
  await sleep(1000);
  await platform!.close();
  const forgotten = await inspect();
  expect(forgotten.crossings).toEqual([]);
  expect(forgotten.locks).toEqual(over.locks);
  expect(forgotten.exposures).toEqual(over.exposures);
}, 120_000);
