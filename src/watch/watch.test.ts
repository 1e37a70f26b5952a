import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AreaInput } from "../model/area.ts";
import type { FindingEvent } from "../model/finding.ts";
import { createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { openWatch } from "./open-watch.ts";
import type { Watch } from "./watch.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);
const TRUCK = "豫G12345_2";
/** A farm market in the neighbouring city, 18 km west of the fence. */
const MARKET: AreaInput & { id: string } = {
  id: "market",
  level: "high",
  datum: "wgs84",
  geometry: { type: "Point", coordinates: [113.8, 35.3] },
};
/** A square; its west edge has a gate, crossed eastward inbound. */
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
  gates: [{ id: "west", name: "西门", line: [[114, 35.29] as [number, number], [114, 35.31] as [number, number]] }],
};

type Fix = [second: number, lon: number, lat?: number, flags?: number];

let dir: string;
let database: Database;
let ledger: Ledger;
let tracks: TrackStore;
let watch: Watch;
let nowMs: number;
let events: FindingEvent[];

const openAll = async (): Promise<void> => {
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  ledger = await openLedger(database);
  ledger.subscribe((told) => events.push(...told));
  watch = await openWatch({ tracks, ledger, city: CITY, now: () => nowMs });
};
const closeAll = async (): Promise<void> => {
  await watch.close();
  await tracks.close();
};

const TABLES = sql`area, area_version, exposure, passage, fence_event, lock, event, checkpoint`;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  await sql`truncate ${TABLES} restart identity`.execute(database.kysely);
  dir = mkdtempSync(join(tmpdir(), "wuxing-watch-"));
  nowMs = NOON_MS;
  events = [];
  await openAll();
});
afterEach(async () => {
  await closeAll();
  rmSync(dir, { recursive: true, force: true });
});

function batchOf(vehicle: string, fixes: readonly Fix[]): FixBatch {
  const batch = createFixBatch(fixes.length);
  const number = tracks.vehicles.numberOf(vehicle);
  for (const [second, lon, lat = 35.3, flags = 0] of fixes) {
    const row = batch.length++;
    batch.vehicle[row] = number;
    batch.timeMs[row] = NOON_MS + second * 1000;
    batch.lonE6[row] = Math.round(lon * 1e6);
    batch.latE6[row] = Math.round(lat * 1e6);
    batch.speedKmh10[row] = 605;
    batch.headingDeg[row] = 90;
    batch.receivedMs[row] = batch.timeMs[row] + 1500;
    batch.flags[row] = flags;
  }
  return batch;
}

async function send(vehicle: string, fixes: readonly Fix[]): Promise<void> {
  const batch = batchOf(vehicle, fixes);
  watch.ingest(batch, await tracks.append(batch));
}

/** Parked 100 m from the market for `minutes`, a fix every 30 s from `fromSecond` on. */
const parked = (minutes: number, fromSecond = 0): Fix[] =>
  Array.from({ length: minutes * 2 + 1 }, (_, index) => [fromSecond + index * 30, 113.801]);

/** Eastward along 35.3° from 113.801°, 0.006° (546 m, 65 km/h) every 30 s. */
const drive = (steps: number, fromSecond: number): Fix[] =>
  Array.from({ length: steps }, (_, index) => [fromSecond + (index + 1) * 30, 113.801 + (index + 1) * 0.006]);

/** Twelve minutes at the market, then into the city: over the gate 33.2 steps after leaving. */
const EXPOSED_TRIP: Fix[] = [...parked(12), ...drive(40, 720)];
const at = (second: number): string => new Date(NOON_MS + second * 1000).toISOString();
const second = (time: string): number => (Date.parse(time) - NOON_MS) / 1000;
const ENTRY_SECOND = 720 + (30 * (114 - 113.801)) / 0.006;

const outline = (told: readonly FindingEvent[]): string[] =>
  told.map(({ kind, change, cause }) => `${kind} ${change} (${cause})`);

