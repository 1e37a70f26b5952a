import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OccupiedCells } from "./occupied-cells.ts";
import { PlaceBox } from "./place-box.ts";
import { CELL_BITS, COLUMNS, ROWS } from "./reach-cells.ts";

const CELL_E6 = 1 << CELL_BITS;

/** The middle of a cell, 1e-6 degree. */
function middle(column: number, row: number): [number, number] {
  const lonE6 = Math.min(360_000_000, column * CELL_E6 + CELL_E6 / 2) - 180_000_000;
  return [lonE6, Math.min(180_000_000, row * CELL_E6 + CELL_E6 / 2) - 90_000_000];
}

const offset = fc.integer({ min: -40, max: 40 });
const cell = fc.tuple(offset, offset);
const step = fc.integer({ min: -9000, max: 9000 });
const at = fc.record({
  column: fc.constantFrom(0, 3, 31, 32, 5000, COLUMNS - 20, COLUMNS - 1),
  row: fc.constantFrom(0, 5, 15, 16, 8000, ROWS - 10, ROWS - 1),
  cells: fc.array(cell, { maxLength: 30 }),
  freed: fc.nat(10),
  steps: fc.tuple(fc.oneof(step, fc.constant(0)), fc.oneof(step, fc.constant(0))),
});

/** The cells that are occupied in the end, by number, and the grid. */
function gridOf(column: number, row: number, cells: readonly (readonly number[])[], freed: number) {
  const grid = new OccupiedCells();
  const occupied = new Set<string>();
  const inside = cells
    .map(([x, y]) => [column + x, row + y])
    .filter(([x, y]) => x >= 0 && x < COLUMNS && y >= 0 && y < ROWS);
  for (const [x, y] of inside) {
    grid.set(x, y, true);
    occupied.add(`${x} ${y}`);
  }
  for (const [x, y] of inside.slice(0, freed)) {
    grid.set(x, y, false);
    occupied.delete(`${x} ${y}`);
  }
  return { grid, isOccupied: (x: number, y: number): boolean => occupied.has(`${x} ${y}`) };
}

describe("the grid of occupied cells", () => {
  it("gives a box of free cells only, round the place, at the edges of the map and of tiles too", () => {
    const box = new PlaceBox();
    let boxes = 0;
    fc.assert(
      fc.property(at, ({ column, row, cells, freed, steps }) => {
        const { grid, isOccupied } = gridOf(column, row, cells, freed);
        const [lonE6, latE6] = middle(column, row);
        grid.findFreeBox(lonE6, latE6, ...steps, box);
        expect(box.width > 0).toBe(!isOccupied(column, row));
        if (box.width === 0) return;
        boxes++;
        expect(box.holds(lonE6, latE6)).toBe(true);
        expect(box.west).toBeGreaterThanOrEqual(-180_000_000);
        expect(box.south).toBeGreaterThanOrEqual(-90_000_000);
        expect(box.west + box.width - 1).toBeLessThanOrEqual(180_000_000);
        expect(box.south + box.height - 1).toBeLessThanOrEqual(90_000_000);
        const columnOf = (e6: number): number => Math.floor((e6 + 180_000_000) / CELL_E6);
        const rowOf = (e6: number): number => Math.floor((e6 + 90_000_000) / CELL_E6);
        for (let y = rowOf(box.south); y <= rowOf(box.south + box.height - 1); y++) {
          for (let x = columnOf(box.west); x <= columnOf(box.west + box.width - 1); x++) {
            if (isOccupied(x, y)) expect.fail(`cell ${x} ${y} of the box is occupied`);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(boxes).toBeGreaterThan(250);
  });

  it("calls a segment free exactly when every cell of the box between its ends is, up to 32 cells away", () => {
    fc.assert(
      fc.property(at, cell, ({ column, row, cells, freed }, [x, y]) => {
        const to = {
          column: Math.max(0, Math.min(COLUMNS - 1, column + x)),
          row: Math.max(0, Math.min(ROWS - 1, row + y)),
        };
        const { grid, isOccupied } = gridOf(column, row, cells, freed);
        let isFree = Math.abs(to.column - column) < 32 && Math.abs(to.row - row) < 32;
        for (let r = Math.min(row, to.row); isFree && r <= Math.max(row, to.row); r++) {
          for (let c = Math.min(column, to.column); c <= Math.max(column, to.column); c++) {
            if (isOccupied(c, r)) isFree = false;
          }
        }
        expect(grid.isFree(...middle(column, row), ...middle(to.column, to.row))).toBe(isFree);
        expect(grid.isFree(...middle(to.column, to.row), ...middle(column, row))).toBe(isFree);
      }),
      { numRuns: 500 },
    );
  });

  it("reaches far ahead of a vehicle that drives, and past what lies beside its way", () => {
    const grid = new OccupiedCells();
    const box = new PlaceBox();
    const [lonE6, latE6] = middle(5000, 7000);
    grid.findFreeBox(lonE6, latE6, 4000, 3000, box);
    expect(box.holds(...middle(5015, 7015))).toBe(true);
    grid.findFreeBox(lonE6, latE6, -4000, -3000, box);
    expect(box.holds(...middle(4985, 6985))).toBe(true);
    // To the south-east of it, on the way of nobody who drives north-east.
    grid.set(5003, 6998, true);
    grid.findFreeBox(lonE6, latE6, 4000, 3000, box);
    expect(box.holds(...middle(5015, 7015))).toBe(true);
    // On its way.
    grid.set(5006, 7005, true);
    grid.findFreeBox(lonE6, latE6, 4000, 3000, box);
    expect(box.holds(...middle(5005, 7004))).toBe(true);
    expect(box.holds(...middle(5006, 7005))).toBe(false);
  });

  it("gives a resting vehicle its cell and those beside it", () => {
    const grid = new OccupiedCells();
    const box = new PlaceBox();
    const [lonE6, latE6] = middle(5000, 7000);
    grid.findFreeBox(lonE6, latE6, 40, -30, box);
    for (const [x, y] of [
      [4999, 6999],
      [5001, 7001],
    ])
      expect(box.holds(...middle(x, y))).toBe(true);
  });
});
