/**
 * One vehicle's fixes in the order in which matching takes them (section 1 of the rule): by time, each instant once.
 */

/** Fixes of one vehicle, in columns, in any order. `usable`, where given, is 0 for fixes that take no part. */
export interface KernelTrack {
  readonly length: number;
  /** ms UTC, integer. */
  readonly timeMs: Float64Array;
  /** 1e-6 degree, WGS-84. */
  readonly lonE6: Int32Array;
  readonly latE6: Int32Array;
  readonly usable?: Uint8Array;
}

/** Rows of a track that count, in time order, and the ones that another row at the same time overrules. */
export interface OrderedFixes {
  rows: Int32Array;
  /** Same time, other place, not the lexicographically smaller (longitude, latitude). Repetitions are not listed. */
  conflicting: number[];
}

/** Orders a track. Coordinates out of range and times that are not numbers take no part, whatever `usable` says. */
export function orderFixes(track: KernelTrack): OrderedFixes {
  const { timeMs, lonE6, latE6, usable } = track;
  const rows: number[] = [];
  let sorted = true;
  for (let row = 0; row < track.length; row++) {
    const isUsable =
      (usable === undefined || usable[row] !== 0) && isPlace(lonE6[row], latE6[row]) && Number.isFinite(timeMs[row]);
    if (!isUsable) continue;
    if (rows.length > 0 && before(rows[rows.length - 1], row, track) > 0) sorted = false;
    rows.push(row);
  }
  if (!sorted) rows.sort((a, b) => before(a, b, track));
  const conflicting: number[] = [];
  let kept = 0;
  for (const row of rows) {
    const last = kept > 0 ? rows[kept - 1] : -1;
    if (last < 0 || timeMs[last] !== timeMs[row]) rows[kept++] = row;
    else if (lonE6[last] !== lonE6[row] || latE6[last] !== latE6[row]) conflicting.push(row);
  }
  return { rows: Int32Array.from(rows.slice(0, kept)), conflicting };
}

/** Whether a place in 1e-6 degree is in range and not 0/0, which stands for "no position". */
export function isPlace(lonE6: number, latE6: number): boolean {
  return (
    lonE6 >= -180_000_000 &&
    lonE6 <= 180_000_000 &&
    latE6 >= -90_000_000 &&
    latE6 <= 90_000_000 &&
    (lonE6 !== 0 || latE6 !== 0)
  );
}

/** By time, then longitude, then latitude. */
function before(a: number, b: number, { timeMs, lonE6, latE6 }: KernelTrack): number {
  return timeMs[a] - timeMs[b] || lonE6[a] - lonE6[b] || latE6[a] - latE6[b];
}

/** At the same time the smaller longitude counts, then the smaller latitude: whether a fix changes nothing beside another. */
export function isOverruled(lonE6: number, latE6: number, besideLonE6: number, besideLatE6: number): boolean {
  return lonE6 > besideLonE6 || (lonE6 === besideLonE6 && latE6 >= besideLatE6);
}
