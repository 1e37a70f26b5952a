import { distanceMeters, MOST_METERS_PER_E6 } from "./distance.ts";
import { isInsideFence } from "./fence.ts";
import type { MatchSink } from "./findings.ts";
import { isPlace, orderFixes, type KernelTrack } from "./fixes.ts";
import { findFreeBox } from "./free-box.ts";
import { Motion, STILL_E6 } from "./motion.ts";
import { PlaceBox } from "./place-box.ts";
import type { World } from "./world.ts";

/** Fixes that are taken together: their vehicles' records take 4 kB, an eighth of the first cache. */
const BLOCK_ROWS = 128;
/** A longitude that is no place. */
const NO_PLACE_E6 = 2 ** 31 - 1;
/** A free box should last for so many fixes, if it can. */
const STEPS_AHEAD = 20;

/** Words of a vehicle's record; its time is the first two, as one 64-bit number. The box is a `PlaceBox`. */
const RECORD_BITS = 3;
const LON = 2;
const LAT = 3;
const WEST = 4;
const SOUTH = 5;
const SIDE = 6;
const STATE = 7;
/** Bits of a record's state: it is inside the fence; what is near it is known, so that only a change matters. */
const IS_INSIDE = 1;
const IS_SETTLED = 2;

/** Fixes in columns: numbers of vehicles, ms UTC, 1e-6 degree WGS-84. */
export interface MatcherRows {
  readonly vehicle: Uint32Array;
  readonly timeMs: Float64Array;
  readonly lonE6: Int32Array;
  readonly latE6: Int32Array;
}

/** A fix whose speed from the one before is too high: the next one decides whether it counts (section 1 of the rule). */
interface Undecided {
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/**
 * Matches the fixes of all vehicles as they come.
 *
 * A vehicle that is near nothing is a record of 32 bytes, half a line of the cache: time, longitude and latitude of its last accepted fix, the side of the
 * fence, and its FREE BOX: where it may go before anything can be near. A plausible fix in the box is taken by writing its time and place, and that is all: neither
 * the index nor any shape is looked at. Outside it the index gives a new one. Any other vehicle has an object, and in its record the box is
 * empty and the time NaN. Another version of the world empties all boxes.
 *
 * An outlier is a fix whose speed from the valid fix before AND to the valid fix after are too high; "valid" is all that is located and in
 * range, outliers too, so that the verdict on a fix depends on its two neighbours only and not on verdicts about them. When several follow each
 * other, each is judged by its own two neighbours: a run that agrees with itself is no outlier. Live, a fix is accepted at once
 * unless it came too fast; then it waits for the next one. `finish` says that none will come: such a last fix counts.
 */
export class Matcher {
  readonly #world: World;
  readonly #sink: MatchSink;
  readonly #maxMetersPerMs: number;
  /**
   * What is surely not too far in a millisecond, as the sum of both coordinates' differences, 1e-6 degree. In an array of its own: a field may hold anything, and
   * would be looked at anew for each fix.
   */
  readonly #plainE6PerMs = new Float64Array(1);
  /** The vehicles' records, and the same memory as 64-bit numbers. */
  #words: Int32Array;
  #times: Float64Array;
  #capacity: number;
  readonly #motions = new Map<number, Motion>();
  readonly #undecided = new Map<number, Undecided>();
  /** Vehicles whose last fix counts only because no other comes. */
  readonly #finished = new Set<number>();
  /** The world's version for which the boxes are free. */
  #version: number;
  #spare: Motion;
  #room = new Int32Array(64);
  readonly #box = new PlaceBox();
  /** Rows of a block that need more than their records. */
  readonly #others = new Int32Array(BLOCK_ROWS);
  /** Where `#readAhead` puts what it read; without a use the reads would be optimized away. */
  readonly #readSum = new Int32Array(1);
  readonly #one = {
    vehicle: new Uint32Array(1),
    timeMs: new Float64Array(1),
    lonE6: new Int32Array(1),
    latE6: new Int32Array(1),
  };

  /** `vehicleCapacity`: numbers of vehicles to begin with; it grows. */
  constructor(world: World, vehicleCapacity: number, sink: MatchSink) {
    this.#world = world;
    this.#sink = sink;
    this.#maxMetersPerMs = world.rule.maxSpeedKmh / 3600;
    this.#plainE6PerMs[0] = this.#maxMetersPerMs / MOST_METERS_PER_E6;
    this.#version = world.version;
    this.#capacity = vehicleCapacity;
    this.#words = emptyRecords(vehicleCapacity);
    this.#times = new Float64Array(this.#words.buffer);
    this.#spare = new Motion(world, sink);
  }

