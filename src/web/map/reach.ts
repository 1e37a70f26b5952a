import type { Geometry } from "../../model/area.ts";
import { bboxOf, nearestOnShape, planeAround, positionsOf, shapeOnPlane, type LonLat, type Metres } from "./plane.ts";

/** The rule's reach as published; a test holds it to the rule. */
export const REACH_METERS = 800;
const CELLS_MAX = 110;

/**
 * The outline of everywhere within `radiusMeters` of a shape, as closed rings, for drawing: the level line of the distance over a
 * grid, so that any geometry with any holes and dents has its true outline. Off by a few metres at most.
 */
export function reachOutline(geometry: Geometry, radiusMeters = REACH_METERS): LonLat[][] {
  const box = bboxOf(positionsOf(geometry));
  const plane = planeAround((box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
  const shape = shapeOnPlane(geometry, plane);
  const [west, south] = plane.toMetres([box[0], box[1]]);
  const [east, north] = plane.toMetres([box[2], box[3]]);
  const margin = radiusMeters * 1.05;
  const width = east - west + 2 * margin;
  const height = north - south + 2 * margin;
  const cell = Math.max(width, height) / CELLS_MAX;
  const columns = Math.ceil(width / cell) + 1;
  const rows = Math.ceil(height / cell) + 1;
  const corner = (column: number, row: number): Metres => [west - margin + column * cell, south - margin + row * cell];
  const level = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      level[row * columns + column] = nearestOnShape(shape, corner(column, row)).distance - radiusMeters;
    }
  }
  return joined(levelLines(level, columns, rows, corner)).map((ring) => ring.map((point) => plane.toLonLat(point)));
}

interface Piece {
  from: string;
  to: string;
  start: Metres;
}

/** Marching squares: the pieces of the level line, cell by cell, each from one grid edge to another, inside on the left. */
function levelLines(
  level: Float64Array,
  columns: number,
  rows: number,
  corner: (column: number, row: number) => Metres,
): Piece[] {
  const pieces: Piece[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      // The corners counter-clockwise from the south-west one.
      const around = [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ] as const;
      const values = around.map(([c, r]) => level[r * columns + c]!);
      const crossings: { edge: string; at: Metres; leaving: boolean }[] = [];
      for (let side = 0; side < 4; side++) {
        const next = (side + 1) % 4;
        const a = values[side]!;
        const b = values[next]!;
        if (a <= 0 === b <= 0) continue;
        const [p, q] = [around[side]!, around[next]!];
        const share = a / (a - b);
        const [from, to] = [corner(...p), corner(...q)];
        const names = [`${p[0]},${p[1]}`, `${q[0]},${q[1]}`].toSorted();
        const at: Metres = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
        crossings.push({ edge: names.join(":"), at, leaving: a <= 0 });
      }
      // Walking the cell's border, the line goes from where we leave the inside to where we next enter it.
      for (let i = 0; i < crossings.length; i++) {
        const leaving = crossings[i]!;
        if (!leaving.leaving) continue;
        const entering = crossings[(i + 1) % crossings.length]!;
        pieces.push({ from: leaving.edge, to: entering.edge, start: leaving.at });
      }
    }
  }
  return pieces;
}

function joined(pieces: Piece[]): Metres[][] {
  const byStart = new Map(pieces.map((piece) => [piece.from, piece]));
  const rings: Metres[][] = [];
  while (byStart.size > 0) {
    const ring: Metres[] = [];
    let piece: Piece | undefined = byStart.values().next().value;
    while (piece !== undefined) {
      byStart.delete(piece.from);
      ring.push(piece.start);
      piece = byStart.get(piece.to);
    }
    if (ring.length > 2) rings.push([...ring, ring[0]!]);
  }
  return rings;
}
