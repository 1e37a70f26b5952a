import type { PlaceBox } from "./place-box.ts";
import { CELL_BITS, COLUMNS, ROWS } from "./reach-cells.ts";

/**
 * Which cells of the world something may reach into: one bit a cell, and where the free ones lie round a place.
 *
 * Bits lie in tiles of 32 columns and 16 rows, one word a row and one line of the cache a tile, made when something occupies a cell of them: a tile that is
 * not there is empty. China's are 0.9 MB. Whatever is asked looks at a window of 32 columns, two tiles wide, row by row, as a word.
 */

const TILE_COLUMN_BITS = 5;
const TILE_ROW_BITS = 4;
const TILE_WORDS = 1 << TILE_ROW_BITS;
/** One more than there are, so that each has a neighbour to the east. */
const TILE_COLUMNS = (COLUMNS >> TILE_COLUMN_BITS) + 2;
const TILE_ROWS = ((ROWS - 1) >> TILE_ROW_BITS) + 1;
/** Offset of the tile that stands for all that are not there. */
const EMPTY_TILE = 0;
const WINDOW_COLUMNS = 32;
/** Of a driving vehicle's window, the columns behind it, and rows ahead: half an hour's way. */
const COLUMNS_BEHIND = 7;
const ROWS_AHEAD = 20;
/** Who moved less (sum of both differences, 1e-6 degree) is thought to rest. */
const REST_E6 = 1000;

/** One bit for each cell; columns 0 to `COLUMNS` - 1, rows 0 to `ROWS` - 1. Coordinates of queries are 1e-6 degree, longitude first, in range. */
export class OccupiedCells {
  /** The offset of each tile's words. */
  readonly #tiles = new Int32Array(TILE_COLUMNS * TILE_ROWS);
  #words = new Int32Array(16 * TILE_WORDS);
  #used = TILE_WORDS;

  /** Makes a cell occupied or free. */
  set(column: number, row: number, isOccupied: boolean): void {
    const at = (row >> TILE_ROW_BITS) * TILE_COLUMNS + (column >> TILE_COLUMN_BITS);
    if (this.#tiles[at] === EMPTY_TILE) {
      if (!isOccupied) return;
      this.#tiles[at] = this.#makeTile();
    }
    const word = this.#tiles[at] + (row & (TILE_WORDS - 1));
    const bit = 1 << (column & 31);
    if (isOccupied) this.#words[word] |= bit;
    else this.#words[word] &= ~bit;
  }

  /** True when all cells of the box between two places are free. False says nothing. */
  isFree(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    const column0 = (lon0E6 + 180_000_000) >> CELL_BITS;
    const column1 = (lon1E6 + 180_000_000) >> CELL_BITS;
    const row0 = (lat0E6 + 90_000_000) >> CELL_BITS;
    const row1 = (lat1E6 + 90_000_000) >> CELL_BITS;
    const west = Math.min(column0, column1);
    const columns = Math.abs(column1 - column0);
    const south = Math.min(row0, row1);
    const north = Math.max(row0, row1);
    if (columns >= WINDOW_COLUMNS || north - south >= WINDOW_COLUMNS) return false;
    let occupied = 0;
    for (let row = south; row <= north; row++) occupied |= this.#row(west, row);
    return (occupied & bitsOf(0, columns)) === 0;
  }

