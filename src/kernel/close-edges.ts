import { metersPerLatDegree, metersPerLonDegree } from "./distance.ts";
import { leastOfEdges, planeStretch } from "./near.ts";
import { placeMeters2 } from "./near-edge.ts";
import type { Shape } from "./shape.ts";

/**
 * The few edges of a shape that can come nearer than a stay's least distance so far, as long as its vehicle remains within a small box.
 *
 * Every place of the box is at most the reach from its middle m, so an edge that is farther than least + reach from m has no place of the box nearer than
 * least. Most trucks near an area rest: of 200 edges two or three are left, and often none. When every edge is farther than the reach from m, and m is not inside
 * a surface, no place of the box is. A least distance only falls, so that the list stays good.
 */

/** Half the box's side over what the vehicle moved, and its bounds, degrees of longitude and latitude: it should last some fixes. */
const HALF_PER_STEP = 6;
const HALF_DEGREES_MIN = 0.0002;
const HALF_DEGREES_MAX = 0.001;
/** Who moves farther between two fixes soon leaves any such box. */
const STEP_DEGREES_MAX = 0.0004;
/** More than the metres from the middle to a corner of a box with half a side of one degree, anywhere. */
const METERS_PER_HALF = 111_700 * Math.SQRT2;

let close = new Float64Array(64);

/** The box of one stay, and its edges. */
export class CloseEdges {
  #lon = Number.NaN;
  #lat = Number.NaN;
  #half = 0;
  /** The edges, as in `Shape.edges`; null where the surface itself may reach into the box. */
  #edges: Float64Array | null = null;

  /**
   * As `leastDistance`: the least distance between the segment and the shape, where it is below `belowMeters` (the stay's least distance so far),
   * into `out`; else Infinity. False when the segment does not lie in a box that pays; `leastDistance` then has to be asked.
   */
  least(
    shape: Shape,
    lon0: number,
    lat0: number,
    lon1: number,
    lat1: number,
    belowMeters: number,
    out: Float64Array,
  ): boolean {
    if (!this.#holds(lon0, lat0) || !this.#holds(lon1, lat1)) {
      const step = Math.max(Math.abs(lon1 - lon0), Math.abs(lat1 - lat0));
      if (step > STEP_DEGREES_MAX || belowMeters === Infinity) return false;
      this.#half = Math.min(HALF_DEGREES_MAX, Math.max(HALF_DEGREES_MIN, HALF_PER_STEP * step));
      this.#gather(shape, lon1, lat1, belowMeters);
    }
    if (this.#edges === null) return false;
    out[0] = Infinity;
    if (this.#edges.length === 0) return true;
    const x0 = shape.nearLon(lon0);
    leastOfEdges(this.#edges, x0, lat0, x0 + (lon1 - lon0), lat1, out, belowMeters);
    return true;
  }

  /** False as well before the first box. */
  #holds(lon: number, lat: number): boolean {
    return Math.abs(lon - this.#lon) <= this.#half && Math.abs(lat - this.#lat) <= this.#half;
  }

  #gather(shape: Shape, lon: number, lat: number, belowMeters: number): void {
    this.#lon = lon;
    this.#lat = lat;
    this.#edges = null;
    const { edges } = shape;
    const x = shape.nearLon(lon);
    const kx = metersPerLonDegree(lat);
    const ky = metersPerLatDegree(lat);
    const reach = this.#half * METERS_PER_HALF;
    const meters = belowMeters + reach;
    const stretch = planeStretch(2 * meters, kx);
    const far2 = (meters * stretch) ** 2;
    const touching2 = (reach * stretch) ** 2;
    if (close.length < edges.length) close = new Float64Array(2 * edges.length);
    let length = 0;
    for (let at = 0; at < edges.length; at += 4) {
      const meters2 = placeMeters2(edges, at, x, lat, kx, ky);
      if (meters2 <= touching2) return;
      if (meters2 > far2) continue;
      for (let i = 0; i < 4; i++) close[length + i] = edges[at + i];
      length += 4;
    }
    if (!shape.covers(x, lat)) this.#edges = close.slice(0, length);
  }
}
