import { describe, expect, it } from "vitest";
import type { PlaceGeometry } from "../../model/place.ts";
import type { PlaceView } from "./grid-queries.ts";
import { changesOf, faultPlaces, readOutlines, type RecutDraft } from "./recut-changes.ts";
import { sharedSize } from "./split-shape.ts";

function box(west: number, east: number): PlaceGeometry {
  return {
    type: "Polygon",
    coordinates: [
      [
        [west, 35],
        [east, 35],
        [east, 35.01],
        [west, 35.01],
        [west, 35],
      ],
    ],
  };
}
const grid = (id: string, west: number): PlaceView =>
  ({ id, name: id, kind: "grid", parent: "c", geometry: box(west, west + 0.01), above: [] }) as unknown as PlaceView;
const draft: RecutDraft = { tool: "split", chosen: [], line: [], grids: [], carryOf: [], imported: [] };
const [a, b] = [grid("a", 114), grid("b", 114.01)];

describe("a draft becomes an operation", () => {
  it("not before everything is there", () => {
    expect(changesOf(draft)).toBeNull();
    const grids = [1, 2].map((n) => ({ id: `a${n}`, name: `A${n}`, carryDuties: n === 1 }));
    expect(changesOf({ ...draft, chosen: [a], grids })).toBeNull();
    const line: RecutDraft["line"] = [
      [114.003, 34.99],
      [114.003, 35.02],
    ];
    expect(changesOf({ ...draft, chosen: [a], grids: [grids[0], { ...grids[1], name: " " }], line })).toBeNull();
    expect(changesOf({ ...draft, chosen: [a], grids, line })).toMatchObject([
      {
        op: "split",
        place: "a",
        parts: [
          { id: "a1", name: "A1", carryDuties: true },
          { id: "a2", carryDuties: false },
        ],
      },
    ]);
  });

  it("two grids keep their sides of a new border, whichever way it is drawn", () => {
    const line: RecutDraft["line"] = [
      [114.012, 34.99],
      [114.012, 35.02],
    ];
    for (const drawn of [line, line.toReversed()]) {
      const changes = changesOf({ ...draft, tool: "border", chosen: [a, b], line: drawn })!;
      expect(changes).toMatchObject([
        { op: "recut", place: "a" },
        { op: "recut", place: "b" },
      ]);
      const [first] = changes;
      const shape = (first as { geometry: PlaceGeometry }).geometry;
      expect(sharedSize(shape, box(114, 114.012))).toBeCloseTo(sharedSize(shape, shape), 12);
      expect(sharedSize(shape, shape)).toBeGreaterThan(sharedSize(box(114, 114.01), box(114, 114.01)));
    }
  });

  it("merged grids hand on the people that were named", () => {
    const grids = [{ id: "m", name: "M", carryDuties: false }];
    expect(changesOf({ ...draft, tool: "merge", chosen: [a], grids })).toBeNull();
    expect(changesOf({ ...draft, tool: "merge", chosen: [a, b], grids, carryOf: ["b"] })).toEqual([
      { op: "merge", places: ["a", "b"], into: { id: "m", name: "M", carryDutiesOf: ["b"] } },
    ]);
  });
});

it("outlines are read with their ids, and nothing is guessed", () => {
  const feature = (properties: object, geometry: object = box(114, 114.01)) => ({
    type: "Feature",
    properties,
    geometry,
  });
  const collection = (...features: object[]) => JSON.stringify({ type: "FeatureCollection", features });
  expect(readOutlines(collection(feature({ id: "a" }), feature({ id: 7, name: "新", parent: "c" })))).toEqual([
    { id: "a", name: null, parent: null, geometry: box(114, 114.01) },
    { id: "7", name: "新", parent: "c", geometry: box(114, 114.01) },
  ]);
  expect(readOutlines(collection(feature({})))).toBeNull();
  expect(readOutlines(collection(feature({ id: "a" }, { type: "Point", coordinates: [114, 35] })))).toBeNull();
  expect(readOutlines("{")).toBeNull();
  expect(readOutlines(collection())).toBeNull();
});

it("faults of a partition stand where they are", () => {
  expect(
    faultPlaces([
      { value: "1200 m² at 114.0101, 35.2", expected: "places that do not overlap" },
      { value: "g99", expected: "a place" },
    ]),
  ).toEqual([{ at: [114.0101, 35.2], label: "1200 m²" }]);
});
