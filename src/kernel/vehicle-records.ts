import type { PlaceBox } from "./place-box.ts";

/**
 * What is known of each vehicle that is near nothing, in 32 bytes, half a line of the cache: time, longitude and latitude of its last accepted fix, the side of the
 * fence, and its FREE BOX: where it may go before anything can be near. A plausible fix in the box is taken by writing its time and place, and that is all: neither
 * the index nor any shape is looked at.
 */

/** Fixes in columns: numbers of vehicles, ms UTC, 1e-6 degree WGS-84. */
export interface MatcherRows {
  readonly vehicle: Uint32Array;
  readonly timeMs: Float64Array;
  readonly lonE6: Int32Array;
  readonly latE6: Int32Array;
}

/** The last accepted fix of a vehicle. */
interface PlainRecord {
  timeMs: number;
  lonE6: number;
  latE6: number;
  isInside: boolean;
}

/**
 * Words of a record; its time is the first two, as one 64-bit number. The box's width and height, 16 bits each, are in units of 8 (1e-6 degree). A record without a
 * time is of a vehicle that has sent nothing, or is busy: then it has a place among the waiting fixes instead of a box's west.
 */
const RECORD_BITS = 3;
const LON = 2;
const LAT = 3;
const WEST = 4;
const PLACE = WEST;
const SOUTH = 5;
const SIZE = 6;
const STATE = 7;
const UNIT_BITS = 3;
const UNITS_MAX = 0xffff;
/** Bits of a record's state: it is inside the fence; what is near it is known, so that only a change matters. */
const IS_INSIDE = 1;
const IS_SETTLED = 2;

/** Records by the number of their vehicle. Times are ms UTC, coordinates 1e-6 degree. */
export class VehicleRecords {
  /** The records, and the same memory as 64-bit numbers. */
  #words: Int32Array;
  #times: Float64Array;
  #capacity: number;
  /** In an array of its own: a field may hold anything, and would be looked at anew for each fix. */
  readonly #plainE6PerMs = new Float64Array(1);
  /** Where `readAhead` puts what it read; without a use the reads would be optimized away. */
  readonly #readSum = new Int32Array(1);

  /** `plainE6PerMs`: what is surely not too far in a millisecond, as the sum of both coordinates' differences. */
  constructor(capacity: number, plainE6PerMs: number) {
    this.#capacity = capacity;
    this.#words = emptyRecords(capacity);
    this.#times = new Float64Array(this.#words.buffer);
    this.#plainE6PerMs[0] = plainE6PerMs;
  }

