import { metersPerLonDegree } from "./distance.ts";
import type { Shape } from "./shape.ts";

/**
 * Which shapes a segment may come near to, by a grid that answers "none" in two reads.
 *
 * The world is cut into cells of 2^14 millionths of a degree (1.8 km north to south). A cell is occupied when a shape, widened by
 * its padding, may reach into it. Every cell near an occupied one holds its CLEARANCE: the distance in cells (the larger of
 * columns and rows) to the nearest occupied cell, cut off at `CLEARANCE_MAX`. A segment whose other end lies fewer cells away than the clearance of
 * its first one stays within a square of free cells: nothing is near, and no shape was looked at. Trucks move less than a cell
 * between two fixes, so that is nearly all of them, nearly always.
 *
 * Cells lie in pages of 64 x 64, made when something comes within `CLEARANCE_MAX` of them: a page that is not there is clear. A cell's
 * byte is found by a page number (one read of a table that fits the cache for a country) and an offset. Adding and removing touch the
 * shape's own cells and `CLEARANCE_MAX` around them only.
 *
 * The index never decides. It may name too many shapes, never too few: padding in degrees is taken at the shape's highest latitude, where
 * a degree of longitude is shortest, and a percent is added.
 */

const CELL_BITS = 14;
const CELL_E6 = 1 << CELL_BITS;
const COLUMNS = Math.ceil(360_000_000 / CELL_E6);
const ROWS = Math.ceil(180_000_000 / CELL_E6) + 1;
const PAGE_BITS = 6;
const PAGE_SIDE = 1 << PAGE_BITS;
const PAGE_CELLS = PAGE_SIDE * PAGE_SIDE;
const PAGE_COLUMNS = Math.ceil(COLUMNS / PAGE_SIDE);
const PAGE_ROWS = Math.ceil(ROWS / PAGE_SIDE);
/** Clearance is not told apart above this many cells. */
const CLEARANCE_MAX = 8;
/** Degrees of latitude are at least this many metres long, anywhere. */
const LEAST_METERS_PER_DEGREE = 110_574;
/** Widening for the rounding of coordinates and of this file. */
const SAFETY = 1.01;
const SAFETY_DEGREES = 5e-6;
const CELL_DEGREES = CELL_E6 / 1e6;

/** An index over shapes ("slots": small numbers that the caller gives). Coordinates of queries are 1e-6 degree, longitude first. */
export class AreaIndex {
  /** For each page, the offset of its bytes in `#clearances`; 0 stands for the page that is all clear. */
  readonly #pages = new Uint32Array(PAGE_COLUMNS * PAGE_ROWS);
  #clearances = new Uint8Array(16 * PAGE_CELLS).fill(CLEARANCE_MAX, 0, PAGE_CELLS);
  #pagesUsed = 1;
  /** The slots of each occupied cell, by row * COLUMNS + column. */
  readonly #slotsOfCell = new Map<number, number[]>();
  readonly #cellsOfSlot = new Map<number, Int32Array>();
  #seen = new Int32Array(64);
  #query = 0;

  /** Number of slots. */
  get size(): number {
    return this.#cellsOfSlot.size;
  }

  /** Bytes that the grid holds. */
  get gridBytes(): number {
    return this.#pages.byteLength + this.#clearances.byteLength;
  }

