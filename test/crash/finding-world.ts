import type { AreaInput } from "../../src/model/area.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openLedger, type Ledger } from "../../src/store/ledger.ts";
import { openTrackStore, type TrackStep, type TrackStore } from "../../src/tracks/track-store.ts";
import { openWatch } from "../../src/watch/open-watch.ts";
import type { Watch } from "../../src/watch/watch.ts";

/** A small city with trucks that stop near two areas, drive through a gate, fall silent, and report late and twice. */
const NOON_MS = Date.UTC(2021, 10, 6, 4);
const TRUCKS = 12;
const LEGS = 30;
const AREAS: AreaInput[] = [
  { id: "market", level: "high", datum: "wgs84", geometry: { type: "Point", coordinates: [113.99, 35.3] } },
  { id: "yard", level: "medium", datum: "wgs84", geometry: { type: "Point", coordinates: [114.006, 35.302] } },
];
const FENCE = {
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
};
const WEST_GATE: [number, number][] = [
  [114, 35.29],
  [114, 35.31],
];

export interface Fix {
  vehicle: string;
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/** The batches in which the fixes of a world arrive: the same for the same seed. */
export function arrivalsOf(seed: number): Fix[][] {
  const random = randomOf(seed);
  const arrivals: { fix: Fix; atMs: number }[] = [];
  for (let truck = 0; truck < TRUCKS; truck++) {
    let timeMs = NOON_MS + Math.floor(random() * 3_600_000);
    let lonE6 = 113_980_000 + Math.floor(random() * 40_000);
    for (let leg = 0; leg < LEGS; leg++) {
      const stepE6 = random() < 0.4 ? 0 : Math.floor((random() - 0.5) * 10_000);
      const lateMs = random() < 0.1 ? 3_600_000 : 0;
      for (let left = 1 + Math.floor(random() * 40); left > 0; left--) {
        timeMs += 1000 * Math.floor(10 + random() * 40);
        // Every other truck also goes far away from everything.
        const reach = truck % 2 === 0 ? 30_000 : 100_000;
        lonE6 = Math.min(114_000_000 + reach, Math.max(114_000_000 - reach, lonE6 + stepE6));
        const latE6 = 35_300_000 + Math.floor(random() * 200);
        const fix = { vehicle: `豫G${10_000 + truck}_2`, timeMs, lonE6, latE6 };
        arrivals.push({ fix, atMs: timeMs + lateMs });
        if (random() < 0.05) arrivals.push({ fix, atMs: timeMs + random() * 1_800_000 });
      }
      if (random() < 0.2) timeMs += 1000 * Math.floor(random() * 4000);
    }
  }
  const order = arrivals.toSorted((a, b) => a.atMs - b.atMs).map(({ fix }) => fix);
  const batches: Fix[][] = [];
  for (let at = 0; at < order.length;) {
    const length = 1 + Math.floor(random() * 20);
    batches.push(order.slice(at, at + length));
    at += length;
  }
  return batches;
}

export interface SmallCity {
  tracks: TrackStore;
  ledger: Ledger;
  watch: Watch;
  close(): Promise<void>;
}

/** Opens everything below a folder, as `serve` does, and publishes the areas the first time. */
export async function openSmallCity(dir: string, onStep: (step: TrackStep) => void): Promise<SmallCity> {
  const tracks = await openTrackStore({
    dir: `${dir}/tracks`,
    compactEveryMs: null,
    retentionMs: null,
    gatherMs: 1,
    onStep,
  });
  const database = await openDatabase({ dir });
  const ledger = await openLedger(database);
  const gates = [{ id: "west", name: "西门", line: WEST_GATE }];
  const watch = await openWatch({ tracks, ledger, city: { fence: FENCE, gates }, now: () => NOON_MS });
  const published = new Set((await ledger.allAreas()).map(({ id }) => id));
  for (const area of AREAS) if (!published.has(area.id ?? "")) await watch.publishArea(area);
  const close = async (): Promise<void> => {
    await watch.close();
    await database.close();
    await tracks.close();
  };
  return { tracks, ledger, watch, close };
}

/** Everything that stands, without what depends on when it was learnt. */
export async function standing({ ledger }: SmallCity): Promise<Record<string, unknown[]>> {
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

/** Repeatable numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (((state >>> 16) ^ state) >>> 0) / 2 ** 32;
  };
}