/** Everything that stands, without what depends on when it was learnt. */
async function standing(): Promise<unknown> {
  const [exposures, passages, fenceEvents, locks] = await Promise.all([
    ledger.exposures({ limit: 1000 }),
    ledger.passages({ limit: 1000 }),
    ledger.fenceEvents({ limit: 1000 }),
    ledger.locks({ limit: 1000 }),
  ]);
  return {
    exposures: exposures.items,
    passages: passages.items,
    fenceEvents: fenceEvents.items,
    locks: locks.items.map(({ learntAt: _learntAt, ...lock }) => lock),
  };
}

describe("the main job", () => {
  test("a truck that stayed ten minutes near an area and then enters the city is locked", async () => {
    await watch.publishArea(MARKET);
    for (const fix of EXPOSED_TRIP) await send(TRUCK, [fix]);
    await watch.settled();

    const [exposure] = (await ledger.exposures({})).items;
    expect(exposure).toMatchObject({
      vehicle: TRUCK,
      area: "market",
      certainty: "observed",
      start: at(0),
      exposedAt: at(600),
      unknownShare: 0,
    });
    expect(exposure.minDistanceM).toBeCloseTo(90.9, 0);
    expect(second(exposure.end!)).toBeGreaterThan(720);
    expect(exposure.left!.before).not.toBeNull();

    const [passage] = (await ledger.passages({})).items;
    expect(passage).toMatchObject({ vehicle: TRUCK, gate: "west", direction: "inbound" });
    expect(second(passage.time)).toBeCloseTo(ENTRY_SECOND, 1);
    const [entry] = (await ledger.fenceEvents({})).items;
    expect(entry).toMatchObject({ kind: "entry", time: passage.time, notBefore: passage.time });

    const [lock] = (await ledger.locks({})).items;
    expect(lock).toMatchObject({
      vehicle: TRUCK,
      state: "live",
      lockedAt: entry.time,
      enteredAt: entry.time,
      exposedAt: at(600),
      exposures: [exposure.id],
      learntAt: at(0),
    });
    expect(outline(events)).toEqual([
      "area opened (area-published)",
      "exposure opened (live)",
      "exposure closed (live)",
      "passage opened (live)",
      "fence opened (live)",
      "lock opened (live)",
    ]);
    expect(watch.status()).toMatchObject({
      eventTimeMs: NOON_MS + EXPOSED_TRIP.at(-1)![0] * 1000,
      fixes: EXPOSED_TRIP.length,
      fixesLate: 0,
      states: { ordinary: 0, exposed: 0, locked: 1, released: 0 },
    });
  });

  test("the map has the last position, heading, state and side of the fence", async () => {
    await watch.publishArea(MARKET);
    const number = tracks.vehicles.numberOf(TRUCK);
    await send(TRUCK, parked(12));
    await watch.settled();
    const { live } = watch;
    expect([live.lonE6[number], live.latE6[number], live.insideFence[number], live.stateCounts().exposed]).toEqual([
      113_801_000, 35_300_000, 0, 1,
    ]);
    await send(TRUCK, drive(40, 720));
    await watch.settled();
    expect([live.timeMs[number], live.lonE6[number], live.speedKmh10[number], live.headingDeg[number]]).toEqual([
      NOON_MS + 1_920_000,
      114_041_000,
      605,
      90,
    ]);
    expect([live.insideFence[number], live.stateCounts().locked]).toEqual([1, 1]);
  });

  test("an invalid or quarantined fix is put aside and moves no clock", async () => {
    await send(TRUCK, [
      [0, 113.801],
      [82_800, 113.9, 35.3, FixFlag.quarantined],
      [30, 0, 0, FixFlag.invalid],
    ]);
    expect(watch.status()).toMatchObject({ eventTimeMs: NOON_MS, fixes: 1, fixesAside: 2, fixesLate: 0 });
  });
});

