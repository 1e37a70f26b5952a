import { CellTable } from "./cell-table.ts";
import { ClearanceGrid, type CellBox } from "./clearance-grid.ts";
import type { PlaceBox } from "./place-box.ts";
import { CELL_BITS, cellNumber, reachBox, reachBoxE6, reachCells } from "./reach-cells.ts";
import type { Shape } from "./shape.ts";

/**
 * Which shapes a segment may come near to.
 *
 * A cell of the world is occupied when a shape, widened by its padding, may reach into it. Two clearance grids (`clearance-grid.ts`)
 * answer "none": a coarse one, of cells of 7.3 km, of which a country's fit the cache (China's are 0.5 MB), and where that has no answer a
 * fine one, of the cells of 1.8 km themselves. Only for what is left are the cells between the segment's ends looked at (`cell-table.ts`), and of
 * their shapes only those whose padded box the segment's box meets. Trucks move less than a fine cell between two fixes.
 *
 * The index never decides. It may name too many shapes, never too few. Adding and removing touch the shape's own cells and some cells
 * round them.
 */

const COARSE_BITS = 2;
/** When the coarse grid's box is larger than this the fine one is not asked for another, 1e-6 degree: each answer is a read from far memory. */
const ENOUGH_E6 = 150_000;
/**
 * A shape whose box has more fine cells than this (900 km square) is kept beside the grid: it is named for every segment, and the grids are
 * blind as long as it is there. Millions of cells would take seconds, and say little.
 */
const WIDE_CELLS = 2 ** 18;

/** An index over shapes ("slots": small numbers that the caller gives). Coordinates of queries are 1e-6 degree, longitude first. */
export class AreaIndex {
  readonly #fine = new ClearanceGrid(CELL_BITS);
  readonly #coarse = new ClearanceGrid(CELL_BITS + COARSE_BITS);
  /** The slots of each occupied cell. */
  readonly #cells = new CellTable();
  /** West, south, east and north of each slot's padded shape, 1e-6 degree. */
  #boxes = new Int32Array(4 * 64);
  /** The cells of each slot, and their box; no cells when it is wide. */
  readonly #reaches = new Map<number, { cells: Int32Array; box: CellBox }>();
  readonly #wide = new Set<number>();
  #seen = new Int32Array(64);
  #query = 0;

  /** Number of slots. */
  get size(): number {
    return this.#reaches.size;
  }

  /** Bytes that the grids hold. */
  get gridBytes(): number {
    return this.#fine.byteLength + this.#coarse.byteLength;
  }