  /** Reads the records of the rows' vehicles, so that they are in the cache: reads that do not wait for each other are several at a time. Makes room for all. */
  readAhead(vehicle: Uint32Array, from: number, to: number): void {
    let last = 0;
    for (let row = from; row < to; row++) last = Math.max(last, vehicle[row]);
    if (last >= this.#capacity) this.#grow(last);
    const words = this.#words;
    let sum = 0;
    for (let row = from; row < to; row++) sum = (sum + words[vehicle[row] << RECORD_BITS]) | 0;
    this.#readSum[0] = sum;
  }

  /**
   * Takes the plausible fixes that lie in their vehicles' boxes, and puts the rows of the others into `others` behind the `before` that are there; returns how many
   * there are then. After `readAhead`. No calls in this loop: what the arrays are is then read once, before it.
   */
  takeFree(
    { vehicle, timeMs, lonE6, latE6 }: MatcherRows,
    from: number,
    to: number,
    others: Int32Array,
    before: number,
  ): number {
    const words = this.#words;
    const times = this.#times;
    const plainE6PerMs = this.#plainE6PerMs[0];
    let count = before;
    for (let row = from; row < to; row++) {
      const at = vehicle[row] << RECORD_BITS;
      const ms = timeMs[row];
      const lon = lonE6[row];
      const lat = latE6[row];
      const gapMs = ms - times[at >> 1];
      const stepE6 = Math.abs((lon - words[at | LON]) | 0) + Math.abs((lat - words[at | LAT]) | 0);
      // What lies west or south of the box is a large number without its sign.
      const east = (lon - words[at | WEST]) >>> 0;
      const north = (lat - words[at | SOUTH]) >>> 0;
      const size = words[at | SIZE];
      const width = ((size >>> 16) << UNIT_BITS) >>> 0;
      const height = ((size & UNITS_MAX) << UNIT_BITS) >>> 0;
      // The last two are false as well when the fix is not later, unless it is the same once more, and when a time is no number or infinite.
      if (east < width && north < height && stepE6 <= plainE6PerMs * gapMs && gapMs < Infinity) {
        times[at >> 1] = ms;
        words[at | LON] = lon;
        words[at | LAT] = lat;
      } else {
        // The vehicle's next fixes have to wait for this one.
        words[at | SIZE] = 0;
        others[count] = row;
        count = (count + 1) | 0;
      }
    }
    return count;
  }

  /** Writes the record of a vehicle that is near nothing. The box that is kept may be a little smaller. */
  write(vehicle: number, timeMs: number, lonE6: number, latE6: number, isInside: boolean, box: PlaceBox): void {
    const words = this.#words;
    const at = vehicle << RECORD_BITS;
    this.#times[at >> 1] = timeMs;
    words[at | LON] = lonE6;
    words[at | LAT] = latE6;
    words[at | WEST] = box.west;
    words[at | SOUTH] = box.south;
    // 0/0 is no place, and must not be reached unseen.
    words[at | SIZE] = box.holds(0, 0) ? 0 : sizeWord(box);
    words[at | STATE] = (isInside ? IS_INSIDE : 0) | (box.width > 0 ? IS_SETTLED : 0);
  }

  /** The record of a vehicle that is busy, or (place 0) has sent nothing. */
  vacate(vehicle: number, place: number): void {
    if (vehicle >= this.#capacity) return;
    const at = vehicle << RECORD_BITS;
    this.#times[at >> 1] = Number.NaN;
    this.#words[at | SIZE] = 0;
    this.#words[at | PLACE] = place;
  }

  /** The world has changed: every box has to be found again. */
  emptyBoxes(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 1 << RECORD_BITS) {
      words[at | SIZE] = 0;
      words[at | STATE] &= ~IS_SETTLED;
    }
  }

  /** Whether the vehicle has a last fix, and no object. */
  isPlain(vehicle: number): boolean {
    return vehicle < this.#capacity && !Number.isNaN(this.#times[vehicle << (RECORD_BITS - 1)]);
  }

  /** The place of a busy vehicle among the waiting; 0 of one that has sent nothing. */
  placeOf(vehicle: number): number {
    return this.#words[(vehicle << RECORD_BITS) | PLACE];
  }

  /** The last accepted fix of a plain vehicle, into `out`. */
  read(vehicle: number, out: PlainRecord): void {
    const at = vehicle << RECORD_BITS;
    out.timeMs = this.#times[at >> 1];
    out.lonE6 = this.#words[at | LON];
    out.latE6 = this.#words[at | LAT];
    out.isInside = (this.#words[at | STATE] & IS_INSIDE) !== 0;
  }

  isInside(vehicle: number): boolean {
    return (this.#words[(vehicle << RECORD_BITS) | STATE] & IS_INSIDE) !== 0;
  }

  /** Whether it had a box in which nothing changes when it was written, in this version of the world. */
  isSettled(vehicle: number): boolean {
    return (this.#words[(vehicle << RECORD_BITS) | STATE] & IS_SETTLED) !== 0;
  }

  #grow(vehicle: number): void {
    this.#capacity = Math.max(2 * this.#capacity, vehicle + 1, 64);
    const words = emptyRecords(this.#capacity);
    words.set(this.#words);
    this.#words = words;
    this.#times = new Float64Array(words.buffer);
  }
}

/** Records of vehicles that have sent nothing. */
function emptyRecords(count: number): Int32Array {
  const words = new Int32Array(count << RECORD_BITS);
  const times = new Float64Array(words.buffer);
  for (let at = 0; at < times.length; at += 1 << (RECORD_BITS - 1)) times[at] = Number.NaN;
  return words;
}

/** The size of a box as one word. */
function sizeWord({ width, height }: PlaceBox): number {
  return (Math.min(UNITS_MAX, width >> UNIT_BITS) << 16) | Math.min(UNITS_MAX, height >> UNIT_BITS);
}