describe("late fixes", () => {
  test("a stay that is learnt after the entry locks at once, with both instants", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, drive(40, 720));
    await watch.settled();
    expect((await ledger.locks({})).items).toEqual([]);

    nowMs = NOON_MS + 7_200_000;
    await send(TRUCK, parked(12));
    await watch.settled();
    const [lock] = (await ledger.locks({})).items;
    expect(lock).toMatchObject({ state: "live", exposedAt: at(600), learntAt: at(7200) });
    expect(second(lock.lockedAt)).toBeCloseTo(ENTRY_SECOND, 1);
    expect(outline(events).slice(-2)).toEqual(["exposure opened (late-fix)", "lock opened (late-fix)"]);
  });

  test("a late fix that proves an absence withdraws the exposure, and its lock waits for a person", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    // At 185 km/h to 860 m from the market and back: beyond the reach and its slack in the middle of the stay.
    await send(TRUCK, [[315, 113.80946]]);
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([]);
    expect((await ledger.locks({})).items).toMatchObject([{ state: "review" }]);
    expect(outline(events).slice(-2)).toEqual(["exposure withdrawn (late-fix)", "lock revised (late-fix)"]);
  });

  test("24 hours of late fixes of one vehicle are settled within a second, in one re-match", async () => {
    await watch.publishArea(MARKET);
    await watch.settled();
    const day: Fix[] = Array.from({ length: 2880 }, (_, index) => [-86_400 + index * 30, 113.801 + (index % 5) * 1e-5]);
    await send(TRUCK, drive(40, 720));
    await watch.settled();
    const batch = batchOf(TRUCK, day);
    await tracks.append(batch);
    const startMs = performance.now();
    watch.ingest(batch);
    await watch.settled();
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(watch.status()).toMatchObject({ fixesLate: 2880, rematches: 1 });
    expect((await ledger.exposures({})).items).toHaveLength(1);
  });
});

describe("areas that change", () => {
  test("an area published late is answered from the past", async () => {
    await send(TRUCK, EXPOSED_TRIP);
    await send("豫A00001_2", drive(40, 0));
    await watch.publishArea(MARKET);
    expect(watch.status().retro).toMatchObject([{ area: "market" }]);
    await watch.settled();
    expect(watch.status().retro).toEqual([]);
    expect((await ledger.exposures({})).items).toMatchObject([{ vehicle: TRUCK, exposedAt: at(600) }]);
    expect((await ledger.locks({})).items).toMatchObject([{ vehicle: TRUCK, state: "live" }]);
    expect(outline(events).slice(-2)).toEqual(["exposure opened (area-published)", "lock opened (area-published)"]);
  });

  test("an area published in mid-stay counts from the stay's beginning, and goes on live", async () => {
    await send(TRUCK, parked(8));
    await watch.publishArea(MARKET);
    await watch.settled();
    await send(TRUCK, [...parked(12).slice(17), ...drive(4, 720)]);
    await watch.settled();
    expect((await ledger.exposures({})).items).toMatchObject([{ start: at(0), exposedAt: at(600) }]);
  });

  test("a withdrawn area withdraws its exposures, and the lock goes to review", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    expect(await watch.withdrawArea("market")).toMatchObject({ state: "withdrawn", version: 2 });
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([]);
    expect((await ledger.locks({})).items).toMatchObject([{ state: "review" }]);
    expect(outline(events).slice(-3)).toEqual([
      "area withdrawn (area-withdrawn)",
      "exposure withdrawn (area-withdrawn)",
      "lock revised (area-withdrawn)",
    ]);
    // Nothing of it comes back.
    await send("豫A00001_2", parked(12));
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([]);
  });

  test("an area moved away withdraws, and one moved back brings the same exposure and lock again", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    const [before] = (await ledger.exposures({})).items;
    await watch.editArea("market", { ...MARKET, geometry: { type: "Point", coordinates: [113.8, 35.4] } });
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([]);
    await watch.editArea("market", MARKET);
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([{ ...before, areaVersion: 3 }]);
    expect((await ledger.locks({})).items).toMatchObject([{ state: "live" }]);
  });

  test("an area that ends in mid-stay clips the stay", async () => {
    await watch.publishArea({ ...MARKET, from: at(60), to: at(690) });
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    expect((await ledger.exposures({})).items).toMatchObject([{ start: at(60), end: at(690), exposedAt: at(660) }]);
    await watch.editArea("market", { ...MARKET, from: at(60), to: at(659.999) });
    await watch.settled();
    expect((await ledger.exposures({})).items).toEqual([]);
  });

  test("what is wrong with an area or its id is refused, and changes nothing", async () => {
    await watch.publishArea(MARKET);
    await expect(watch.publishArea(MARKET)).rejects.toMatchObject({ code: "AREA_EXISTS" });
    const backwards = { ...MARKET, id: "b", from: at(60), to: at(0) };
    await expect(watch.publishArea(backwards)).rejects.toMatchObject({ code: "AREA_INVALID" });
    await expect(watch.editArea("nowhere", MARKET)).rejects.toMatchObject({ code: "AREA_NOT_FOUND" });
    await watch.withdrawArea("market");
    await expect(watch.editArea("market", MARKET)).rejects.toMatchObject({ code: "AREA_WITHDRAWN" });
    await expect(watch.withdrawArea("market")).rejects.toMatchObject({ code: "AREA_WITHDRAWN" });
    expect(await ledger.figures()).toMatchObject({ areas: 0 });
  });
});

