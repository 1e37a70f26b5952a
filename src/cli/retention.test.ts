import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { squareCity } from "../../test/end-to-end/program.ts";
import type { Lock } from "../model/finding.ts";
import { createFixBatch } from "../model/fix.ts";
import { openTrackStore } from "../tracks/track-store.ts";
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

async function start(retentionDays: number): Promise<Platform> {
  const options = { data, city, http: "0", jt808: "0", jt808Host: "127.0.0.1", logLevel: "silent" };
  const settings = readSettings({ ...options, retentionDays: String(retentionDays) }, {});
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

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${platform!.url}/api/v1${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${platform!.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
}

const fixesOf = async (id: string): Promise<number> => {
  const span = `from=${new Date(THEN_MS).toISOString()}&to=${new Date(THEN_MS + DAY_MS).toISOString()}`;
  return (await get<{ total: number }>(`/vehicles/${encodeURIComponent(id)}/track?${span}`)).total;
};
const locks = async (): Promise<Lock[]> => (await get<{ items: Lock[] }>("/locks")).items;

test("the fixes that prove a live lock outlive retention, the others are deleted; when the lock is over they go too", async () => {
  await writeDay();
  await start(3650);
  await post("/areas", {
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [113.8, 35.3] },
  });
  await expect.poll(locks, { timeout: 10_000 }).toMatchObject([{ vehicle: EXPOSED, state: "live" }]);
  const [found] = (await get<{ items: unknown[] }>("/exposures")).items;
  expect([await fixesOf(EXPOSED), await fixesOf(OTHER)]).toEqual([400, 400]);
  await platform!.close();

  await start(5);
  await expect.poll(() => fixesOf(OTHER), { timeout: 10_000 }).toBe(0);
  // From before the stay to ten minutes behind it, and round the entry into the city.
  const kept = await fixesOf(EXPOSED);
  expect(kept).toBeGreaterThan(60);
  expect(kept).toBeLessThan(120);
  await platform!.close();

  // What is left makes the same finding again.
  await start(5);
  expect(await locks()).toMatchObject([{ state: "live" }]);
  expect((await get<{ items: unknown[] }>("/exposures")).items).toEqual([found]);
  expect(await fixesOf(EXPOSED)).toBe(kept);
  await platform!.close();

  // Time goes on, by a fix of today, until the lock has expired.
  await writeFix(OTHER, Date.now());
  await start(5);
  await expect.poll(locks, { timeout: 10_000 }).toMatchObject([{ state: "expired" }]);
  await expect.poll(() => fixesOf(EXPOSED), { timeout: 10_000 }).toBe(0);
  const { items } = await get<{ items: { id: string; position: unknown }[] }>("/vehicles");
  expect(items.find(({ id }) => id === EXPOSED)?.position ?? null).toBeNull();
}, 60_000);
