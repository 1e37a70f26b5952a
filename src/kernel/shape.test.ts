import { describe, expect, it } from "vitest";
import { distanceToShape } from "./distance.ts";
import { compileShape, type KernelGeometry } from "./shape.ts";

const square = (west: number, south: number, side: number): number[][] => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];

describe("a compiled shape", () => {
  it("has an edge for each side, none for a repeated position, and one without length for a point", () => {
    expect(compileShape({ type: "Polygon", coordinates: [square(0, 0, 1)] }).edges).toHaveLength(16);
    expect(
      compileShape({
        type: "LineString",
        coordinates: [
          [0, 0],
          [0, 0],
          [1, 1],
        ],
      }).edges,
    ).toHaveLength(4);
    expect([
      ...compileShape({
        type: "MultiPoint",
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      }).edges,
    ]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  });

  it("is not made of nothing", () => {
    expect(() => compileShape({ type: "MultiPoint", coordinates: [] })).toThrow(RangeError);
  });

  it("covers its inside and not its hole", () => {
    const donut = compileShape({ type: "Polygon", coordinates: [square(0, 0, 9), square(3, 3, 3)] });
    expect(donut.covers(1, 1)).toBe(true);
    expect(donut.covers(4, 4)).toBe(false);
    expect(donut.covers(-1, 4)).toBe(false);
    expect(donut.withoutSurface().covers(1, 1)).toBe(false);
  });

  it("covers what two of its polygons both cover", () => {
    const both: KernelGeometry = { type: "MultiPolygon", coordinates: [[square(0, 0, 2)], [square(1, 1, 2)]] };
    expect(compileShape(both).covers(1.5, 1.5)).toBe(true);
    expect(distanceToShape(compileShape(both), 1.5, 1.5)).toBe(0);
  });

  it("runs on across the 180th meridian, drawn as one polygon or cut in two", () => {
    const one = compileShape({
      type: "Polygon",
      coordinates: [
        [
          [179, 0],
          [-179, 0],
          [-179, 1],
          [179, 1],
          [179, 0],
        ],
      ],
    });
    const two = compileShape({ type: "MultiPolygon", coordinates: [[square(179, 0, 1)], [square(-180, 0, 1)]] });
    for (const shape of [one, two]) {
      expect(shape.east - shape.west).toBe(2);
      for (const lon of [179.5, 180, -180, -179.5]) expect(distanceToShape(shape, lon, 0.5)).toBe(0);
      expect(distanceToShape(shape, -178.99, 0.5)).toBeCloseTo(1113.2, 0);
      expect(distanceToShape(shape, 178.99, 0.5)).toBeCloseTo(1113.2, 0);
    }
  });

  it("stands between two discs round its middle", () => {
    const shape = compileShape({ type: "Polygon", coordinates: [square(113, 35, 0.01)] });
    expect(shape.innerMeters).toBeCloseTo(distanceToShape(shape.withoutSurface(), shape.middleLon, shape.middleLat), 6);
    expect(shape.innerMeters).toBeCloseTo(456, -1);
    expect(shape.outerMeters).toBeCloseTo(718, -1);
    expect(compileShape({ type: "Polygon", coordinates: [square(113, 35, 1)] }).outerMeters).toBe(Infinity);
  });
});
