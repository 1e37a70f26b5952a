import type { PlaceBox } from "./place-box.ts";

/**
 * A grid over the world that answers "nothing is near" for a segment in two reads.
 *
 * Every cell holds its CLEARANCE: the distance in cells (the larger of columns and rows) to the nearest occupied cell, 0 when it is
 * occupied itself, cut off at `CLEARANCE_MAX`. A segment whose other end lies fewer cells away than the clearance of its first one stays
 * within a square of free cells, so nothing is near.
 *
 * Cells lie in pages of 64 x 64, made when something comes within `CLEARANCE_MAX` of them: a page that is not there is clear. A cell's
 * byte is found by its page's offset (one read of a small table) and its place in the page.
 */

const PAGE_BITS = 6;
const PAGE_SIDE = 1 << PAGE_BITS;
const PAGE_CELLS = PAGE_SIDE * PAGE_SIDE;
/** Clearance is not told apart above this many cells. */
const CLEARANCE_MAX = 8;
/** Offset of the page that stands for all pages that are not there, and of the one that is nowhere clear. */
const CLEAR_PAGE = 0;
const OCCUPIED_PAGE = PAGE_CELLS;

/** Columns from `west` to `east` and rows from `south` to `north`, all included; columns run on across the 180th meridian. */
export interface CellBox {
  west: number;
  east: number;
  south: number;
  north: number;
}

/** What bounds a cell's clearance when it is settled again; the cell's column is wrapped. */
interface ClearanceBound {
  (column: number, row: number): number;
}

/** One grid: cells of one size over the whole world. */
export class ClearanceGrid {
  readonly clearanceMax = CLEARANCE_MAX;
  readonly columns: number;
  readonly rows: number;
  readonly #cellBits: number;
  readonly #pageColumns: number;
  readonly #pages: Uint32Array;
  /** What `isClear` reads: the pages, or as long as the grid is blind the page that is nowhere clear. */
  #seen: Uint32Array;
  #bytes = new Uint8Array(16 * PAGE_CELLS);
  #bytesUsed = 2 * PAGE_CELLS;
  #work = new Uint8Array(1024).fill(CLEARANCE_MAX);

  /** Cells have a side of 2^cellBits millionths of a degree. */
  constructor(cellBits: number) {
    const cellE6 = 2 ** cellBits;
    this.#cellBits = cellBits;
    this.columns = Math.ceil(360_000_000 / cellE6);
    this.rows = Math.floor(180_000_000 / cellE6) + 1;
    this.#pageColumns = Math.ceil(this.columns / PAGE_SIDE);
    this.#pages = new Uint32Array(this.#pageColumns * Math.ceil(this.rows / PAGE_SIDE));
    this.#seen = this.#pages;
    this.#bytes.fill(CLEARANCE_MAX, CLEAR_PAGE, CLEAR_PAGE + PAGE_CELLS);
  }

  /** Bytes that it holds. */
  get byteLength(): number {
    return this.#pages.byteLength + this.#bytes.byteLength;
  }

