import type { Track } from "../../model/vehicle.ts";
import { planeAround, type LonLat } from "../map/plane.ts";
import { GAP_RULE, placeAt } from "./track-stretches.ts";

/** Standing shorter than this is traffic, ms. */
const STOP_MS = 300_000;
/** Standing within so far of where it began, metres: a yard, and what satellite positions wander. */
const STOP_METERS = 100;

/** A vehicle stood, or its way is not known. Times are ms UTC. */
export interface TrackStop {
  kind: "stop" | "parked" | "gap";
  fromMs: number;
  toMs: number;
  place: LonLat;
}

/**
 * Where a vehicle stood for at least five minutes, and where nothing is known of it for longer than the rule's longest gap, oldest first.
 * `parked`: the terminal slept for some of it. For looking at: the rule decides nothing by stops.
 */
export function trackStops(track: Track): TrackStop[] {
  const { timeMs } = track;
  const stops: TrackStop[] = [];
  let row = 0;
  while (row < timeMs.length) {
    const last = standsUntil(track, row);
    const [fromMs, toMs] = [timeMs[row]!, timeMs[last]!];
    if (toMs - fromMs >= STOP_MS) {
      const kind = sleeps(timeMs, row, last) ? "parked" : "stop";
      stops.push({ kind, fromMs, toMs, place: placeAt(track, row) });
      row = last;
    }
    const next = row + 1;
    if (next < timeMs.length && timeMs[next]! - timeMs[row]! > GAP_RULE.maxGapMs) {
      stops.push({ kind: "gap", fromMs: timeMs[row]!, toMs: timeMs[next]!, place: placeAt(track, row) });
    }
    row = next;
  }
  return stops;
}

/** The last row up to which the vehicle stayed by its place in `first`. */
function standsUntil(track: Track, first: number): number {
  const [lon, lat] = placeAt(track, first);
  const plane = planeAround(lon, lat);
  let last = first;
  for (let row = first + 1; row < track.timeMs.length; row++) {
    if (track.timeMs[row]! - track.timeMs[row - 1]! > GAP_RULE.maxParkedMs) break;
    const [east, north] = plane.toMetres(placeAt(track, row));
    if (Math.hypot(east, north) > STOP_METERS) break;
    last = row;
  }
  return last;
}

function sleeps(timeMs: readonly number[], first: number, last: number): boolean {
  for (let row = first + 1; row <= last; row++) if (timeMs[row]! - timeMs[row - 1]! > GAP_RULE.maxGapMs) return true;
  return false;
}
