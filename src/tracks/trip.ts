import { distanceMeters } from "../kernel/distance.ts";
import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";

/** A time in which a vehicle did not leave a circle; WGS-84, 1e-6 degree, ms UTC. */
export interface Stop {
  fromMs: number;
  toMs: number;
  /** Mean of its fixes. */
  lonE6: number;
  latE6: number;
}

/** A time without fixes; the places at its two ends. */
export interface Gap {
  fromMs: number;
  toMs: number;
  /** WGS-84, 1e-6 degree. */
  start: { lonE6: number; latE6: number };
  end: { lonE6: number; latE6: number };
  /** Straight way between its ends, metres. */
  meters: number;
}

export interface TripFigures {
  /** Usable fixes. */
  fixes: number;
  /** Metres along the fixes, without the jitter of stops and without gaps. */
  meters: number;
  drivingMs: number;
  stops: Stop[];
  gaps: Gap[];
}

export interface TripRules {
  /** A stop lies within this distance of its first fix. Default 100 m. */
  stopRadiusMeters?: number;
  /** Shortest stop. Default 300 s. */
  stopMs?: number;
  /** Longest time between two fixes that is no gap. Default 300 s, `maxGap` of the exposure rule. */
  gapMs?: number;
}

/**
 * What people ask of a track: how far, where it stood, where it was silent. A description, not the rule: exposures are
 * decided by the kernel. A stop may reach over a gap, when the vehicle is where it was.
 *
 * @param track of one vehicle in order of time, as `TrackStore.track` gives it
 */
export function tripFigures(track: FixBatch, rules: TripRules = {}): TripFigures {
  const { stopRadiusMeters = 100, stopMs = 300_000, gapMs = 300_000 } = rules;
  const rows = usableRows(track);
  const gaps = gapsOf(track, rows, gapMs);
  const figures: TripFigures = { fixes: rows.length, meters: 0, drivingMs: 0, stops: [], gaps };
  for (let index = 0; index + 1 < rows.length;) {
    const end = endOfStop(track, rows, index, stopRadiusMeters);
    const [fromMs, toMs] = [track.timeMs[rows[index]], track.timeMs[rows[end]]];
    if (end > index && toMs - fromMs >= stopMs) {
      figures.stops.push({ fromMs, toMs, ...meanOf(track, rows, index, end) });
      index = end;
      continue;
    }
    const ms = track.timeMs[rows[index + 1]] - fromMs;
    if (ms <= gapMs) {
      figures.meters += metersBetween(track, rows[index], rows[index + 1]);
      figures.drivingMs += ms;
    }
    index++;
  }
  return figures;
}

function gapsOf(track: FixBatch, rows: readonly number[], gapMs: number): Gap[] {
  const gaps: Gap[] = [];
  for (let index = 1; index < rows.length; index++) {
    const [fromMs, toMs] = [track.timeMs[rows[index - 1]], track.timeMs[rows[index]]];
    if (toMs - fromMs <= gapMs) continue;
    const [start, end] = [rows[index - 1], rows[index]].map((row) => ({
      lonE6: track.lonE6[row],
      latE6: track.latE6[row],
    }));
    gaps.push({ fromMs, toMs, start, end, meters: metersBetween(track, rows[index - 1], rows[index]) });
  }
  return gaps;
}

/** The last of the fixes from `first` on that lie, without a break, within the radius of it. */
function endOfStop(track: FixBatch, rows: readonly number[], first: number, radiusMeters: number): number {
  let end = first;
  while (end + 1 < rows.length && metersBetween(track, rows[first], rows[end + 1]) <= radiusMeters) end++;
  return end;
}

function meanOf(
  track: FixBatch,
  rows: readonly number[],
  first: number,
  last: number,
): { lonE6: number; latE6: number } {
  let [lon, lat] = [0, 0];
  for (let index = first; index <= last; index++) {
    lon += track.lonE6[rows[index]];
    lat += track.latE6[rows[index]];
  }
  const count = last - first + 1;
  return { lonE6: Math.round(lon / count), latE6: Math.round(lat / count) };
}

function usableRows(track: FixBatch): number[] {
  const rows: number[] = [];
  for (let row = 0; row < track.length; row++) if ((track.flags[row] & FIX_UNUSABLE) === 0) rows.push(row);
  return rows;
}

function metersBetween({ lonE6, latE6 }: FixBatch, a: number, b: number): number {
  return distanceMeters(lonE6[a] / 1e6, latE6[a] / 1e6, lonE6[b] / 1e6, latE6[b] / 1e6);
}