describe("the end of a lock", () => {
  test("a named person releases it once, and the same exposure locks no more", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    const [lock] = (await ledger.locks({})).items;
    nowMs = NOON_MS + 7_200_000;
    const input = { by: "王芳", reason: "核酸阴性", evidence: "报告 2021-17" };
    const released = await watch.releaseLock(lock.id, input);
    expect(released).toMatchObject({ id: lock.id, state: "released", release: { ...input, at: at(7200) } });
    await expect(watch.releaseLock(lock.id, input)).rejects.toMatchObject({ code: "LOCK_ENDED" });
    await expect(watch.releaseLock("nothing", input)).rejects.toMatchObject({ code: "LOCK_NOT_FOUND" });
    await send(TRUCK, [[1950, 114.05]]);
    await watch.settled();
    expect(outline(events).at(-1)).toBe("lock closed (release)");
    expect((await ledger.locks({})).items).toEqual([released]);
    expect(watch.status().states).toMatchObject({ released: 1, locked: 0 });
  });

  test("it expires 14 days after the stay's end, by the city's event time", async () => {
    await watch.publishArea(MARKET);
    await send(TRUCK, EXPOSED_TRIP);
    await watch.settled();
    const [lock] = (await ledger.locks({})).items;
    const expirySecond = second(lock.expiresAt);
    await send("豫A00001_2", [[Math.floor(expirySecond) - 1, 114.1]]);
    await watch.settled();
    expect((await ledger.locks({})).items).toMatchObject([{ state: "live" }]);
    await send("豫A00001_2", [[Math.ceil(expirySecond) + 1, 114.1]]);
    await watch.settled();
    expect((await ledger.locks({})).items).toMatchObject([{ state: "expired" }]);
    expect(outline(events).at(-1)).toBe("lock closed (expiry)");
    await expect(watch.releaseLock(lock.id, { by: "王", reason: "r", evidence: "e" })).rejects.toMatchObject({
      code: "LOCK_ENDED",
    });
  });
});

describe("a restart", () => {
  test.each([0, 10, 22, 25, 40, 58, 60])(
    "after %i fixes goes on with the same identities and doubles nothing",
    async (count) => {
      await watch.publishArea(MARKET);
      // Its past is asked first, or what comes meanwhile may be found there.
      await watch.settled();
      await send(TRUCK, EXPOSED_TRIP.slice(0, count));
      await closeAll();
      await openAll();
      await watch.settled();
      await send(TRUCK, EXPOSED_TRIP.slice(count));
      await watch.settled();
      // One that is opened and closed in one transaction is opened with its end.
      const told = events.filter(({ change }) => change !== "closed");
      expect(outline(told).toSorted()).toEqual([
        "area opened (area-published)",
        "exposure opened (live)",
        "fence opened (live)",
        "lock opened (live)",
        "passage opened (live)",
      ]);
      const before = await standing();
      await closeAll();
      await openAll();
      await watch.settled();
      expect(await standing()).toEqual(before);
      expect(events.filter(({ change }) => change !== "closed")).toHaveLength(5);
      expect(watch.status().states).toMatchObject({ locked: 1 });
    },
  );

  test("finds what was durable but not decided when it ended", async () => {
    await watch.publishArea(MARKET);
    await tracks.append(batchOf(TRUCK, EXPOSED_TRIP));
    await closeAll();
    await openAll();
    await watch.settled();
    expect((await ledger.locks({})).items).toMatchObject([{ vehicle: TRUCK, state: "live" }]);
    expect(watch.live.insideFence[tracks.vehicles.numberOf(TRUCK)]).toBe(1);
  });
});
