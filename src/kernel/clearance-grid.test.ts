import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClearanceGrid } from "./clearance-grid.ts";

const CELL_BITS = 16;
const CELL_E6 = 2 ** CELL_BITS;

interface Cell {
  column: number;
  row: number;
}

/** Changes one after the other, each of the cells of a small box, to occupied or free at random. */
const change = fc.record({
  west: fc.integer({ min: -20, max: 20 }),
  south: fc.integer({ min: 0, max: 30 }),
  width: fc.integer({ min: 1, max: 6 }),
  height: fc.integer({ min: 1, max: 6 }),
  bits: fc.bigInt({ min: 0n, max: 2n ** 36n - 1n }),
});

function distance(a: Cell, b: Cell, columns: number): number {
  const across = Math.abs(a.column - b.column);
  return Math.max(Math.min(across, columns - across), Math.abs(a.row - b.row));
}

describe("the clearance grid", () => {
  it("knows every cell's distance to the nearest occupied one after any changes, also across the 180th meridian", () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 40, 3000),
        fc.constantFrom(0, 100, 2716),
        (changes, fromColumn, fromRow) => {
          const grid = new ClearanceGrid(CELL_BITS);
          const occupied = new Map<string, Cell>();
          for (const { west, south, width, height, bits } of changes) {
            const box = {
              west: fromColumn + west,
              east: fromColumn + west + width - 1,
              south: Math.min(grid.rows - 1, fromRow + south),
              north: Math.min(grid.rows - 1, fromRow + south + height - 1),
            };
            for (let row = box.south; row <= box.north; row++) {
              for (let x = box.west; x <= box.east; x++) {
                const cell = { column: grid.wrap(x), row };
                const bit = BigInt((row - box.south) * width + x - box.west);
                if ((bits >> bit) & 1n) occupied.set(`${cell.column} ${row}`, cell);
                else occupied.delete(`${cell.column} ${row}`);
              }
            }
            grid.settle(box, (column, row) => (occupied.has(`${column} ${row}`) ? 0 : grid.clearanceMax));
          }
          const cells = [...occupied.values()];
          for (let row = Math.max(0, fromRow - 12); row < Math.min(grid.rows, fromRow + 50); row += 1) {
            for (let x = fromColumn - 34; x < fromColumn + 40; x += 3) {
              const cell = { column: grid.wrap(x), row };
              const nearest = Math.min(grid.clearanceMax, ...cells.map((other) => distance(cell, other, grid.columns)));
              expect(grid.clearanceAt(cell.column, row)).toBe(nearest);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is clear for a segment that leaves its cell by fewer cells than the clearance", () => {
    const grid = new ClearanceGrid(CELL_BITS);
    grid.settle({ west: 100, east: 100, south: 100, north: 100 }, (column, row) =>
      column === 100 && row === 100 ? 0 : grid.clearanceMax,
    );
    const clear = (column: number, toColumn: number): boolean => {
      const e6 = (at: number): number => at * CELL_E6 - 180_000_000 + CELL_E6 / 2;
      const lat = 100 * CELL_E6 - 90_000_000 + CELL_E6 / 2;
      return grid.isClear(e6(column), lat, e6(toColumn), lat);
    };
    expect(clear(103, 101)).toBe(true);
    expect(clear(103, 100)).toBe(false);
    expect(clear(100, 100)).toBe(false);
    expect(clear(120, 127)).toBe(true);
    expect(clear(120, 128)).toBe(false);
  });

  it("is nowhere clear while it is blind", () => {
    const grid = new ClearanceGrid(CELL_BITS);
    const isClear = (): boolean => grid.isClear(0, 0, 0, 0);
    expect(isClear()).toBe(true);
    grid.setBlind(true);
    expect(isClear()).toBe(false);
    grid.setBlind(false);
    expect(isClear()).toBe(true);
  });
});
