import { describe, expect, it } from "vitest";
import type { LonLat } from "../map/plane.ts";
import { planeAround } from "../map/plane.ts";
import { drawnShape } from "./drawn-shape.ts";

const corners: LonLat[] = [
  [113.9, 35.3],
  [113.91, 35.3],
  [113.91, 35.31],
];

describe("a shape that is drawn", () => {
  it("is none while it has too few places", () => {
    expect(drawnShape("polygon", corners.slice(0, 2), 0)).toBeNull();
    expect(drawnShape("line", corners.slice(0, 1), 0)).toBeNull();
    expect(drawnShape("point", [], 0)).toBeNull();
    expect(drawnShape("circle", [], 300)).toBeNull();
    expect(drawnShape("circle", corners, Number.NaN)).toBeNull();
  });

  it("closes a polygon's ring by itself", () => {
    expect(drawnShape("polygon", corners, 0)).toEqual({ type: "Polygon", coordinates: [[...corners, corners[0]]] });
  });

  it("is one point or several", () => {
    expect(drawnShape("point", corners.slice(0, 1), 0)?.type).toBe("Point");
    expect(drawnShape("point", corners, 0)?.type).toBe("MultiPoint");
  });

  it("is a circle whose edge lies at its radius", () => {
    const shape = drawnShape("circle", corners.slice(0, 1), 500);
    if (shape?.type !== "Polygon") throw new Error("a circle is drawn as a polygon");
    const plane = planeAround(113.9, 35.3);
    for (const place of shape.coordinates[0]) expect(Math.hypot(...plane.toMetres(place))).toBeCloseTo(500, 0);
    expect(shape.coordinates[0].at(-1)).toEqual(shape.coordinates[0][0]);
  });

  it("has six decimals", () => {
    expect(drawnShape("point", [[113.90000049, 35.30000051]], 0)).toEqual({
      type: "Point",
      coordinates: [113.9, 35.300001],
    });
  });
});
