import {
  distanceMeters,
  lonDifference,
  metersPerLatDegree,
  metersPerLonDegree,
  LEAST_METERS_PER_DEGREE,
} from "./distance.ts";
import { addInterval } from "./intervals.ts";
import { approach, approachMeters2, boundEnds, ends, nearEdge, placeMeters2, solveApproach } from "./near-edge.ts";
import type { Shape } from "./shape.ts";

/**
 * When a vehicle that moves straight from one place to another is near a shape, and how near it comes.
 *
 * The near set is the union over the shape's edges (`near-edge.ts` has the interval of one) and of the parts of the segment inside
 * its surfaces, so that a concave shape gives as many intervals as it has.
 *
 * Most segments lie well inside the reach or well outside it, and are answered before any edge is solved:
 * - by two discs round the shape's middle c: the whole shape is within `outerMeters` of c, and c is `innerMeters` inside its boundary, so
 *   for the segment's middle m, the distance lies between |m - c| - outer and |m - c| - inner; no point of the segment is farther than half its
 *   length from m;
 * - by the distances of m and of the ends to each edge in one plane, that of the scale at m. Another latitude has another scale: at
 *   distance X it differs by at most X tan φ / 2R, and twice that is allowed for.
 * What these leave open is solved exactly. They never decide what is within their error of the radius.
 */

/** A degree of longitude at the equator, metres: the scale there over the scale at a latitude is 1 / cos φ, which is more than tan φ. */
const EQUATOR_METERS_PER_DEGREE = 111_320;
/** The earth's smallest radius of curvature, metres. */
const LEAST_EARTH_RADIUS = 6_335_000;
/** A segment that comes no nearer than this to an edge does not cross it. */
const TOUCH_METERS = 0.01;
/** Longer segments are not answered by discs. */
export const DISC_HALF_METERS_MAX = 5000;

let cuts = new Float64Array(64);
/** Offsets of the edges that may have to be solved, and the bounds on their near intervals. */
let nearby = new Int32Array(64);
let bounds = new Float64Array(64);

/**
 * The parts of the segment on which the distance to `shape` is at most `radiusMeters` (closed), as pairs of fractions 0 to 1 in
 * `out`, ascending and disjoint; returns how many pairs. Degrees, longitude first; the segment goes the short way round. `out`
 * needs room for `2 * nearIntervalsMax(shape)` numbers. Fractions are exact to less than 1 mm of way.
 */
export function nearIntervals(
  shape: Shape,
  radiusMeters: number,
  lon0: number,
  lat0: number,
  lon1: number,
  lat1: number,
  out: Float64Array,
): number {
  const x0 = shape.nearLon(lon0);
  const x1 = x0 + lonDifference(lon0, lon1);
  if (!boxesMeet(shape, radiusMeters, x0, lat0, x1, lat1)) return 0;
  const x = (x0 + x1) / 2;
  const y = (lat0 + lat1) / 2;
  const kx = metersPerLonDegree(y);
  const ky = metersPerLatDegree(y);
  const halfX = ((x1 - x0) / 2) * kx;
  const halfY = ((lat1 - lat0) / 2) * ky;
  const half = Math.sqrt(halfX * halfX + halfY * halfY);
  if (half < DISC_HALF_METERS_MAX) {
    const middle = distanceMeters(x, y, shape.middleLon, shape.middleLat);
    const slack = discSlackMeters(half + middle);
    if (middle + half + slack - shape.innerMeters <= radiusMeters) return throughout(out);
    if (middle - half - slack - shape.outerMeters > radiusMeters) return 0;
  }
  const stretch = planeStretch(radiusMeters + 2 * half, kx);
  const far = (radiusMeters + half) * stretch;
  const close = Math.max(0, radiusMeters / stretch - half);
  const surelyNear2 = (radiusMeters / stretch) ** 2;
  const { edges } = shape;
  if (nearby.length < edges.length / 4) nearby = new Int32Array(edges.length / 2);
  let nearbyCount = 0;
  for (let at = 0; at < edges.length; at += 4) {
    const meters2 = placeMeters2(edges, at, x, y, kx, ky);
    if (meters2 > far * far) continue;
    if (meters2 < close * close) return throughout(out);
    nearby[nearbyCount++] = at;
  }
  // No edge in reach: wholly inside a surface, or wholly outside.
  if (nearbyCount === 0) return shape.covers(x, y) ? throughout(out) : 0;
  for (let i = 0; i < nearbyCount; i++) {
    const bothNear =
      placeMeters2(edges, nearby[i], x0, lat0, kx, ky) < surelyNear2 &&
      placeMeters2(edges, nearby[i], x1, lat1, kx, ky) < surelyNear2;
    if (bothNear) return throughout(out);
  }
  const count = nearEdges(edges, nearbyCount, radiusMeters, radiusMeters * stretch, x0, lat0, x1, lat1, kx, ky, out);
  if (count === 1 && out[0] === 0 && out[1] === 1) return 1;
  return addInsideParts(shape, x0, lat0, x1, lat1, out, count);
}

