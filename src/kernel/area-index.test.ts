import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AreaIndex } from "./area-index.ts";
import { leastDistance } from "./near.ts";
import { PlaceBox } from "./place-box.ts";
import { compileShape, type KernelGeometry, type Shape } from "./shape.ts";

const PADDING_METERS = 850;
const least = new Float64Array(2);
const box = new PlaceBox();

/** A vehicle that rests, or drives in one of eight directions, in turn. */
function stepOf(i: number): [number, number] {
  return [4000 * ((i % 3) - 1), 3000 * ((Math.floor(i / 3) % 3) - 1)];
}

/** Slots within the padding by looking at every shape. */
function bruteForce(shapes: ReadonlyMap<number, Shape>, segment: readonly number[]): number[] {
  const [lon0, lat0, lon1, lat1] = segment.map((e6) => e6 / 1e6);
  return [...shapes].flatMap(([slot, shape]) => {
    leastDistance(shape, lon0, lat0, lon1, lat1, least);
    return least[0] <= PADDING_METERS ? [slot] : [];
  });
}

const unit = fc.double({ min: -1, max: 1, noNaN: true });
/** From smaller than a cell to many cells; long thin lines; points. */
const size = fc.constantFrom(0.0001, 0.005, 0.05, 0.5);
const place = fc.tuple(unit, unit);
const geometryAt = fc
  .record({
    kind: fc.constantFrom("Point", "LineString", "Polygon"),
    size,
    at: place,
    points: fc.array(place, { minLength: 2, maxLength: 4 }),
  })
  .map(({ kind, size: extent, at, points }) => (lon: number, lat: number): KernelGeometry => {
    const centre: [number, number] = [lon + at[0] * 0.3, lat + at[1] * 0.3];
    const placed = points.map(([x, y]) => [wrap(centre[0] + x * extent), centre[1] + y * extent]);
    if (kind === "Point") return { type: "Point", coordinates: placed[0] };
    if (kind === "LineString") return { type: "LineString", coordinates: placed };
    const corners = [0, 1, 2, 3, 4].map((i) => {
      const angle = (2 * Math.PI * i) / 5;
      return [wrap(centre[0] + extent * Math.cos(angle)), centre[1] + extent * Math.sin(angle)];
    });
    return { type: "Polygon", coordinates: [[...corners, corners[0]]] };
  });

const world = fc.record({
  lon: fc.oneof(fc.double({ min: -179, max: 179, noNaN: true }), fc.constantFrom(180, -180)),
  lat: fc.double({ min: -60, max: 60, noNaN: true }),
  geometries: fc.array(geometryAt, { minLength: 1, maxLength: 12 }),
  removed: fc.nat(),
  segments: fc.array(fc.tuple(place, place, fc.constantFrom(0.0005, 0.01, 0.2)), { minLength: 1, maxLength: 10 }),
});