  /**
   * Adds a shape, widened by `paddingMeters`, as `slot` (0 or more).
   * @throws RangeError when the slot is taken.
   */
  add(slot: number, shape: Shape, paddingMeters: number): void {
    if (this.#cellsOfSlot.has(slot)) throw new RangeError(`slot ${slot} is taken`);
    const cells = cellsOf(shape, paddingMeters);
    this.#cellsOfSlot.set(slot, cells);
    for (const cell of cells) {
      const slots = this.#slotsOfCell.get(cell);
      if (slots === undefined) {
        this.#slotsOfCell.set(cell, [slot]);
        this.#lowerAround(cell);
      } else slots.push(slot);
    }
  }

  /** Removes a slot; false when it is not there. */
  remove(slot: number): boolean {
    const cells = this.#cellsOfSlot.get(slot);
    if (cells === undefined) return false;
    this.#cellsOfSlot.delete(slot);
    const freed: number[] = [];
    for (const cell of cells) {
      const slots = this.#slotsOfCell.get(cell)!;
      if (slots.length > 1) slots.splice(slots.indexOf(slot), 1);
      else {
        this.#slotsOfCell.delete(cell);
        freed.push(cell);
      }
    }
    this.#raiseAround(freed);
    return true;
  }

  /**
   * True when nothing can be near the segment, by its two ends alone. False says nothing. Coordinates in range, or else false.
   */
  isClear(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    const column = (lon0E6 + 180_000_000) >> CELL_BITS;
    const row = (lat0E6 + 90_000_000) >> CELL_BITS;
    const page = this.#pages[(row >> PAGE_BITS) * PAGE_COLUMNS + (column >> PAGE_BITS)];
    const clearance = this.#clearances[page + ((row & (PAGE_SIDE - 1)) << PAGE_BITS) + (column & (PAGE_SIDE - 1))];
    const columns = ((lon1E6 + 180_000_000) >> CELL_BITS) - column;
    const rows = ((lat1E6 + 90_000_000) >> CELL_BITS) - row;
    return columns < clearance && columns > -clearance && rows < clearance && rows > -clearance;
  }

  /**
   * The slots whose padded shapes the segment may reach, each once, ascending, into `out` (room for `size` numbers); returns how many.
   * The segment goes the short way round.
   */
  candidates(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number, out: Int32Array): number {
    if (this.isClear(lon0E6, lat0E6, lon1E6, lat1E6)) return 0;
    const column0 = (lon0E6 + 180_000_000) >> CELL_BITS;
    let columns = ((lon1E6 + 180_000_000) >> CELL_BITS) - column0;
    if (lon1E6 - lon0E6 > 180_000_000) columns -= COLUMNS;
    else if (lon1E6 - lon0E6 < -180_000_000) columns += COLUMNS;
    const row0 = (lat0E6 + 90_000_000) >> CELL_BITS;
    const row1 = (lat1E6 + 90_000_000) >> CELL_BITS;
    const west = columns < 0 ? column0 + columns : column0;
    const east = columns < 0 ? column0 : column0 + columns;
    const south = Math.min(row0, row1);
    const north = Math.max(row0, row1);
    this.#query++;
    // A box of more cells than there are occupied ones (a jump across a continent): look at the occupied ones instead.
    if ((east - west + 1) * (north - south + 1) > this.#slotsOfCell.size + 4096) return this.#all(out);
    let count = 0;
    for (let row = south; row <= north; row++) {
      for (let column = west; column <= east; column++) {
        const slots = this.#slotsOfCell.get(row * COLUMNS + wrapColumn(column));
        if (slots === undefined) continue;
        for (const slot of slots) if (this.#isNew(slot)) out[count++] = slot;
      }
    }
    if (count > 1) out.subarray(0, count).sort();
    return count;
  }

  #all(out: Int32Array): number {
    let count = 0;
    for (const slot of this.#cellsOfSlot.keys()) out[count++] = slot;
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

  /** A cell has become occupied: no cell around it is clearer than its distance to it. */
  #lowerAround(cell: number): void {
    const row = Math.floor(cell / COLUMNS);
    const column = cell % COLUMNS;
    for (let dy = 1 - CLEARANCE_MAX; dy < CLEARANCE_MAX; dy++) {
      const atRow = row + dy;
      if (atRow < 0 || atRow >= ROWS) continue;
      for (let dx = 1 - CLEARANCE_MAX; dx < CLEARANCE_MAX; dx++) {
        const distance = Math.max(Math.abs(dx), Math.abs(dy));
        const at = this.#byteAt(wrapColumn(column + dx), atRow);
        if (this.#clearances[at] > distance) this.#clearances[at] = distance;
      }
    }
  }

  /** Cells have become free: the cells around them are measured again, from the occupied cells that are left around those. */
  #raiseAround(freed: readonly number[]): void {
    const stale = new Set<number>();
    for (const cell of freed) this.#eachAround(cell, (around) => stale.add(around));
    const causes = new Set<number>();
    for (const cell of stale) {
      this.#clearances[this.#byteAt(cell % COLUMNS, Math.floor(cell / COLUMNS))] = CLEARANCE_MAX;
      if (this.#slotsOfCell.has(cell)) causes.add(cell);
    }
    // Occupied cells outside the stale ones, but within reach of them, also bound their clearance.
    for (const cell of this.#rim(freed)) if (this.#slotsOfCell.has(cell)) causes.add(cell);
    for (const cell of causes) this.#lowerAround(cell);
  }

  /** The cells within twice the reach of the freed ones, row by row over their box. */
  *#rim(freed: readonly number[]): Iterable<number> {
    if (freed.length === 0) return;
    const anchor = freed[0] % COLUMNS;
    let west = 0;
    let east = 0;
    let south = Infinity;
    let north = -Infinity;
    for (const cell of freed) {
      const offset = wrapColumn((cell % COLUMNS) - anchor + (COLUMNS >> 1)) - (COLUMNS >> 1);
      const row = Math.floor(cell / COLUMNS);
      west = Math.min(west, offset);
      east = Math.max(east, offset);
      south = Math.min(south, row);
      north = Math.max(north, row);
    }
    const margin = 2 * CLEARANCE_MAX;
    for (let row = Math.max(0, south - margin); row <= Math.min(ROWS - 1, north + margin); row++) {
      for (let offset = west - margin; offset <= east + margin; offset++) {
        yield row * COLUMNS + wrapColumn(anchor + offset);
      }
    }
  }

  #eachAround(cell: number, visit: (around: number) => void): void {
    const row = Math.floor(cell / COLUMNS);
    const column = cell % COLUMNS;
    for (let y = Math.max(0, row - CLEARANCE_MAX + 1); y < Math.min(ROWS, row + CLEARANCE_MAX); y++) {
      for (let dx = 1 - CLEARANCE_MAX; dx < CLEARANCE_MAX; dx++) visit(y * COLUMNS + wrapColumn(column + dx));
    }
  }

  /** Place of a cell's byte; its page is made when it is not there. */
  #byteAt(column: number, row: number): number {
    const page = (row >> PAGE_BITS) * PAGE_COLUMNS + (column >> PAGE_BITS);
    if (this.#pages[page] === 0) {
      const offset = this.#pagesUsed++ * PAGE_CELLS;
      if (offset + PAGE_CELLS > this.#clearances.length) {
        const grown = new Uint8Array(2 * this.#clearances.length);
        grown.set(this.#clearances);
        this.#clearances = grown;
      }
      this.#clearances.fill(CLEARANCE_MAX, offset, offset + PAGE_CELLS);
      this.#pages[page] = offset;
    }
    return this.#pages[page] + ((row & (PAGE_SIDE - 1)) << PAGE_BITS) + (column & (PAGE_SIDE - 1));
  }
}

/** The cells that a shape, widened by a padding, may reach into, ascending. */
function cellsOf(shape: Shape, paddingMeters: number): Int32Array {
  const cells = new Set<number>();
  const { edges } = shape;
  for (let at = 0; at < edges.length; at += 4) {
    // A long edge is cut, so that a thin diagonal one does not fill its box.
    const pieces = Math.max(
      1,
      Math.ceil(Math.max(Math.abs(edges[at + 2] - edges[at]), Math.abs(edges[at + 3] - edges[at + 1])) / CELL_DEGREES),
    );
    for (let i = 0; i < pieces; i++) {
      const from = i / pieces;
      const to = (i + 1) / pieces;
      const lonA = edges[at] + from * (edges[at + 2] - edges[at]);
      const lonB = edges[at] + to * (edges[at + 2] - edges[at]);
      const latA = edges[at + 1] + from * (edges[at + 3] - edges[at + 1]);
      const latB = edges[at + 1] + to * (edges[at + 3] - edges[at + 1]);
      addPaddedBox(lonA, latA, lonB, latB, paddingMeters, cells);
    }
  }
  addSurface(shape, cells);
  return Int32Array.from(cells).sort();
}

function addPaddedBox(
  lonA: number,
  latA: number,
  lonB: number,
  latB: number,
  meters: number,
  cells: Set<number>,
): void {
  const latPad = (meters * SAFETY) / LEAST_METERS_PER_DEGREE + SAFETY_DEGREES;
  const south = Math.min(latA, latB) - latPad;
  const north = Math.max(latA, latB) + latPad;
  const highest = Math.min(89.9, Math.max(Math.abs(south), Math.abs(north)));
  const lonPad = (meters * SAFETY) / metersPerLonDegree(highest) + SAFETY_DEGREES;
  const westColumn = columnOf(Math.min(lonA, lonB) - lonPad);
  // Wider than the world near a pole: every column once.
  const eastColumn = Math.min(columnOf(Math.max(lonA, lonB) + lonPad), westColumn + COLUMNS - 1);
  for (let row = rowOf(south); row <= rowOf(north); row++) {
    for (let column = westColumn; column <= eastColumn; column++) cells.add(row * COLUMNS + wrapColumn(column));
  }
}

/** The cells inside a surface. A cell that no edge reaches is wholly in or wholly out: its middle tells. */
function addSurface(shape: Shape, cells: Set<number>): void {
  const { edges } = shape;
  if (4 * shape.ringsFrom >= edges.length) return;
  const hits: number[] = [];
  for (let row = rowOf(shape.south); row <= rowOf(shape.north); row++) {
    const lat = (row + 0.5) * CELL_DEGREES - 90;
    hits.length = 0;
    for (let at = 4 * shape.ringsFrom; at < edges.length; at += 4) {
      const lat0 = edges[at + 1];
      const lat1 = edges[at + 3];
      if (lat0 > lat === lat1 > lat) continue;
      hits.push(edges[at] + ((lat - lat0) / (lat1 - lat0)) * (edges[at + 2] - edges[at]));
    }
    hits.sort((a, b) => a - b);
    for (let i = 0; i + 1 < hits.length; i += 2) {
      for (let column = columnOf(hits[i]); column <= columnOf(hits[i + 1]); column++) {
        cells.add(row * COLUMNS + wrapColumn(column));
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

function wrapColumn(column: number): number {
  return column < 0 ? column + COLUMNS : column >= COLUMNS ? column - COLUMNS : column;
}
