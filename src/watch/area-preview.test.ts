import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromWgs84 } from "../kernel/datum.ts";
import type { AreaInput, Datum } from "../model/area.ts";
import { areaPreviewSchema } from "../model/area-preview.ts";
import { createFixBatch } from "../model/fix.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { openWatch } from "./open-watch.ts";
import type { Watch } from "./watch.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);
const DAY_MS = 86_400_000;
const at = (lon: number): AreaInput => ({
  level: "high",
  datum: "wgs84",
  geometry: { type: "Point", coordinates: [lon, 35.3] },
});
/** 18 km and 9 km west of the fence. */
const MARKET = at(113.8);
const YARD = at(113.9);
const CITY = {
  fence: {
    type: "Polygon" as const,
    coordinates: [
      [
        [114, 35.2],
        [114.2, 35.2],
        [114.2, 35.4],
        [114, 35.4],
        [114, 35.2],
      ],
    ],
  },
  gates: [],
};

let dir: string;
let database: Database;
let ledger: Ledger;
let tracks: TrackStore;
let watch: Watch;

beforeAll(async () => {
  database = await openTestDatabase();
  dir = mkdtempSync(join(tmpdir(), "wuxing-preview-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  ledger = await openLedger(database);
  watch = await openWatch({ tracks, ledger, city: CITY, now: () => NOON_MS });
  await drive("豫G00001_2", NOON_MS - 3 * 3_600_000, 113.8, 114.1, 12);
  await drive("豫G00002_2", NOON_MS - 3 * 3_600_000, 113.8, 113.95, 15);
  await drive("豫G00003_2", NOON_MS - 3 * 3_600_000, 113.8, 114.1, 8);
  await drive("豫G00004_2", NOON_MS - 20 * DAY_MS, 113.8, 114.1, 30);
  await drive("豫G00005_2", NOON_MS - 5 * 3_600_000, 113.9, 114.1, 20);
  // A fix that takes no part ends no stay.
  await drive("豫G00006_2", NOON_MS - 6 * 3_600_000, 113.9, 114.1, 11, 4);
});
afterAll(async () => {
  await watch?.close();
  await tracks?.close();
  await database?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Stands `minutes` at `lon`, then drives to `goal` at 90 km/h, a fix every half minute. */
async function drive(id: string, startMs: number, lon: number, goal: number, minutes: number, unusable = -1) {
  const vehicle = tracks.vehicles.numberOf(id);
  const places = Array.from({ length: minutes * 2 + 1 }, () => lon);
  while (places.at(-1)! < goal) places.push(places.at(-1)! + 0.00825);
  const batch = createFixBatch(places.length);
  for (const [row, place] of places.entries()) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = startMs + row * 30_000;
    batch.lonE6[row] = Math.round((row === unusable ? 1 : place) * 1e6);
    batch.latE6[row] = row === unusable ? 0 : 35_300_000;
    batch.flags[row] = row === unusable ? 255 : 0;
  }
  batch.length = places.length;
  const position = await tracks.append(batch);
  watch.ingest(batch, position);
}

const preview = (areas: AreaInput[], days = 14, signal = new AbortController().signal) =>
  watch.previewAreas({ areas, days }, signal);

describe("a preview", () => {
  it("finds what publishing then finds, and writes nothing before", async () => {
    await watch.settled();
    const before = ledger.lastSeq();
    const found = await preview([MARKET, YARD]);
    expect(ledger.lastSeq()).toBe(before);
    expect(found.complete).toBe(true);
    expect(found).toMatchObject({ vehicles: 4, exposures: 4, locks: 3, lockedAlready: 0 });
    expect(found.areas).toEqual([
      { vehicles: 2, exposures: 2, locks: 1 },
      { vehicles: 2, exposures: 2, locks: 2 },
    ]);
    expect(found.list.map(({ vehicle, area }) => [vehicle, area])).toEqual([
      ["豫G00005_2", 1],
      ["豫G00001_2", 0],
      ["豫G00006_2", 1],
      ["豫G00002_2", 0],
    ]);

    await watch.publishArea({ ...MARKET, id: "market" });
    await watch.publishArea({ ...YARD, id: "yard" });
    await watch.settled();
    const { items: exposures } = await ledger.exposures({ limit: 100 });
    const { items: locks } = await ledger.locks({ limit: 100 });
    const old = exposures.filter(({ vehicle }) => vehicle !== "豫G00004_2");
    expect(old).toHaveLength(found.exposures);
    for (const one of found.list) {
      const real = exposures.find(({ vehicle }) => vehicle === one.vehicle)!;
      expect(one).toMatchObject({ start: real.start, end: real.end, durationS: real.durationS });
      expect(one.lockedAt).toBe(locks.find(({ vehicle }) => vehicle === one.vehicle)?.lockedAt ?? null);
    }
    expect((await preview([MARKET])).lockedAlready).toBe(1);
  });

  it("looks as far back as it is asked, and no stay that is over its time would lock", async () => {
    const found = await preview([MARKET], 30);
    expect(found.list.find(({ vehicle }) => vehicle === "豫G00004_2")).toMatchObject({ lockedAt: null });
    expect((await preview([MARKET], 1)).list.some(({ vehicle }) => vehicle === "豫G00004_2")).toBe(false);
  });

  it("warns of a list in another datum than it says, and of nothing else", async () => {
    const yards = Array.from({ length: 6 }, (_, i) => 114.6 + 0.02 * i);
    for (const [i, lon] of yards.entries()) await drive(`豫G1000${i}_2`, NOON_MS - 4 * 3_600_000, lon, lon, 9);
    await watch.settled();
    const asIn = (datum: Datum, declared: Datum): AreaInput[] =>
      yards.map((lon) => ({
        level: "high",
        datum: declared,
        geometry: { type: "Point", coordinates: fromWgs84(datum, lon, 35.3) },
      }));
    const { datumWarning } = areaPreviewSchema.parse(await preview(asIn("gcj02", "wgs84")));
    expect(datumWarning).toMatchObject({ datum: "gcj02", mistake: "unconverted", areasBetter: 6, areasWorse: 0 });
    expect(datumWarning?.zh).toMatch(/^请核对风险区坐标系：像是仍为 GCJ-02 的坐标/);
    expect(datumWarning?.en).toMatch(
      /^Check the areas' coordinate system: they look like GCJ-02 that was never converted/,
    );
    expect((await preview(asIn("wgs84", "bd09"))).datumWarning).toMatchObject({
      datum: "bd09",
      mistake: "converted-twice",
    });
    expect((await preview(asIn("gcj02", "gcj02"))).datumWarning).toBeNull();
    // Fewer cannot be told.
    expect((await preview(asIn("gcj02", "wgs84").slice(0, 4))).datumWarning).toBeNull();
  });

  it("names every problem with the area that has it", async () => {
    const broken: AreaInput = { ...MARKET, from: "2021-11-06T00:00:00Z", to: "2021-11-05T00:00:00Z" };
    await expect(preview([MARKET, broken])).rejects.toMatchObject({
      code: "AREA_INVALID",
      problems: [{ where: "areas.1.to" }],
    });
  });

  it("ends when nobody waits for it, and answers two at a time", async () => {
    const gone = new AbortController();
    gone.abort();
    await expect(preview([MARKET], 14, gone.signal)).rejects.toMatchObject({ code: "OVERLOADED" });
    const three = await Promise.allSettled([preview([MARKET]), preview([YARD]), preview([YARD])]);
    expect(three.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  });
});
