import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlaceGeometry } from "../model/place.ts";
import { Random } from "../simulate/random.ts";
import { PlaceIndex, type LeafPeriod } from "./place-index.ts";
import { polygonsOf } from "./place-shape.ts";
import { cells, CELL, ORIGIN } from "./square-city-for-tests.ts";

const always = { fromMs: -Infinity, toMs: Infinity };

/** Even-odd over all rings, every leaf looked at, in the order of the ids: written without the index in mind. */
function bruteForce(leaves: readonly LeafPeriod[], lon: number, lat: number, atMs: number): string | undefined {
  const sorted = leaves.toSorted((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.fromMs - b.fromMs));
  return sorted.find(({ geometry, fromMs, toMs }) => {
    if (atMs < fromMs || atMs >= toMs) return false;
    let crossings = 0;
    for (const ring of polygonsOf(geometry).flat()) {
      for (let i = 1; i < ring.length; i++) {
        const [[x0, y0], [x1, y1]] = [ring[i - 1], ring[i]].toSorted((a, b) => a[1] - b[1]);
        if (lat >= y0 && lat < y1 && lon < x0 + ((lat - y0) / (y1 - y0)) * (x1 - x0)) crossings++;
      }
    }
    return crossings % 2 === 1;
  })?.place;
}

/** A mesh of quadrangles with crooked corners, cut into two periods: in the second, pairs of neighbours are one. */
function crookedMesh(seed: number, side: number): { leaves: LeafPeriod[]; corners: [number, number][][] } {
  const random = new Random(seed);
  const corners = Array.from({ length: side + 1 }, (_, y) =>
    Array.from({ length: side + 1 }, (_unused, x): [number, number] => {
      const jitter = (): number => Math.round(random.between(-0.3, 0.3) * 1e4) / 1e6;
      return [
        Math.round((ORIGIN[0] + x * CELL + jitter()) * 1e6) / 1e6,
        Math.round((ORIGIN[1] + y * CELL + jitter()) * 1e6) / 1e6,
      ];
    }),
  );
  const leaves: LeafPeriod[] = [];
  const polygon = (...ring: [number, number][]): PlaceGeometry => ({
    type: "Polygon",
    coordinates: [[...ring, ring[0]]],
  });
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [a, b, c, d] = [corners[y][x], corners[y][x + 1], corners[y + 1][x + 1], corners[y + 1][x]];
      const isPaired = x + (x % 2 === 0 ? 1 : -1) < side;
      leaves.push({ place: `${x}-${y}`, fromMs: 0, toMs: isPaired ? 1000 : Infinity, geometry: polygon(a, b, c, d) });
      if (x % 2 === 1 || !isPaired) continue;
      const joined = polygon(a, b, corners[y][x + 2], corners[y + 1][x + 2], c, d);
      leaves.push({ place: `${x}-${y}-joined`, fromMs: 1000, toMs: Infinity, geometry: joined });
    }
  }
  return { leaves, corners };
}

