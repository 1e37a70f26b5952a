import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { retainFixes, viewFixes } from "./fix-columns.ts";
import type { PlaceTrack } from "./track-port.ts";

/** The columns of places, as `collectFixes` takes them. */
export const PLACE_COLUMNS = ["vehicle", "timeMs", "lonE6", "latE6", "flags"] as const;

/** Rows of repetitions, one behind the other, become one; the first counts. */
export function withoutRepetitions(track: FixBatch): FixBatch {
  let [timeMs, lonE6, latE6] = [Number.NaN, 0, 0];
  retainFixes(track, (row) => {
    if (track.timeMs[row] === timeMs && track.lonE6[row] === lonE6 && track.latE6[row] === latE6) return false;
    timeMs = track.timeMs[row];
    lonE6 = track.lonE6[row];
    latE6 = track.latE6[row];
    return true;
  });
  return track;
}

/** The places of some rows of one vehicle, which are in order, each fix once. */
export function placesOnce(fixes: FixBatch, from: number, to: number): PlaceTrack {
  const { length, timeMs, lonE6, latE6, flags } = withoutRepetitions(viewFixes(fixes, from, to));
  return { length, timeMs, lonE6, latE6, flags };
}

/**
 * Brings places into the order of tracks; of repetitions, which differ in nothing else that is asked here, the usable one
 * first. By vehicle they are counted; what one vehicle has comes in order mostly, so this is a fifth of DuckDB's sorting.
 */
export function sortPlaces(fixes: FixBatch): void {
  const { length, vehicle, timeMs, lonE6, latE6, flags } = fixes;
  if (length === 0) return;
  let [first, last] = [vehicle[0], vehicle[0]];
  for (let row = 1; row < length; row++) {
    if (vehicle[row] < first) first = vehicle[row];
    else if (vehicle[row] > last) last = vehicle[row];
  }
  // Where the rows of each vehicle begin; then, where its next one goes.
  const starts = new Uint32Array(last - first + 2);
  for (let row = 0; row < length; row++) starts[vehicle[row] - first + 1]++;
  for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[starts[vehicle[row] - first]++] = row;
  const compare = (a: number, b: number): number =>
    timeMs[a] - timeMs[b] ||
    lonE6[a] - lonE6[b] ||
    latE6[a] - latE6[b] ||
    Number((flags[a] & FIX_UNUSABLE) !== 0) - Number((flags[b] & FIX_UNUSABLE) !== 0);
  for (let from = 0, at = 0; at < starts.length - 1; at++) {
    const rows = order.subarray(from, starts[at]);
    from = starts[at];
    // Files have the time backwards.
    if (rows.length > 1 && timeMs[rows[0]] > timeMs[rows[rows.length - 1]]) rows.reverse();
    let isSorted = true;
    for (let row = 1; row < rows.length && isSorted; row++) isSorted = compare(rows[row - 1], rows[row]) <= 0;
    if (!isSorted) rows.sort(compare);
  }
  for (const column of [vehicle, timeMs, lonE6, latE6, flags]) {
    const unsorted = column.slice(0, length);
    for (let row = 0; row < length; row++) column[row] = unsorted[order[row]];
  }
}
