import { expect, it } from "vitest";
import type { Geometry } from "../../model/area.ts";
import { hectaresOf, squareText } from "./shape-size.ts";

const square = (lon: number, lat: number, degrees: number): number[][] => [
  [lon, lat],
  [lon + degrees, lat],
  [lon + degrees, lat + degrees],
  [lon, lat + degrees],
  [lon, lat],
];

it("a square of a hundredth of a degree at 35.3° N covers 100.8 ha (PostGIS, ST_Area of the geography)", () => {
  const shape: Geometry = { type: "Polygon", coordinates: [square(113.9, 35.3, 0.01)] };
  expect(hectaresOf(shape)).toBeCloseTo(100.87, 0);
});

it("a hole is taken off, parts are added, a line covers nothing", () => {
  const whole = hectaresOf({ type: "Polygon", coordinates: [square(113.9, 35.3, 0.02)] });
  const hole = hectaresOf({ type: "Polygon", coordinates: [square(113.9, 35.3, 0.02), square(113.905, 35.305, 0.01)] });
  expect(hole / whole).toBeCloseTo(0.75, 3);
  const twice = hectaresOf({
    type: "MultiPolygon",
    coordinates: [[square(113.9, 35.3, 0.01)], [square(114, 35.3, 0.01)]],
  });
  expect(twice / whole).toBeCloseTo(0.5, 3);
  expect(hectaresOf({ type: "LineString", coordinates: square(113.9, 35.3, 1) })).toBe(0);
});

it.each([
  [3.21, "3.2 公顷"],
  [56.4, "56 公顷"],
  [186, "1.9 km²"],
  [1260, "13 km²"],
])("%f hectares are %s", (hectares, text) => {
  expect(squareText(hectares, "zh")).toBe(text);
});
