import { metersPerLonDegree, LEAST_METERS_PER_DEGREE } from "./distance.ts";
import type { Shape } from "./shape.ts";

/**
 * The cells of the world that a shape, widened by a padding, may reach into: perhaps some too many, never one too few. The padding in
 * degrees is taken at the shape's highest latitude, where a degree of longitude is shortest, and a percent is added.
 */

/** Cells have a side of 2^14 millionths of a degree: 1.8 km north to south. */
export const CELL_BITS = 14;
const CELL_E6 = 1 << CELL_BITS;
const CELL_DEGREES = CELL_E6 / 1e6;
export const COLUMNS = Math.ceil(360_000_000 / CELL_E6);
export const ROWS = Math.floor(180_000_000 / CELL_E6) + 1;
/** Nearer to a pole every longitude is near. */
const LAT_MAX = 89.9;
/** Widening for the rounding of coordinates and of this file. */
const SAFETY = 1.01;
const SAFETY_DEGREES = 5e-6;
/** More than any longitude, 1e-6 degree. */
const LON_E6_END = 1_000_000_000;

/** Columns from `west` to `east` and rows from `south` to `north`, all included; columns run on across the 180th meridian. */
export interface CellBox {
  west: number;
  east: number;
  south: number;
  north: number;
}

/** A cell as one number. `column` may run on across the 180th meridian by less than a turn. */
export function cellNumber(column: number, row: number): number {
  return row * COLUMNS + (column < 0 ? column + COLUMNS : column >= COLUMNS ? column - COLUMNS : column);
}

/** The box of cells round a padded shape. */
export function reachBox({ west, south, east, north }: Shape, paddingMeters: number): CellBox {
  return paddedBox(west, south, east, north, paddingMeters);
}

/** West, south, east, north of a padded shape, 1e-6 degree; every longitude where it reaches across the 180th meridian. */
export function reachBoxE6({ west, south, east, north }: Shape, paddingMeters: number): readonly number[] {
  const { lonPad, latPad } = padDegrees(south, north, paddingMeters);
  const isPlain = west - lonPad > -180 && east + lonPad < 180;
  return [
    isPlain ? Math.floor(1e6 * (west - lonPad)) : -LON_E6_END,
    Math.floor(1e6 * (south - latPad)),
    isPlain ? Math.ceil(1e6 * (east + lonPad)) : LON_E6_END,
    Math.ceil(1e6 * (north + latPad)),
  ];
}

/** The numbers of the cells that a padded shape may reach into, ascending. */
export function reachCells(shape: Shape, paddingMeters: number): Int32Array {
  const cells = new Set<number>();
  const { edges } = shape;
  for (let at = 0; at < edges.length; at += 4) {
    const lon = edges[at];
    const lat = edges[at + 1];
    const lonStep = edges[at + 2] - lon;
    const latStep = edges[at + 3] - lat;
    // A long edge is cut, so that a thin diagonal one does not fill its box.
    const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(lonStep), Math.abs(latStep)) / CELL_DEGREES));
    for (let i = 0; i < pieces; i++) {
      const lonA = lon + (i / pieces) * lonStep;
      const lonB = lon + ((i + 1) / pieces) * lonStep;
      const latA = lat + (i / pieces) * latStep;
      const latB = lat + ((i + 1) / pieces) * latStep;
      const box = paddedBox(
        Math.min(lonA, lonB),
        Math.min(latA, latB),
        Math.max(lonA, lonB),
        Math.max(latA, latB),
        paddingMeters,
      );
      for (let row = box.south; row <= box.north; row++) {
        for (let column = box.west; column <= box.east; column++) cells.add(cellNumber(column, row));
      }
    }
  }
  addSurfaces(shape, cells);
  return Int32Array.from(cells).sort();
}

function paddedBox(west: number, south: number, east: number, north: number, meters: number): CellBox {
  const { lonPad, latPad } = padDegrees(south, north, meters);
  return {
    west: columnOf(west - lonPad),
    east: columnOf(east + lonPad),
    south: rowOf(south - latPad),
    north: rowOf(north + latPad),
  };
}

/** The padding in degrees. */
function padDegrees(south: number, north: number, meters: number): { lonPad: number; latPad: number } {
  const latPad = (meters * SAFETY) / LEAST_METERS_PER_DEGREE + SAFETY_DEGREES;
  const highest = Math.max(latPad - south, north + latPad);
  const lonPad = highest < LAT_MAX ? (meters * SAFETY) / metersPerLonDegree(highest) + SAFETY_DEGREES : 180;
  return { lonPad, latPad };
}

/** The cells inside surfaces. A cell that no edge reaches is wholly in or wholly out: its middle tells. */
function addSurfaces(shape: Shape, cells: Set<number>): void {
  const { edges, polygons } = shape;
  const hits: number[] = [];
  for (let polygon = 0; polygon + 1 < polygons.length; polygon++) {
    for (let row = rowOf(shape.south); row <= rowOf(shape.north); row++) {
      const lat = (row + 0.5) * CELL_DEGREES - 90;
      hits.length = 0;
      for (let at = 4 * polygons[polygon]; at < 4 * polygons[polygon + 1]; at += 4) {
        const lat0 = edges[at + 1];
        const lat1 = edges[at + 3];
        if (lat0 > lat === lat1 > lat) continue;
        hits.push(edges[at] + ((lat - lat0) / (lat1 - lat0)) * (edges[at + 2] - edges[at]));
      }
      hits.sort((a, b) => a - b);
      for (let i = 0; i + 1 < hits.length; i += 2) {
        for (let column = columnOf(hits[i]); column <= columnOf(hits[i + 1]); column++) {
          cells.add(cellNumber(column, row));
        }
      }
    }
  }
}

/** Column of an unwrapped longitude; may lie outside 0 … COLUMNS - 1. */
function columnOf(lon: number): number {
  const turns = Math.floor((lon + 180) / 360);
  return Math.floor((lon + 180 - 360 * turns) / CELL_DEGREES) + turns * COLUMNS;
}

function rowOf(lat: number): number {
  return Math.min(ROWS - 1, Math.max(0, Math.floor((lat + 90) / CELL_DEGREES)));
}
