import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlaceGeometry } from "../model/place.ts";
import { EdgeChain } from "./edge-chain.ts";
import { checkPartition, sharedM2, type Part } from "./partition.ts";
import { areaOf, makeShape, polygonsOf } from "./place-shape.ts";
import { cells } from "./square-city-for-tests.ts";

const whole = cells(0, 0, 4, 4);
const mesh = (): Part[] =>
  Array.from({ length: 16 }, (_, i) => {
    const [x, y] = [i % 4, Math.floor(i / 4)];
    return { id: `${x}${y}`, geometry: cells(x, y, x + 1, y + 1) };
  });
const replaced = (id: string, geometry: PlaceGeometry): Part[] =>
  mesh().map((part) => (part.id === id ? { id, geometry } : part));
/** A rectangle in hundredths of cells. */
function rectangle(west: number, south: number, east: number, north: number): PlaceGeometry {
  const at = (x: number, y: number): number[] => [114 + x / 10_000, 35 + y / 10_000];
  return {
    type: "Polygon",
    coordinates: [[at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]],
  };
}

describe("1. Places: the leaves of a tree cover the city once, checked with tolerance", () => {
  test("grids that fit have no fault, whatever corners their outlines have", () => {
    expect(checkPartition(whole, mesh())).toEqual([]);
    expect(checkPartition(rectangle(0, 0, 400, 400), mesh())).toEqual([]);
    expect(checkPartition(undefined, mesh())).toEqual([]);
  });

  test("a missing grid is a gap with its place and size", () => {
    const faults = checkPartition(
      whole,
      mesh().filter(({ id }) => id !== "12"),
    );
    expect(faults).toMatchObject([{ kind: "gap", areaM2: expect.closeTo(1_012_500, -3), at: [114.015, 35.025] }]);
    expect(faults[0].places).toEqual(expect.arrayContaining(["02", "22", "11", "13"]));
    // Without the city's own outline a hole still is one.
    expect(
      checkPartition(
        undefined,
        mesh().filter(({ id }) => id !== "12"),
      ),
    ).toMatchObject([{ kind: "gap" }]);
  });

  test("a missing grid at the border is one too", () => {
    expect(
      checkPartition(
        whole,
        mesh().filter(({ id }) => id !== "00"),
      ),
    ).toMatchObject([{ kind: "gap", at: [114.005, 35.005] }]);
  });

  test("two grids in the same place overlap", () => {
    expect(checkPartition(whole, [...mesh(), { id: "copy", geometry: cells(2, 2, 3, 3) }])).toMatchObject([
      { kind: "overlap", places: ["22", "copy"], areaM2: expect.closeTo(1_012_500, -3), at: [114.025, 35.025] },
    ]);
  });

  test("a grid inside another one overlaps it", () => {
    expect(checkPartition(whole, [...mesh(), { id: "small", geometry: rectangle(210, 210, 220, 220) }])).toMatchObject([
      { kind: "overlap", places: ["22", "small"], areaM2: expect.closeTo(10_125, -2), at: [114.0215, 35.0215] },
    ]);
  });

  test("a grid that reaches over its neighbour and out of the city has two faults", () => {
    const faults = checkPartition(whole, replaced("30", rectangle(290, 0, 420, 100)));
    expect(faults).toMatchObject([
      { kind: "outside", places: ["30"], areaM2: expect.closeTo(202_500, -3) },
      { kind: "overlap", places: ["20", "30"], areaM2: expect.closeTo(101_250, -3) },
    ]);
  });

  test("a border that is drawn twice, a tenth of a metre apart, is within tolerance; a metre apart it is not", () => {
    const shiftedBy = (degrees: number): Part[] =>
      replaced("11", {
        type: "Polygon",
        coordinates: [
          polygonsOf(cells(1, 1, 2, 2))[0][0].map(([lon, lat]) => [lon + (lon > 114.015 ? degrees : 0), lat]),
        ],
      });
    expect(checkPartition(whole, shiftedBy(0.000001))).toEqual([]);
    expect(checkPartition(whole, shiftedBy(-0.000002))).toEqual([]);
    expect(checkPartition(whole, shiftedBy(0.000015))).toMatchObject([{ kind: "overlap", places: ["11", "21"] }]);
    expect(checkPartition(whole, shiftedBy(-0.000015))).toMatchObject([{ kind: "gap" }]);
  });

  test("all outlines together give the outline of their union, holes included", () => {
    const chain = new EdgeChain();
    for (const { id, geometry } of mesh().filter((part) => part.id !== "12")) chain.add(geometry, 1, id);
    const outline = makeShape(chain.outline()!);
    expect(polygonsOf(outline.geometry).map((rings) => rings.length)).toEqual([2]);
    expect(outline.areaM2).toBeCloseTo(areaOf(whole) - areaOf(cells(1, 2, 2, 3)), -1);
  });

  test("places that touch in a corner stay two polygons", () => {
    const chain = new EdgeChain();
    chain.add(cells(0, 0, 1, 1), 1, "a");
    chain.add(cells(1, 1, 2, 2), 1, "b");
    expect(polygonsOf(chain.outline()!)).toHaveLength(2);
  });

  test("any set of cells has an outline with their surface", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1 }), (chosen) => {
        const parts = mesh().filter((_, i) => chosen.includes(i));
        const chain = new EdgeChain();
        for (const { id, geometry } of parts) chain.add(geometry, 1, id);
        const outline = chain.outline()!;
        const sum = parts.reduce((total, { geometry }) => total + areaOf(geometry), 0);
        expect(areaOf(outline)).toBeCloseTo(sum, 0);
        expect(checkPartition(outline, parts)).toEqual([]);
        const covered = mesh().reduce((total, { geometry }) => total + sharedM2(geometry, outline), 0);
        expect(Math.abs(covered - sum)).toBeLessThan(32);
      }),
      { numRuns: 100 },
    );
  });
});
