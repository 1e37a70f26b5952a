import { createFixBatch, FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { copyFixes, retainFixes, sliceFixes } from "./fix-columns.ts";

/**
 * The latest usable fix of every vehicle, in memory: one row a vehicle number. Of several fixes at one time the one
 * with the smaller longitude, then latitude, counts, as in matching.
 */
export class LastFixes {
  private rows = createFixBatch(1024);
  private known = new Uint8Array(1024);
  /** The latest time of all usable fixes, ms UTC; -Infinity when there is none. */
  latestMs = -Infinity;

  /** Takes in fixes in any order. */
  add(fixes: FixBatch): void {
    for (let row = 0; row < fixes.length; row++) {
      if ((fixes.flags[row] & FIX_UNUSABLE) !== 0) continue;
      const vehicle = fixes.vehicle[row];
      if (vehicle >= this.known.length) this.grow(vehicle + 1);
      if (this.known[vehicle] === 1 && !this.isLater(fixes, row, vehicle)) continue;
      this.known[vehicle] = 1;
      this.set(fixes, row, vehicle);
    }
  }

  /** Forgets those of which `isOver` is true; `latestMs` stays. */
  forget(isOver: (vehicle: number, timeMs: number, receivedMs: number) => boolean): void {
    const { timeMs, receivedMs } = this.rows;
    for (let vehicle = 0; vehicle < this.known.length; vehicle++) {
      if (this.known[vehicle] === 1 && isOver(vehicle, timeMs[vehicle], receivedMs[vehicle])) this.known[vehicle] = 0;
    }
  }

  /** A copy, ascending by vehicle. */
  toBatch(): FixBatch {
    const batch = sliceFixes(this.rows, 0, this.known.length);
    retainFixes(batch, (vehicle) => this.known[vehicle] === 1);
    return batch;
  }

  private isLater(fixes: FixBatch, row: number, vehicle: number): boolean {
    const { rows } = this;
    if (fixes.timeMs[row] !== rows.timeMs[vehicle]) return fixes.timeMs[row] > rows.timeMs[vehicle];
    if (fixes.lonE6[row] !== rows.lonE6[vehicle]) return fixes.lonE6[row] < rows.lonE6[vehicle];
    return fixes.latE6[row] < rows.latE6[vehicle];
  }

  private set(fixes: FixBatch, row: number, vehicle: number): void {
    const { rows } = this;
    rows.vehicle[vehicle] = vehicle;
    rows.timeMs[vehicle] = fixes.timeMs[row];
    rows.lonE6[vehicle] = fixes.lonE6[row];
    rows.latE6[vehicle] = fixes.latE6[row];
    rows.speedKmh10[vehicle] = fixes.speedKmh10[row];
    rows.headingDeg[vehicle] = fixes.headingDeg[row];
    rows.altitudeM[vehicle] = fixes.altitudeM[row];
    rows.status[vehicle] = fixes.status[row];
    rows.alarm[vehicle] = fixes.alarm[row];
    rows.receivedMs[vehicle] = fixes.receivedMs[row];
    rows.flags[vehicle] = fixes.flags[row];
    if (fixes.timeMs[row] > this.latestMs) this.latestMs = fixes.timeMs[row];
  }

  private grow(least: number): void {
    const capacity = Math.max(least, this.known.length * 2);
    const rows = createFixBatch(capacity);
    copyFixes(this.rows, 0, this.known.length, rows, 0);
    const known = new Uint8Array(capacity);
    known.set(this.known);
    this.rows = rows;
    this.known = known;
  }
}