  /**
   * Takes the next fix of a vehicle: integer ms UTC, 1e-6 degree WGS-84.
   * @returns false when it is older than what was taken, or overrules what was taken at the same time: the vehicle has to be matched again, by
   *   `load` of all its fixes.
   */
  push(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    const one = this.#one;
    one.vehicle[0] = vehicle;
    one.timeMs[0] = timeMs;
    one.lonE6[0] = isPlace(lonE6, latE6) ? lonE6 : NO_PLACE_E6;
    one.latE6[0] = latE6;
    return this.pushRows(one, 0, 1) === 0;
  }

  /**
   * Takes the fixes of rows `from` to `to`, those of each vehicle in their order, as `push` does: for many fixes the faster way. Is told the rows that
   * are refused, and returns how many. Nobody who is told may push.
   */
  pushRows(rows: MatcherRows, from: number, to: number, onRefused?: (row: number) => void): number {
    const { vehicle, timeMs, lonE6, latE6 } = rows;
    let refused = 0;
    for (let begin = from; begin < to; begin += BLOCK_ROWS) {
      const end = Math.min(to, begin + BLOCK_ROWS);
      if (this.#version !== this.#world.version) this.#emptyBoxes();
      this.#readAhead(vehicle, begin, end);
      const count = this.#takeFree(rows, begin, end);
      for (let i = 0; i < count; i++) {
        const row = this.#others[i];
        if (this.#pushCarefully(vehicle[row], timeMs[row], lonE6[row], latE6[row])) continue;
        refused++;
        onRefused?.(row);
      }
    }
    return refused;
  }

  /** Reads the records of the rows' vehicles, so that they are in the cache: reads that do not wait for each other are several at a time. */
  #readAhead(vehicle: Uint32Array, from: number, to: number): void {
    let last = 0;
    for (let row = from; row < to; row++) last = Math.max(last, vehicle[row]);
    if (last >= this.#capacity) this.#grow(last);
    const words = this.#words;
    let sum = 0;
    for (let row = from; row < to; row++) sum = (sum + words[vehicle[row] << RECORD_BITS]) | 0;
    this.#readSum[0] = sum;
  }

  /**
   * Takes the plausible fixes that lie in their vehicles' boxes, and puts the rows of the others into `#others`; returns how many. No calls in
   * this loop: what the arrays are is then read once, before it.
   */
  #takeFree({ vehicle, timeMs, lonE6, latE6 }: MatcherRows, from: number, to: number): number {
    const words = this.#words;
    const times = this.#times;
    const others = this.#others;
    const plainE6PerMs = this.#plainE6PerMs[0];
    let count = 0;
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
      const side = words[at | SIDE] >>> 0;
      // The last two are false as well when the fix is not later, unless it is the same once more, and when a time is no number or infinite.
      if (east < side && north < side && stepE6 <= plainE6PerMs * gapMs && gapMs < Infinity) {
        times[at >> 1] = ms;
        words[at | LON] = lon;
        words[at | LAT] = lat;
      } else {
        // The vehicle's next fixes have to wait for this one.
        words[at | SIDE] = 0;
        others[count] = row;
        count = (count + 1) | 0;
      }
    }
    return count;
  }

  /** Forgets the vehicle, matches its fixes, in any order, and goes on live from their end. */
  load(vehicle: number, track: KernelTrack): void {
    this.forget(vehicle);
    const { rows } = orderFixes(track);
    for (const row of rows) this.push(vehicle, track.timeMs[row], track.lonE6[row], track.latE6[row]);
    this.tellGrown(vehicle);
  }

  /** No more fixes of the vehicle come. One more that does makes `push` answer false where that changes what was said. */
  finish(vehicle: number): void {
    const undecided = this.#undecided.get(vehicle);
    if (undecided !== undefined) {
      this.#undecided.delete(vehicle);
      this.#accept(vehicle, undecided.timeMs, undecided.lonE6, undecided.latE6);
      this.#finished.add(vehicle);
    }
    this.tellGrown(vehicle);
  }

