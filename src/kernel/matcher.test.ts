import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RULE } from "../model/rule.ts";
import type { ExposureChange, KernelExposure } from "./findings.ts";
import { matchTrack } from "./match-track.ts";
import { Matcher, type MatcherRows } from "./matcher.ts";
import { compileShape } from "./shape.ts";
import { World } from "./world.ts";

const BEGIN_MS = Date.UTC(2021, 10, 6);
const VEHICLES = 90;
const NOTHING = 2 ** 31 - 1;

/** A place in the sea where longitude and latitude are 0 in the middle: 0/0 stands for "no position" there, too. */
function worldAtNull(): World {
  const world = new World(DEFAULT_RULE, null, [
    {
      id: "G",
      line: [
        [0.05, -1],
        [0.05, 1],
      ],
    },
  ]);
  for (const [i, lon] of [-0.02, 0.03].entries()) {
    const ring = [
      [lon, -0.02],
      [lon + 0.03, -0.02],
      [lon + 0.03, 0.03],
      [lon, 0.03],
      [lon, -0.02],
    ];
    const shape = compileShape({ type: "Polygon", coordinates: [ring] });
    world.addArea({ id: `R${i}`, version: 1, shape, fromMs: -Infinity, toMs: Infinity });
  }
  return world;
}

const fix = fc.record({
  seconds: fc.constantFrom(30, 60, 120, 200, 280, 400),
  east: fc.constantFrom(0, 5, -8, 20, -30, 400, -900, 2500, 30_000),
  north: fc.constantFrom(0, 4, -6, 15, -40, 300, -1800),
  /** What is wrong with it. */
  fault: fc.option(fc.constantFrom("null", "far", "least", "NaN", "Infinity"), { freq: 12 }),
});
const startE6 = fc.integer({ min: -60_000, max: 60_000 });

describe("rows of many vehicles", () => {
  it("give what each vehicle's track gives, whatever stands in the rows that are no fixes", () => {
    const seen = { exposures: 0, passages: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(startE6, startE6, fc.array(fix, { minLength: 8, maxLength: 30 })), {
          minLength: 4,
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 400 }),
        (tracks, piece) => {
          const rows = interleaved(tracks);
          const world = worldAtNull();
          const told = new Map<number, Map<string, KernelExposure>>();
          const passages = new Map<number, unknown[]>();
          const matcher = new Matcher(world, 1, {
            exposure(vehicle, exposure, change: ExposureChange) {
              const own = told.get(vehicle) ?? new Map<string, KernelExposure>();
              told.set(vehicle, own);
              const key = `${exposure.area} ${exposure.anchorMs}`;
              if (change === "withdrawn") own.delete(key);
              else own.set(key, exposure);
            },
            passage: (vehicle, passage) => passages.set(vehicle, [...(passages.get(vehicle) ?? []), passage]),
            fence: () => {},
          });
          for (let from = 0; from < rows.timeMs.length; from += piece) {
            const to = Math.min(rows.timeMs.length, from + piece);
            expect(matcher.pushRows(rows, from, to)).toBe(0);
          }
          for (let vehicle = 0; vehicle < VEHICLES; vehicle++) {
            matcher.finish(vehicle);
            const own = [...rows.vehicle.keys()].filter((row) => rows.vehicle[row] === vehicle);
            const batch = matchTrack(world, {
              length: own.length,
              timeMs: Float64Array.from(own, (row) => rows.timeMs[row]),
              lonE6: Int32Array.from(own, (row) => rows.lonE6[row]),
              latE6: Int32Array.from(own, (row) => rows.latE6[row]),
            });
            const exposures = [...(told.get(vehicle)?.values() ?? [])];
            expect(exposures.toSorted((a, b) => a.startMs - b.startMs || a.slot - b.slot)).toEqual(batch.exposures);
            expect(passages.get(vehicle) ?? []).toEqual(batch.passages);
            seen.exposures += batch.exposures.length;
            seen.passages += batch.passages.length;
          }
        },
      ),
      { numRuns: 80 },
    );
    expect(seen.exposures).toBeGreaterThan(0);
    expect(seen.passages).toBeGreaterThan(0);
  });

  it("are no fixes at 0/0, which stands for no position, also where nothing is near", () => {
    const matcher = new Matcher(new World(DEFAULT_RULE), 1, {
      exposure: () => {},
      passage: () => {},
      fence: () => {},
    });
    const rows = {
      vehicle: new Uint32Array(3),
      // The last is older than the second: it is refused if that was taken.
      timeMs: Float64Array.from([0, 60, 30], (seconds) => BEGIN_MS + 1000 * seconds),
      lonE6: Int32Array.from([3000, 0, 3000]),
      latE6: Int32Array.from([3000, 0, 3000]),
    };
    expect(matcher.pushRows(rows, 0, 3)).toBe(0);
  });

  it("are refused where they are older than what their vehicle has told, and the others are taken", () => {
    const matcher = new Matcher(worldAtNull(), 0, { exposure: () => {}, passage: () => {}, fence: () => {} });
    const rows = {
      vehicle: Uint32Array.from([3, 500, 3, 500, 3]),
      timeMs: Float64Array.from([60, 60, 90, 30, 120], (seconds) => BEGIN_MS + 1000 * seconds),
      lonE6: new Int32Array(5).fill(2_000_000),
      latE6: new Int32Array(5).fill(2_000_000),
    };
    const refused: number[] = [];
    expect(matcher.pushRows(rows, 0, 5, (row) => refused.push(row))).toBe(1);
    expect(refused).toEqual([3]);
    // The one behind it was taken.
    expect(matcher.push(3, BEGIN_MS + 110_000, 2_000_000, 2_000_000)).toBe(false);
    expect(matcher.insideFence(500)).toBe(0);
    expect(matcher.insideFence(4)).toBe(-1);
  });

  it("are refused where they would make an outlier of a last fix that counts because none came", () => {
    const matcher = new Matcher(worldAtNull(), 1, { exposure: () => {}, passage: () => {}, fence: () => {} });
    expect(matcher.push(0, BEGIN_MS, 113_000_000, 35_000_000)).toBe(true);
    expect(matcher.push(0, BEGIN_MS + 30_000, 114_000_000, 35_000_000)).toBe(true);
    matcher.finish(0);
    expect(matcher.push(0, BEGIN_MS + 60_000, 113_000_000, 35_000_000)).toBe(false);
  });
});

