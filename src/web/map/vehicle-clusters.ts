import type { Fleet } from "./fleet.ts";
import { mercatorOf } from "./vehicle-columns.ts";

/** Vehicles that stand too close together to be told apart: one mark with their number. */
export interface Cluster {
  /** The middle of its vehicles, degrees. */
  lon: number;
  lat: number;
  count: number;
}

export interface Clusters {
  clusters: readonly Cluster[];
  /** By the vehicle's number: 1 for those that stand in a cluster. */
  inCluster: Uint8Array;
}

/** Nearer than this every vehicle stands for itself. */
export const CLUSTERS_BELOW_ZOOM = 11;
/** Side of a cell at a whole zoom, pixels; up to twice that before the next one. */
const CELL_PIXELS = 56;
/** So many arrows in a cell are a blot. */
const CLUSTER_MIN = 24;
/** Nearer to a vehicle that matters than so many cells there is no mark: it would lie over it. */
const CLEARANCE_CELLS = 0.7;
const TILE_PIXELS = 512;
const ORDINARY = 0;
const NONE = 255;

/**
 * Gathers ordinary vehicles by cells of the map at a whole zoom, so that clusters stay where they are while one zooms a little.
 * Exposed, locked and released vehicles, and the one that is chosen (-1: none), are never gathered, and nothing lies over them:
 * they cannot be overlooked.
 */
export function clustersOf(fleet: Fleet, zoom: number, chosen: number, nowMs: number): Clusters {
  const inCluster = new Uint8Array(fleet.length);
  if (zoom >= CLUSTERS_BELOW_ZOOM) return { clusters: [], inCluster };
  const cellsAcross = (TILE_PIXELS * 2 ** Math.floor(zoom)) / CELL_PIXELS;
  const cells = new Map<number, { numbers: number[]; lon: number; lat: number }>();
  const matter: (readonly [x: number, y: number])[] = [];
  const placeIn = (lon: number, lat: number): readonly [x: number, y: number] => {
    const [x, y] = mercatorOf(lon, lat);
    return [x * cellsAcross, y * cellsAcross];
  };
  for (let number = 0; number < fleet.length; number++) {
    const state = fleet.state[number]!;
    if (state === NONE) continue;
    const [lon, lat] = fleet.placeOf(number, nowMs)!;
    const [x, y] = placeIn(lon, lat);
    if (state !== ORDINARY || number === chosen) {
      matter.push([x, y]);
      continue;
    }
    const key = Math.floor(y) * 2 ** 26 + Math.floor(x);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { numbers: [number], lon, lat });
    else {
      cell.numbers.push(number);
      cell.lon += lon;
      cell.lat += lat;
    }
  }
  const clusters: Cluster[] = [];
  for (const { numbers, lon, lat } of cells.values()) {
    const count = numbers.length;
    if (count < CLUSTER_MIN) continue;
    const [x, y] = placeIn(lon / count, lat / count);
    if (matter.some(([toX, toY]) => Math.hypot(toX - x, toY - y) < CLEARANCE_CELLS)) continue;
    for (const number of numbers) inCluster[number] = 1;
    clusters.push({ lon: lon / count, lat: lat / count, count });
  }
  return { clusters, inCluster };
}