  /**
   * Finds a box of free cells round a place; empty where the place's own cell is occupied. A vehicle that came there by the given step (1e-6 degree) and goes
   * on so should stay in it for long: rows ahead are added until it would leave the box by the side before it leaves it by them. A resting one needs no more than its
   * cell and those beside it. Not across the 180th meridian.
   */
  findFreeBox(lonE6: number, latE6: number, stepLonE6: number, stepLatE6: number, box: PlaceBox): void {
    const column = (lonE6 + 180_000_000) >> CELL_BITS;
    const row = (latE6 + 90_000_000) >> CELL_BITS;
    const eastE6 = Math.abs(stepLonE6);
    const northE6 = Math.abs(stepLatE6);
    const isResting = eastE6 + northE6 < REST_E6;
    const isEastward = stepLonE6 >= 0;
    const side = stepLatE6 >= 0 ? 1 : -1;
    const behind = isEastward ? COLUMNS_BEHIND : WINDOW_COLUMNS - 1 - COLUMNS_BEHIND;
    const west = Math.max(0, Math.min(COLUMNS - WINDOW_COLUMNS, column - behind));
    const at = column - west;
    let occupied = this.#row(west, row);
    if (((occupied >>> at) & 1) !== 0) return box.empty();
    let last = row;
    if (!isResting) {
      const end = side > 0 ? Math.min(ROWS - 1, row + ROWS_AHEAD) : Math.max(0, row - ROWS_AHEAD);
      let ahead = isEastward ? freeAbove(occupied, at) : freeBelow(occupied, at);
      while (side * (end - last) > 0) {
        const next = last + side;
        if (this.#areTilesEmpty(west, next)) {
          // All rows of these tiles at once.
          last = side > 0 ? Math.min(ROWS - 1, next | (TILE_WORDS - 1)) : next & -TILE_WORDS;
          continue;
        }
        const both = occupied | this.#row(west, next);
        if (((both >>> at) & 1) !== 0) break;
        const free = isEastward ? freeAbove(both, at) : freeBelow(both, at);
        const rows = Math.abs(next - row);
        // From the middle of its cell: a row that narrows the box must be worth it.
        if (free < ahead && (2 * free + 1) * northE6 < (2 * rows - 1) * eastE6) break;
        occupied = both;
        ahead = free;
        last = next;
        if ((2 * ahead + 1) * northE6 < (2 * rows + 1) * eastE6) break;
      }
    }
    const most = isResting ? 1 : WINDOW_COLUMNS;
    const toEast = Math.min(most, freeAbove(occupied, at));
    const toWest = Math.min(most, freeBelow(occupied, at));
    const bits = bitsOf(at - toWest, at + toEast);
    if (isResting && this.#isRowFree(west, row + side, bits)) last = row + side;
    // One row behind, where that costs nothing.
    const first = this.#isRowFree(west, row - side, bits) ? row - side : row;
    const westE6 = (column - toWest) << CELL_BITS;
    const southE6 = Math.min(first, last) << CELL_BITS;
    box.set(
      westE6 - 180_000_000,
      southE6 - 90_000_000,
      Math.min(360_000_001, (column + toEast + 1) << CELL_BITS) - westE6,
      Math.min(180_000_001, (Math.max(first, last) + 1) << CELL_BITS) - southE6,
    );
  }

  /** Reads what `findFreeBox` will read first, and returns it: many such reads do not wait for each other. Takes any numbers. */
  readAhead(lonE6: number, latE6: number): number {
    const column = (lonE6 + 180_000_000) >> CELL_BITS;
    const row = (latE6 + 90_000_000) >> CELL_BITS;
    if (column < 0 || column >= COLUMNS || row < 0 || row >= ROWS) return 0;
    const tile = this.#tiles[(row >> TILE_ROW_BITS) * TILE_COLUMNS + (column >> TILE_COLUMN_BITS)];
    return this.#words[tile + (row & (TILE_WORDS - 1))];
  }

  /** 32 columns of a row, the westernmost as the lowest bit. */
  #row(west: number, row: number): number {
    const at = (row >> TILE_ROW_BITS) * TILE_COLUMNS + (west >> TILE_COLUMN_BITS);
    const line = row & (TILE_WORDS - 1);
    const shift = west & 31;
    // By two shifts, because one by 32 is one by 0.
    const words = this.#words;
    return (words[this.#tiles[at] + line] >>> shift) | ((words[this.#tiles[at + 1] + line] << 1) << (31 - shift));
  }

  #isRowFree(west: number, row: number, bits: number): boolean {
    return row >= 0 && row < ROWS && (this.#row(west, row) & bits) === 0;
  }

  #areTilesEmpty(west: number, row: number): boolean {
    const at = (row >> TILE_ROW_BITS) * TILE_COLUMNS + (west >> TILE_COLUMN_BITS);
    return (this.#tiles[at] | this.#tiles[at + 1]) === EMPTY_TILE;
  }

  #makeTile(): number {
    const tile = this.#used;
    this.#used += TILE_WORDS;
    if (this.#used > this.#words.length) {
      const grown = new Int32Array(2 * this.#words.length);
      grown.set(this.#words);
      this.#words = grown;
    }
    return tile;
  }
}

/** The bits from one to another, 0 to 31, both included. */
function bitsOf(from: number, to: number): number {
  return ((2 << to) - 1) & -(1 << from);
}

/** How many bits above the given one are free, up to the window's end. */
function freeAbove(word: number, at: number): number {
  const above = (word >>> at) & ~1;
  // The lowest bit that is set.
  return above === 0 ? 31 - at : 30 - Math.clz32(above & -above);
}

/** How many bits below the given one are free, down to the window's end. */
function freeBelow(word: number, at: number): number {
  return at - 32 + Math.clz32(word & ((1 << at) - 1));
}
