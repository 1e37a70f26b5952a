import { metersPerLatDegree, metersPerLonDegree } from "../kernel/distance.ts";
import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";

/** Metres a pixel has on a Web Mercator map (512-pixel tiles, as MapLibre counts zooms) at a latitude in degrees. */
export function metersPerPixel(zoom: number, lat: number): number {
  return (78_271.517 * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/**
 * The rows of a track that its line on a map needs: no usable fix is further than `toleranceMeters` from the line
 * through the ones that stay (Douglas and Peucker 1973). The first and the last usable row are always there.
 *
 * @param track of one vehicle in order of time
 * @returns row numbers, ascending
 */
export function simplifyTrack(track: FixBatch, toleranceMeters: number): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < track.length; row++) if ((track.flags[row] & FIX_UNUSABLE) === 0) rows.push(row);
  if (rows.length <= 2) return Uint32Array.from(rows);
  const { x, y } = inMeters(track, rows);
  const kept = new Uint8Array(rows.length);
  kept[0] = kept[rows.length - 1] = 1;
  // A stack of its own: a track may be a million fixes long, and the worst one is cut into single ones.
  const parts: number[] = [0, rows.length - 1];
  while (parts.length > 0) {
    const [last, first] = [parts.pop() ?? 0, parts.pop() ?? 0];
    const furthest = furthestFrom(x, y, first, last, toleranceMeters);
    if (furthest < 0) continue;
    kept[furthest] = 1;
    parts.push(first, furthest, furthest, last);
  }
  return Uint32Array.from(rows.filter((_, index) => kept[index] === 1));
}

/** The one between `first` and `last` that is furthest from their line and beyond the tolerance, -1 when there is none. */
function furthestFrom(x: Float64Array, y: Float64Array, first: number, last: number, tolerance: number): number {
  const [dx, dy] = [x[last] - x[first], y[last] - y[first]];
  const length2 = dx * dx + dy * dy;
  let furthest = -1;
  let greatest2 = tolerance * tolerance;
  for (let index = first + 1; index < last; index++) {
    const [px, py] = [x[index] - x[first], y[index] - y[first]];
    const share = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
    const [ex, ey] = [px - share * dx, py - share * dy];
    const distance2 = ex * ex + ey * ey;
    if (distance2 > greatest2) {
      greatest2 = distance2;
      furthest = index;
    }
  }
  return furthest;
}

/** Plane coordinates by the middle latitude: a picture's accuracy, over any city. */
function inMeters(track: FixBatch, rows: readonly number[]): { x: Float64Array; y: Float64Array } {
  const lat = track.latE6[rows[rows.length >> 1]] / 1e6;
  const [perLon, perLat] = [metersPerLonDegree(lat) / 1e6, metersPerLatDegree(lat) / 1e6];
  return {
    x: Float64Array.from(rows, (row) => track.lonE6[row] * perLon),
    y: Float64Array.from(rows, (row) => track.latE6[row] * perLat),
  };
}
