import { BusyVehicles } from "./busy-vehicles.ts";
import { distanceMeters, MOST_METERS_PER_E6 } from "./distance.ts";
import { isInsideFence } from "./fence.ts";
import type { MatchSink } from "./findings.ts";
import { isOverruled, isPlace, orderFixes, type KernelTrack } from "./fixes.ts";
import { findFreeBox } from "./free-box.ts";
import { STILL_E6, type Motion } from "./motion.ts";
import { PlaceBox } from "./place-box.ts";
import { VehicleRecords, type MatcherRows } from "./vehicle-records.ts";
import type { World } from "./world.ts";

/** Fixes that are taken together: their vehicles' records take 4 kB, an eighth of the first cache. */
const BLOCK_ROWS = 128;
/**
 * So many fixes that need more than their records wait for each other, at most: what that runs, and what it reads, are then at hand for all. Two of three
 * thousand fixes do.
 */
const OTHERS_MAX = 512;
/** From so many on the index is read ahead for them: they are many where vehicles begin, or the world has changed. */
const MANY = 32;
/** A longitude that is no place. */
const NO_PLACE_E6 = 2 ** 31 - 1;
/** A free box should last for so many fixes, if it can. */
const STEPS_AHEAD = 20;

export type { MatcherRows } from "./vehicle-records.ts";

/** A fix whose speed from the one before is too high: the next one decides whether it counts (section 1 of the rule). */
interface Undecided {
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/**
 * Matches the fixes of all vehicles as they come.
 *
 * A vehicle that is near nothing is a record (`vehicle-records.ts`) with a box in which its fixes need not be looked at; outside it the index gives a new one. Any other
 * vehicle has an object (`busy-vehicles.ts`). Another version of the world empties all boxes.
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
  /** What is surely not too far in a millisecond, as the sum of both coordinates' differences, 1e-6 degree. */
  readonly #plainE6PerMs: number;
  readonly #records: VehicleRecords;
  readonly #busy: BusyVehicles;
  readonly #undecided = new Map<number, Undecided>();
  /** Vehicles whose last fix counts only because no other comes. */
  readonly #finished = new Set<number>();
  /** The world's version for which the boxes are free. */
  #version: number;
  #room = new Int32Array(64);
  readonly #box = new PlaceBox();
  readonly #last = { timeMs: 0, lonE6: 0, latE6: 0, isInside: false };
  /** Rows that need more than their records. */
  readonly #others = new Int32Array(OTHERS_MAX);
  /** Where what is read ahead is put; without a use the reads would be optimized away. */
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
    this.#plainE6PerMs = this.#maxMetersPerMs / MOST_METERS_PER_E6;
    this.#version = world.version;
    this.#records = new VehicleRecords(vehicleCapacity, this.#plainE6PerMs);
    this.#busy = new BusyVehicles(world, sink, this.#plainE6PerMs);
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
    let refused = 0;
    let count = 0;
    for (let begin = from; begin < to; begin += BLOCK_ROWS) {
      const end = Math.min(to, begin + BLOCK_ROWS);
      if (this.#version !== this.#world.version) this.#emptyBoxes();
      this.#records.readAhead(rows.vehicle, begin, end);
      count = this.#records.takeFree(rows, begin, end, this.#others, count);
      if (end < to && count <= OTHERS_MAX - BLOCK_ROWS) continue;
      refused += this.#takeOthers(rows, count, onRefused);
      count = 0;
    }
    return refused;
  }

  /** Takes the rows in `#others`, and returns how many are refused. */
  #takeOthers(rows: MatcherRows, count: number, onRefused?: (row: number) => void): number {
    const { vehicle, timeMs, lonE6, latE6 } = rows;
    const others = this.#others;
    let sum = 0;
    for (let i = 0; i < count && count >= MANY; i++) {
      sum = (sum + this.#world.index.readAhead(lonE6[others[i]], latE6[others[i]])) | 0;
    }
    this.#readSum[0] = sum;
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const row = others[i];
      if (this.#pushCarefully(vehicle[row], timeMs[row], lonE6[row], latE6[row])) continue;
      refused++;
      onRefused?.(row);
    }
    return refused;
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
    if (vehicle !== undefined) this.#busy.find(vehicle)?.tellGrown();
    else this.#busy.tellGrown();
  }

  /** Forgets all about a vehicle, without telling. */
  forget(vehicle: number): void {
    this.#busy.drop(vehicle);
    this.#undecided.delete(vehicle);
    this.#finished.delete(vehicle);
    this.#records.vacate(vehicle, 0);
  }

  /** 1 inside the fence at the vehicle's last accepted fix, 0 outside, -1 without a fix. */
  insideFence(vehicle: number): -1 | 0 | 1 {
    const isInside = this.#records.isPlain(vehicle) ? this.#records.isInside(vehicle) : this.#busy.isInside(vehicle);
    return isInside === undefined ? -1 : isInside ? 1 : 0;
  }

