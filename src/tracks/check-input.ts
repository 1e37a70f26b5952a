import { WuxingError } from "../model/errors.ts";
import type { FixBatch } from "../model/fix.ts";
import type { BoxE6 } from "./visits.ts";

const BATCH_FIXES_MAX = 1_000_000;
const TIME_MS_MAX = Date.UTC(9999, 11, 31);
const BOXES_MAX = 1000;

/** @throws WuxingError INPUT_INVALID for what `TrackStore.append` does not take, naming row, column and value. */
export function checkBatch(batch: FixBatch, vehicleCount: number): void {
  if (batch.length > BATCH_FIXES_MAX) refuse("length", batch.length, `at most ${BATCH_FIXES_MAX}`);
  for (let row = 0; row < batch.length; row++) {
    if (!isInstant(batch.timeMs[row])) refuse(`row ${row}, timeMs`, batch.timeMs[row], EXPECTED_TIME);
    if (!isInstant(batch.receivedMs[row])) refuse(`row ${row}, receivedMs`, batch.receivedMs[row], EXPECTED_TIME);
    if (batch.vehicle[row] >= vehicleCount) {
      refuse(`row ${row}, vehicle`, batch.vehicle[row], "a number given by `vehicles`");
    }
  }
}

/**
 * The boxes with whole bounds that hold the same fixes.
 *
 * @throws WuxingError INPUT_INVALID
 */
export function wholeBoxes(boxesE6: readonly BoxE6[]): BoxE6[] {
  if (boxesE6.length > BOXES_MAX) refuse("boxes", boxesE6.length, `at most ${BOXES_MAX}`);
  return boxesE6.map((box, index) => {
    if (!box.every(Number.isFinite)) refuse(`boxes[${index}]`, box.join(", "), "four finite numbers, 1e-6 degree");
    const [west, south, east, north] = box;
    return [Math.ceil(west), Math.ceil(south), Math.floor(east), Math.floor(north)];
  });
}

const EXPECTED_TIME = "integer ms UTC, 1970 to 9999";

function isInstant(timeMs: number): boolean {
  return Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= TIME_MS_MAX;
}

function refuse(where: string, value: number | string, expected: string): never {
  throw new WuxingError("INPUT_INVALID", where, [{ where, value: String(value).slice(0, 100), expected }]);
}
