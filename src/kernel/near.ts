import { distanceToEdge, lonDifference, metersPerLatDegree, metersPerLonDegree, nearestOnEdge } from "./distance.ts";
import { addInterval } from "./intervals.ts";
import type { Shape } from "./shape.ts";

/**
 * When a vehicle that moves straight from one place to another is near a shape.
 *
 * For one edge the distance along the segment is convex (a distance to a convex set along a line), so the near part is one
 * interval round the nearest approach. Its ends lie where the segment enters and leaves the stadium of radius r round the edge: a
 * disc at either end and a rectangle between them. In the plane of `distance.ts` these are two quadratic equations and two linear
 * ones, solved in closed form. That plane's scale belongs to a latitude, so an end is solved again in the scale of the place where
 * it was found; each round gains three digits (the scale changes by 1e-3 in 10 km), and what is left is below 1 mm.
 *
 * A polygon adds the parts of the segment inside it, cut where the segment crosses its rings. The near set of the shape is the
 * union over edges and inside parts, so that a concave shape gives as many intervals as it has.
 */

/** Rounds of solving an end again in its own scale. */
const ROUNDS_MAX = 6;
/** An end is settled when a round moves it by less than this, metres. */
const SETTLED_METERS = 1e-5;
/** Degrees of latitude are at least this many metres long, anywhere. */
const LEAST_METERS_PER_DEGREE = 110_574;

/** The ends of the last interval that `stadium` found. */
const ends = { from: 0, to: 0 };
let cuts = new Float64Array(64);

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
  const margin = (radiusMeters * 1.01) / LEAST_METERS_PER_DEGREE;
  const south = Math.min(lat0, lat1) - margin;
  const north = Math.max(lat0, lat1) + margin;
  const widest = Math.min(89.9, Math.max(Math.abs(south), Math.abs(north)));
  const lonMargin = (radiusMeters * 1.01) / metersPerLonDegree(widest);
  const west = Math.min(x0, x1) - lonMargin;
  const east = Math.max(x0, x1) + lonMargin;
  if (shape.south > north || shape.north < south || shape.west > east || shape.east < west) return 0;
  const { edges } = shape;
  let count = 0;
  for (let at = 0; at < edges.length; at += 4) {
    const misses =
      (edges[at + 1] < south && edges[at + 3] < south) ||
      (edges[at + 1] > north && edges[at + 3] > north) ||
      (edges[at] < west && edges[at + 2] < west) ||
      (edges[at] > east && edges[at + 2] > east);
    if (misses || !nearEdge(edges, at, radiusMeters, x0, lat0, x1, lat1)) continue;
    count = addInterval(out, count, ends.from, ends.to);
    if (out[0] === 0 && out[1] === 1) return 1;
  }
  return addInsideParts(shape, x0, lat0, x1, lat1, out, count);
}

/** Most pairs that `nearIntervals` can write for a shape. */
export function nearIntervalsMax(shape: Shape): number {
  return shape.edges.length / 2 + 1;
}

/**
 * The least distance in metres between the segment and the shape, and the fraction 0 to 1 where it is reached first, into `out`:
 * `[distance, fraction]`.
 */
export function leastDistance(
  shape: Shape,
  lon0: number,
  lat0: number,
  lon1: number,
  lat1: number,
  out: Float64Array,
): void {
  const x0 = shape.nearLon(lon0);
  const x1 = x0 + lonDifference(lon0, lon1);
  const { edges } = shape;
  let distance = Infinity;
  let fraction = 0;
  for (let at = 0; at < edges.length; at += 4) {
    const s = nearestApproach(edges, at, x0, lat0, x1, lat1);
    const d = distanceToEdge(edges, at, x0 + s * (x1 - x0), lat0 + s * (lat1 - lat0));
    if (d < distance || (d === distance && s < fraction)) {
      distance = d;
      fraction = s;
    }
  }
  if (shape.covers(x0, lat0)) {
    distance = 0;
    fraction = 0;
  } else if (distance > 0 && 4 * shape.ringsFrom < edges.length) {
    // From outside to inside it touches an edge on the way; this only rounds what is left of that distance to 0.
    const s = firstCrossing(shape, x0, lat0, x1, lat1);
    if (s >= 0) {
      distance = 0;
      fraction = s;
    }
  }
  out[0] = distance;
  out[1] = fraction;
}