  /** How many vehicles have more than their columns. */
  get busyVehicles(): number {
    return this.#busy.size;
  }

  #pushCarefully(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    if (!Number.isFinite(timeMs) || !isPlace(lonE6, latE6)) return true;
    if (this.#records.isPlain(vehicle)) return this.#pushPlain(vehicle, timeMs, lonE6, latE6);
    const place = this.#records.placeOf(vehicle);
    if (place > 0 && this.#busy.putAside(place, timeMs, lonE6, latE6)) return true;
    const motion = place > 0 ? this.#busy.find(vehicle) : undefined;
    if (motion === undefined) return this.#begin(vehicle, timeMs, lonE6, latE6);
    const undecided = this.#undecided.size === 0 ? undefined : this.#undecided.get(vehicle);
    if (undecided === undefined && motion.goOn(timeMs, lonE6, latE6)) {
      this.#busy.letWait(motion);
      return true;
    }
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
    this.#records.read(vehicle, this.#last);
    const { timeMs: lastMs, lonE6: lastLonE6, latE6: lastLatE6, isInside } = this.#last;
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
    index.findFreeBox(lonE6, latE6, lonE6 - lastLonE6, latE6 - lastLatE6, box);
    let isFree = box.holds(lastLonE6, lastLatE6);
    const stepE6 = Math.abs(lonE6 - lastLonE6) + Math.abs(latE6 - lastLatE6);
    // Of a vehicle that hardly moves the shapes themselves know more. They say that nothing changes, so what there is has to be known.
    const isSettled = isFree || this.#records.isSettled(vehicle);
    if (isSettled && stepE6 <= STILL_E6 && Math.min(box.width, box.height) < STEPS_AHEAD * stepE6) {
      findFreeBox(this.#world, lonE6, latE6, box);
      isFree = box.holds(lastLonE6, lastLatE6);
    }
    if (!isFree && index.candidates(lastLonE6, lastLatE6, lonE6, latE6, this.#candidates()) > 0) {
      this.#accept(vehicle, timeMs, lonE6, latE6);
      return true;
    }
    this.#records.write(vehicle, timeMs, lonE6, latE6, isInside, box);
    return true;
  }

  /** The vehicle's first fix. Its box is found at the second, which tells where it goes. */
  #begin(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    const { fence } = this.#world;
    const isInside = fence !== null && isInsideFence(fence, lonE6 / 1e6, latE6 / 1e6);
    this.#box.empty();
    this.#records.write(vehicle, timeMs, lonE6, latE6, isInside, this.#box);
    return true;
  }

  #accept(vehicle: number, timeMs: number, lonE6: number, latE6: number): void {
    if (this.#finished.size > 0) this.#finished.delete(vehicle);
    const motion = this.#busy.find(vehicle) ?? this.#wake(vehicle);
    motion.advance(timeMs, lonE6, latE6);
    // A vehicle that is near nothing goes back into its record.
    if (!motion.isPlain || this.#undecided.has(vehicle)) return this.#keep(motion);
    this.#busy.drop(vehicle);
    this.#records.write(vehicle, timeMs, lonE6, latE6, motion.isInside, motion.freeBox);
  }

  /** The spare object as that of a vehicle that is in its record. */
  #wake(vehicle: number): Motion {
    this.#records.read(vehicle, this.#last);
    const { timeMs, lonE6, latE6, isInside } = this.#last;
    return this.#busy.wake(vehicle, timeMs, lonE6, latE6, isInside);
  }

  /** The vehicle has an object from now on. */
  #keep(motion: Motion): void {
    this.#busy.keep(motion);
    this.#records.vacate(motion.vehicle, motion.place);
    if (!this.#undecided.has(motion.vehicle)) this.#busy.letWait(motion);
  }

  /** The world has changed: every box has to be found again. */
  #emptyBoxes(): void {
    this.#records.emptyBoxes();
    this.#busy.endBoxes();
    this.#version = this.#world.version;
  }

  #isTooFast(ms: number, lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    if (Math.abs(lon1E6 - lon0E6) + Math.abs(lat1E6 - lat0E6) <= this.#plainE6PerMs * ms) return false;
    return distanceMeters(lon0E6 / 1e6, lat0E6 / 1e6, lon1E6 / 1e6, lat1E6 / 1e6) > this.#maxMetersPerMs * ms;
  }

  /** Room for candidates. */
  #candidates(): Int32Array {
    const { slotsMax } = this.#world;
    if (this.#room.length < slotsMax) this.#room = new Int32Array(2 * slotsMax);
    return this.#room;
  }
}
