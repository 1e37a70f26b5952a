import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceToShape } from "./distance.ts";
import { leastDistance, nearIntervals, nearIntervalsMax } from "./near.ts";
import { compileShape, type KernelGeometry, type Shape } from "./shape.ts";

function intervals(shape: Shape, radius: number, a: number[], b: number[]): [number, number][] {
  const out = new Float64Array(2 * nearIntervalsMax(shape));
  const count = nearIntervals(shape, radius, a[0], a[1], b[0], b[1], out);
  return Array.from({ length: count }, (_, i) => [out[2 * i], out[2 * i + 1]]);
}

/** About 100 m of longitude and of latitude at 35°. */
const E100 = 0.001_096_6;
const N100 = 0.000_901_3;

describe("nearIntervals", () => {
  it("gives a U-shaped area two intervals on one segment", () => {
    const u = compileShape({
      type: "Polygon",
      coordinates: [
        [
          [0, 0],
          [60, 0],
          [60, 40],
          [50, 40],
          [50, 10],
          [10, 10],
          [10, 40],
          [0, 40],
          [0, 0],
        ].map(([x, y]) => [113 + x * E100, 35 + y * N100]),
      ],
    });
    const found = intervals(u, 800, [113 - 20 * E100, 35 + 35 * N100], [113 + 80 * E100, 35 + 35 * N100]);
    expect(found).toHaveLength(2);
    // Outer reach 8 cells before 0, inner reach 8 cells behind 10, of a way of 100 cells that begins at -20.
    expect(found[0][0]).toBeCloseTo(0.12, 2);
    expect(found[0][1]).toBeCloseTo(0.38, 2);
    expect(found[1][0]).toBeCloseTo(0.62, 2);
  });

  it("has the point and the line of an area, and what lies beside its hole", () => {
    const point = compileShape({ type: "Point", coordinates: [113, 35] });
    expect(intervals(point, 800, [113 - 20 * E100, 35], [113 + 20 * E100, 35])).toEqual([
      [expect.closeTo(0.3, 2), expect.closeTo(0.7, 2)],
    ]);
    expect(intervals(point, 800, [113 - 20 * E100, 35 + 8.1 * N100], [113 + 20 * E100, 35 + 8.1 * N100])).toEqual([]);
  });

  it("counts a way that does not move", () => {
    const point = compileShape({ type: "Point", coordinates: [113, 35] });
    expect(intervals(point, 800, [113, 35], [113, 35])).toEqual([[0, 1]]);
    expect(intervals(point, 800, [113.1, 35], [113.1, 35])).toEqual([]);
  });

  it("agrees with the distance at every place of the way, for areas of every geometry, anywhere", () => {
    fc.assert(
      fc.property(world, ({ shape, radius, a, b, turn }) => {
        const found = intervals(shape, radius, a, b);
        const distanceAt = (s: number): number =>
          distanceToShape(shape, wrap(a[0] + s * turn), a[1] + s * (b[1] - a[1]));
        const ends = found.flat().filter((end) => end > 0 && end < 1);
        for (const end of ends) expect(Math.abs(distanceAt(end) - radius)).toBeLessThan(0.01);
        for (let i = 0; i <= 100; i++) {
          const s = i / 100;
          const meters = distanceAt(s);
          if (Math.abs(meters - radius) < 0.01) continue;
          expect(found.some(([from, to]) => from <= s && s <= to)).toBe(meters < radius);
        }
        for (let i = 1; i < found.length; i++) expect(found[i][0]).toBeGreaterThan(found[i - 1][1]);
        const least = new Float64Array(2);
        leastDistance(shape, a[0], a[1], b[0], b[1], least);
        const sampled = Math.min(...Array.from({ length: 201 }, (_, i) => distanceAt(i / 200)));
        expect(least[0]).toBeLessThanOrEqual(sampled + 0.001 + 1e-6 * sampled);
        expect(distanceAt(least[1])).toBeCloseTo(least[0], 1);
      }),
      { numRuns: 1500 },
    );
  });
});

function wrap(lon: number): number {
  return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}

const unit = fc.double({ min: -1, max: 1, noNaN: true });
const place = fc.tuple(unit, unit);
const geometry = fc.oneof(
  place.map((at) => (to: To): KernelGeometry => ({ type: "Point", coordinates: to(at) })),
  fc.array(place, { minLength: 2, maxLength: 5 }).map((line) => (to: To): KernelGeometry => ({
    type: "LineString",
    coordinates: line.map(to),
  })),
  fc
    .array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 3, maxLength: 40, size: "max" })
    .map((radii) => (to: To): KernelGeometry => {
      const corners = radii.map((r, i) => {
        const angle = (2 * Math.PI * i) / radii.length;
        return to([r * Math.cos(angle), r * Math.sin(angle)]);
      });
      return { type: "Polygon", coordinates: [[...corners, corners[0]]] };
    }),
);

type To = (at: readonly [number, number]) => [number, number];

const world = fc
  .record({
    lon: fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constant(180)),
    lat: fc.double({ min: -70, max: 70, noNaN: true }),
    shapeOf: geometry,
    /** Degrees; a shape that one disc stands for and one that is too large, a truck's usual step and the longest one. */
    shapeSize: fc.constantFrom(0.001, 0.01, 0.1),
    waySize: fc.constantFrom(0.002, 0.04, 0.15),
    radius: fc.double({ min: 50, max: 1500, noNaN: true }),
    from: place,
    to: place,
  })
  .map(({ lon, lat, shapeOf, shapeSize, waySize, radius, from, to }) => {
    const at =
      (size: number): To =>
      ([x, y]) => [wrap(lon + x * size), lat + y * size];
    const a = at(waySize)(from);
    const b = at(waySize)(to);
    const difference = b[0] - a[0];
    const turn = difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;
    return { shape: compileShape(shapeOf(at(shapeSize))), radius, a, b, turn };
  });
