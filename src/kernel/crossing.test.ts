import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachCrossing } from "./crossing.ts";
import { passagesOf } from "./gate.ts";
import { compileShape, type Shape } from "./shape.ts";

type Place = readonly [number, number];

interface Crossing {
  segment: number;
  fraction: number;
  leftToRight: boolean;
}

/** All crossings of a way through the places, in their order. */
function crossings(shape: Shape, way: readonly Place[]): Crossing[] {
  return way.slice(1).flatMap((to, segment) => {
    const found: Crossing[] = [];
    const [lon, lat] = way[segment];
    eachCrossing(shape, lon, lat, to[0], to[1], (fraction, leftToRight) => {
      found.push({ segment, fraction, leftToRight });
    });
    return found.toSorted((a, b) => a.fraction - b.fraction);
  });
}

function sides(shape: Shape, way: readonly Place[]): string {
  return crossings(shape, way)
    .map(({ leftToRight }) => (leftToRight ? "in" : "out"))
    .join(" ");
}

const lineOf = (coordinates: Place[]): Shape => compileShape({ type: "LineString", coordinates });
/** Runs north; its left is the west. */
const gate = lineOf([
  [113, 35],
  [113, 36],
]);
/** Runs north, then east. */
const bent = lineOf([
  [0, -4],
  [0, 0],
  [4, 0],
]);

describe("a gate's line", () => {
  it("is crossed inbound from its left to its right, and outbound the other way", () => {
    expect(
      crossings(gate, [
        [112.5, 35.5],
        [114, 35.5],
      ]),
    ).toEqual([{ segment: 0, fraction: expect.closeTo(1 / 3, 12), leftToRight: true }]);
    expect(
      sides(gate, [
        [114, 35.5],
        [112.5, 35.5],
      ]),
    ).toBe("out");
  });

  it("is not crossed beyond its ends", () => {
    expect(
      sides(gate, [
        [112.5, 36.1],
        [114, 36.1],
      ]),
    ).toBe("");
  });

  it("is crossed once when a fix lies on it", () => {
    expect(
      sides(gate, [
        [112.5, 35.5],
        [113, 35.5],
        [114, 35.5],
      ]),
    ).toBe("in");
    expect(
      sides(gate, [
        [112.5, 35.5],
        [113, 35.5],
        [113, 35.6],
        [113, 35.6],
        [114, 35.5],
      ]),
    ).toBe("in");
  });

  it("is not crossed for good by a way that comes to it and turns back", () => {
    expect(["", "in out"]).toContain(
      sides(gate, [
        [112.5, 35.5],
        [113, 35.5],
        [112.5, 35.6],
      ]),
    );
    expect(["", "out in"]).toContain(
      sides(gate, [
        [113.5, 35.5],
        [113, 35.5],
        [113.5, 35.6],
      ]),
    );
  });

  it("is crossed once by a way through its corner, also with a fix there", () => {
    expect(
      sides(bent, [
        [-1, 1],
        [1, -1],
      ]),
    ).toBe("in");
    expect(
      sides(bent, [
        [-1, 1],
        [0, 0],
        [1, -1],
      ]),
    ).toBe("in");
    expect(
      sides(bent, [
        [1, -2],
        [0, 0],
        [1, 1],
      ]),
    ).toBe("out");
  });

  it("is passed once where a fix on its corner makes the way go to and fro in one instant", () => {
    const way = [
      { timeMs: 0, lon: 1, lat: -2 },
      { timeMs: 1000, lon: 0, lat: 0 },
      { timeMs: 2000, lon: -1, lat: -1 },
    ];
    const passages = [0, 1].flatMap((i) => passagesOf({ id: "G", shape: bent }, { from: way[i], to: way[i + 1] }));
    expect(passages).toEqual([{ gate: "G", inbound: false, timeMs: 1000, lon: 0, lat: 0 }]);
  });

  it("is crossed twice on one segment where it is bent", () => {
    expect(
      sides(bent, [
        [-1, -3],
        [3, 1],
      ]),
    ).toBe("in out");
  });

  it("is crossed on the 180th meridian from either side", () => {
    const dateLine = lineOf([
      [180, -1],
      [180, 1],
    ]);
    expect(
      sides(dateLine, [
        [179.9, 0],
        [-179.9, 0],
      ]),
    ).toBe("in");
    expect(
      sides(dateLine, [
        [-179.9, 0],
        [179.9, 0],
      ]),
    ).toBe("out");
    expect(
      sides(dateLine, [
        [179.9, 0],
        [-180, 0],
        [180, 0.1],
        [-179.9, 0],
      ]),
    ).toBe("in");
  });
});

/** A small grid, so that fixes on corners and on edges, and ways along edges, are the rule. */
const grid = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }));
const ring = fc.constantFrom<Place[]>(
  [
    [-2, -2],
    [2, -2],
    [2, 2],
    [-2, 2],
    [-2, -2],
  ],
  [
    [0, -3],
    [3, 0],
    [0, 3],
    [-3, 0],
    [0, -3],
  ],
  [
    [-2, -2],
    [2, -2],
    [2, 2],
    [1, 2],
    [1, -1],
    [-1, -1],
    [-1, 2],
    [-2, 2],
    [-2, -2],
  ],
  [
    [-2, 0],
    [0, 0],
    [0, -2],
    [2, 2],
    [-2, 0],
  ],
);

describe("a fence's boundary", () => {
  it("is crossed in turn inwards and outwards, and exactly when the side of the fixes changes, whatever they lie on", () => {
    fc.assert(
      fc.property(ring, fc.boolean(), fc.array(grid, { minLength: 2, maxLength: 12 }), (corners, isReversed, way) => {
        const fence = compileShape({ type: "Polygon", coordinates: [isReversed ? corners.toReversed() : corners] });
        let isInside = fence.covers(...way[0]);
        for (let segment = 0; segment + 1 < way.length; segment++) {
          const found = crossings(fence, [way[segment], way[segment + 1]]);
          const endsInside = fence.covers(...way[segment + 1]);
          expect(found.length % 2 === 1).toBe(endsInside !== isInside);
          isInside = endsInside;
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("is crossed by a round trip as often inwards as outwards", () => {
    fc.assert(
      fc.property(ring, fc.array(grid, { minLength: 2, maxLength: 12 }), (corners, way) => {
        const found = crossings(lineOf(corners), [...way, way[0]]);
        const inward = found.filter(({ leftToRight }) => leftToRight).length;
        expect(2 * inward).toBe(found.length);
      }),
      { numRuns: 5000 },
    );
  });
});
