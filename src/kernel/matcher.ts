import { distanceMeters } from "./distance.ts";
import type { MatchSink } from "./findings.ts";
import { isPlace, orderFixes, type KernelTrack } from "./fixes.ts";
import { Motion } from "./motion.ts";
import type { World } from "./world.ts";

/** More than the metres of a millionth of a degree, of latitude or longitude, anywhere. */
const METERS_PER_E6 = 0.111_7;
/** Fixes whose vehicles are read ahead together: their records take 4 kB, an eighth of the first cache. */
const ROWS_AHEAD = 256;
/** A longitude that is no place. */
const NO_PLACE_E6 = 2 ** 31 - 1;

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
 * A vehicle that is near nothing is 16 bytes: time, longitude and latitude of its last accepted fix; a fix that is plausible and has
 * nothing near its segment (two reads of the index's grid) overwrites them, and that is all. Any other vehicle has an object, and the time in its
 * 16 bytes is NaN, so that one comparison tells both apart.
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
  /** Degrees that are surely not too far in a millisecond, in E6, as the sum of both differences. */
  readonly #plainE6PerMs: number;
  /** Per vehicle: time in [2v] of `#times`, longitude and latitude in [4v + 2] and [4v + 3] of `#places`. */
  #times: Float64Array;
  #places: Int32Array;
  /** 1 inside the fence, for vehicles that are near nothing. */
  #inside: Uint8Array;
  /** For vehicles that are near nothing: the last place where a free way was measured, its length, and the world's version then. */
  #anchors: Int32Array;
  readonly #motions = new Map<number, Motion>();
  readonly #undecided = new Map<number, Undecided>();
  /** Vehicles whose last fix counts only because no other comes. */
  readonly #finished = new Set<number>();
  #spare: Motion;
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
    this.#plainE6PerMs = this.#maxMetersPerMs / METERS_PER_E6;
    const buffer = new ArrayBuffer(16 * vehicleCapacity);
    this.#times = new Float64Array(buffer).fill(Number.NaN);
    this.#places = new Int32Array(buffer);
    this.#inside = new Uint8Array(vehicleCapacity);
    this.#anchors = new Int32Array(4 * vehicleCapacity).fill(-1);
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
    return this.pushRows(one, 0, 1) === 1;
  }

  /**
   * Takes the fixes of rows `from` to `to`, in their order, as `push` does: for many fixes the faster way.
   * @returns the row of the first fix that is refused, or `to`; it is for the caller to go on after it.
   */
  pushRows(rows: MatcherRows, from: number, to: number): number {
    const { vehicle, timeMs, lonE6, latE6 } = rows;
    const { index } = this.#world;
    const plainE6PerMs = this.#plainE6PerMs;
    let row = from;
    while (row < to) {
      const blockEnd = Math.min(to, row + ROWS_AHEAD);
      if (blockEnd - row > 1) this.#readAhead(vehicle, row, blockEnd);
      for (; row < blockEnd; row++) {
        const times = this.#times;
        const places = this.#places;
        const at = vehicle[row];
        const ms = timeMs[row];
        const lon = lonE6[row];
        const lat = latE6[row];
        const lastLon = places[4 * at + 2];
        const lastLat = places[4 * at + 3];
        // False as well when the time is NaN, and when the vehicle's number is beyond the columns.
        const isPlain =
          ms > times[2 * at] &&
          Math.abs(lon - lastLon) + Math.abs(lat - lastLat) <= plainE6PerMs * (ms - times[2 * at]) &&
          isPlace(lon, lat) &&
          // From the new fix back, so that the read of the grid does not wait for that of the vehicle.
          (index.isClear(lon, lat, lastLon, lastLat) || this.#isFree(at, lastLon, lastLat, lon, lat));
        if (isPlain) {
          times[2 * at] = ms;
          places[4 * at + 2] = lon;
          places[4 * at + 3] = lat;
        } else if (!this.#pushCarefully(at, ms, lon, lat)) return row;
      }
    }
    return to;
  }

  /** Reads the places of the rows' vehicles, so that they are in the cache: reads that do not wait for each other are several at a time. */
  #readAhead(vehicle: Uint32Array, from: number, to: number): void {
    const places = this.#places;
    let sum = 0;
    for (let row = from; row < to; row++) sum = (sum + places[4 * vehicle[row] + 2]) | 0;
    this.#readSum[0] = sum;
  }

  /** Whether both ends of a plain vehicle's segment lie where nothing can change. */
  #isFree(vehicle: number, lon0E6: number, lat0E6: number, lon1E6: number, lat1E6: number): boolean {
    const anchors = this.#anchors;
    const at = 4 * vehicle;
    if (anchors[at + 3] !== this.#world.version) return false;
    const freeE6 = anchors[at + 2];
    return (
      Math.abs(lon1E6 - anchors[at]) + Math.abs(lat1E6 - anchors[at + 1]) <= freeE6 &&
      Math.abs(lon0E6 - anchors[at]) + Math.abs(lat0E6 - anchors[at + 1]) <= freeE6
    );
  }

  /** Forgets the vehicle, matches its fixes, in any order, and goes on live from their end. */
  load(vehicle: number, track: KernelTrack): void {
    this.forget(vehicle);
    const { rows } = orderFixes(track);
    for (const row of rows) this.push(vehicle, track.timeMs[row], track.lonE6[row], track.latE6[row]);
  }

  /** No more fixes of the vehicle come. One more that does makes `push` answer false where that changes what was said. */
  finish(vehicle: number): void {
    const undecided = this.#undecided.get(vehicle);
    if (undecided === undefined) return;
    this.#undecided.delete(vehicle);
    this.#finished.add(vehicle);
    this.#accept(vehicle, undecided.timeMs, undecided.lonE6, undecided.latE6);
  }

  /** Forgets all about a vehicle, without telling. */
  forget(vehicle: number): void {
    this.#motions.delete(vehicle);
    this.#undecided.delete(vehicle);
    this.#finished.delete(vehicle);
    if (vehicle < this.#inside.length) this.#times[2 * vehicle] = Number.NaN;
  }

  /** 1 inside the fence at the vehicle's last accepted fix, 0 outside, -1 without a fix. */
  insideFence(vehicle: number): -1 | 0 | 1 {
    const motion = this.#motions.get(vehicle);
    if (motion !== undefined) return motion.isInside ? 1 : 0;
    if (vehicle >= this.#inside.length || Number.isNaN(this.#times[2 * vehicle])) return -1;
    return this.#inside[vehicle] === 1 ? 1 : 0;
  }

  /** How many vehicles have more than their columns. */
  get busyVehicles(): number {
    return this.#motions.size;
  }

  #pushCarefully(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    if (!Number.isFinite(timeMs) || !isPlace(lonE6, latE6)) return true;
    if (vehicle >= this.#inside.length) this.#grow(vehicle);
    const undecided = this.#undecided.get(vehicle);
    const motion = this.#motions.get(vehicle);
    const last = undecided ?? motion;
    const lastMs = last?.timeMs ?? this.#times[2 * vehicle];
    if (Number.isNaN(lastMs)) {
      this.#begin(vehicle, timeMs, lonE6, latE6);
      return true;
    }
    const lastLonE6 = last?.lonE6 ?? this.#places[4 * vehicle + 2];
    const lastLatE6 = last?.latE6 ?? this.#places[4 * vehicle + 3];
    if (timeMs < lastMs) return false;
    // At the same time the smaller longitude counts, then the smaller latitude.
    if (timeMs === lastMs) return lonE6 > lastLonE6 || (lonE6 === lastLonE6 && latE6 >= lastLatE6);
    if (this.#finished.has(vehicle)) return false;
    const meters = distanceMeters(lastLonE6 / 1e6, lastLatE6 / 1e6, lonE6 / 1e6, latE6 / 1e6);
    const isTooFast = meters > this.#maxMetersPerMs * (timeMs - lastMs);
    if (undecided !== undefined) {
      if (isTooFast) this.#sink.outlier?.(vehicle, undecided.timeMs);
      else this.#accept(vehicle, undecided.timeMs, undecided.lonE6, undecided.latE6);
      if (!isTooFast) this.#undecided.delete(vehicle);
    }
    if (isTooFast) this.#undecided.set(vehicle, { timeMs, lonE6, latE6 });
    else this.#accept(vehicle, timeMs, lonE6, latE6);
    // While it waits the columns must not take the next fix.
    if (isTooFast) this.#wake(vehicle);
    return true;
  }

  /** The vehicle's first fix. */
  #begin(vehicle: number, timeMs: number, lonE6: number, latE6: number): void {
    const motion = this.#spare;
    motion.start(vehicle, timeMs, lonE6, latE6, null);
    this.#settle(motion);
  }

  #accept(vehicle: number, timeMs: number, lonE6: number, latE6: number): void {
    let motion = this.#motions.get(vehicle);
    if (motion === undefined) {
      const at = 4 * vehicle;
      motion = this.#spare;
      const isInside = this.#inside[vehicle] === 1;
      motion.start(vehicle, this.#times[2 * vehicle], this.#places[at + 2], this.#places[at + 3], isInside);
    }
    motion.advance(timeMs, lonE6, latE6);
    this.#settle(motion);
  }

  /** Puts a vehicle that is near nothing into its columns, any other into the map. */
  #settle(motion: Motion): void {
    const { vehicle } = motion;
    if (motion.isPlain && !this.#undecided.has(vehicle)) {
      this.#times[2 * vehicle] = motion.timeMs;
      this.#places[4 * vehicle + 2] = motion.lonE6;
      this.#places[4 * vehicle + 3] = motion.latE6;
      this.#inside[vehicle] = motion.isInside ? 1 : 0;
      const anchors = this.#anchors;
      anchors[4 * vehicle] = motion.anchorLonE6;
      anchors[4 * vehicle + 1] = motion.anchorLatE6;
      anchors[4 * vehicle + 2] = motion.freeE6;
      anchors[4 * vehicle + 3] = motion.freeVersion;
      if (motion !== this.#spare) this.#motions.delete(vehicle);
      return;
    }
    this.#keep(motion);
  }

  /** Gives the vehicle an object where it is in its columns. */
  #wake(vehicle: number): void {
    if (this.#motions.has(vehicle)) return;
    const motion = this.#spare;
    const at = 4 * vehicle;
    const isInside = this.#inside[vehicle] === 1;
    motion.start(vehicle, this.#times[2 * vehicle], this.#places[at + 2], this.#places[at + 3], isInside);
    this.#keep(motion);
  }

  #keep(motion: Motion): void {
    this.#times[2 * motion.vehicle] = Number.NaN;
    this.#motions.set(motion.vehicle, motion);
    if (motion === this.#spare) this.#spare = new Motion(this.#world, this.#sink);
  }

  #grow(vehicle: number): void {
    const capacity = Math.max(2 * this.#inside.length, vehicle + 1, 64);
    const buffer = new ArrayBuffer(16 * capacity);
    const times = new Float64Array(buffer);
    const places = new Int32Array(buffer);
    times.fill(Number.NaN, 2 * this.#inside.length);
    places.set(this.#places);
    const inside = new Uint8Array(capacity);
    inside.set(this.#inside);
    this.#times = times;
    this.#places = places;
    this.#inside = inside;
    const anchors = new Int32Array(4 * capacity).fill(-1);
    anchors.set(this.#anchors);
    this.#anchors = anchors;
  }
}
