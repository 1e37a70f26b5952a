import type { PlaceGeometry } from "../model/place.ts";
import { polygonsOf, ringAreaM2 } from "./place-shape.ts";
import { distanceMeters, metersPerLatDegree, metersPerLonDegree } from "../kernel/distance.ts";

/** Half the width of a city at most, in 1e-6 degree; positions of a chain lie within it around the first one. */
const REACH = 47_000_000;
/** What is thinner than this comes from rounding to 1e-6 degree where three outlines meet, and from drawing. */
const CRACK_METERS = 0.5;
const SPECK_M2 = 1;

/** Edges that are left when all others have cancelled, as far as they hang together. */
export interface Remainder {
  /** West, south, east, north, degrees. */
  box: [number, number, number, number];
  /** Those whose outlines have these edges. */
  owners: Set<string>;
}

interface Edge {
  from: number;
  to: number;
  /** How often it runs from `from` to `to`, less how often back. */
  net: number;
  owners: string[];
}

/**
 * A sum of outlines with signs, as a chain of directed edges. An edge that two neighbours share runs once in each direction and
 * cancels, so that the sum of some outlines less that of their union is empty exactly when they partition it: the boundary of
 * a sum of surfaces is zero only where the sum is the same everywhere.
 */
export class EdgeChain {
  readonly #numbers = new Map<number, number>();
  readonly #lons: number[] = [];
  readonly #lats: number[] = [];
  readonly #edges = new Map<number, Edge>();

  /** Adds an outline that is turned as RFC 7946 asks; `sign` -1 takes it away. @throws RangeError 47 degrees off the first */
  add(geometry: PlaceGeometry, sign: 1 | -1, owner: string): void {
    for (const ring of polygonsOf(geometry).flat()) {
      let before = this.#vertex(ring[0]!);
      for (let i = 1; i < ring.length; i++) {
        const next = this.#vertex(ring[i]!);
        this.#addEdge(before, next, sign, owner);
        before = next;
      }
    }
  }

