import { Geodesic } from "geographiclib-geodesic";
import { describe, expect, it } from "vitest";
import type { Geometry } from "../../model/area.ts";
import { DEFAULT_RULE } from "../../model/rule.ts";
import { nearestOnShape, planeAround, shapeOnPlane } from "./plane.ts";
import { REACH_METERS, reachOutline } from "./reach.ts";

const square = (lon: number, lat: number, half: number): number[][] => [
  [lon - half, lat - half],
  [lon + half, lat - half],
  [lon + half, lat + half],
  [lon - half, lat + half],
  [lon - half, lat - half],
];

const shapes: [string, Geometry, rings: number][] = [
  ["a point", { type: "Point", coordinates: [113.9, 35.3] }, 1],
  [
    "a line with a bend",
    {
      type: "LineString",
      coordinates: [
        [113.9, 35.3],
        [113.93, 35.31],
        [113.92, 35.34],
      ],
    },
    1,
  ],
  ["a polygon", { type: "Polygon", coordinates: [square(113.9, 35.3, 0.01)] }, 1],
  [
    "a ring whose hole reaches further than 800 m",
    { type: "Polygon", coordinates: [square(113.9, 35.3, 0.03), square(113.9, 35.3, 0.02)] },
    2,
  ],
  [
    "two polygons far apart",
    { type: "MultiPolygon", coordinates: [[square(113.9, 35.3, 0.005)], [square(114, 35.3, 0.005)]] },
    2,
  ],
  [
    "two points near each other",
    {
      type: "MultiPoint",
      coordinates: [
        [113.9, 35.3],
        [113.91, 35.3],
      ],
    },
    1,
  ],
];

describe("the line of the reach", () => {
  it("is drawn at the distance of the rule", () => {
    expect(REACH_METERS).toBe(DEFAULT_RULE.radiusMeters);
  });

  it.each(shapes)("runs 800 m around %s", (_, geometry, rings) => {
    const outline = reachOutline(geometry);
    expect(outline).toHaveLength(rings);
    const plane = planeAround(113.92, 35.3);
    const shape = shapeOnPlane(geometry, plane);
    for (const place of outline.flat()) {
      const { at } = nearestOnShape(shape, plane.toMetres(place));
      const [lon, lat] = plane.toLonLat(at);
      const { s12 } = Geodesic.WGS84.Inverse(place[1], place[0], lat, lon);
      expect(Math.abs(s12! - 800)).toBeLessThan(12);
    }
    for (const ring of outline) expect(ring.at(0)).toEqual(ring.at(-1));
  });
});

describe("the nearest place of a shape", () => {
  it("is the point itself inside a polygon, and not inside its hole", () => {
    const plane = planeAround(113.9, 35.3);
    const shape = shapeOnPlane(shapes[3][1], plane);
    expect(nearestOnShape(shape, plane.toMetres([113.925, 35.3])).distance).toBe(0);
    expect(nearestOnShape(shape, plane.toMetres([113.9, 35.3])).distance).toBeGreaterThan(1500);
  });
});