/** Finds the near interval of one edge into `ends`; false when there is none. */
function nearEdge(
  edges: Float64Array,
  at: number,
  radius: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): boolean {
  const startIsNear = distanceToEdge(edges, at, x0, y0) <= radius;
  const endIsNear = distanceToEdge(edges, at, x1, y1) <= radius;
  if (startIsNear && endIsNear) {
    ends.from = 0;
    ends.to = 1;
    return true;
  }
  const nearest = startIsNear ? 0 : endIsNear ? 1 : nearestApproach(edges, at, x0, y0, x1, y1);
  if (
    !startIsNear &&
    !endIsNear &&
    distanceToEdge(edges, at, x0 + nearest * (x1 - x0), y0 + nearest * (y1 - y0)) > radius
  ) {
    return false;
  }
  const from = startIsNear ? 0 : solveEnd(edges, at, radius, x0, y0, x1, y1, nearest, false);
  const to = endIsNear ? 1 : solveEnd(edges, at, radius, x0, y0, x1, y1, nearest, true);
  ends.from = from;
  ends.to = to;
  return true;
}

/** One end of the near interval, before or after the nearest approach, solved in the scale of the place where it is. */
function solveEnd(
  edges: Float64Array,
  at: number,
  radius: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  nearest: number,
  after: boolean,
): number {
  const metersLong = Math.abs(y1 - y0) * 111_000 + Math.abs(x1 - x0) * 111_000;
  let s = nearest;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const lon = x0 + s * (x1 - x0);
    const lat = y0 + s * (y1 - y0);
    const onEdge = nearestOnEdge(edges, at, lon, lat, 0.5);
    const middle = (lat + edges[at + 1] + onEdge * (edges[at + 3] - edges[at + 1])) / 2;
    const found = stadium(edges, at, radius, x0, y0, x1, y1, metersPerLonDegree(middle), metersPerLatDegree(middle));
    // In another scale the segment may just miss: the end is then the nearest approach itself.
    let next = !found ? nearest : after ? ends.to : ends.from;
    if (after ? next < nearest : next > nearest) next = nearest;
    next = next < 0 ? 0 : next > 1 ? 1 : next;
    const moved = Math.abs(next - s) * metersLong;
    s = next;
    if (moved < SETTLED_METERS) break;
  }
  return s;
}

/**
 * In the plane with scales kx, ky: the interval of the line through the segment that lies in the stadium of `radius` round the
 * edge, into `ends` (fractions of the segment, not cut to 0 … 1). False when the line misses the stadium.
 */
function stadium(
  edges: Float64Array,
  at: number,
  radius: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  kx: number,
  ky: number,
): boolean {
  ends.from = Infinity;
  ends.to = -Infinity;
  // Origin at the edge's first end, the segment as p + s v.
  const px = (x0 - edges[at]) * kx;
  const py = (y0 - edges[at + 1]) * ky;
  const vx = (x1 - x0) * kx;
  const vy = (y1 - y0) * ky;
  const ex = (edges[at + 2] - edges[at]) * kx;
  const ey = (edges[at + 3] - edges[at + 1]) * ky;
  disc(px, py, vx, vy, radius);
  const length = Math.sqrt(ex * ex + ey * ey);
  if (length > 1e-6) {
    disc(px - ex, py - ey, vx, vy, radius);
    // In the edge's own axes the rectangle is |across| <= radius, 0 <= along <= length.
    const ux = ex / length;
    const uy = ey / length;
    rectangle(px * ux + py * uy, vx * ux + vy * uy, px * -uy + py * ux, vx * -uy + vy * ux, length, radius);
  }
  return ends.from <= ends.to;
}

/** Joins to `ends` where |p + s v| <= radius: a quadratic equation, in the form that loses no digits. */
function disc(px: number, py: number, vx: number, vy: number, radius: number): void {
  const a = vx * vx + vy * vy;
  if (a === 0) return;
  const b = px * vx + py * vy;
  const c = px * px + py * py - radius * radius;
  // b² - ac as a cross product, because b² and ac are nearly equal when the segment passes at a distance near the radius.
  const cross = px * vy - py * vx;
  const discriminant = a * radius * radius - cross * cross;
  if (discriminant < 0) return;
  const root = Math.sqrt(discriminant);
  const q = b >= 0 ? -(b + root) : root - b;
  const one = q / a;
  const other = q === 0 ? one : c / q;
  join(Math.min(one, other), Math.max(one, other));
}

