import { ABSENT_U16, FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import type { Track } from "../model/vehicle.ts";

/**
 * The usable fixes of a batch in time order as the API's columns: at most `limit` (2 or more), every n-th when there
 * are more, the first and the last always. `total` says how many there are.
 */
export function thinnedTrack(vehicle: string, batch: FixBatch, limit: number): Track {
  const usable: number[] = [];
  for (let row = 0; row < batch.length; row++) if ((batch.flags[row]! & FIX_UNUSABLE) === 0) usable.push(row);
  const total = usable.length;
  const count = Math.min(total, limit);
  const track: Track = { vehicle, timeMs: [], lonE6: [], latE6: [], speedKmh: [], headingDeg: [], total };
  for (let at = 0; at < count; at++) {
    const row = usable[count === total ? at : Math.round((at * (total - 1)) / (count - 1))]!;
    track.timeMs.push(batch.timeMs[row]!);
    track.lonE6.push(batch.lonE6[row]!);
    track.latE6.push(batch.latE6[row]!);
    track.speedKmh.push(batch.speedKmh10[row] === ABSENT_U16 ? null : batch.speedKmh10[row]! / 10);
    track.headingDeg.push(batch.headingDeg[row] === ABSENT_U16 ? null : batch.headingDeg[row]!);
  }
  return track;
}
