import { metersPerLatDegree, metersPerLonDegree } from "../kernel/distance.ts";
import type { PlaceGeometry } from "../model/place.ts";

/** A leaf of a tree with its outline in `[fromMs, toMs)`. */
export interface LeafPeriod {
  place: string;
  fromMs: number;
  toMs: number;
  geometry: PlaceGeometry;
}

/** Cells that a leaf's box may lie in, on average, are kept few by having this many cells a leaf. */
const CELLS_PER_LEAF = 4;
/** A point in a crack between two outlines belongs to the leaf whose border is nearest, up to here, metres. */
const CRACK_METERS = 1;
const CRACK_DEGREES = 2e-5;

/**
 * Which leaf a point lies in, at an instant. Outlines are flat arrays of edges behind an even mesh of cells.
 *
 * Every edge is kept from its southern to its northern end, so that both neighbours of a border do the same arithmetic
 * on it: a point on a border is in exactly one of them, the one to its east, or to its north on a level border. Where outlines overlap within tolerance, the place whose id sorts first has the point; in a crack inside the
 * city, the place with the nearest border.
 */
export class PlaceIndex {
  readonly #places: string[] = [];
  readonly #fromMs: Float64Array;
  readonly #toMs: Float64Array;
  /** West, south, east, north of each leaf. */
  readonly #boxes: Float64Array;
  /** Where a leaf's edges begin, as an index into `#edges`; one more behind the last. */
  readonly #starts: Int32Array;
  /** Longitude and latitude of the southern end, then of the northern. */
  readonly #edges: Float64Array;
  readonly #west: number;
  readonly #south: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #perLon: number;
  readonly #perLat: number;
  readonly #cellStarts: Int32Array;
  readonly #cellLeaves: Int32Array;
  readonly #tops: PlaceIndex | undefined;

  /** `tops`: the city's own outline over time; a crack counts only inside it. */
  constructor(periods: readonly LeafPeriod[], tops: readonly LeafPeriod[] = []) {
    const leaves = periods.toSorted((a, b) => compare(a.place, b.place) || a.fromMs - b.fromMs);
    const count = leaves.length;
    this.#fromMs = new Float64Array(count);
    this.#toMs = new Float64Array(count);
    this.#boxes = new Float64Array(4 * count);
    this.#starts = new Int32Array(count + 1);
    const edges: number[] = [];
    for (const [i, leaf] of leaves.entries()) {
      this.#places.push(leaf.place);
      this.#fromMs[i] = leaf.fromMs;
      this.#toMs[i] = leaf.toMs;
      this.#boxes.set(addEdges(leaf.geometry, edges), 4 * i);
      this.#starts[i + 1] = edges.length;
    }
    this.#edges = Float64Array.from(edges);

    let [west, south, east, north] = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const box = this.#boxes.subarray(4 * i, 4 * i + 4);
      west = i === 0 ? box[0]! : Math.min(west, box[0]!);
      south = i === 0 ? box[1]! : Math.min(south, box[1]!);
      east = i === 0 ? box[2]! : Math.max(east, box[2]!);
      north = i === 0 ? box[3]! : Math.max(north, box[3]!);
    }
    this.#west = west - CRACK_DEGREES;
    this.#south = south - CRACK_DEGREES;
    const side = Math.max(1, Math.ceil(Math.sqrt(CELLS_PER_LEAF * count)));
    this.#columns = side;
    this.#rows = side;
    this.#perLon = side / (east + CRACK_DEGREES - this.#west);
    this.#perLat = side / (north + CRACK_DEGREES - this.#south);
    [this.#cellStarts, this.#cellLeaves] = this.#fillCells();
    this.#tops = tops.length === 0 ? undefined : new PlaceIndex(tops);
  }

