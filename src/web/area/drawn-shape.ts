import type { Geometry } from "../../model/area.ts";
import { planeAround, type LonLat } from "../map/plane.ts";

export const DRAWN_KINDS = ["polygon", "line", "point", "circle"] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];

/** Corners of a drawn circle: its edge is off by less than 1 m at 500 m. */
const CIRCLE_CORNERS = 64;

/** The shape that the clicked places make; null while they are too few. WGS-84, rounded to 1e-6 degree. */
export function drawnShape(kind: DrawnKind, corners: readonly LonLat[], radiusMeters: number): Geometry | null {
  const places = corners.map(rounded);
  switch (kind) {
    case "polygon":
      return places.length < 3 ? null : { type: "Polygon", coordinates: [[...places, places[0]!]] };
    case "line":
      return places.length < 2 ? null : { type: "LineString", coordinates: places };
    case "point":
      if (places.length === 0) return null;
      return places.length === 1
        ? { type: "Point", coordinates: places[0]! }
        : { type: "MultiPoint", coordinates: places };
    case "circle":
      return places.length === 0 || !(radiusMeters > 0) ? null : circle(places.at(-1)!, radiusMeters);
  }
}

function circle(centre: LonLat, radiusMeters: number): Geometry {
  const plane = planeAround(centre[0], centre[1]);
  const ring = Array.from({ length: CIRCLE_CORNERS }, (_, index): LonLat => {
    const angle = (index / CIRCLE_CORNERS) * 2 * Math.PI;
    return rounded(plane.toLonLat([Math.cos(angle) * radiusMeters, Math.sin(angle) * radiusMeters]));
  });
  return { type: "Polygon", coordinates: [[...ring, ring[0]!]] };
}

function rounded([lon, lat]: LonLat): LonLat {
  return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
}
