import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type TrackStore, type TrackStoreOptions } from "./track-store.ts";

const NOON = Date.UTC(2021, 10, 6, 4);
const HOUR = 3_600_000;

let dir: string;
let store: TrackStore;
const open = async (options: Partial<TrackStoreOptions> = {}): Promise<TrackStore> => {
  store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1, ...options });
  return store;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-tracks-"));
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

type Row = [vehicle: number, timeMs: number, lonE6: number, latE6: number, flags?: number];

function batchOf(rows: readonly Row[]): FixBatch {
  const batch = createFixBatch(rows.length);
  for (const [vehicle, timeMs, lonE6, latE6, flags = 0] of rows) {
    const row = batch.length++;
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = timeMs;
    batch.lonE6[row] = lonE6;
    batch.latE6[row] = latE6;
    batch.speedKmh10[row] = 365;
    batch.headingDeg[row] = 90;
    batch.altitudeM[row] = -12;
    batch.status[row] = 0xc000_0003;
    batch.alarm[row] = 7;
    batch.receivedMs[row] = timeMs + 1500;
    batch.flags[row] = flags;
  }
  return batch;
}

function rowsOf(batch: FixBatch): Row[] {
  return Array.from({ length: batch.length }, (_, row): Row => {
    const { vehicle, timeMs, lonE6, latE6, flags } = batch;
    return [vehicle[row], timeMs[row], lonE6[row], latE6[row], flags[row]];
  });
}

/** `count` vehicles that drive east for an hour, one fix a minute; vehicle v starts at 113.8°E + v·0.05°, 35°N + v·0.1°. */
async function appendDrive(count: number, fromMs = NOON): Promise<void> {
  const rows: Row[] = [];
  for (let minute = 0; minute < 60; minute++) {
    for (let index = 0; index < count; index++) {
      const vehicle = store.vehicles.numberOf(`豫G${10_000 + index}_2`);
      rows.push([
        vehicle,
        fromMs + minute * 60_000,
        113_800_000 + index * 50_000 + minute * 5000,
        35_000_000 + index * 100_000,
      ]);
    }
  }
  await store.append(batchOf(rows));
}

describe("vehicles", () => {
  test("keep their numbers, ids and facts over a restart, before any fix of theirs", async () => {
    await open();
    const facts = { plate: "豫G12345", plateColour: 2, terminal: "013912345678" };
    expect(store.vehicles.numberOf("豫G12345_2", facts)).toBe(0);
    expect(store.vehicles.numberOf("@013900000001")).toBe(1);
    expect(store.vehicles.numberOf("豫G12345_2")).toBe(0);
    await store.close();
    await open();
    expect(store.vehicles.count).toBe(2);
    expect(store.vehicles.idOf(1)).toBe("@013900000001");
    expect(store.vehicles.find("豫G12345_2")).toBe(0);
    expect(store.vehicles.factsOf(0)).toEqual(facts);
    expect(store.vehicles.factsOf(1)).toBeNull();
  });

  test("facts that were learnt later replace the known ones", async () => {
    await open();
    store.vehicles.numberOf("豫G12345_2", { plate: "豫G12345", plateColour: 2, terminal: "1" });
    await store.append(batchOf([[0, NOON, 0, 0]]));
    store.vehicles.numberOf("豫G12345_2", { plate: "豫G12345", plateColour: 2, terminal: "2" });
    await store.close();
    await open();
    expect(store.vehicles.factsOf(0)?.terminal).toBe("2");
  });

  test("a number that was never given is refused by name", async () => {
    await open();
    expect(() => store.vehicles.idOf(3)).toThrow(expect.objectContaining({ code: "VEHICLE_NOT_FOUND" }));
    await expect(store.append(batchOf([[0, NOON, 0, 0]]))).rejects.toMatchObject({
      code: "INPUT_INVALID",
      problems: [{ where: "row 0, vehicle" }],
    });
  });
});

