import { createFixBatch, type FixBatch } from "../../src/model/fix.ts";

const BEGIN_MS = Date.UTC(2021, 10, 6);
const VEHICLE_FIXES = 500;

/** Vehicles take turns by 500 fixes and come again: the first ones go on while new ones appear. */
export function vehicleOf(fix: number): number {
  const turn = Math.floor(fix / VEHICLE_FIXES);
  return turn % 3 === 0 ? turn / 3 : Math.floor(turn / 6);
}

export function vehicleIdOf(vehicle: number): string {
  return `豫G${10_000 + vehicle}_2`;
}

/** The fixes with the numbers `[first, end)`; everything about a fix follows from its number. */
export function fixesOf(first: number, end: number): FixBatch {
  const batch = createFixBatch(end - first);
  batch.length = end - first;
  for (let row = 0; row < batch.length; row++) {
    const fix = first + row;
    batch.vehicle[row] = vehicleOf(fix);
    batch.timeMs[row] = BEGIN_MS + fix * 1000;
    batch.lonE6[row] = 113_000_000 + (fix % 1_000_000);
    batch.latE6[row] = 35_000_000 + (fix % 700_001);
    batch.speedKmh10[row] = fix % 900;
    batch.headingDeg[row] = fix % 360;
    batch.receivedMs[row] = batch.timeMs[row] + 500;
  }
  return batch;
}

/** The number of the fix in a row, and whether every field of it is as it was sent. */
export function numberOf(batch: FixBatch, row: number): { fix: number; isWhole: boolean } {
  const fix = (batch.timeMs[row] - BEGIN_MS) / 1000;
  const isWhole =
    batch.vehicle[row] === vehicleOf(fix) &&
    batch.lonE6[row] === 113_000_000 + (fix % 1_000_000) &&
    batch.latE6[row] === 35_000_000 + (fix % 700_001) &&
    batch.speedKmh10[row] === fix % 900 &&
    batch.headingDeg[row] === fix % 360 &&
    batch.receivedMs[row] === batch.timeMs[row] + 500;
  return { fix, isWhole };
}
