import { createHash } from "node:crypto";
import type { PlaceGeometry } from "../model/place.ts";

type Ring = number[][];

/** The outline of a place. */
export interface PlaceShape {
  /** Digest of the outline: the same outline has the same id. */
  readonly id: string;
  readonly areaM2: number;
  /** WGS-84, longitude first, multiples of 1e-6 degree; outer rings counter-clockwise, holes clockwise (RFC 7946). */
  readonly geometry: PlaceGeometry;
}

/** Radius of the sphere that has the Earth's surface (authalic), metres. */
const RADIUS = 6_371_007.2;
const RADIAN = Math.PI / 180;

/** An outline from a checked geometry: rounded, repeated positions left out, rings turned as RFC 7946 asks. */
export function makeShape(given: PlaceGeometry): PlaceShape {
  const polygons = polygonsOf(given)
    .map((rings) => rings.map((ring, i) => turned(rounded(ring), i === 0)).filter((ring) => ring.length >= 4))
    .filter((rings) => rings.length > 0);
  const geometry: PlaceGeometry =
    polygons.length === 1
      ? { type: "Polygon", coordinates: polygons[0]! }
      : { type: "MultiPolygon", coordinates: polygons };
  const digest = createHash("sha256").update(JSON.stringify(geometry.coordinates)).digest("base64url");
  return { id: digest.slice(0, 24), areaM2: areaOf(geometry), geometry };
}

export function polygonsOf(geometry: PlaceGeometry): Ring[][] {
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

/** Surface on the sphere, m². */
export function areaOf(geometry: PlaceGeometry): number {
  let sum = 0;
  for (const rings of polygonsOf(geometry)) {
    for (const [i, ring] of rings.entries()) sum += (i === 0 ? 1 : -1) * Math.abs(ringAreaM2(ring));
  }
  return sum;
}

/**
 * Surface of a closed ring on the sphere, m², positive when it runs counter-clockwise.
 * Source: R. G. Chamberlain, W. H. Duquette, Some Algorithms for Polygons on a Sphere (JPL, 2007), equation 1.
 */
export function ringAreaM2(ring: readonly (readonly number[])[]): number {
  let sum = 0;
  for (let i = 1; i < ring.length; i++) {
    const [lon0, lat0] = ring[i - 1]! as [number, number];
    const [lon1, lat1] = ring[i]! as [number, number];
    sum += (lon1 - lon0) * RADIAN * (2 + Math.sin(lat0 * RADIAN) + Math.sin(lat1 * RADIAN));
  }
  return (-sum * RADIUS * RADIUS) / 2;
}

function rounded(ring: Ring): Ring {
  const positions: Ring = [];
  for (const [lon, lat] of ring as [number, number][]) {
    const position = [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
    const before = positions.at(-1);
    if (before === undefined || before[0] !== position[0] || before[1] !== position[1]) positions.push(position);
  }
  return positions;
}

function turned(ring: Ring, isOuter: boolean): Ring {
  return ringAreaM2(ring) > 0 === isOuter ? ring : ring.toReversed();
}