/**
 * The union of the near intervals of the edges in `nearby`, into `out`. A segment that enters a reach is near dozens of edges, and one or two of them
 * say where. So each edge's interval is first bounded from outside, by that of the wider radius `reach` in the one plane; the two that may begin first and end last
 * are solved, and of the others only those whose bounds lie beyond what is found.
 */
function nearEdges(
  edges: Float64Array,
  nearbyCount: number,
  radiusMeters: number,
  reach: number,
  x0: number,
  lat0: number,
  x1: number,
  lat1: number,
  kx: number,
  ky: number,
  out: Float64Array,
): number {
  if (bounds.length < 2 * nearbyCount) bounds = new Float64Array(4 * nearbyCount);
  let earliest = 0;
  let latest = 0;
  for (let i = 0; i < nearbyCount; i++) {
    boundEnds(edges, nearby[i], reach, x0, lat0, x1, lat1, kx, ky);
    bounds[2 * i] = ends.from;
    bounds[2 * i + 1] = ends.to;
    if (ends.from < bounds[2 * earliest]) earliest = i;
    if (ends.to > bounds[2 * latest + 1]) latest = i;
  }
  let count = 0;
  for (let i = -2; i < nearbyCount; i++) {
    const each = i === -2 ? earliest : i === -1 ? latest : i;
    const from = bounds[2 * each];
    const to = bounds[2 * each + 1];
    if (from > to || isWithin(out, count, from, to)) continue;
    if (!nearEdge(edges, nearby[each], radiusMeters, x0, lat0, x1, lat1)) continue;
    count = addInterval(out, count, ends.from, ends.to);
    if (out[0] === 0 && out[1] === 1) return 1;
  }
  return count;
}

/** Whether one of the intervals holds [from, to]. */
function isWithin(intervals: Float64Array, count: number, from: number, to: number): boolean {
  for (let i = 0; i < count; i++) if (intervals[2 * i] <= from && intervals[2 * i + 1] >= to) return true;
  return false;
}

/** Most pairs that `nearIntervals` can write for a shape. */
export function nearIntervalsMax(shape: Shape): number {
  return shape.edges.length / 2 + 1;
}

/**
 * The least distance in metres between the segment and the shape, and the fraction 0 to 1 where it is reached first, into `out`:
 * `[distance, fraction]`. A distance that is surely not less than `atMostMeters` is not solved: it is given as Infinity.
 */
export function leastDistance(
  shape: Shape,
  lon0: number,
  lat0: number,
  lon1: number,
  lat1: number,
  out: Float64Array,
  atMostMeters = Infinity,
): void {
  const x0 = shape.nearLon(lon0);
  const x1 = x0 + lonDifference(lon0, lon1);
  out[0] = 0;
  out[1] = 0;
  if (shape.covers(x0, lat0)) return;
  leastOfEdges(shape.edges, x0, lat0, x1, lat1, out, atMostMeters);
  // From outside to inside it touches an edge on the way; this only rounds what is left of that distance to 0.
  if (out[0] > 0 && out[0] < TOUCH_METERS && cutByRings(shape, x0, lat0, x1, lat1) > 0) {
    out[0] = 0;
    out[1] = cuts[0];
  }
}

/**
 * As `leastDistance`, to edges (at least one) instead of a closed shape; longitudes unwrapped as the edges' are. The edge nearest to the segment's middle is
 * solved first; then only those that can come nearer.
 */
export function leastOfEdges(
  edges: Float64Array,
  x0: number,
  lat0: number,
  x1: number,
  lat1: number,
  out: Float64Array,
  atMostMeters: number,
): void {
  const x = (x0 + x1) / 2;
  const y = (lat0 + lat1) / 2;
  const kx = metersPerLonDegree(y);
  const ky = metersPerLatDegree(y);
  const half = Math.sqrt((((x1 - x0) / 2) * kx) ** 2 + (((lat1 - lat0) / 2) * ky) ** 2);
  const widest = planeStretch(atMostMeters + 2 * half, kx);
  const far2 = ((atMostMeters + half) * widest) ** 2;
  const close2 = (atMostMeters * widest) ** 2;
  let mayCount = false;
  let nearest2 = Infinity;
  let first = 0;
  for (let at = 0; at < edges.length; at += 4) {
    const meters2 = placeMeters2(edges, at, x, y, kx, ky);
    mayCount ||= meters2 <= far2 && approachMeters2(edges, at, x0, lat0, x1, lat1, kx, ky) <= close2;
    if (meters2 >= nearest2) continue;
    nearest2 = meters2;
    first = at;
  }
  if (!mayCount) {
    out[0] = Infinity;
    return;
  }
  solveApproach(edges, first, x0, lat0, x1, lat1);
  let distance = approach.meters;
  let { fraction } = approach;
  const stretch = planeStretch(distance + 2 * half, kx);
  for (let at = 0; at < edges.length; at += 4) {
    const reach = distance * stretch;
    if (at === first || placeMeters2(edges, at, x, y, kx, ky) > (reach + half * stretch) ** 2) continue;
    if (approachMeters2(edges, at, x0, lat0, x1, lat1, kx, ky) > reach * reach) continue;
    solveApproach(edges, at, x0, lat0, x1, lat1);
    if (approach.meters > distance || (approach.meters === distance && approach.fraction >= fraction)) continue;
    distance = approach.meters;
    fraction = approach.fraction;
  }
  out[0] = distance;
  out[1] = fraction;
}

