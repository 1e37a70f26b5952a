import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AreaInput } from "../model/area.ts";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { openWatch } from "./open-watch.ts";
import type { Watch } from "./watch.ts";

const WORLDS = 20;
const NOON_MS = Date.UTC(2021, 10, 6, 4);
const TABLES = sql`area, area_version, exposure, passage, fence_event, lock, event, checkpoint`;
const AREAS: AreaInput[] = [
  { id: "market", level: "high", datum: "wgs84", geometry: { type: "Point", coordinates: [113.99, 35.3] } },
  {
    id: "yard",
    level: "medium",
    datum: "wgs84",
    geometry: {
      type: "LineString",
      coordinates: [
        [114.004, 35.3],
        [114.006, 35.302],
      ],
    },
  },
];
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

interface Fix {
  vehicle: string;
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/** mulberry32: the same numbers for the same seed on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Trucks that stop, creep, drive, fall silent, jump and report twice from two places, on both sides of the fence.
 * `reach`: so far (1e-6 degree) they go away from there; 9 km is far from everything.
 */
function worldOf(random: () => number, reach: number): Fix[] {
  const fixes: Fix[] = [];
  for (let truck = 0; truck < 3; truck++) {
    let timeMs = NOON_MS + Math.floor(random() * 60_000);
    let lonE6 = 113_980_000 + Math.floor(random() * 40_000);
    const latE6 = 35_300_000;
    const emit = (lon = lonE6): void => {
      fixes.push({ vehicle: `豫G0000${truck}_2`, timeMs, lonE6: lon, latE6: latE6 + Math.floor(random() * 200) });
    };
    for (let leg = 0; leg < 8; leg++) {
      const kind = random();
      const count = 1 + Math.floor(random() * 30);
      const stepE6 = kind < 0.4 ? 0 : Math.floor((random() - 0.5) * 12_000);
      for (let step = 0; step < count; step++) {
        timeMs += 1000 * Math.floor(10 + random() * 40);
        lonE6 = Math.min(114_000_000 + reach, Math.max(114_000_000 - reach, lonE6 + stepE6));
        emit();
        if (random() < 0.02) emit(lonE6 + 900);
        if (random() < 0.01) emit(lonE6 + 900_000);
      }
      if (random() < 0.3) timeMs += 1000 * Math.floor(random() * 4000);
    }
  }
  return fixes;
}

/** Most arrive in order, some hours late, some twice; in batches of 1 to 40. */
function arrivals(fixes: readonly Fix[], random: () => number): Fix[][] {
  const delayed = fixes.flatMap((fix) => {
    const lateMs = random() < 0.15 ? random() * 7_200_000 : random() * 20_000;
    const arrival = { fix, atMs: fix.timeMs + lateMs };
    return random() < 0.05 ? [arrival, { fix, atMs: arrival.atMs + random() * 3_600_000 }] : [arrival];
  });
  const order = delayed.toSorted((a, b) => a.atMs - b.atMs).map(({ fix }) => fix);
  const batches: Fix[][] = [];
  for (let at = 0; at < order.length;) {
    const length = 1 + Math.floor(random() * 40);
    batches.push(order.slice(at, at + length));
    at += length;
  }
  return batches;
}

interface City {
  tracks: TrackStore;
  ledger: Ledger;
  watch: Watch;
  close: () => Promise<void>;
  /** Ends without writing anything more. */
  crash: () => Promise<void>;
}

let database: Database;

async function open(dir: string): Promise<City> {
  const tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 0 });
  const ledger = await openLedger(database);
  let isDead = false;
  const mortal = <Args extends unknown[], T>(write: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => (isDead ? Promise.reject(new Error("dead")) : write(...args));
  };
  const watch = await openWatch({
    tracks,
    ledger: {
      ...ledger,
      record: mortal((recording: Parameters<Ledger["record"]>[0]) => ledger.record(recording)),
      saveCheckpoint: mortal((checkpoint: Parameters<Ledger["saveCheckpoint"]>[0]) =>
        ledger.saveCheckpoint(checkpoint),
      ),
    },
    city: CITY,
    now: () => NOON_MS,
  });
  const close = async (): Promise<void> => {
    await watch.close();
    await tracks.close();
  };
  const crash = (): Promise<void> => {
    isDead = true;
    return close();
  };
  return { tracks, ledger, watch, close, crash };
}