describe.each(["in the hot table", "in files", "in both"])("fixes %s", (place) => {
  const settle = async (): Promise<void> => {
    if (place !== "in the hot table") await store.compact(true);
  };

  test("come back with every field, after a restart too", async () => {
    await open();
    store.vehicles.numberOf("a");
    const row: Row = [0, NOON, 113_912_345, -35_300_001, FixFlag.stored];
    expect(await store.append(batchOf([row]))).toBe(1);
    await settle();
    await store.close();
    await open();
    const track = await store.track(0, NOON, NOON + 1);
    expect(rowsOf(track)).toEqual([row]);
    expect([track.speedKmh10[0], track.headingDeg[0], track.altitudeM[0]]).toEqual([365, 90, -12]);
    expect([track.status[0], track.alarm[0], track.receivedMs[0]]).toEqual([0xc000_0003, 7, NOON + 1500]);
  });

  test("are in order of time, each once, whatever the order and number of reports", async () => {
    await open();
    store.vehicles.numberOf("a");
    await store.append(
      batchOf([
        [0, NOON + 2, 5, 5],
        [0, NOON, 5, 5],
        [0, NOON + 1, 5, 6],
      ]),
    );
    await settle();
    await store.append(
      batchOf([
        [0, NOON + 1, 5, 5],
        [0, NOON, 5, 5],
        [0, NOON + 2, 5, 5],
      ]),
    );
    if (place === "in files") await settle();
    expect(rowsOf(await store.track(0, NOON, NOON + 3))).toEqual([
      [0, NOON, 5, 5, 0],
      [0, NOON + 1, 5, 5, 0],
      [0, NOON + 1, 5, 6, 0],
      [0, NOON + 2, 5, 5, 0],
    ]);
  });

  test("of two reports of one fix the usable one counts", async () => {
    await open();
    store.vehicles.numberOf("a");
    await store.append(batchOf([[0, NOON, 5, 5, FixFlag.quarantined]]));
    await settle();
    await store.append(batchOf([[0, NOON, 5, 5, 0]]));
    if (place === "in files") await settle();
    expect(rowsOf(await store.track(0, NOON, NOON + 1))).toEqual([[0, NOON, 5, 5, 0]]);
  });

  test("a span holds its beginning and not its end", async () => {
    await open();
    store.vehicles.numberOf("a");
    await store.append(
      batchOf([
        [0, NOON, 1, 1],
        [0, NOON + 1, 1, 1],
        [0, NOON + 2, 1, 1],
      ]),
    );
    await settle();
    expect((await store.track(0, NOON, NOON + 2)).length).toBe(2);
    expect((await store.track(0, -Infinity, Infinity)).length).toBe(3);
    expect((await store.track(0, NOON + 3, NOON)).length).toBe(0);
  });

  test("answer which vehicles were in a box in a span, and each one's track", async () => {
    await open();
    await appendDrive(20);
    await settle();
    if (place === "in both") await appendDrive(20, NOON + HOUR);
    // Vehicle 7 passes 114.2°E at minute 10, at 35.7°N; vehicle 8 starts there, but further north.
    const box = [114_195_000, 35_690_000, 114_205_000, 35_710_000] as const;
    expect(await store.vehiclesIn([box], NOON, NOON + HOUR)).toEqual(Uint32Array.of(7));
    expect(await store.vehiclesIn([box], NOON - HOUR, NOON)).toEqual(new Uint32Array(0));
    const other = [113_800_000, 35_000_000, 113_800_000, 35_000_000] as const;
    expect(await store.vehiclesIn([box, other], NOON, NOON + HOUR)).toEqual(Uint32Array.of(0, 7));
    const tracks = new Map<number, number>();
    await store.eachTrack(Uint32Array.of(7, 0, 7), NOON, NOON + HOUR, (vehicle, track) => {
      tracks.set(vehicle, track.length);
      expect(rowsOf(track).every((row, at) => row[0] === vehicle && row[1] === NOON + at * 60_000)).toBe(true);
    });
    expect([...tracks]).toEqual([
      [0, 60],
      [7, 60],
    ]);
  });

  test("unusable ones are kept and put nobody into a box", async () => {
    await open();
    store.vehicles.numberOf("a");
    await store.append(batchOf([[0, NOON, 5, 5, FixFlag.invalid]]));
    await settle();
    expect((await store.track(0, NOON, NOON + 1)).length).toBe(1);
    expect(await store.vehiclesIn([[0, 0, 9, 9]], NOON, NOON + 1)).toHaveLength(0);
    expect((await store.lastPositions()).length).toBe(0);
  });

  test("are replayed from any position on, in the order in which they came", async () => {
    await open();
    await appendDrive(100);
    const middle = store.health().position - 1000;
    await settle();
    await appendDrive(100, NOON + HOUR);
    let last = 0;
    const times: number[] = [];
    const end = await store.replay(middle, (batch, position) => {
      expect(position).toBeGreaterThan(last);
      last = position;
      times.push(...batch.timeMs.subarray(0, batch.length));
    });
    expect([end, last]).toEqual([12_000, 12_000]);
    expect(times).toHaveLength(7000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(await store.replay(end, () => expect.unreachable())).toBe(end);
  });

  test("the last position of each vehicle is known, after a restart too", async () => {
    await open();
    await appendDrive(3);
    await settle();
    await store.append(
      batchOf([
        [1, NOON + 2 * HOUR, 1, 1],
        [1, NOON - HOUR, 2, 2],
        [1, NOON + 3 * HOUR, 3, 3, FixFlag.quarantined],
      ]),
    );
    const before = rowsOf(await store.lastPositions());
    expect(before.map(([vehicle, timeMs]) => [vehicle, timeMs])).toEqual([
      [0, NOON + 59 * 60_000],
      [1, NOON + 2 * HOUR],
      [2, NOON + 59 * 60_000],
    ]);
    await store.close();
    await open();
    expect(rowsOf(await store.lastPositions())).toEqual(before);
  });
});

describe("the folder", () => {
  test("is used by one store at a time", async () => {
    await open();
    await expect(openTrackStore({ dir })).rejects.toMatchObject({ code: "DATA_LOCKED" });
    await store.close();
    await open();
  });

  test("positions go on where they were, also when compaction dropped the last fixes as repetitions", async () => {
    await open();
    store.vehicles.numberOf("a");
    await store.append(batchOf([[0, NOON, 1, 1]]));
    await store.append(batchOf([[0, NOON, 1, 1]]));
    expect((await store.compact(true)).droppedRepetitions).toBe(1);
    await store.close();
    await open();
    expect(store.health().position).toBe(2);
    expect(await store.append(batchOf([[0, NOON + 1, 1, 1]]))).toBe(3);
  });

  test("many small flushes of one day become few files, and no fix is lost or doubled", async () => {
    await open();
    for (let round = 0; round < 9; round++) {
      await appendDrive(10, NOON + round * 1000);
      await store.compact(true);
    }
    const { files, fileFixes, hotFixes } = store.health();
    expect({ fileFixes, hotFixes }).toEqual({ fileFixes: 5400, hotFixes: 0 });
    expect(files).toBeLessThan(5);
    expect(readdirSync(join(dir, "files"))).toHaveLength(3 * files);
    expect((await store.track(4, NOON, NOON + HOUR)).length).toBe(540);
    expect(await store.vehiclesIn([[113_800_000, 35_000_000, 113_800_000, 35_000_000]], NOON, NOON + HOUR)).toEqual(
      Uint32Array.of(0),
    );
  });

  test("what is past retention is deleted", async () => {
    await open({ retentionMs: 24 * HOUR, now: () => NOON + 49 * HOUR });
    await appendDrive(2);
    await store.compact(true);
    expect(store.health()).toMatchObject({ fileFixes: 0, hotFixes: 0, position: 120 });
    await store.close();
    await open({ retentionMs: null });
    await appendDrive(2);
    await store.compact(true);
    expect(store.health().fileFixes).toBe(120);
    await store.close();
    await open({ retentionMs: 24 * HOUR, now: () => NOON + 49 * HOUR });
    expect(await store.compact()).toMatchObject({ removedFiles: 1, expiredFixes: 120 });
    expect(readdirSync(join(dir, "files"))).toEqual([]);
  });

  test("what came late goes by its receipt: it stays when it is old, and what stands beside it goes", async () => {
    let now = NOON;
    await open({ retentionMs: 24 * HOUR, now: () => now });
    await appendDrive(1);
    const late = batchOf([[0, NOON + 1000, 1, 1]]);
    late.receivedMs[0] = NOON + 40 * HOUR;
    await store.append(late);
    await store.compact(true);
    now = NOON + 26 * HOUR;
    expect(await store.compact()).toMatchObject({ expiredFixes: 0 });
    now = NOON + 49 * HOUR;
    expect(await store.compact()).toMatchObject({ expiredFixes: 60, removedFiles: 1, writtenFiles: 1 });
    expect(rowsOf(await store.track(0, -Infinity, Infinity))).toEqual([[0, NOON + 1000, 1, 1, 0]]);
    now = NOON + 65 * HOUR;
    expect(await store.compact()).toMatchObject({ expiredFixes: 1, removedFiles: 1, writtenFiles: 0 });
  });

  test("what proves a finding outlives retention, until it is let go", async () => {
    const now = (): number => NOON + 49 * HOUR;
    let kept = [{ vehicle: 1, fromMs: NOON + 60_000, toMs: NOON + 5 * 60_000 }];
    await open({ retentionMs: null });
    await appendDrive(2);
    await store.compact(true);
    // One more that is still in the hot table when its time is over.
    await store.append(
      batchOf([
        [1, NOON + 90_000, 1, 1],
        [0, NOON + 90_000, 1, 1],
      ]),
    );
    await store.close();
    await open({ retentionMs: 24 * HOUR, now, keep: () => Promise.resolve(kept) });
    for (let round = 0; round < 2; round++) {
      await store.compact(true);
      expect((await store.track(1, -Infinity, Infinity)).length).toBe(6);
      expect((await store.track(0, -Infinity, Infinity)).length).toBe(0);
      expect((await store.verify()).faults).toEqual([]);
    }
    expect(store.completeSinceMs).toBe(NOON + 25 * HOUR + 120_000);
    kept = [];
    expect(await store.compact()).toMatchObject({ expiredFixes: 6 });
    expect(store.health()).toMatchObject({ files: 0, hotFixes: 0, position: 122 });
    // Not even where it was last is left, in memory or on disk.
    expect((await store.lastPositions()).length).toBe(0);
    await store.close();
    await open({ retentionMs: null });
    expect((await store.lastPositions()).length).toBe(0);
    expect(store.completeSinceMs).toBe(NOON + 25 * HOUR + 120_000);
  });

  test("nothing is deleted while it cannot be told what has to be kept", async () => {
    await open({
      retentionMs: 24 * HOUR,
      now: () => NOON + 49 * HOUR,
      keep: () => Promise.reject(new Error("no ledger")),
    });
    await appendDrive(2);
    expect(await store.compact(true)).toMatchObject({ movedFixes: 120, expiredFixes: 0 });
    expect(store.health()).toMatchObject({ hotFixes: 0, compactionError: "nothing is deleted: no ledger" });
    expect((await store.lastPositions()).length).toBe(2);
    expect(store.completeSinceMs).toBeLessThan(0);
  });
});
