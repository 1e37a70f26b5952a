import { CellTable } from "./cell-table.ts";
import { metersPerLatDegree, metersPerLonDegree } from "./distance.ts";
import { discSlackMeters, DISC_HALF_METERS_MAX } from "./near.ts";
import { OccupiedCells } from "./occupied-cells.ts";
import type { PlaceBox } from "./place-box.ts";
import { CELL_BITS, cellNumber, COLUMNS, reachBox, reachBoxE6, reachCells } from "./reach-cells.ts";
import type { Shape } from "./shape.ts";

/**
 * Which shapes a segment may come near to.
 *
 * A cell of the world is occupied when a shape, widened by its padding, may reach into it. One bit a cell (`occupied-cells.ts`) answers "none" for most
 * segments, and where a vehicle may go without asking again. Only for what is left are the cells between the segment's ends looked at (`cell-table.ts`), and of
 * their shapes only those whose padded box the segment's box meets and whose padded disc the segment itself meets. Trucks move less than a cell between two fixes.
 *
 * The index never decides. It may name too many shapes, never too few. Adding and removing touch the shape's own cells.
 */

/**
 * A shape whose box has more fine cells than this (900 km square) is kept beside the grid: it is named for every segment, and nothing is
 * clear as long as it is there. Millions of cells would take seconds, and say little.
 */
const WIDE_CELLS = 2 ** 18;

/**
 * What is known of each slot's shape, half a line of the cache: west, south, east and north of its padded box, and its disc, the middle (all 1e-6 degree) and
 * how far the padded shape reaches from it (metres; -1: not known).
 */
const RECORD_BITS = 3;
const SOUTH = 1;
const EAST = 2;
const NORTH = 3;
const MIDDLE_LON = 4;
const MIDDLE_LAT = 5;
const REACH = 6;

/** An index over shapes ("slots": small numbers that the caller gives). Coordinates of queries are 1e-6 degree, longitude first. */
export class AreaIndex {
  readonly #occupied = new OccupiedCells();
  /** The slots of each occupied cell. */
  readonly #cells = new CellTable();
  #records = new Int32Array(64 << RECORD_BITS);
  /** The cells of each slot; none when it is wide. */
  readonly #reaches = new Map<number, Int32Array>();
  readonly #wide = new Set<number>();
  #seen = new Int32Array(64);
  #query = 0;

  /** Number of slots. */
  get size(): number {
    return this.#reaches.size;
  }