function batchOf({ tracks }: City, fixes: readonly Fix[]): FixBatch {
  const batch = createFixBatch(fixes.length);
  for (const { vehicle, timeMs, lonE6, latE6 } of fixes) {
    const row = batch.length++;
    batch.vehicle[row] = tracks.vehicles.numberOf(vehicle);
    batch.timeMs[row] = timeMs;
    batch.lonE6[row] = lonE6;
    batch.latE6[row] = latE6;
  }
  return batch;
}

/** Everything that stands, without what depends on when it was learnt. */
async function standing({ ledger }: City): Promise<Record<string, unknown[]>> {
  const limit = 1000;
  return {
    exposures: (await ledger.exposures({ limit })).items.toSorted(byId),
    passages: (await ledger.passages({ limit })).items.toSorted(byId),
    fenceEvents: (await ledger.fenceEvents({ limit })).items.toSorted(byId),
    // A lock that was withdrawn on the way waits for a person; one that stands is the same whatever came first.
    locks: (await ledger.locks({ state: "live", limit })).items
      .map(({ learntAt: _learntAt, ...lock }) => lock)
      .toSorted(byId),
  };
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** One run on empty stores. */
async function run(story: (dir: string) => Promise<City>): Promise<Record<string, unknown[]>> {
  await sql`truncate ${TABLES} restart identity`.execute(database.kysely);
  const dir = mkdtempSync(join(tmpdir(), "wuxing-order-"));
  const city = await story(dir);
  try {
    await city.watch.settled();
    return await standing(city);
  } finally {
    await city.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database?.close());

describe("the same fixes give the same findings", () => {
  test(`in any order, late, twice, around crashes and before or after the areas: ${WORLDS} worlds`, async () => {
    let exposures = 0;
    let locks = 0;
    let restarts = 0;
    let fromCheckpoints = 0;
    for (let seed = 1; seed <= WORLDS; seed++) {
      const random = randomOf(seed);
      const fixes = worldOf(random, seed % 2 === 0 ? 30_000 : 100_000);

      // The batch answer: all is there before matching begins.
      const expected = await run(async (dir) => {
        const before = await open(dir);
        for (const area of AREAS) await before.watch.publishArea(area);
        await before.tracks.append(batchOf(before, fixes));
        await before.close();
        return open(dir);
      });
      const found = await run(async (dir) => {
        let city = await open(dir);
        const batches = arrivals(fixes, random);
        const publishAt = AREAS.map(() => Math.floor(random() * batches.length));
        for (const [index, fixesOfBatch] of batches.entries()) {
          for (const [area, at] of publishAt.entries()) if (at === index) await city.watch.publishArea(AREAS[area]);
          const batch = batchOf(city, fixesOfBatch);
          const position = await city.tracks.append(batch);
          // Durable, and cut off before it was matched.
          const isCut = random() < 0.05;
          if (!isCut) city.watch.ingest(batch, position);
          if (random() < 0.1) await city.watch.settled();
          if (isCut || random() < 0.03) {
            await (random() < 0.3 ? city.close() : city.crash());
            city = await open(dir);
            restarts++;
            if ((await city.ledger.checkpoint()) !== null) fromCheckpoints++;
          }
        }
        return city;
      });
      expect(found, `seed ${seed}`).toEqual(expected);
      exposures += expected["exposures"].length;
      locks += expected["locks"].length;
    }
    // The worlds are not empty ones.
    expect(exposures).toBeGreaterThan(WORLDS);
    expect(locks).toBeGreaterThan(WORLDS / 2);
    expect(fromCheckpoints).toBeGreaterThan(restarts / 2);
  }, 240_000);
});
