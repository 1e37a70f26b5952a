import fc from "fast-check";
import { expect, test } from "vitest";
import { createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import { metersPerPixel, simplifyTrack } from "./simplify-track.ts";
import { tripFigures } from "./trip.ts";

const NOON = Date.UTC(2021, 10, 6, 4);
/** Metres on the ground in 1e-6 degree, at 35°N. */
const EAST = 1e6 / 91_288;

/** Fixes at seconds after noon and metres east of 113.9°E. */
function track(...fixes: readonly [second: number, metersEast: number, flags?: number][]): FixBatch {
  const batch = createFixBatch(fixes.length);
  for (const [second, meters, flags = 0] of fixes) {
    const row = batch.length++;
    batch.timeMs[row] = NOON + second * 1000;
    batch.lonE6[row] = 113_900_000 + Math.round(meters * EAST);
    batch.latE6[row] = 35_000_000;
    batch.flags[row] = flags;
  }
  return batch;
}

test("a drive, a stop of ten minutes with some jitter and a drive on", () => {
  const drive = tripFigures(
    track([0, 0], [60, 1000], [120, 2000], [300, 2030], [500, 1990], [720, 2010], [780, 3010], [840, 4010]),
  );
  expect(drive.stops).toEqual([
    { fromMs: NOON + 120_000, toMs: NOON + 720_000, lonE6: 113_900_000 + Math.round(2007.5 * EAST), latE6: 35_000_000 },
  ]);
  expect(drive.meters).toBeCloseTo(4000, -1);
  expect(drive.drivingMs).toBe(240_000);
  expect(drive.gaps).toEqual([]);
});

test("a silence is a gap and no driving, and one at the same place is a stop too", () => {
  const { gaps, stops, meters, drivingMs } = tripFigures(
    track([0, 0], [60, 1000], [1060, 9000], [1120, 10_000], [4720, 10_010]),
  );
  expect(gaps.map(({ fromMs, toMs }) => [(fromMs - NOON) / 1000, (toMs - NOON) / 1000])).toEqual([
    [60, 1060],
    [1120, 4720],
  ]);
  expect(gaps[0].meters).toBeCloseTo(8000, -2);
  expect(stops.map(({ fromMs, toMs }) => [(fromMs - NOON) / 1000, (toMs - NOON) / 1000])).toEqual([[1120, 4720]]);
  expect(meters).toBeCloseTo(2000, -1);
  expect(drivingMs).toBe(120_000);
});

test("unusable fixes count for nothing, and none at all are no error", () => {
  expect(tripFigures(track([0, 0], [30, 90_000, FixFlag.invalid], [60, 1000]))).toMatchObject({
    fixes: 2,
    drivingMs: 60_000,
  });
  expect(tripFigures(track())).toEqual({ fixes: 0, meters: 0, drivingMs: 0, stops: [], gaps: [] });
});

test("a simplified track keeps its ends, and no fix is further from its line than the tolerance", () => {
  const step = fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -5000, max: 5000 }));
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 1, max: 500, noNaN: true }),
      (steps, tolerance) => {
        const batch = createFixBatch(steps.length);
        batch.length = steps.length;
        let [lon, lat] = [113_900_000, 35_000_000];
        for (const [row, [dLon, dLat]] of steps.entries()) {
          batch.lonE6[row] = lon += dLon;
          batch.latE6[row] = lat += dLat;
        }
        const rows = simplifyTrack(batch, tolerance);
        expect([rows[0], rows.at(-1)]).toEqual([0, steps.length - 1]);
        for (let index = 1; index < rows.length; index++) {
          for (let row = rows[index - 1] + 1; row < rows[index]; row++) {
            expect(metersToLine(batch, row, rows[index - 1], rows[index])).toBeLessThan(tolerance * 1.001 + 0.01);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a straight drive is its two ends, at any zoom", () => {
  const batch = track(...Array.from({ length: 1000 }, (_, index): [number, number] => [index, index * 20]));
  expect([...simplifyTrack(batch, metersPerPixel(18, 35))]).toEqual([0, 999]);
});

function metersToLine({ lonE6, latE6 }: FixBatch, p: number, a: number, b: number): number {
  const [mx, my] = [1 / EAST, 110_941 / 1e6];
  const [dx, dy] = [(lonE6[b] - lonE6[a]) * mx, (latE6[b] - latE6[a]) * my];
  const [px, py] = [(lonE6[p] - lonE6[a]) * mx, (latE6[p] - latE6[a]) * my];
  const length2 = dx * dx + dy * dy;
  const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
  return Math.hypot(px - share * dx, py - share * dy);
}