type Track = [
  lonE6: number,
  latE6: number,
  fixes: { seconds: number; east: number; north: number; fault: string | null }[],
];

/** The tracks' fixes by turns, each track as that of several vehicles far apart in the numbers. */
function interleaved(tracks: readonly Track[]): MatcherRows {
  const rows: [vehicle: number, timeMs: number, lonE6: number, latE6: number][] = [];
  const longest = Math.max(...tracks.map(([, , fixes]) => fixes.length));
  const now = tracks.map(([lon, lat]) => ({ ms: BEGIN_MS, lon, lat }));
  for (let i = 0; i < longest; i++) {
    for (const [each, [, , fixes]] of tracks.entries()) {
      if (i >= fixes.length) continue;
      const { seconds, east, north, fault } = fixes[i];
      const at = now[each];
      at.ms += 1000 * seconds;
      at.lon += 9 * east;
      at.lat += 9 * north;
      for (const vehicle of [each, each + 40, each + 80]) {
        if (fault === "null") rows.push([vehicle, at.ms, 0, 0]);
        else if (fault === "far") rows.push([vehicle, at.ms, NOTHING, NOTHING]);
        else if (fault === "least") rows.push([vehicle, at.ms, -NOTHING - 1, at.lat]);
        else if (fault !== null) rows.push([vehicle, Number(fault), at.lon, at.lat]);
        rows.push([vehicle, at.ms, at.lon, at.lat]);
      }
    }
  }
  // Of two places at one time live matching keeps the smaller, if it comes first; which one comes first is not asked here.
  const kept = rows.filter(
    ([vehicle, ms], row) => !rows.some(([v, t], other) => other < row && v === vehicle && t === ms),
  );
  return {
    vehicle: Uint32Array.from(kept, ([vehicle]) => vehicle),
    timeMs: Float64Array.from(kept, ([, ms]) => ms),
    lonE6: Int32Array.from(kept, ([, , lon]) => lon),
    latE6: Int32Array.from(kept, ([, , , lat]) => lat),
  };
}