  /** Tells of a vehicle's exposures that have lasted on since they were told; of all vehicles' where none is given. */
  tellGrown(vehicle?: number): void {
    if (vehicle !== undefined) this.#motions.get(vehicle)?.tellGrown();
    else for (const motion of this.#motions.values()) motion.tellGrown();
  }

  /** Forgets all about a vehicle, without telling. */
  forget(vehicle: number): void {
    this.#motions.delete(vehicle);
    this.#undecided.delete(vehicle);
    this.#finished.delete(vehicle);
    if (vehicle < this.#capacity) this.#vacate(vehicle);
  }

  /** 1 inside the fence at the vehicle's last accepted fix, 0 outside, -1 without a fix. */
  insideFence(vehicle: number): -1 | 0 | 1 {
    if (vehicle >= this.#capacity) return -1;
    const isInside = Number.isNaN(this.#timeOf(vehicle))
      ? this.#motions.get(vehicle)?.isInside
      : this.#isInside(vehicle);
    return isInside === undefined ? -1 : isInside ? 1 : 0;
  }

  /** How many vehicles have more than their columns. */
  get busyVehicles(): number {
    return this.#motions.size;
  }

  #pushCarefully(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    if (!Number.isFinite(timeMs) || !isPlace(lonE6, latE6)) return true;
    if (vehicle >= this.#capacity) this.#grow(vehicle);
    if (!Number.isNaN(this.#timeOf(vehicle))) return this.#pushPlain(vehicle, timeMs, lonE6, latE6);
    const motion = this.#motions.get(vehicle);
    if (motion === undefined) return this.#begin(vehicle, timeMs, lonE6, latE6);
    const undecided = this.#undecided.size === 0 ? undefined : this.#undecided.get(vehicle);
    if (undecided === undefined && motion.goOn(timeMs, lonE6, latE6)) return true;
    const last = undecided ?? motion;
    if (timeMs <= last.timeMs) return timeMs === last.timeMs && isOverruled(lonE6, latE6, last.lonE6, last.latE6);
    const isTooFast = this.#isTooFast(timeMs - last.timeMs, last.lonE6, last.latE6, lonE6, latE6);
    if (isTooFast && this.#finished.has(vehicle)) return false;
    if (undecided !== undefined) {
      if (isTooFast) this.#sink.outlier?.(vehicle, undecided.timeMs);
      else this.#accept(vehicle, undecided.timeMs, undecided.lonE6, undecided.latE6);
      if (!isTooFast) this.#undecided.delete(vehicle);
    }
    if (isTooFast) this.#undecided.set(vehicle, { timeMs, lonE6, latE6 });
    else this.#accept(vehicle, timeMs, lonE6, latE6);
    return true;
  }

  /** The next fix of a vehicle that is near nothing. */
  #pushPlain(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    const words = this.#words;
    const at = vehicle << RECORD_BITS;
    const lastMs = this.#timeOf(vehicle);
    const lastLonE6 = words[at + LON];
    const lastLatE6 = words[at + LAT];
    if (timeMs <= lastMs) return timeMs === lastMs && isOverruled(lonE6, latE6, lastLonE6, lastLatE6);
    if (this.#isTooFast(timeMs - lastMs, lastLonE6, lastLatE6, lonE6, latE6)) {
      if (this.#finished.has(vehicle)) return false;
      this.#undecided.set(vehicle, { timeMs, lonE6, latE6 });
      // While it waits the record must not take the next fix.
      this.#keep(this.#wake(vehicle));
      return true;
    }
    const { index } = this.#world;
    const box = this.#box;
    index.findFreeBox(lonE6, latE6, box);
    let isFree = box.holds(lastLonE6, lastLatE6);
    const stepE6 = Math.abs(lonE6 - lastLonE6) + Math.abs(latE6 - lastLatE6);
    // Of a vehicle that hardly moves the shapes themselves know more. They say that nothing changes, so what there is has to be known.
    const isSettled = isFree || (words[at + STATE] & IS_SETTLED) !== 0;
    if (isSettled && stepE6 <= STILL_E6 && box.side < STEPS_AHEAD * stepE6) {
      findFreeBox(this.#world, lonE6, latE6, box);
      isFree = box.holds(lastLonE6, lastLatE6);
    }
    if (!isFree && index.candidates(lastLonE6, lastLatE6, lonE6, latE6, this.#candidates()) > 0) {
      this.#accept(vehicle, timeMs, lonE6, latE6);
      return true;
    }
    this.#record(vehicle, timeMs, lonE6, latE6, this.#isInside(vehicle), box);
    return true;
  }

  /** The vehicle's first fix. */
  #begin(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    const { fence, index } = this.#world;
    const isInside = fence !== null && isInsideFence(fence, lonE6 / 1e6, latE6 / 1e6);
    index.findFreeBox(lonE6, latE6, this.#box);
    this.#record(vehicle, timeMs, lonE6, latE6, isInside, this.#box);
    return true;
  }

  #accept(vehicle: number, timeMs: number, lonE6: number, latE6: number): void {
    if (this.#finished.size > 0) this.#finished.delete(vehicle);
    const motion = this.#motions.get(vehicle) ?? this.#wake(vehicle);
    motion.advance(timeMs, lonE6, latE6);
    // A vehicle that is near nothing goes back into its record.
    if (!motion.isPlain || this.#undecided.has(vehicle)) return this.#keep(motion);
    this.#record(vehicle, timeMs, lonE6, latE6, motion.isInside, motion.freeBox);
    if (motion !== this.#spare) this.#motions.delete(vehicle);
  }

  /** Writes the record of a vehicle that is near nothing. */
  #record(vehicle: number, timeMs: number, lonE6: number, latE6: number, isInside: boolean, box: PlaceBox): void {
    const words = this.#words;
    const at = vehicle << RECORD_BITS;
    this.#times[at >> 1] = timeMs;
    words[at + LON] = lonE6;
    words[at + LAT] = latE6;
    words[at + WEST] = box.west;
    words[at + SOUTH] = box.south;
    // 0/0 is no place, and must not be reached unseen.
    words[at + SIDE] = box.holds(0, 0) ? 0 : box.side;
    words[at + STATE] = (isInside ? IS_INSIDE : 0) | (box.side > 0 ? IS_SETTLED : 0);
  }

  /** The spare object as that of a vehicle that is in its record. */
  #wake(vehicle: number): Motion {
    const words = this.#words;
    const at = vehicle << RECORD_BITS;
    this.#spare.start(vehicle, this.#timeOf(vehicle), words[at + LON], words[at + LAT], this.#isInside(vehicle));
    return this.#spare;
  }

  #keep(motion: Motion): void {
    if (motion !== this.#spare) return;
    this.#vacate(motion.vehicle);
    this.#motions.set(motion.vehicle, motion);
    this.#spare = new Motion(this.#world, this.#sink);
  }

  #vacate(vehicle: number): void {
    this.#times[vehicle << (RECORD_BITS - 1)] = Number.NaN;
    this.#words[(vehicle << RECORD_BITS) + SIDE] = 0;
  }

  /** The world has changed: every box has to be found again. */
  #emptyBoxes(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 1 << RECORD_BITS) {
      words[at + SIDE] = 0;
      words[at + STATE] &= ~IS_SETTLED;
    }
    this.#version = this.#world.version;
  }

  #isInside(vehicle: number): boolean {
    return (this.#words[(vehicle << RECORD_BITS) + STATE] & IS_INSIDE) !== 0;
  }

  /** The time in a vehicle's record. */
  #timeOf(vehicle: number): number {
    return this.#times[vehicle << (RECORD_BITS - 1)];
  }

  #isTooFast(ms: number, lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    if (Math.abs(lon1E6 - lon0E6) + Math.abs(lat1E6 - lat0E6) <= this.#plainE6PerMs[0] * ms) return false;
    return distanceMeters(lon0E6 / 1e6, lat0E6 / 1e6, lon1E6 / 1e6, lat1E6 / 1e6) > this.#maxMetersPerMs * ms;
  }

  /** Room for candidates. */
  #candidates(): Int32Array {
    const { slotsMax } = this.#world;
    if (this.#room.length < slotsMax) this.#room = new Int32Array(2 * slotsMax);
    return this.#room;
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

/** At the same time the smaller longitude counts, then the smaller latitude: whether a fix changes nothing beside another. */
function isOverruled(lonE6: number, latE6: number, besideLonE6: number, besideLatE6: number): boolean {
  return lonE6 > besideLonE6 || (lonE6 === besideLonE6 && latE6 >= besideLatE6);
}