  /**
   * Adds a shape, widened by `paddingMeters`, as `slot` (0 or more).
   * @throws RangeError when the slot is taken.
   */
  add(slot: number, shape: Shape, paddingMeters: number): void {
    if (this.#reaches.has(slot)) throw new RangeError(`slot ${slot} is taken`);
    const box = reachBox(shape, paddingMeters);
    const columns = box.east - box.west + 1;
    const isWide = columns * (box.north - box.south + 1) > WIDE_CELLS || 2 * columns > COLUMNS;
    const cells = isWide ? new Int32Array(0) : reachCells(shape, paddingMeters);
    this.#reaches.set(slot, cells);
    this.#writeRecord(slot, shape, paddingMeters);
    if (isWide) this.#wide.add(slot);
    for (const cell of cells) {
      this.#cells.add(cell, slot);
      this.#occupied.set(cell % COLUMNS, Math.floor(cell / COLUMNS), true);
    }
  }

  /** Removes a slot; false when it is not there. */
  remove(slot: number): boolean {
    const cells = this.#reaches.get(slot);
    if (cells === undefined) return false;
    this.#reaches.delete(slot);
    this.#wide.delete(slot);
    for (const cell of cells) {
      this.#cells.remove(cell, slot);
      if (this.#cells.first(cell) < 0) this.#occupied.set(cell % COLUMNS, Math.floor(cell / COLUMNS), false);
    }
    return true;
  }

  #writeRecord(slot: number, shape: Shape, paddingMeters: number): void {
    const at = slot << RECORD_BITS;
    if (at >= this.#records.length) {
      const grown = new Int32Array(Math.max(2 * this.#records.length, at + (1 << RECORD_BITS)));
      grown.set(this.#records);
      this.#records = grown;
    }
    const [west, south, east, north] = reachBoxE6(shape, paddingMeters);
    this.#records.set([west, south, east, north], at);
    const reach = shape.outerMeters + paddingMeters;
    const hasDisc = reach < DISC_HALF_METERS_MAX && Math.abs(west) < 180_000_000 && Math.abs(east) < 180_000_000;
    this.#records[at + MIDDLE_LON] = Math.round(1e6 * shape.middleLon);
    this.#records[at + MIDDLE_LAT] = Math.round(1e6 * shape.middleLat);
    // One more for what the middle is rounded by.
    this.#records[at + REACH] = hasDisc ? Math.ceil(reach) + 1 : -1;
  }

  /** True when nothing can be near the segment, by its two ends alone. False says nothing. Coordinates in range, or else false. */
  isClear(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    return this.#wide.size === 0 && this.#occupied.isFree(lon0E6, lat0E6, lon1E6, lat1E6);
  }

  /**
   * Finds a box round a place (1e-6 degree, in range) in which surely nothing is near. Who came there by the given step, and goes on so, should stay in it
   * for long.
   */
  findFreeBox(lonE6: number, latE6: number, stepLonE6: number, stepLatE6: number, box: PlaceBox): void {
    if (this.#wide.size > 0) return box.empty();
    this.#occupied.findFreeBox(lonE6, latE6, stepLonE6, stepLatE6, box);
    if (box.width === 0) this.#findFreeBoxInCell(lonE6, latE6, box);
  }

  /** Reads from far memory what `findFreeBox` will need, and returns any number. */
  readAhead(lonE6: number, latE6: number): number {
    return this.#occupied.readAhead(lonE6, latE6);
  }

  /** In an occupied cell, what is left of it when each shape's box is cut off, on the side where that leaves most. */
  #findFreeBoxInCell(lonE6: number, latE6: number, box: PlaceBox): void {
    const cells = this.#cells;
    const records = this.#records;
    const column = (lonE6 + 180_000_000) >> CELL_BITS;
    const row = (latE6 + 90_000_000) >> CELL_BITS;
    let west = (column << CELL_BITS) - 180_000_000;
    let south = (row << CELL_BITS) - 90_000_000;
    let east = Math.min(180_000_001, west + (1 << CELL_BITS));
    let north = Math.min(90_000_001, south + (1 << CELL_BITS));
    for (let link = cells.first(cellNumber(column, row)); link >= 0; link = cells.next(link)) {
      const at = cells.slotAt(link) << RECORD_BITS;
      const itsWest = records[at];
      const itsSouth = records[at + SOUTH];
      const itsEast = records[at + EAST];
      const itsNorth = records[at + NORTH];
      if (itsWest >= east || itsEast < west || itsSouth >= north || itsNorth < south) continue;
      const across = lonE6 < itsWest ? itsWest - west : lonE6 > itsEast ? east - itsEast : 0;
      const along = latE6 < itsSouth ? itsSouth - south : latE6 > itsNorth ? north - itsNorth : 0;
      if (across === 0 && along === 0) return box.empty();
      if (across < along) {
        if (latE6 < itsSouth) north = itsSouth;
        else south = itsNorth + 1;
      } else if (lonE6 < itsWest) east = itsWest;
      else west = itsEast + 1;
    }
    box.set(west, south, east - west, north - south);
  }

  /**
   * The slots whose padded shapes the segment may reach, each once, ascending, into `out` (room for `size` numbers); returns how many.
   * The segment goes the short way round.
   */
  candidates(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number, out: Int32Array): number {
    if (this.isClear(lon0E6, lat0E6, lon1E6, lat1E6)) return 0;
    const count = this.candidatesBetween(lon0E6, lat0E6, lon1E6, lat1E6, out);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (this.#meetsDisc(out[i], lon0E6, lat0E6, lon1E6, lat1E6)) out[kept++] = out[i];
    }
    return kept;
  }

  /** As `candidates`, for the whole box between two places. */
  candidatesBetween(lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number, out: Int32Array): number {
    // Across the 180th meridian the box is the whole turn.
    const isShort = Math.abs(lon1E6 - lon0E6) <= 180_000_000;
    const westE6 = isShort ? Math.min(lon0E6, lon1E6) : -180_000_000;
    const eastE6 = isShort ? Math.max(lon0E6, lon1E6) : 180_000_000;
    const southE6 = Math.min(lat0E6, lat1E6);
    const northE6 = Math.max(lat0E6, lat1E6);
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
    // A box of more cells than there are occupied ones (a jump across a continent): all.
    if ((east - west + 1) * (north - south + 1) > this.#cells.size + 4096) return this.#all(out);
    const cells = this.#cells;
    const records = this.#records;
    this.#query++;
    let count = 0;
    if (this.#wide.size > 0) for (const slot of this.#wide) out[count++] = slot;
    for (let row = south; row <= north; row++) {
      for (let column = west; column <= east; column++) {
        for (let link = cells.first(cellNumber(column, row)); link >= 0; link = cells.next(link)) {
          const slot = cells.slotAt(link);
          const at = slot << RECORD_BITS;
          if (
            records[at] <= eastE6 &&
            records[at + EAST] >= westE6 &&
            records[at + SOUTH] <= northE6 &&
            records[at + NORTH] >= southE6 &&
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

  /**
   * Whether the segment may come as near to the middle of a slot's shape as its padded shape reaches: in the plane of the scales halfway between the shape and
   * the segment, with twice the slack of discs (`near.ts`).
   */
  #meetsDisc(slot: number, lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    const at = slot << RECORD_BITS;
    const reach = this.#records[at + REACH];
    if (reach < 0) return true;
    const middleLon = this.#records[at + MIDDLE_LON];
    const middleLat = this.#records[at + MIDDLE_LAT];
    const lat = (2 * middleLat + lat0E6 + lat1E6) / 4e6;
    const kx = metersPerLonDegree(lat) / 1e6;
    const ky = metersPerLatDegree(lat) / 1e6;
    const x = (lon0E6 - middleLon) * kx;
    const y = (lat0E6 - middleLat) * ky;
    const stepX = (lon1E6 - lon0E6) * kx;
    const stepY = (lat1E6 - lat0E6) * ky;
    const length2 = stepX * stepX + stepY * stepY;
    // As well where one of them is across the 180th meridian.
    if (length2 + x * x + y * y > DISC_HALF_METERS_MAX ** 2) return true;
    const along = length2 === 0 ? 0 : Math.max(0, Math.min(1, -(x * stepX + y * stepY) / length2));
    const distance = Math.sqrt((x + along * stepX) ** 2 + (y + along * stepY) ** 2);
    return distance <= reach + 2 * discSlackMeters(Math.sqrt(length2) + distance);
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