/**
 * Bounds on the distance from a place (degrees, longitude first) to the closed shape, metres, into `out`: `[at least, at most]`, some decimetres apart at a
 * kilometre. An eighth of the price of `distanceToShape`: one plane for all edges.
 */
export function boundDistance(shape: Shape, lon: number, lat: number, out: Float64Array): void {
  const x = shape.nearLon(lon);
  out[0] = 0;
  out[1] = 0;
  if (shape.covers(x, lat)) return;
  const { edges } = shape;
  const kx = metersPerLonDegree(lat);
  const ky = metersPerLatDegree(lat);
  let nearest2 = Infinity;
  for (let at = 0; at < edges.length; at += 4) {
    nearest2 = Math.min(nearest2, placeMeters2(edges, at, x, lat, kx, ky));
  }
  const meters = Math.sqrt(nearest2);
  const stretch = planeStretch(2 * meters, kx);
  out[0] = meters / stretch;
  out[1] = meters * stretch;
}

/** Whether the box round the segment, widened by the radius, meets that of the shape. */
function boxesMeet(shape: Shape, radius: number, x0: number, y0: number, x1: number, y1: number): boolean {
  const margin = (radius * 1.01) / LEAST_METERS_PER_DEGREE;
  const south = Math.min(y0, y1) - margin;
  const north = Math.max(y0, y1) + margin;
  if (shape.south > north || shape.north < south) return false;
  const lonMargin = (radius * 1.01) / metersPerLonDegree(Math.min(89.9, Math.max(-south, north)));
  return shape.west <= Math.max(x0, x1) + lonMargin && shape.east >= Math.min(x0, x1) - lonMargin;
}

/** What the triangle of middle, segment and shape may be wrong by, metres, where discs are used (see `Shape`). */
export function discSlackMeters(meters: number): number {
  return 0.01 + 1e-4 * meters + 3e-7 * meters * meters;
}

/** By what factor a plane distance up to `meters` may be wrong, to either side; `kx` is the plane's scale of longitude. */
export function planeStretch(meters: number, kx: number): number {
  return 1 + 1e-5 + (meters / LEAST_EARTH_RADIUS) * (EQUATOR_METERS_PER_DEGREE / kx);
}

function throughout(out: Float64Array): number {
  out[0] = 0;
  out[1] = 1;
  return 1;
}

/** Adds the parts of the segment inside the shape's surfaces: between two neighbouring cuts it is wholly in or wholly out. */
function addInsideParts(
  shape: Shape,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  out: Float64Array,
  count: number,
): number {
  const isBeside = shape.west > Math.max(x0, x1) || shape.east < Math.min(x0, x1);
  if (isBeside || shape.south > Math.max(y0, y1) || shape.north < Math.min(y0, y1)) return count;
  const n = cutByRings(shape, x0, y0, x1, y1);
  if (n < 0) return count;
  let result = count;
  for (let i = 0; i <= n; i++) {
    const from = i === 0 ? 0 : cuts[i - 1];
    const to = i === n ? 1 : cuts[i];
    const middle = (from + to) / 2;
    if (!shape.covers(x0 + middle * (x1 - x0), y0 + middle * (y1 - y0))) continue;
    result = addInterval(out, result, from, to);
  }
  return result;
}

/** Fractions at which the segment crosses the rings, ascending, into `cuts`; -1 when the shape has no surface. */
function cutByRings(shape: Shape, x0: number, y0: number, x1: number, y1: number): number {
  const { edges } = shape;
  const ringsFrom = 4 * shape.polygons[0];
  if (ringsFrom >= edges.length) return -1;
  if (cuts.length < edges.length / 4) cuts = new Float64Array(edges.length / 2);
  const vx = x1 - x0;
  const vy = y1 - y0;
  let n = 0;
  for (let at = ringsFrom; at < edges.length; at += 4) {
    const ex = edges[at + 2] - edges[at];
    const ey = edges[at + 3] - edges[at + 1];
    const turn = vx * ey - vy * ex;
    if (turn === 0) continue;
    const px = x0 - edges[at];
    const py = y0 - edges[at + 1];
    const s = (py * ex - px * ey) / turn;
    const t = (py * vx - px * vy) / turn;
    if (s > 0 && s < 1 && t >= 0 && t <= 1) cuts[n++] = s;
  }
  if (n > 1) cuts.subarray(0, n).sort();
  return n;
}