  /** The leaf that holds a position (degrees, WGS-84) at an instant, or undefined outside. */
  find(lon: number, lat: number, atMs: number): string | undefined {
    const column = Math.floor((lon - this.#west) * this.#perLon);
    const row = Math.floor((lat - this.#south) * this.#perLat);
    if (!(column >= 0 && row >= 0 && column < this.#columns && row < this.#rows)) return undefined;
    const cell = row * this.#columns + column;
    const end = this.#cellStarts[cell + 1]!;
    for (let at = this.#cellStarts[cell]!; at < end; at++) {
      const leaf = this.#cellLeaves[at]!;
      if (atMs < this.#fromMs[leaf]! || atMs >= this.#toMs[leaf]!) continue;
      if (this.#covers(leaf, lon, lat)) return this.#places[leaf];
    }
    return this.#findInCrack(cell, lon, lat, atMs);
  }

  #findInCrack(cell: number, lon: number, lat: number, atMs: number): string | undefined {
    if (this.#tops === undefined) return undefined;
    let nearest: number | undefined;
    let least = CRACK_METERS;
    for (let at = this.#cellStarts[cell]!; at < this.#cellStarts[cell + 1]!; at++) {
      const leaf = this.#cellLeaves[at]!;
      if (atMs < this.#fromMs[leaf]! || atMs >= this.#toMs[leaf]!) continue;
      const meters = this.#metersToBorder(leaf, lon, lat);
      if (meters >= least) continue;
      least = meters;
      nearest = leaf;
    }
    return nearest === undefined || this.#tops.find(lon, lat, atMs) === undefined ? undefined : this.#places[nearest];
  }

  #covers(leaf: number, lon: number, lat: number): boolean {
    const boxes = this.#boxes;
    const box = 4 * leaf;
    if (lon < boxes[box]! || lat < boxes[box + 1]! || lon > boxes[box + 2]! || lat > boxes[box + 3]!) return false;
    const edges = this.#edges;
    const end = this.#starts[leaf + 1]!;
    let isInside = false;
    for (let at = this.#starts[leaf]!; at < end; at += 4) {
      const southLat = edges[at + 1]!;
      const northLat = edges[at + 3]!;
      if (lat < southLat || lat >= northLat) continue;
      const southLon = edges[at]!;
      if (lon < southLon + ((lat - southLat) / (northLat - southLat)) * (edges[at + 2]! - southLon)) {
        isInside = !isInside;
      }
    }
    return isInside;
  }

  #metersToBorder(leaf: number, lon: number, lat: number): number {
    const edges = this.#edges;
    const perLon = metersPerLonDegree(lat);
    const perLat = metersPerLatDegree(lat);
    let least = Infinity;
    for (let at = this.#starts[leaf]!; at < this.#starts[leaf + 1]!; at += 4) {
      const x0 = (edges[at]! - lon) * perLon;
      const y0 = (edges[at + 1]! - lat) * perLat;
      const x1 = (edges[at + 2]! - lon) * perLon;
      const y1 = (edges[at + 3]! - lat) * perLat;
      const [dx, dy] = [x1 - x0, y1 - y0];
      const length2 = dx * dx + dy * dy;
      const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, -(x0 * dx + y0 * dy) / length2));
      least = Math.min(least, Math.hypot(x0 + along * dx, y0 + along * dy));
    }
    return least;
  }

  /** For each cell the leaves whose box, widened by a crack, meets it, in the order of the leaves. */
  #fillCells(): [Int32Array, Int32Array] {
    const starts = new Int32Array(this.#columns * this.#rows + 1);
    const visit = (leaf: number, each: (cell: number) => void): void => {
      const boxes = this.#boxes;
      const column0 = Math.floor((boxes[4 * leaf]! - CRACK_DEGREES - this.#west) * this.#perLon);
      const row0 = Math.floor((boxes[4 * leaf + 1]! - CRACK_DEGREES - this.#south) * this.#perLat);
      const column1 = Math.floor((boxes[4 * leaf + 2]! + CRACK_DEGREES - this.#west) * this.#perLon);
      const row1 = Math.floor((boxes[4 * leaf + 3]! + CRACK_DEGREES - this.#south) * this.#perLat);
      for (let row = Math.max(0, row0); row <= Math.min(this.#rows - 1, row1); row++) {
        for (let column = Math.max(0, column0); column <= Math.min(this.#columns - 1, column1); column++) {
          each(row * this.#columns + column);
        }
      }
    };
    for (let leaf = 0; leaf < this.#places.length; leaf++) visit(leaf, (cell) => void starts[cell + 1]!++);
    for (let cell = 1; cell < starts.length; cell++) starts[cell]! += starts[cell - 1]!;
    const filled = starts.slice();
    const leaves = new Int32Array(starts.at(-1)!);
    for (let leaf = 0; leaf < this.#places.length; leaf++) {
      visit(leaf, (cell) => {
        leaves[filled[cell]!++] = leaf;
      });
    }
    return [starts, leaves];
  }
}

/** Appends the edges of an outline, southern end first, level ones left out; gives its box. */
function addEdges(geometry: PlaceGeometry, out: number[]): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  for (const ring of polygons.flat()) {
    for (let i = 0; i < ring.length; i++) {
      const [lon, lat] = ring[i] as [number, number];
      west = Math.min(west, lon);
      east = Math.max(east, lon);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
      if (i === 0) continue;
      const [lonBefore, latBefore] = ring[i - 1] as [number, number];
      if (latBefore < lat) out.push(lonBefore, latBefore, lon, lat);
      else if (latBefore > lat) out.push(lon, lat, lonBefore, latBefore);
    }
  }
  return [west, south, east, north];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