describe("the index over areas", () => {
  it("loses none: what brute force finds is among the candidates and in no free box, also after some were removed", () => {
    fc.assert(
      fc.property(world, ({ lon, lat, geometries, removed, segments }) => {
        const index = new AreaIndex();
        const shapes = new Map(geometries.map((make, slot) => [slot, compileShape(make(lon, lat))]));
        for (const [slot, shape] of shapes) index.add(slot, shape, PADDING_METERS);
        const expectNoneLost = (): void => {
          const out = new Int32Array(geometries.length);
          for (const [from, step, length] of segments) {
            const lon0 = wrap(lon + from[0] * 0.4);
            const lat0 = lat + from[1] * 0.4;
            const segment = [lon0, lat0, wrap(lon0 + step[0] * length), lat0 + step[1] * length].map((degrees) =>
              Math.round(degrees * 1e6),
            );
            const [a, b, c, d] = segment;
            index.findFreeBox(a, b, 0, 0, box);
            if (box.width > 0) expect(box.holds(a, b)).toBe(true);
            if (box.holds(c, d)) expect(bruteForce(shapes, segment)).toEqual([]);
            const found = [...out.subarray(0, index.candidates(a, b, c, d, out))];
            expect(found).toEqual([...new Set(found)].toSorted((x, y) => x - y));
            expect(found).toEqual(expect.arrayContaining(bruteForce(shapes, segment)));
          }
        };
        expectNoneLost();
        const gone = removed % geometries.length;
        expect(index.remove(gone)).toBe(true);
        shapes.delete(gone);
        expectNoneLost();
        index.add(gone, compileShape(geometries[gone](lon, lat)), PADDING_METERS);
        shapes.set(gone, compileShape(geometries[gone](lon, lat)));
        expectNoneLost();
      }),
      { numRuns: 400 },
    );
  });

  it("has nothing within the padding in a free box, not at the box's place nearest to a shape either", () => {
    let boxes = 0;
    fc.assert(
      fc.property(world, fc.array(place, { minLength: 5 }), ({ lon, lat, geometries }, places) => {
        const index = new AreaIndex();
        const all = geometries.map((make) => compileShape(make(lon, lat)));
        // Large ones leave no room between them.
        const shapes = new Map(all.filter(({ north, south }) => north - south < 0.02).entries());
        for (const [slot, shape] of shapes) index.add(slot, shape, PADDING_METERS);
        for (const { middleLon, middleLat } of shapes.values()) {
          for (const [east, north] of places) {
            const lonE6 = degreesE6(wrap(middleLon + 0.03 * east));
            const latE6 = degreesE6(middleLat + 0.03 * north);
            index.findFreeBox(lonE6, latE6, ...stepOf(boxes), box);
            if (box.width === 0) continue;
            boxes++;
            const { west, south, width, height } = box;
            const nearest = [
              Math.max(west, Math.min(degreesE6(wrap(middleLon)), west + width - 1)),
              Math.max(south, Math.min(degreesE6(middleLat), south + height - 1)),
            ];
            expect(bruteForce(shapes, [lonE6, latE6, ...nearest])).toEqual([]);
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(boxes).toBeGreaterThan(200);
  });

  it("is as clear after adding and removing as before", () => {
    const index = new AreaIndex();
    const far = compileShape({ type: "Point", coordinates: [113, 35] });
    const near = compileShape({ type: "Point", coordinates: [113.2, 35] });
    index.add(0, far, PADDING_METERS);
    const isClear = (): boolean => index.isClear(113_200_000, 35_000_000, 113_201_000, 35_000_000);
    expect(isClear()).toBe(true);
    index.add(1, near, PADDING_METERS);
    expect(isClear()).toBe(false);
    index.remove(1);
    expect(isClear()).toBe(true);
    expect(index.isClear(113_000_000, 35_000_000, 113_000_100, 35_000_000)).toBe(false);
  });

  it("names a country-wide shape for every segment as long as it is there, and the others beside it", () => {
    const index = new AreaIndex();
    const country = square(75, 20, 133, 52);
    index.add(0, country, PADDING_METERS);
    index.add(1, compileShape({ type: "Point", coordinates: [113, 35] }), PADDING_METERS);
    const out = new Int32Array(2);
    const near = (lon: number, lat: number): number[] => {
      const at = [lon, lat].map((degrees) => Math.round(degrees * 1e6));
      return [...out.subarray(0, index.candidates(at[0], at[1], at[0], at[1], out))];
    };
    expect(near(113, 35)).toEqual([0, 1]);
    expect(near(100, 30)).toEqual([0]);
    index.remove(0);
    expect(near(113, 35)).toEqual([1]);
    expect(near(100, 30)).toEqual([]);
  });

  it("has every cell inside a province, not only along its boundary", () => {
    const index = new AreaIndex();
    index.add(7, square(110, 31, 116, 36), PADDING_METERS);
    const out = new Int32Array(1);
    expect(index.candidates(113_000_000, 33_000_000, 113_000_100, 33_000_000, out)).toBe(1);
    expect(index.isClear(118_000_000, 33_000_000, 118_000_100, 33_000_000)).toBe(true);
  });

  it("finds what a segment of 17 km passes in its middle", () => {
    const index = new AreaIndex();
    index.add(4, compileShape({ type: "Point", coordinates: [180, 10] }), PADDING_METERS);
    const out = new Int32Array(1);
    expect(index.candidates(179_920_000, 10_010_000, -179_920_000, 9_990_000, out)).toBe(1);
    expect(index.candidates(-179_920_000, 9_990_000, 179_920_000, 10_010_000, out)).toBe(1);
  });

  it("refuses a slot that is taken, and says when there is none to remove", () => {
    const index = new AreaIndex();
    const shape = compileShape({ type: "Point", coordinates: [0, 0] });
    index.add(3, shape, 1);
    expect(() => index.add(3, shape, 1)).toThrow("slot 3 is taken");
    expect(index.remove(4)).toBe(false);
    expect(index.size).toBe(1);
  });
});

function square(west: number, south: number, east: number, north: number): Shape {
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ];
  return compileShape({ type: "Polygon", coordinates: [[...corners, corners[0]]] });
}

function degreesE6(degrees: number): number {
  return Math.round(degrees * 1e6);
}

function wrap(lon: number): number {
  return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}