describe("1. Places: which grid is this point in, on that date", () => {
  test("equals looking at every grid, at every place and time", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, side) => {
        const { leaves } = crookedMesh(seed, side);
        const index = new PlaceIndex(leaves);
        const random = new Random(seed, 1);
        for (let n = 0; n < 200; n++) {
          const lon = ORIGIN[0] + CELL * random.between(-0.5, side + 0.5);
          const lat = ORIGIN[1] + CELL * random.between(-0.5, side + 0.5);
          const atMs = random.below(2000) - 5;
          expect(index.find(lon, lat, atMs)).toBe(bruteForce(leaves, lon, lat, atMs));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a point on a border between grids, corners included, is in exactly one of them", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const side = 6;
        const { leaves, corners } = crookedMesh(seed, side);
        const index = new PlaceIndex(leaves);
        const random = new Random(seed, 2);
        for (let n = 0; n < 100; n++) {
          const [x, y] = [1 + random.below(side - 1), 1 + random.below(side - 1)];
          const [from, to] = [corners[y][x], random.pick([corners[y][x + 1], corners[y + 1][x]])];
          const along = random.pick([0, 0.5, 1 / 3, random.next()]);
          const [lon, lat] = [from[0] + along * (to[0] - from[0]), from[1] + along * (to[1] - from[1])];
          const holders = leaves.filter((leaf) => leaf.fromMs === 0 && bruteForce([leaf], lon, lat, 0) !== undefined);
          expect(holders).toHaveLength(1);
          expect(index.find(lon, lat, 0)).toBe(holders[0].place);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("on a level or upright border the grid to the north or east has the point", () => {
    const index = new PlaceIndex([
      { place: "sw", geometry: cells(0, 0, 1, 1), ...always },
      { place: "se", geometry: cells(1, 0, 2, 1), ...always },
      { place: "nw", geometry: cells(0, 1, 1, 2), ...always },
      { place: "ne", geometry: cells(1, 1, 2, 2), ...always },
    ]);
    expect(index.find(114.01, 35.005, 0)).toBe("se");
    expect(index.find(114.005, 35.01, 0)).toBe("nw");
    expect(index.find(114.01, 35.01, 0)).toBe("ne");
  });

  test("outside the city, before its beginning and after its end there is none", () => {
    const index = new PlaceIndex([{ place: "a", geometry: cells(0, 0, 1, 1), fromMs: 10, toMs: 20 }]);
    expect([9, 10, 19, 20].map((atMs) => index.find(114.005, 35.005, atMs))).toEqual([undefined, "a", "a", undefined]);
    const nowhere: [number, number][] = [
      [113.99, 35.005],
      [114.02, 35.005],
      [114.005, 34.99],
      [114.005, 36],
      [-114, -35],
      [Number.NaN, 35],
    ];
    for (const [lon, lat] of nowhere) expect(index.find(lon, lat, 15)).toBeUndefined();
    expect(new PlaceIndex([]).find(114, 35, 0)).toBeUndefined();
  });

  test("a hole is not part of its grid, an exclave is", () => {
    const [outer, hole, exclave] = [cells(0, 0, 3, 3), cells(1, 1, 2, 2), cells(5, 5, 6, 6)].map(polygonsOf);
    const geometry: PlaceGeometry = {
      type: "MultiPolygon",
      coordinates: [[outer[0][0], hole[0][0].toReversed()], exclave[0]],
    };
    const index = new PlaceIndex([{ place: "a", geometry, ...always }]);
    const at = (x: number, y: number): string | undefined => index.find(ORIGIN[0] + x * CELL, ORIGIN[1] + y * CELL, 0);
    expect([at(0.5, 0.5), at(1.5, 1.5), at(5.5, 5.5), at(4, 4)]).toEqual(["a", undefined, "a", undefined]);
  });

  test("a crack of centimetres inside the city goes to the grid with the nearest border, one at its edge to none", () => {
    const east = cells(1, 0, 2, 1);
    const shifted: PlaceGeometry = {
      type: "Polygon",
      coordinates: [polygonsOf(east)[0][0].map(([lon, lat]) => [lon === 114.01 ? 114.010003 : lon, lat])],
    };
    const tops = [{ place: "city", geometry: cells(0, 0, 2, 1), ...always }];
    const leaves = [
      { place: "w", geometry: cells(0, 0, 1, 1), ...always },
      { place: "e", geometry: shifted, ...always },
    ];
    const index = new PlaceIndex(leaves, tops);
    expect(index.find(114.010001, 35.005, 0)).toBe("w");
    expect(index.find(114.0100025, 35.005, 0)).toBe("e");
    expect(index.find(113.999999, 35.005, 0)).toBeUndefined();
    expect(new PlaceIndex(leaves).find(114.010001, 35.005, 0)).toBeUndefined();
  });
});
