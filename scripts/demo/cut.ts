/**
 * Cutting a ring into pieces that share their borders corner by corner: every cut runs between two corners that are there
 * already, so that no neighbour ever gets a corner on one of its edges.
 */
import type { Random } from "../../src/simulate/random.ts";

/** Whole numbers, not closed, counter-clockwise. */
export type Corner = readonly [number, number];
export type Outline = readonly Corner[];

/** Chords that are looked at before the best of them is given up, and how far a piece may be from its share. */
const CHORDS_MAX = 400;
/** Fewer corners than this leave no choice to the next cut. */
const CORNERS_MIN = 6;
const TOLERANCES = [0.06, 0.15, 0.3, 0.6];

/** Positive for a counter-clockwise ring. */
export function surface(ring: Outline): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += cross(ring[j], ring[i]);
  return sum / 2;
}

/**
 * Two pieces of a ring, the first with about `share` of its surface, along a short way with corners about `spacing` apart.
 * @throws Error when no way is found.
 */
export function cut(ring: Outline, share: number, spacing: number, random: Random): [Outline, Outline] {
  const chords = chordsOf(ring, share);
  const partsOf = ({ length }: Chord): number => Math.max(2, Math.min(12, Math.round(length / spacing)));
  for (const tolerance of TOLERANCES) {
    const fitting = chords
      .filter((chord) => chord.off <= tolerance && chord.fewest + partsOf(chord) >= CORNERS_MIN)
      .toSorted((a, b) => a.length - b.length)
      .slice(0, CHORDS_MAX);
    for (const chord of fitting) {
      const { from, to } = chord;
      for (const bend of [0.16, 0.06, 0]) {
        const way = wayBetween(ring[from], ring[to], partsOf(chord), bend, random);
        if (!runsInside(ring, from, to, way)) continue;
        const forth = [...between(ring, from, to), ...way.toReversed()];
        const back = [...between(ring, to, from), ...way];
        return [forth, back];
      }
    }
  }
  throw new Error(`no way through a ring of ${ring.length} corners at ${ring[0].join(", ")}`);
}

/** Pieces with about the given weights, in their order. */
export function cutByWeights(
  ring: Outline,
  weights: readonly number[],
  spacing: (share: number) => number,
  random: Random,
): Outline[] {
  if (weights.length === 1) return [ring];
  const total = weights.reduce((a, b) => a + b, 0);
  let sum = weights[0];
  let count = 1;
  while (count < weights.length - 1 && sum + weights[count] / 2 < total / 2) sum += weights[count++];
  const [first, second] = cut(ring, sum / total, spacing(weights.length), random);
  return [
    ...cutByWeights(first, weights.slice(0, count), spacing, random),
    ...cutByWeights(second, weights.slice(count), spacing, random),
  ];
}

/** The two pieces of a ring with a hole (counter-clockwise too), cut on both sides of the hole. @throws Error when it cannot be. */
export function openHole(outer: Outline, hole: Outline): [Outline, Outline] {
  const bridges = hole
    .flatMap((h, i) => outer.map((o, j) => ({ i, j, length: Math.hypot(h[0] - o[0], h[1] - o[1]) })))
    .toSorted((a, b) => a.length - b.length);
  const first = bridges[0];
  const second = bridges.find(({ i, j }) => {
    const apart = Math.abs(i - first.i);
    const apartOutside = Math.abs(j - first.j);
    // Two pieces of some size.
    if (Math.min(apartOutside, outer.length - apartOutside) < outer.length / 4) return false;
    const [a, b] = [hole[i], outer[j]];
    const crosses = [outer, hole].some((ring) =>
      ring.some((c, k) => {
        const d = ring[(k + 1) % ring.length];
        return ![c, d].some((corner) => same(corner, a) || same(corner, b)) && meet(a, b, c, d);
      }),
    );
    return (
      Math.min(apart, hole.length - apart) >= hole.length / 4 && !crosses && !meet(a, b, hole[first.i], outer[first.j])
    );
  });
  if (second === undefined) throw new Error("no second way from the hole to the outside");
  // Forward on the outside, over a bridge, backward on the hole, over the other bridge.
  const backward = (from: number, to: number): Corner[] => between(hole, to, from).toReversed();
  return [
    [...between(outer, first.j, second.j), ...backward(second.i, first.i)],
    [...between(outer, second.j, first.j), ...backward(first.i, second.i)],
  ];
}

