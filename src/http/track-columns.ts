import { ABSENT_U16, FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import type { Track } from "../model/vehicle.ts";
import { metersPerPixel, simplifyTrack } from "../tracks/simplify-track.ts";

/** A line on a map is wrong by at most half a pixel. */
const PIXELS_OFF = 0.5;

/**
 * The usable fixes of a batch in time order as the API's columns, with `zoom` only those that its line needs on a map of
 * that zoom: at most `limit` (2 or more), every n-th when there are more, the first and the last always. `total` says how
 * many usable ones there are.
 */
export function thinnedTrack(
  vehicle: string,
  batch: FixBatch,
  { limit, zoom }: { limit: number; zoom?: number | undefined },
): Track {
  const all: number[] = [];
  for (let row = 0; row < batch.length; row++) if ((batch.flags[row]! & FIX_UNUSABLE) === 0) all.push(row);
  const total = all.length;
  const usable =
    zoom === undefined || total === 0
      ? all
      : simplifyTrack(batch, PIXELS_OFF * metersPerPixel(zoom, batch.latE6[all[total >> 1]!]! / 1e6));
  const shown = usable.length;
  const count = Math.min(shown, limit);
  const track: Track = { vehicle, timeMs: [], lonE6: [], latE6: [], speedKmh: [], headingDeg: [], total };
  for (let at = 0; at < count; at++) {
    const row = usable[count === shown ? at : Math.round((at * (shown - 1)) / (count - 1))]!;
    track.timeMs.push(batch.timeMs[row]!);
    track.lonE6.push(batch.lonE6[row]!);
    track.latE6.push(batch.latE6[row]!);
    track.speedKmh.push(batch.speedKmh10[row] === ABSENT_U16 ? null : batch.speedKmh10[row]! / 10);
    track.headingDeg.push(batch.headingDeg[row] === ABSENT_U16 ? null : batch.headingDeg[row]!);
  }
  return track;
}
