import { difference, intersection, union, type Geom } from "polyclip-ts";
import type { PlaceGeometry } from "../../model/place.ts";
import { bboxOf, positionsOf, type LonLat } from "../map/plane.ts";

/** How far a line goes on beyond its ends, in diagonals of the shape. */
const BEYOND = 20;

/**
 * The two sides of a line through a shape: to its left and to its right. The line goes straight on beyond its first and last
 * place, so that it may begin and end short of the border. Null when it leaves one side empty, or has fewer than two places. WGS-84, 1e-7 degree.
 */
export function splitShape(shape: PlaceGeometry, line: readonly LonLat[]): [PlaceGeometry, PlaceGeometry] | null {
  if (line.length < 2) return null;
  const side = leftOf(shape, line);
  if (side === null) return null;
  const left = geometryOf(intersection(geomOf(shape), side));
  const right = geometryOf(difference(geomOf(shape), side));
  return left === null || right === null ? null : [left, right];
}

/** What several shapes cover together; null for none. */
export function unionOf(shapes: readonly PlaceGeometry[]): PlaceGeometry | null {
  const [first, ...others] = shapes.map(geomOf);
  return first === undefined ? null : geometryOf(union(first, ...others));
}

/** How much of one shape lies in another, in square degrees: good enough to compare. */
export function sharedSize(a: PlaceGeometry, b: PlaceGeometry): number {
  const shared = geometryOf(intersection(geomOf(a), geomOf(b)));
  if (shared === null) return 0;
  const polygons = shared.type === "Polygon" ? [shared.coordinates] : shared.coordinates;
  return polygons.reduce((sum, rings) => sum + Math.abs(ringSize(rings[0] as LonLat[])), 0);
}

/** A place inside a shape for its label: the middle of its box, which is near enough. */
export function middleOf(shape: PlaceGeometry): LonLat {
  const [west, south, east, north] = bboxOf(positionsOf(shape));
  return [(west + east) / 2, (south + north) / 2];
}

/** Everything to the left of the line, as far as the shape reaches. */
function leftOf(shape: PlaceGeometry, line: readonly LonLat[]): Geom | null {
  const [west, south, east, north] = bboxOf([...positionsOf(shape), ...line]);
  const far = Math.hypot(east - west, north - south) * BEYOND;
  const start = beyond(line[1]!, line[0]!, far);
  const end = beyond(line.at(-2)!, line.at(-1)!, far);
  if (start === null || end === null) return null;
  const [x, y] = [(west + east) / 2, (south + north) / 2];
  const angle = ([lon, lat]: LonLat): number => Math.atan2(lat - y, lon - x);
  // From the line's end around its left side back to its start, counterclockwise and well outside.
  const from = angle(end);
  let sweep = angle(start) - from;
  while (sweep <= 0) sweep += 2 * Math.PI;
  const steps = Math.ceil(sweep / (Math.PI / 8));
  const around = Array.from({ length: steps - 1 }, (_, index): LonLat => {
    const at = from + (sweep * (index + 1)) / steps;
    return [x + Math.cos(at) * far * 1.5, y + Math.sin(at) * far * 1.5];
  });
  return [[[start, ...line.slice(1, -1), end, ...around, start]]] as Geom;
}

/** The place that lies `far` behind `to`, seen from `from`. Null when they are the same place. */
function beyond(from: LonLat, to: LonLat, far: number): LonLat | null {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length === 0) return null;
  return [to[0] + ((to[0] - from[0]) / length) * far, to[1] + ((to[1] - from[1]) / length) * far];
}

function geomOf(shape: PlaceGeometry): Geom {
  return shape.coordinates as Geom;
}

function geometryOf(polygons: number[][][][]): PlaceGeometry | null {
  const kept = polygons
    .map((rings) => rings.map((ring) => ring.map(([lon, lat]) => [rounded(lon!), rounded(lat!)])))
    .filter(([outer]) => outer !== undefined && ringSize(outer as LonLat[]) !== 0);
  if (kept.length === 0) return null;
  return kept.length === 1 ? { type: "Polygon", coordinates: kept[0]! } : { type: "MultiPolygon", coordinates: kept };
}

/** Square degrees, doubled: only compared with nothing and with each other. */
function ringSize(ring: readonly LonLat[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i]![0] * ring[i + 1]![1] - ring[i + 1]![0] * ring[i]![1];
  return Math.abs(sum) < 1e-13 ? 0 : sum;
}

function rounded(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}
