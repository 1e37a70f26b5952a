import { lonDifference, metersPerLatDegree, metersPerLonDegree } from "./distance.ts";
import type { TrackPoint } from "./findings.ts";
import { pointAt } from "./segment.ts";

/**
 * For a rule of kind `stop`: the first time of the dwell's length, beginning at a fix of the stay or at its start, in which the whole way lies
 * within a circle.
 *
 * Two pointers over the corners of the way: the beginning moves on to the next corner when the way since it fits no circle any more. A
 * straight way lies in a circle when its ends do, so corners decide; what is longer than the dwell is cut at its end.
 */
export class StopWindow {
  readonly #dwellMs: number;
  readonly #radiusMeters: number;
  #corners: TrackPoint[] = [];
  #circle: Circle | null = null;
  /** The end of the first such time, ms UTC; NaN until there is one. */
  exposedMs = Number.NaN;
  /** The instant up to which the way is known. */
  lastMs = -Infinity;

  constructor(dwellMs: number, radiusMeters: number) {
    this.#dwellMs = dwellMs;
    this.#radiusMeters = radiusMeters;
  }

  clone(): StopWindow {
    const copy = new StopWindow(this.#dwellMs, this.#radiusMeters);
    copy.#corners = [...this.#corners];
    copy.#circle = this.#circle;
    copy.exposedMs = this.exposedMs;
    copy.lastMs = this.lastMs;
    return copy;
  }

  /** The way goes straight on, from where it ended (or begins) to a later point. */
  advance(from: TrackPoint, to: TrackPoint): void {
    this.lastMs = to.timeMs;
    if (!Number.isNaN(this.exposedMs)) return;
    if (this.#corners.length === 0) this.#begin([from]);
    for (;;) {
      const endMs = this.#corners[0].timeMs + this.#dwellMs;
      const isWhole = to.timeMs >= endMs;
      const corner = isWhole ? pointAt({ from, to }, (endMs - from.timeMs) / (to.timeMs - from.timeMs)) : to;
      if (this.#fits(corner)) {
        if (isWhole) this.exposedMs = endMs;
        else this.#corners.push(to);
        return;
      }
      if (this.#corners.length === 1) return this.#begin([to]);
      this.#begin(this.#corners.slice(1));
    }
  }

  #begin(corners: TrackPoint[]): void {
    this.#corners = corners;
    this.#circle = null;
  }

  #fits(corner: TrackPoint): boolean {
    const origin = this.#corners[0];
    const kx = metersPerLonDegree(origin.lat);
    const ky = metersPerLatDegree(origin.lat);
    const toPlane = (point: TrackPoint): Place => ({
      x: lonDifference(origin.lon, point.lon) * kx,
      y: (point.lat - origin.lat) * ky,
    });
    const place = toPlane(corner);
    if (Math.hypot(place.x, place.y) > 2 * this.#radiusMeters) return false;
    if (this.#circle !== null && isWithin(this.#circle, place)) return true;
    const circle = leastCircle([...this.#corners.map(toPlane), place]);
    if (circle.radius > this.#radiusMeters) return false;
    this.#circle = circle;
    return true;
  }
}

/** Metres east and north of a window's first corner. */
interface Place {
  x: number;
  y: number;
}

interface Circle extends Place {
  radius: number;
}

/**
 * The least circle that holds all places: for each place that the circle so far leaves out, the least one with that place on its edge (E. Welzl,
 * Smallest enclosing disks, 1991, in its form of three loops).
 */
function leastCircle(places: readonly Place[]): Circle {
  let circle: Circle = { ...places[0], radius: 0 };
  for (let i = 1; i < places.length; i++) {
    if (isWithin(circle, places[i])) continue;
    circle = { ...places[i], radius: 0 };
    for (let j = 0; j < i; j++) {
      if (isWithin(circle, places[j])) continue;
      circle = circleOfTwo(places[i], places[j]);
      for (let k = 0; k < j; k++) {
        if (!isWithin(circle, places[k])) circle = circleOfThree(places[i], places[j], places[k]);
      }
    }
  }
  return circle;
}

function isWithin({ x, y, radius }: Circle, place: Place): boolean {
  return Math.hypot(place.x - x, place.y - y) <= radius + 1e-9;
}

function circleOfTwo(a: Place, b: Place): Circle {
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2;
  return { x, y, radius: Math.hypot(a.x - x, a.y - y) };
}

function circleOfThree(a: Place, b: Place, c: Place): Circle {
  const bx = b.x - a.x;
  const by = b.y - a.y;
  const cx = c.x - a.x;
  const cy = c.y - a.y;
  const twice = 2 * (bx * cy - by * cx);
  // On one line the two farthest decide.
  if (twice === 0) {
    const pairs = [circleOfTwo(a, b), circleOfTwo(a, c), circleOfTwo(b, c)];
    return pairs.reduce((best, pair) => (pair.radius > best.radius ? pair : best));
  }
  const b2 = bx * bx + by * by;
  const c2 = cx * cx + cy * cy;
  const x = (cy * b2 - by * c2) / twice;
  const y = (bx * c2 - cx * b2) / twice;
  return { x: a.x + x, y: a.y + y, radius: Math.hypot(x, y) };
}
