import { describe, expect, it } from "vitest";
import { checkGeometry } from "./check-geometry.ts";
import type { KernelGeometry } from "./shape.ts";

type Ring = number[][];

const square = (west: number, south: number, side: number): Ring => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];
const polygon = (...coordinates: Ring[]): KernelGeometry => ({ type: "Polygon", coordinates });

describe("a geometry that can be decided with", () => {
  it.each<[string, KernelGeometry]>([
    ["a point", { type: "Point", coordinates: [113.9, 35.3] }],
    [
      "points",
      {
        type: "MultiPoint",
        coordinates: [
          [113.9, 35.3],
          [114, 35.3],
        ],
      },
    ],
    [
      "a line that crosses itself",
      {
        type: "LineString",
        coordinates: [
          [0, 0],
          [2, 2],
          [2, 0],
          [0, 2],
        ],
      },
    ],
    [
      "lines",
      {
        type: "MultiLineString",
        coordinates: [
          [
            [0, 0],
            [1, 1],
          ],
          [
            [3, 3],
            [4, 4],
          ],
        ],
      },
    ],
    ["a polygon", polygon(square(113, 35, 1))],
    ["a polygon, clockwise", polygon(square(113, 35, 1).toReversed())],
    [
      "a repeated corner",
      polygon([
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 1],
        [0, 0],
      ]),
    ],
    ["a hole", polygon(square(113, 35, 1), square(113.2, 35.2, 0.2))],
    ["two holes that share a corner", polygon(square(0, 0, 4), square(1, 1, 1), square(2, 2, 1))],
    [
      "a hole that touches the outer ring in a corner",
      polygon(square(0, 0, 4), [
        [0, 0],
        [2, 1],
        [1, 2],
        [0, 0],
      ]),
    ],
    ["a hole along an edge of the outer ring", polygon(square(0, 0, 4), square(0, 1, 1))],
    ["polygons that overlap", { type: "MultiPolygon", coordinates: [[square(0, 0, 2)], [square(1, 1, 2)]] }],
    [
      "a polygon across the 180th meridian",
      polygon([
        [179, 0],
        [-179, 0],
        [-179, 1],
        [179, 1],
        [179, 0],
      ]),
    ],
    [
      "a polygon cut at the 180th meridian",
      { type: "MultiPolygon", coordinates: [[square(179, 0, 1)], [square(-180, 0, 1)]] },
    ],
  ])("%s passes", (_, geometry) => {
    expect(checkGeometry(geometry)).toEqual([]);
  });
});

describe("a broken geometry is refused, with the place of its fault", () => {
  it.each<[string, KernelGeometry, string, RegExp]>([
    ["latitude first", { type: "Point", coordinates: [35.3, 113.9] }, "coordinates", /longitude -180 to 180, then/],
    ["not a number", { type: "Point", coordinates: [Number.NaN, 35] }, "coordinates", /longitude/],
    [
      "endless",
      {
        type: "LineString",
        coordinates: [
          [0, 0],
          [Infinity, 0],
        ],
      },
      "coordinates[1]",
      /longitude/,
    ],
    ["half a position", { type: "MultiPoint", coordinates: [[0, 0], [1]] }, "coordinates[1]", /latitude/],
    ["a line of one position", { type: "LineString", coordinates: [[0, 0]] }, "coordinates", /at least 2/],
    ["no part", { type: "MultiPoint", coordinates: [] }, "coordinates", /at least/],
    ["no ring", polygon(), "coordinates", /outer ring/],
    [
      "an open ring",
      polygon([
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ]),
      "coordinates[0][3]",
      /first position again, \[0,0\]/,
    ],
    [
      "a ring of three",
      polygon([
        [0, 0],
        [1, 0],
        [0, 0],
      ]),
      "coordinates[0]",
      /at least 4/,
    ],
    [
      "a ring without a surface",
      polygon([
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
      "coordinates[0]",
      /encloses a surface/,
    ],
    [
      "a figure of eight",
      polygon([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
        [0, 0],
      ]),
      "coordinates[0][0]",
      /not meet itself/,
    ],
    [
      "a spike",
      polygon([
        [0, 0],
        [2, 0],
        [4, 0],
        [2, 0],
        [2, 2],
        [0, 0],
      ]),
      "coordinates[0][0]",
      /not meet itself/,
    ],
    [
      "a ring round a pole",
      polygon([
        [0, 80],
        [120, 80],
        [-120, 80],
        [0, 80],
      ]),
      "coordinates[0]",
      /beside it/,
    ],
    ["a hole outside", polygon(square(0, 0, 1), square(2, 2, 1)), "coordinates[1]", /inside the outer ring/],
    ["a hole across the outer ring", polygon(square(0, 0, 2), square(1, 1, 2)), "coordinates[1]", /inside/],
    ["a hole round the outer ring", polygon(square(1, 1, 1), square(0, 0, 3)), "coordinates[1]", /inside the outer/],
    ["a hole that is all", polygon(square(0, 0, 2), square(0, 0, 2)), "coordinates[1]", /smaller than the outer ring/],
    ["overlapping holes", polygon(square(0, 0, 9), square(1, 1, 3), square(2, 2, 3)), "coordinates[2]", /not overlap/],
    ["a hole in a hole", polygon(square(0, 0, 9), square(1, 1, 5), square(2, 2, 1)), "coordinates[2]", /not overlap/],
    [
      "the same hole twice",
      polygon(square(0, 0, 9), square(1, 1, 5), square(1, 1, 5)),
      "coordinates[2]",
      /not overlap/,
    ],
    [
      "half the world",
      {
        type: "LineString",
        coordinates: [
          [-120, 0],
          [0, 0],
          [120, 0],
        ],
      },
      "coordinates",
      /at most 180/,
    ],
    [
      "the second polygon",
      {
        type: "MultiPolygon",
        coordinates: [
          [square(0, 0, 1)],
          [
            [
              [5, 5],
              [7, 7],
              [7, 5],
              [5, 7],
              [5, 5],
            ],
          ],
        ],
      },
      "coordinates[1][0][0]",
      /not meet itself/,
    ],
  ])("%s", (_, geometry, path, expected) => {
    const faults = checkGeometry(geometry);
    expect(faults[0]).toEqual({ path, value: expect.any(String), expected: expect.stringMatching(expected) });
  });

  it("tells at most 20 faults of one geometry", () => {
    const coordinates = Array.from({ length: 1000 }, () => [999, 999]);
    expect(checkGeometry({ type: "MultiPoint", coordinates })).toHaveLength(20);
  });
});
