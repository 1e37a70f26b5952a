import { describe, expect, it } from "vitest";
import type { PlaceGeometry } from "../../model/place.ts";
import { sharedSize, splitShape, unionOf } from "./split-shape.ts";

const box = (west: number, south: number, east: number, north: number): PlaceGeometry => ({
  type: "Polygon",
  coordinates: [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ],
});
const SQUARE = box(114, 35, 114.01, 35.01);

describe("a line through a grid", () => {
  it.each([
    ["from border to border", [[114.004, 34.99], [114.004, 35.02]]], // prettier-ignore
    ["that ends short of the border", [[114.004, 35.004], [114.004, 35.006]]], // prettier-ignore
  ] as const)("%s makes two sides without a gap", (_, line) => {
    const [left, right] = splitShape(
      SQUARE,
      line.map(([lon, lat]) => [lon, lat]),
    )!;
    // Northwards, so the west is on its left.
    expect(left).toEqual(expect.objectContaining({ type: "Polygon" }));
    expect(sharedSize(left, box(114, 35, 114.004, 35.01))).toBeCloseTo(sharedSize(left, left), 12);
    expect(sharedSize(left, left) + sharedSize(right, right)).toBeCloseTo(sharedSize(SQUARE, SQUARE), 12);
    expect(sharedSize(left, right)).toBe(0);
    expect(sharedSize(unionOf([left, right])!, SQUARE)).toBeCloseTo(sharedSize(SQUARE, SQUARE), 12);
  });

  it("with a bend follows it", () => {
    const [left, right] = splitShape(SQUARE, [
      [113.99, 35.005],
      [114.005, 35.005],
      [114.005, 35.02],
    ])!;
    // The bend takes the north-west off.
    expect(sharedSize(left, box(114, 35.005, 114.005, 35.01))).toBeCloseTo(sharedSize(left, left), 12);
    expect(sharedSize(right, right) / sharedSize(SQUARE, SQUARE)).toBeCloseTo(0.75, 6);
  });

  it.each([
    ["beside it", [[115, 35], [115, 36]]], // prettier-ignore
    ["of one place", [[114.004, 35.004]]],
    ["of the same place twice", [[114.004, 35.004], [114.004, 35.004]]], // prettier-ignore
  ] as const)("%s makes none", (_, line) => {
    expect(
      splitShape(
        SQUARE,
        line.map(([lon, lat]) => [lon, lat]),
      ),
    ).toBeNull();
  });
});