  /** True when nothing can be near the segment, by its two ends alone (1e-6 degree, in range). False says nothing. */
  isClear(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    const column = (lon0E6 + 180_000_000) >> this.#cellBits;
    const row = (lat0E6 + 90_000_000) >> this.#cellBits;
    const page = this.#seen[(row >> PAGE_BITS) * this.#pageColumns + (column >> PAGE_BITS)];
    const clearance = this.#bytes[page + ((row & (PAGE_SIDE - 1)) << PAGE_BITS) + (column & (PAGE_SIDE - 1))];
    const columns = ((lon1E6 + 180_000_000) >> this.#cellBits) - column;
    const rows = ((lat1E6 + 90_000_000) >> this.#cellBits) - row;
    return columns < clearance && columns > -clearance && rows < clearance && rows > -clearance;
  }

  /**
   * The square of free cells round a place (1e-6 degree, in range), within the edges of the map; empty in an occupied cell. A read as for `isClear`.
   */
  findFreeBox(lonE6: number, latE6: number, box: PlaceBox): void {
    const bits = this.#cellBits;
    const column = (lonE6 + 180_000_000) >> bits;
    const row = (latE6 + 90_000_000) >> bits;
    const page = this.#seen[(row >> PAGE_BITS) * this.#pageColumns + (column >> PAGE_BITS)];
    const clearance = this.#bytes[page + ((row & (PAGE_SIDE - 1)) << PAGE_BITS) + (column & (PAGE_SIDE - 1))];
    if (clearance === 0) return box.empty();
    const west = Math.max(0, (column - clearance + 1) << bits);
    const south = Math.max(0, (row - clearance + 1) << bits);
    const east = Math.min(360_000_001, (column + clearance) << bits);
    const north = Math.min(180_000_001, (row + clearance) << bits);
    // At the edge of the map the longer sides are cut.
    const side = Math.min(east - west, north - south);
    box.set(
      Math.min(Math.max(west, lonE6 + 180_000_000 - (side >> 1)), east - side) - 180_000_000,
      Math.min(Math.max(south, latE6 + 90_000_000 - (side >> 1)), north - side) - 90_000_000,
      side,
    );
  }

  /** While it is blind no segment is clear. */
  setBlind(isBlind: boolean): void {
    this.#seen = isBlind ? new Uint32Array(this.#pages.length).fill(OCCUPIED_PAGE) : this.#pages;
  }

  /** A cell's clearance. */
  clearanceAt(column: number, row: number): number {
    return this.#bytes[this.#pageAt(column, row) + placeInPage(column, row)];
  }

  /**
   * Settles the clearances after cells within `changed` have become occupied or free: they and all cells less than `CLEARANCE_MAX` away.
   * Each starts at its bound: 0 where it is occupied, and where it is not at least its clearance.
   *
   * Two sweeps over the box, there and back, carry every distance to where it counts: exact for this metric (A. Rosenfeld, J. Pfaltz,
   * Sequential operations in digital picture processing, 1966). The rim round the box has not changed, and brings in what is beyond.
   */
  settle(changed: CellBox, boundOf: ClearanceBound): void {
    const west = changed.west - CLEARANCE_MAX;
    const south = changed.south - CLEARANCE_MAX;
    const width = changed.east + CLEARANCE_MAX - west + 1;
    const height = changed.north + CLEARANCE_MAX - south + 1;
    if (this.#work.length < width * height) this.#work = new Uint8Array(2 * width * height).fill(CLEARANCE_MAX);
    const work = this.#work;
    const isInBox = (x: number, y: number): boolean => x > 0 && x < width - 1 && y > 0 && y < height - 1;
    this.#eachCell(west, south, width, height, (column, row, x, y) => {
      work[y * width + x] = isInBox(x, y) ? boundOf(column, row) : this.clearanceAt(column, row);
    });
    sweep(work, width, height);
    this.#eachCell(west, south, width, height, (column, row, x, y) => {
      const clearance = work[y * width + x];
      if (!isInBox(x, y) || this.clearanceAt(column, row) === clearance) return;
      this.#bytes[this.#makePageAt(column, row) + placeInPage(column, row)] = clearance;
    });
    // Rows beyond a pole are not visited: they stay as clear as this.
    work.fill(CLEARANCE_MAX, 0, width * height);
  }

  /** Visits the cells of a box that exist, with their columns wrapped. */
  #eachCell(
    west: number,
    south: number,
    width: number,
    height: number,
    visit: (column: number, row: number, x: number, y: number) => void,
  ): void {
    for (let y = 0; y < height; y++) {
      const row = south + y;
      if (row < 0 || row >= this.rows) continue;
      for (let x = 0; x < width; x++) visit(this.wrap(west + x), row, x, y);
    }
  }

  /** A column that runs on across the 180th meridian, by at most a turn, as one of the grid's. */
  wrap(column: number): number {
    return column < 0 ? column + this.columns : column >= this.columns ? column - this.columns : column;
  }

  #pageAt(column: number, row: number): number {
    return this.#pages[(row >> PAGE_BITS) * this.#pageColumns + (column >> PAGE_BITS)];
  }

  #makePageAt(column: number, row: number): number {
    const offset = this.#pageAt(column, row);
    if (offset !== CLEAR_PAGE) return offset;
    const made = this.#bytesUsed;
    this.#bytesUsed += PAGE_CELLS;
    if (this.#bytesUsed > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.fill(CLEARANCE_MAX, made, this.#bytesUsed);
    this.#pages[(row >> PAGE_BITS) * this.#pageColumns + (column >> PAGE_BITS)] = made;
    return made;
  }
}

function placeInPage(column: number, row: number): number {
  return ((row & (PAGE_SIDE - 1)) << PAGE_BITS) + (column & (PAGE_SIDE - 1));
}

/** Lowers each number inside the rim to at most one more than any of its eight neighbours. */
function sweep(work: Uint8Array, width: number, height: number): void {
  const last = width * height - width - 2;
  for (let at = width + 1; at <= last; at++) {
    if (at % width === 0 || at % width === width - 1) continue;
    const before = Math.min(work[at - 1], work[at - width - 1], work[at - width], work[at - width + 1]);
    if (before + 1 < work[at]) work[at] = before + 1;
  }
  for (let at = last; at > width; at--) {
    if (at % width === 0 || at % width === width - 1) continue;
    const after = Math.min(work[at + 1], work[at + width - 1], work[at + width], work[at + width + 1]);
    if (after + 1 < work[at]) work[at] = after + 1;
  }
}