interface Chord {
  from: number;
  to: number;
  length: number;
  /** Edges of the ring that the piece with fewer of them has. */
  fewest: number;
  /** How far the first piece is from its share, as a part of the smaller piece. */
  off: number;
}

function chordsOf(ring: Outline, share: number): Chord[] {
  const count = ring.length;
  const sums = [0];
  for (let i = 0; i < count; i++) sums.push(sums[i] + cross(ring[i], ring[(i + 1) % count]));
  const total = sums[count] / 2;
  const step = Math.max(1, Math.floor(count / 240));
  const chords: Chord[] = [];
  for (let from = 0; from < count; from += step) {
    for (let ahead = 2; ahead <= count - 2; ahead += step) {
      const to = (from + ahead) % count;
      const along = to > from ? sums[to] - sums[from] : sums[count] - sums[from] + sums[to];
      const piece = (along + cross(ring[to], ring[from])) / 2 / total;
      const off = Math.abs(piece - share) / Math.min(share, 1 - share);
      if (!(piece > 0 && piece < 1) || off > TOLERANCES.at(-1)!) continue;
      const length = Math.hypot(ring[to][0] - ring[from][0], ring[to][1] - ring[from][1]);
      chords.push({ from, to, length, fewest: Math.min(ahead, count - ahead), off });
    }
  }
  return chords;
}

/** The corners between two, both excluded at the ends of a chord. */
function wayBetween(a: Corner, b: Corner, parts: number, bend: number, random: Random): Corner[] {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  return Array.from({ length: parts - 1 }, (_, i) => {
    const along = (i + 1) / parts;
    const aside = (bend * random.between(-1, 1)) / Math.sqrt(parts);
    return [Math.round(a[0] + dx * along - dy * aside), Math.round(a[1] + dy * along + dx * aside)] as const;
  });
}

/** Corners from one to another, both included, going forward. */
function between(ring: Outline, from: number, to: number): Corner[] {
  return from <= to ? ring.slice(from, to + 1) : [...ring.slice(from), ...ring.slice(0, to + 1)];
}

function runsInside(ring: Outline, from: number, to: number, way: readonly Corner[]): boolean {
  const corners = [ring[from], ...way, ring[to]];
  for (let k = 1; k < corners.length; k++) {
    const [a, b] = [corners[k - 1], corners[k]];
    if (a[0] === b[0] && a[1] === b[1]) return false;
    if (!holds(ring, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])) return false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [c, d] = [ring[j], ring[i]];
      const shared = [c, d].filter((corner) => same(corner, a) || same(corner, b));
      if (shared.length === 0 ? meet(a, b, c, d) : isAlong(a, b, c, d)) return false;
    }
    for (let m = 2; m <= k; m++) if (m < k && meet(a, b, corners[m - 2], corners[m - 1])) return false;
  }
  return true;
}

/** Whether two edges that share a corner run (nearly) one over the other: less than about six degrees apart. */
function isAlong(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  const [p, q, r] = same(a, c) ? [a, b, d] : same(a, d) ? [a, b, c] : same(b, c) ? [b, a, d] : [b, a, c];
  const [x0, y0, x1, y1] = [q[0] - p[0], q[1] - p[1], r[0] - p[0], r[1] - p[1]];
  const dot = x0 * x1 + y0 * y1;
  return dot > 0 && Math.abs(x0 * y1 - y0 * x1) < 0.1 * dot;
}

function meet(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  return side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0;
}

function side(a: Corner, b: Corner, p: Corner): number {
  return Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
}

function holds(ring: Outline, [x, y]: Corner): boolean {
  let isInside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
  }
  return isInside;
}

function same(a: Corner, b: Corner): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function cross(a: Corner, b: Corner): number {
  return a[0] * b[1] - a[1] * b[0];
}
