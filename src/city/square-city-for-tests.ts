import type { PlaceChange, PlaceGeometry } from "../model/place.ts";

/** South-western corner and side of a cell, degrees. */
export const ORIGIN = [114, 35] as const;
export const CELL = 0.01;

/** A rectangle of cells: columns and rows, the second ones not included. */
export function cells(column: number, row: number, columnEnd: number, rowEnd: number): PlaceGeometry {
  const at = (x: number, y: number): [number, number] => [
    Math.round((ORIGIN[0] + x * CELL) * 1e6) / 1e6,
    Math.round((ORIGIN[1] + y * CELL) * 1e6) / 1e6,
  ];
  // Every corner of a cell is a corner of the outline, so that neighbours share theirs.
  const ring: [number, number][] = [];
  for (let x = column; x < columnEnd; x++) ring.push(at(x, row));
  for (let y = row; y < rowEnd; y++) ring.push(at(columnEnd, y));
  for (let x = columnEnd; x > column; x--) ring.push(at(x, rowEnd));
  for (let y = rowEnd; y > row; y--) ring.push(at(column, y));
  return { type: "Polygon", coordinates: [[...ring, ring[0]!]] };
}

/** The middle of a cell, longitude, latitude. */
export function middle(column: number, row: number): [number, number] {
  return [ORIGIN[0] + (column + 0.5) * CELL, ORIGIN[1] + (row + 0.5) * CELL];
}

/**
 * A city of eight columns and four rows: two counties, A (columns 0 to 3) and B (4 to 7), each of two townships (A1, A2, B1,
 * B2: two columns each), each of eight grids (`g00` to `g73`: column, row). Only grids are drawn.
 */
export function squareCity(): PlaceChange[] {
  const changes: PlaceChange[] = [create("X", "city", null)];
  for (const county of ["A", "B"]) {
    changes.push(create(county, "county", "X"));
    for (const half of [1, 2]) {
      const township = `${county}${half}`;
      changes.push(create(township, "township", county));
      const from = (county === "A" ? 0 : 4) + (half - 1) * 2;
      for (const column of [from, from + 1]) {
        for (const row of [0, 1, 2, 3]) {
          const geometry = cells(column, row, column + 1, row + 1);
          changes.push({ ...create(`g${column}${row}`, "grid", township), geometry });
        }
      }
    }
  }
  return changes;
}

export function create(
  id: string,
  kind: Extract<PlaceChange, { op: "create" }>["kind"],
  parent: string | null,
): Extract<PlaceChange, { op: "create" }> {
  return { op: "create", id, tree: "civil", kind, name: `name of ${id}`, parent };
}
