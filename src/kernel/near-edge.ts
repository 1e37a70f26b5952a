import { distanceToEdge, metersPerLatDegree, metersPerLonDegree, nearestOnEdge } from "./distance.ts";

/**
 * When a vehicle that moves straight from one place to another is near one straight edge.
 *
 * The distance to an edge along the segment is convex (a distance to a convex set along a line), so the near part is one
 * interval round the nearest approach. Its ends lie where the segment enters and leaves the stadium of radius r round the edge: a
 * disc at either end and a rectangle between them. In the plane of `distance.ts` these are two quadratic equations and two linear
 * ones, solved in closed form. That plane's scale belongs to a latitude, so an end is solved again in the scale of the place where
 * it was found; each round gains three digits (the scale changes by 1e-3 in 10 km), and what is left is below 1 mm.
 *
 * Longitudes are unwrapped. `at` is the edge's offset in `edges`; x and y are degrees of longitude and latitude.
 */

/** Rounds of solving an end again in its own scale. */
const ROUNDS_MAX = 6;
/** An end is settled when a round moves it by less than this, metres. */
const SETTLED_METERS = 1e-5;

/** The interval that `nearEdge` found last, fractions of the segment. */
export const ends = { from: 0, to: 0 };
/** What `solveApproach` found last: the fraction of the segment, and metres. */
export const approach = { fraction: 0, meters: 0 };
/** The squared distance that `nearestOfLines` found last. */
let leastMeters2 = 0;

/** Finds the near interval of one edge into `ends`; false when there is none. */
export function nearEdge(
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
  let nearest = startIsNear ? 0 : 1;
  if (!startIsNear && !endIsNear) {
    solveApproach(edges, at, x0, y0, x1, y1);
    if (approach.meters > radius) return false;
    nearest = approach.fraction;
  }
  const from = startIsNear ? 0 : solveEnd(edges, at, radius, x0, y0, x1, y1, nearest, false);
  const to = endIsNear ? 1 : solveEnd(edges, at, radius, x0, y0, x1, y1, nearest, true);
  ends.from = from;
  ends.to = to;
  return true;
}

/**
 * The part of the segment within `radius` of the edge in the plane with scales kx, ky, into `ends` (fractions 0 to 1): a bound where the radius is wider than the one
 * that is asked for by what the plane may be wrong. `from` is more than `to` when there is none.
 */
export function boundEnds(
  edges: Float64Array,
  at: number,
  radius: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  kx: number,
  ky: number,
): void {
  if (x0 === x1 && y0 === y1) {
    const isNear = placeMeters2(edges, at, x0, y0, kx, ky) <= radius * radius;
    ends.from = isNear ? 0 : Infinity;
    ends.to = isNear ? 1 : -Infinity;
    return;
  }
  const found = stadium(edges, at, radius, x0, y0, x1, y1, kx, ky) && ends.from <= 1 && ends.to >= 0;
  ends.from = found ? Math.max(0, ends.from) : Infinity;
  ends.to = found ? Math.min(1, ends.to) : -Infinity;
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

/**
 * Finds where on the segment it comes nearest to the edge, and how near, into `approach`; settled in the scale of that place. Where segment and
 * edge are all but parallel the plane does not tell which end is nearer, because the scale changes along them: both ends are measured too.
 */
export function solveApproach(edges: Float64Array, at: number, x0: number, y0: number, x1: number, y1: number): void {
  let s = 0.5;
  let onEdge = 0.5;
  for (let round = 0; round < 3; round++) {
    const middle = (y0 + s * (y1 - y0) + edges[at + 1] + onEdge * (edges[at + 3] - edges[at + 1])) / 2;
    s = nearestOfLines(edges, at, x0, y0, x1, y1, metersPerLonDegree(middle), metersPerLatDegree(middle));
    onEdge = nearestOnEdge(edges, at, x0 + s * (x1 - x0), y0 + s * (y1 - y0), onEdge);
  }
  approach.fraction = s;
  approach.meters = distanceToEdge(edges, at, x0 + s * (x1 - x0), y0 + s * (y1 - y0));
  const atStart = distanceToEdge(edges, at, x0, y0);
  if (atStart <= approach.meters) {
    approach.fraction = 0;
    approach.meters = atStart;
  }
  const atEnd = distanceToEdge(edges, at, x1, y1);
  if (atEnd < approach.meters) {
    approach.fraction = 1;
    approach.meters = atEnd;
  }
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
    if (s >= 0 && s <= 1 && t >= 0 && t <= 1) {
      leastMeters2 = 0;
      return s;
    }
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
  leastMeters2 = least;
  return best;
}

/** Squared metres between the segment and the edge, in the plane with scales kx, ky. */
export function approachMeters2(
  edges: Float64Array,
  at: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  kx: number,
  ky: number,
): number {
  nearestOfLines(edges, at, x0, y0, x1, y1, kx, ky);
  return leastMeters2;
}

/** Squared metres from a place to the edge, in the plane with scales kx, ky. */
export function placeMeters2(edges: Float64Array, at: number, x: number, y: number, kx: number, ky: number): number {
  const px = (x - edges[at]) * kx;
  const py = (y - edges[at + 1]) * ky;
  const ex = (edges[at + 2] - edges[at]) * kx;
  const ey = (edges[at + 3] - edges[at + 1]) * ky;
  const along = px * ex + py * ey;
  if (along <= 0) return px * px + py * py;
  const length2 = ex * ex + ey * ey;
  if (along >= length2) return (px - ex) * (px - ex) + (py - ey) * (py - ey);
  const across = px * ey - py * ex;
  return (across * across) / length2;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