  #vertex([lon, lat]: readonly number[]): number {
    const x = Math.round(lon! * 1e6);
    const y = Math.round(lat! * 1e6);
    const dx = x - Math.round((this.#lons[0] ?? lon!) * 1e6) + REACH;
    const dy = y - Math.round((this.#lats[0] ?? lat!) * 1e6) + REACH;
    if (!(dx >= 0 && dy >= 0 && dx < 2 * REACH && dy < 2 * REACH)) {
      throw new RangeError(`a position at ${lon}, ${lat}, 47 degrees away from ${this.#lons[0]}, ${this.#lats[0]}`);
    }
    const key = dx * 2 * REACH + dy;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#lons.length;
      this.#numbers.set(key, number);
      this.#lons.push(x / 1e6);
      this.#lats.push(y / 1e6);
    }
    return number;
  }

  #addEdge(from: number, to: number, sign: number, owner: string): void {
    const [low, high, way] = from < to ? [from, to, sign] : [to, from, -sign];
    const key = low * 2 ** 26 + high;
    const edge = this.#edges.get(key);
    if (edge === undefined) {
      this.#edges.set(key, { from: low, to: high, net: way, owners: [owner] });
    } else {
      edge.net += way;
      edge.owners.push(owner);
    }
  }

  /** What has not cancelled and is wider than a crack. */
  remainders(): Remainder[] {
    const left = [...this.#edges.values()].filter(({ net }) => net !== 0);
    const groups = new Map<number, Edge[]>();
    const root = unionFind();
    for (const { from, to } of left) root.join(from, to);
    for (const edge of left) {
      const group = groups.get(root.of(edge.from));
      if (group === undefined) groups.set(root.of(edge.from), [edge]);
      else group.push(edge);
    }
    return [...groups.values()]
      .filter((edges) => !this.#isCrack(edges))
      .map((edges) => {
        const vertices = edges.flatMap(({ from, to }) => [from, to]);
        const lons = vertices.map((vertex) => this.#lons[vertex]!);
        const lats = vertices.map((vertex) => this.#lats[vertex]!);
        return {
          box: [least(lons), least(lats), -least(lons.map((lon) => -lon)), -least(lats.map((lat) => -lat))],
          owners: new Set(edges.flatMap(({ owners }) => owners)),
        };
      });
  }

  /** Every corner lies by another edge or is where a crack begins, and no loop encloses more than a crack does. */
  #isCrack(edges: readonly Edge[]): boolean {
    if (edges.length > CRACK_EDGES_MAX) return false;
    const corners = new Set(edges.flatMap(({ from, to }) => [from, to]));
    for (const corner of corners) {
      const own = edges.filter(({ from, to }) => from === corner || to === corner);
      const isNear = (edge: Edge, vertex: number): boolean => this.#metersTo(edge, vertex) <= CRACK_METERS;
      const begins = own.some(({ from, to }, i) => {
        const end = from === corner ? to : from;
        return own.some((other, k) => k !== i && isNear(other, end));
      });
      if (!begins && !edges.some((edge) => !own.includes(edge) && isNear(edge, corner))) return false;
    }
    return this.#loops(edges).every(isThin);
  }

  #metersTo({ from, to }: Edge, vertex: number): number {
    const [lon, lat] = [this.#lons[vertex]!, this.#lats[vertex]!];
    const [perLon, perLat] = [metersPerLonDegree(lat), metersPerLatDegree(lat)];
    const [x0, y0] = [(this.#lons[from]! - lon) * perLon, (this.#lats[from]! - lat) * perLat];
    const [x1, y1] = [(this.#lons[to]! - lon) * perLon, (this.#lats[to]! - lat) * perLat];
    const [dx, dy] = [x1 - x0, y1 - y0];
    const along = Math.min(1, Math.max(0, -(x0 * dx + y0 * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x0 + along * dx, y0 + along * dy);
  }

  /** The outline of what the chain encloses, cracks left out; undefined when it encloses nothing. */
  outline(): PlaceGeometry | undefined {
    const rings = this.#loops([...this.#edges.values()].filter(({ net }) => net !== 0)).filter((ring) => !isThin(ring));
    const outers = rings
      .filter((ring) => ringAreaM2(ring) > 0)
      .toSorted((a, b) => ringAreaM2(a) - ringAreaM2(b))
      .map((outer) => [outer]);
    for (const hole of rings.filter((ring) => ringAreaM2(ring) < 0)) {
      const [[lon0, lat0], [lon1, lat1]] = hole as [[number, number], [number, number]];
      outers.find(([outer]) => holds(outer!, (lon0 + lon1) / 2, (lat0 + lat1) / 2))?.push(hole);
    }
    outers.reverse();
    if (outers.length === 0) return undefined;
    return outers.length === 1
      ? { type: "Polygon", coordinates: outers[0]! }
      : { type: "MultiPolygon", coordinates: outers };
  }

  /**
   * Closed rings of the edges, each touching itself nowhere. Where several ways lead on, the leftmost is taken: it stays with the surface to
   * the left, so that surfaces that touch in a corner stay apart.
   */
  #loops(edges: readonly Edge[]): number[][][] {
    const ways = new Map<number, number[]>();
    for (const { from, to, net } of edges) {
      const [start, end] = net > 0 ? [from, to] : [to, from];
      const out = ways.get(start);
      const ends = Array.from({ length: Math.abs(net) }, () => end);
      if (out === undefined) ways.set(start, ends);
      else out.push(...ends);
    }
    const loops: number[][][] = [];
    for (const start of ways.keys()) {
      while (ways.get(start)!.length > 0) {
        const path = [start];
        const seen = new Map([[start, 0]]);
        let before = -1;
        let at = start;
        do {
          const next = this.#leftmost(ways.get(at)!, before, at);
          before = at;
          at = next;
          const met = seen.get(at);
          if (met === undefined) {
            seen.set(at, path.length);
            path.push(at);
          } else {
            const loop = path.splice(met + 1);
            for (const vertex of loop) seen.delete(vertex);
            loops.push([at, ...loop, at].map((vertex) => [this.#lons[vertex]!, this.#lats[vertex]!]));
            before = loop.at(-1) ?? before;
          }
        } while (at !== start || (path.length > 1 && (ways.get(at)?.length ?? 0) > 0));
      }
    }
    return loops;
  }

  /** Takes the way on from `at` that turns most to the left, seen from `before`. */
  #leftmost(ways: number[], before: number, at: number): number {
    let best = 0;
    if (ways.length > 1 && before >= 0) {
      const back = this.#angle(at, before);
      let smallest = Infinity;
      for (const [i, to] of ways.entries()) {
        // Clockwise from the way back; straight back is the last choice.
        const turn = (back - this.#angle(at, to) + 4 * Math.PI) % (2 * Math.PI) || 2 * Math.PI;
        if (turn < smallest) [best, smallest] = [i, turn];
      }
    }
    return ways.splice(best, 1)[0]!;
  }

  #angle(from: number, to: number): number {
    return Math.atan2(this.#lats[to]! - this.#lats[from]!, this.#lons[to]! - this.#lons[from]!);
  }
}

/** More edges than this are no crack: three outlines meet in one, and each has some corners of its own on it. */
const CRACK_EDGES_MAX = 2000;

/** Whether a closed ring encloses no more than a crack of its length does. */
export function isThin(ring: readonly (readonly number[])[]): boolean {
  const areaM2 = Math.abs(ringAreaM2(ring));
  let meters = 0;
  for (let i = 1; i < ring.length; i++) {
    meters += distanceMeters(ring[i - 1]![0]!, ring[i - 1]![1]!, ring[i]![0]!, ring[i]![1]!);
  }
  return areaM2 <= SPECK_M2 || (2 * areaM2) / meters <= CRACK_METERS;
}

function holds(ring: readonly (readonly number[])[], lon: number, lat: number): boolean {
  let isInside = false;
  for (let i = 1; i < ring.length; i++) {
    const [lon0, lat0] = ring[i - 1] as [number, number];
    const [lon1, lat1] = ring[i] as [number, number];
    if (lat0 > lat !== lat1 > lat && lon < lon0 + ((lat - lat0) / (lat1 - lat0)) * (lon1 - lon0)) isInside = !isInside;
  }
  return isInside;
}

function unionFind(): { of: (member: number) => number; join: (a: number, b: number) => void } {
  const parents = new Map<number, number>();
  const of = (member: number): number => {
    let root = member;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    for (let at = member; at !== root;) {
      const up = parents.get(at)!;
      parents.set(at, root);
      at = up;
    }
    return root;
  };
  const join = (a: number, b: number): void => {
    const [rootA, rootB] = [of(a), of(b)];
    if (!parents.has(rootA)) parents.set(rootA, rootA);
    parents.set(rootB, rootA);
  };
  return { of, join };
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b), Infinity);
}