  /**
   * Adds a shape, widened by `paddingMeters`, as `slot` (0 or more).
   * @throws RangeError when the slot is taken.
   */
  add(slot: number, shape: Shape, paddingMeters: number): void {
    if (this.#reaches.has(slot)) throw new RangeError(`slot ${slot} is taken`);
    const box = reachBox(shape, paddingMeters);
    const columns = box.east - box.west + 1;
    const isWide = columns * (box.north - box.south + 1) > WIDE_CELLS || 2 * columns > this.#fine.columns;
    const cells = isWide ? new Int32Array(0) : reachCells(shape, paddingMeters);
    this.#reaches.set(slot, { cells, box });
    if (4 * slot >= this.#boxes.length) {
      const grown = new Int32Array(Math.max(2 * this.#boxes.length, 4 * (slot + 1)));
      grown.set(this.#boxes);
      this.#boxes = grown;
    }
    this.#boxes.set(reachBoxE6(shape, paddingMeters), 4 * slot);
    if (isWide) {
      this.#wide.add(slot);
      this.#setBlind();
      return;
    }
    for (const cell of cells) this.#cells.add(cell, slot);
    this.#settle(box);
  }

  /** Removes a slot; false when it is not there. */
  remove(slot: number): boolean {
    const reach = this.#reaches.get(slot);
    if (reach === undefined) return false;
    this.#reaches.delete(slot);
    if (this.#wide.delete(slot)) {
      this.#setBlind();
      return true;
    }
    for (const cell of reach.cells) this.#cells.remove(cell, slot);
    this.#settle(reach.box);
    return true;
  }

  /** True when nothing can be near the segment, by its two ends alone. False says nothing. Coordinates in range, or else false. */
  isClear(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    return this.#coarse.isClear(lon0E6, lat0E6, lon1E6, lat1E6) || this.#fine.isClear(lon0E6, lat0E6, lon1E6, lat1E6);
  }

  /** Finds a box round a place (1e-6 degree, in range) in which surely nothing is near. */
  findFreeBox(lonE6: number, latE6: number, box: PlaceBox): void {
    this.#coarse.findFreeBox(lonE6, latE6, box);
    if (box.side > ENOUGH_E6) return;
    const { west, south, side } = box;
    this.#fine.findFreeBox(lonE6, latE6, box);
    if (box.side < side) box.set(west, south, side);
    if (box.side === 0 && this.#wide.size === 0) this.#findFreeBoxInCell(lonE6, latE6, box);
  }

  /** In an occupied cell, the square round the place that meets no box of its shapes. */
  #findFreeBoxInCell(lonE6: number, latE6: number, box: PlaceBox): void {
    const cells = this.#cells;
    const boxes = this.#boxes;
    const x = lonE6 + 180_000_000;
    const y = latE6 + 90_000_000;
    const last = (1 << CELL_BITS) - 1;
    let half = Math.min(x & last, last - (x & last), y & last, last - (y & last), 360_000_000 - x, 180_000_000 - y);
    for (let link = cells.first(cellNumber(x >> CELL_BITS, y >> CELL_BITS)); link >= 0; link = cells.next(link)) {
      const at = 4 * cells.slotAt(link);
      const east = Math.max(boxes[at] - lonE6, lonE6 - boxes[at + 2]);
      const north = Math.max(boxes[at + 1] - latE6, latE6 - boxes[at + 3]);
      half = Math.min(half, Math.max(east, north) - 1);
    }
    box.setRound(lonE6, latE6, half);
  }

  /**
   * The slots whose padded shapes the segment may reach, each once, ascending, into `out` (room for `size` numbers); returns how many.
   * The segment goes the short way round.
   */
  candidates(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number, out: Int32Array): number {
    // From its end back: where it ends the caller has just looked.
    if (this.isClear(lon1E6, lat1E6, lon0E6, lat0E6)) return 0;
    // Across the 180th meridian the box is the whole turn.
    const isShort = Math.abs(lon1E6 - lon0E6) <= 180_000_000;
    const westE6 = isShort ? Math.min(lon0E6, lon1E6) : -180_000_000;
    const eastE6 = isShort ? Math.max(lon0E6, lon1E6) : 180_000_000;
    const southE6 = Math.min(lat0E6, lat1E6);
    const northE6 = Math.max(lat0E6, lat1E6);
    const column0 = (lon0E6 + 180_000_000) >> CELL_BITS;
    let columns = ((lon1E6 + 180_000_000) >> CELL_BITS) - column0;
    if (lon1E6 - lon0E6 > 180_000_000) columns -= this.#fine.columns;
    else if (lon1E6 - lon0E6 < -180_000_000) columns += this.#fine.columns;
    const row0 = (lat0E6 + 90_000_000) >> CELL_BITS;
    const row1 = (lat1E6 + 90_000_000) >> CELL_BITS;
    const west = columns < 0 ? column0 + columns : column0;
    const east = columns < 0 ? column0 : column0 + columns;
    const south = Math.min(row0, row1);
    const north = Math.max(row0, row1);
    // A box of more cells than there are occupied ones (a jump across a continent): all.
    if ((east - west + 1) * (north - south + 1) > this.#cells.size + 4096) return this.#all(out);
    const cells = this.#cells;
    const boxes = this.#boxes;
    this.#query++;
    let count = 0;
    if (this.#wide.size > 0) for (const slot of this.#wide) out[count++] = slot;
    for (let row = south; row <= north; row++) {
      for (let column = west; column <= east; column++) {
        for (let link = cells.first(cellNumber(column, row)); link >= 0; link = cells.next(link)) {
          const slot = cells.slotAt(link);
          if (
            boxes[4 * slot] <= eastE6 &&
            boxes[4 * slot + 2] >= westE6 &&
            boxes[4 * slot + 1] <= northE6 &&
            boxes[4 * slot + 3] >= southE6 &&
            this.#isNew(slot)
          ) {
            out[count++] = slot;
          }
        }
      }
    }
    if (count > 1) sortFew(out, count);
    return count;
  }

  #all(out: Int32Array): number {
    let count = 0;
    for (const slot of this.#reaches.keys()) out[count++] = slot;
    out.subarray(0, count).sort();
    return count;
  }

  #isNew(slot: number): boolean {
    if (slot >= this.#seen.length) {
      const grown = new Int32Array(Math.max(2 * this.#seen.length, slot + 1));
      grown.set(this.#seen);
      this.#seen = grown;
    }
    if (this.#seen[slot] === this.#query) return false;
    this.#seen[slot] = this.#query;
    return true;
  }

  #setBlind(): void {
    this.#fine.setBlind(this.#wide.size > 0);
    this.#coarse.setBlind(this.#wide.size > 0);
  }

  /** Cells within the box have become occupied or free. */
  #settle(box: CellBox): void {
    const fine = this.#fine;
    fine.settle(box, (column, row) => (this.#cells.first(cellNumber(column, row)) >= 0 ? 0 : fine.clearanceMax));
    // One more to either side: the coarse column that holds the 180th meridian is narrower than the others.
    const coarse = {
      west: (box.west >> COARSE_BITS) - 1,
      east: (box.east >> COARSE_BITS) + 1,
      south: box.south >> COARSE_BITS,
      north: box.north >> COARSE_BITS,
    };
    this.#coarse.settle(coarse, (column, row) => (this.#isOccupied(column, row) ? 0 : fine.clearanceMax));
  }

  /** Whether any fine cell of a coarse one is occupied. */
  #isOccupied(column: number, row: number): boolean {
    const side = 1 << COARSE_BITS;
    for (let y = row * side; y < Math.min(this.#fine.rows, (row + 1) * side); y++) {
      for (let x = column * side; x < Math.min(this.#fine.columns, (column + 1) * side); x++) {
        if (this.#fine.clearanceAt(x, y) === 0) return true;
      }
    }
    return false;
  }
}

/** Sorts the first numbers, ascending, by insertion: they are few, or nearly sorted. */
function sortFew(numbers: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const number = numbers[i];
    let at = i;
    for (; at > 0 && numbers[at - 1] > number; at--) numbers[at] = numbers[at - 1];
    numbers[at] = number;
  }
}
