import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type PlaceTrack, type TrackStore } from "../tracks/track-store.ts";
import { RematchQueue, type RematchReason } from "./rematch-queue.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);

let dir: string;
let tracks: TrackStore;
let calls: { vehicle: number; times: number[]; late: boolean; areas: string[] }[];
let problems: string[];
let isHeldUp: boolean;
/** So far from noon a stretch has to reach. */
let needsBeforeMs: number;
let needsAfterMs: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-rematch-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  calls = [];
  problems = [];
  isHeldUp = false;
  needsBeforeMs = needsAfterMs = 0;
});
afterEach(async () => {
  await tracks.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A batch with a fix of each vehicle at each second. */
function fixes(vehicles: readonly number[], seconds: readonly number[]): FixBatch {
  const batch = createFixBatch(vehicles.length * seconds.length);
  for (const vehicle of vehicles) {
    for (const second of seconds) {
      const row = batch.length++;
      batch.vehicle[row] = vehicle;
      batch.timeMs[row] = NOON_MS + second * 1000;
      batch.lonE6[row] = 113_800_000 + second;
      batch.latE6[row] = 35_300_000;
    }
  }
  return batch;
}

const vehicle = (index: number): number => tracks.vehicles.numberOf(`豫G${10_000 + index}_2`);

function openQueue(from: Pick<TrackStore, "track" | "eachStretch"> = tracks): RematchQueue {
  return new RematchQueue({
    tracks: from,
    rematch(number: number, track: PlaceTrack, { late, areas }: RematchReason) {
      const times = Array.from(track.timeMs.subarray(0, track.length), (ms) => (ms - NOON_MS) / 1000);
      calls.push({ vehicle: number, times, late, areas: [...areas.keys()] });
    },
    exposuresOf: () => Promise.resolve([]),
    rematchLate(number, { track, fromMs, toMs, reason: { late, areas } }) {
      const times = Array.from(track.timeMs.subarray(0, track.length), (ms) => (ms - NOON_MS) / 1000);
      calls.push({ vehicle: number, times, late, areas: [...areas.keys()] });
      if (fromMs > NOON_MS - needsBeforeMs) return "earlier";
      return toMs < NOON_MS + needsAfterMs ? "later" : "done";
    },
    isHeldUp: () => isHeldUp,
    onProblem: (error) => problems.push(error.message),
  });
}

function addLate(queue: RematchQueue, number: number, second: number): void {
  queue.addLate(number, NOON_MS + second * 1000, NOON_MS + second * 1000);
}

describe("the queue of vehicles to be matched again", () => {
  test("a day of late fixes of one vehicle is one re-match of what lies round them", async () => {
    await tracks.append(fixes([vehicle(0), vehicle(1)], [-30_000, 0, 30, 60, 100_000]));
    const queue = openQueue();
    for (let count = 0; count < 2880; count++) addLate(queue, vehicle(1), 30 * count);
    expect(queue.size).toBe(1);
    await queue.idle();
    expect(calls).toEqual([{ vehicle: vehicle(1), times: [0, 30, 60], late: true, areas: [] }]);
    expect(queue.rematches).toBe(1);
  });

  test("as much of the history is read as it takes, in the end all of it", async () => {
    const day = 86_400;
    await tracks.append(fixes([vehicle(0)], [-90 * day, -day, 0, day]));
    needsAfterMs = 4 * 3_600_000;
    needsBeforeMs = 60 * day * 1000;
    const queue = openQueue();
    addLate(queue, vehicle(0), 0);
    await queue.idle();
    expect(calls.map(({ times }) => times)).toEqual([
      [0],
      [0],
      [-day, 0],
      [-day, 0],
      [-90 * day, -day, 0],
      [-90 * day, -day, 0],
    ]);
    expect(queue.rematches).toBe(1);
  });

  test("what comes late while a stretch is read is part of it, be it outside of what was read", async () => {
    await tracks.append(fixes([vehicle(0)], [0, 50_000]));
    const queue = openQueue();
    addLate(queue, vehicle(0), 0);
    queue.arrived(fixes([vehicle(0)], [-40_000]), 0);
    addLate(queue, vehicle(0), -40_000);
    await queue.idle();
    expect(calls).toMatchObject([{ times: [0, -40_000] }]);
  });

  test("a fix that arrives while the history is being read is behind it", async () => {
    await tracks.append(fixes([vehicle(0)], [0, 30]));
    const queue = openQueue();
    addLate(queue, vehicle(0), 0);
    queue.arrived(fixes([vehicle(0)], [60]), 0);
    addLate(queue, vehicle(0), 60);
    await queue.idle();
    expect(calls).toEqual([{ vehicle: vehicle(0), times: [0, 30, 60], late: true, areas: [] }]);
  });

  test("behind an area every vehicle is matched once, one without fixes too, and late ones go first", async () => {
    const near = Array.from({ length: 200 }, (_, index) => vehicle(index));
    await tracks.append(fixes(near.slice(1), [0, 30]));
    const queue = openQueue();
    for (const number of near) queue.addForArea(number, "a", "area-published");
    for (const number of near) queue.addForArea(number, "b", "area-published");
    addLate(queue, vehicle(199), 0);
    expect(queue.waitingFor("a")).toBe(200);
    await queue.idle();
    expect(calls.map((call) => call.vehicle).toSorted((a, b) => a - b)).toEqual(near);
    expect(calls.findIndex((call) => call.vehicle === vehicle(199))).toBeLessThan(70);
    expect(calls.find((call) => call.vehicle === vehicle(199))).toMatchObject({ late: true, areas: ["a", "b"] });
    expect(calls.find((call) => call.vehicle === vehicle(0))?.times).toEqual([]);
    expect(queue.waitingFor("a")).toBe(0);
  });

  test("what only a dropped area asked for is not matched", async () => {
    await tracks.append(fixes([vehicle(0), vehicle(1)], [0]));
    isHeldUp = true;
    const queue = openQueue();
    queue.addForArea(vehicle(0), "a", "area-published");
    queue.addForArea(vehicle(1), "a", "area-published");
    queue.addForArea(vehicle(1), "b", "area-edited");
    queue.dropArea("a");
    isHeldUp = false;
    await queue.idle();
    expect(calls).toEqual([{ vehicle: vehicle(1), times: [0], late: false, areas: ["b"] }]);
  });

  test("a history that cannot be read is tried again", async () => {
    await tracks.append(fixes([vehicle(0)], [0]));
    let failures = 1;
    const queue = openQueue({
      track: (...span) => (failures-- > 0 ? Promise.reject(new Error("disk")) : tracks.track(...span)),
      eachStretch: (...span) => tracks.eachStretch(...span),
    });
    addLate(queue, vehicle(0), 0);
    await queue.idle();
    expect(problems).toEqual(["disk"]);
    expect(calls).toHaveLength(1);
  });

  test("closing waits for what is being read, and matches nothing more", async () => {
    await tracks.append(fixes([vehicle(0)], [0]));
    const queue = openQueue();
    addLate(queue, vehicle(0), 0);
    await queue.close();
    addLate(queue, vehicle(0), 0);
    expect(calls).toEqual([]);
    expect(queue.size).toBe(0);
  });
});