/** Joins to `ends` where 0 <= along <= length and |across| <= radius, both linear in s: each bounds s from two sides. */
function rectangle(
  along: number,
  alongStep: number,
  across: number,
  acrossStep: number,
  length: number,
  radius: number,
): void {
  let from = -Infinity;
  let to = Infinity;
  if (alongStep === 0) {
    if (along < 0 || along > length) return;
  } else {
    const a = -along / alongStep;
    const b = (length - along) / alongStep;
    from = Math.min(a, b);
    to = Math.max(a, b);
  }
  if (acrossStep === 0) {
    if (Math.abs(across) > radius) return;
  } else {
    const a = (-radius - across) / acrossStep;
    const b = (radius - across) / acrossStep;
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  if (from <= to) join(from, to);
}

function join(from: number, to: number): void {
  if (from < ends.from) ends.from = from;
  if (to > ends.to) ends.to = to;
}

/** Where on the segment (0 to 1) it comes nearest to the edge; settled in the scale of that place. */
function nearestApproach(edges: Float64Array, at: number, x0: number, y0: number, x1: number, y1: number): number {
  let s = 0.5;
  let onEdge = 0.5;
  for (let round = 0; round < 3; round++) {
    const middle = (y0 + s * (y1 - y0) + edges[at + 1] + onEdge * (edges[at + 3] - edges[at + 1])) / 2;
    s = nearestOfLines(edges, at, x0, y0, x1, y1, metersPerLonDegree(middle), metersPerLatDegree(middle));
    onEdge = nearestOnEdge(edges, at, x0 + s * (x1 - x0), y0 + s * (y1 - y0), onEdge);
  }
  return s;
}

/**
 * The fraction of the segment nearest to the edge in the plane: where they cross, else the best of the four ends (C. Ericson,
 * Real-Time Collision Detection, 2005, section 5.1.9, has the clamped form for three dimensions).
 */
function nearestOfLines(
  edges: Float64Array,
  at: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  kx: number,
  ky: number,
): number {
  const px = (x0 - edges[at]) * kx;
  const py = (y0 - edges[at + 1]) * ky;
  const vx = (x1 - x0) * kx;
  const vy = (y1 - y0) * ky;
  const ex = (edges[at + 2] - edges[at]) * kx;
  const ey = (edges[at + 3] - edges[at + 1]) * ky;
  const turn = vx * ey - vy * ex;
  if (turn !== 0) {
    const s = (py * ex - px * ey) / turn;
    const t = (py * vx - px * vy) / turn;
    if (s >= 0 && s <= 1 && t >= 0 && t <= 1) return s;
  }
  const v2 = vx * vx + vy * vy;
  const e2 = ex * ex + ey * ey;
  let best = 0;
  let least = Infinity;
  for (let end = 0; end < 4; end++) {
    let s: number;
    let t: number;
    if (end < 2) {
      // An end of the segment against the edge.
      s = end;
      t = e2 === 0 ? 0 : clamp(((px + s * vx) * ex + (py + s * vy) * ey) / e2);
    } else {
      // An end of the edge against the segment.
      t = end - 2;
      s = v2 === 0 ? 0 : clamp(((t * ex - px) * vx + (t * ey - py) * vy) / v2);
    }
    const dx = px + s * vx - t * ex;
    const dy = py + s * vy - t * ey;
    const d2 = dx * dx + dy * dy;
    if (d2 < least || (d2 === least && s < best)) {
      least = d2;
      best = s;
    }
  }
  return best;
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
  if (4 * shape.ringsFrom >= edges.length) return -1;
  if (cuts.length < edges.length / 4) cuts = new Float64Array(edges.length / 2);
  const vx = x1 - x0;
  const vy = y1 - y0;
  let n = 0;
  for (let at = 4 * shape.ringsFrom; at < edges.length; at += 4) {
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

function firstCrossing(shape: Shape, x0: number, y0: number, x1: number, y1: number): number {
  return cutByRings(shape, x0, y0, x1, y1) > 0 ? cuts[0] : -1;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
