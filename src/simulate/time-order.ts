import { WuxingError } from "../model/errors.ts";
import type { RecordedTrack } from "../tracks/recorded-tracks.ts";

/** The fixes of many tracks by time. */
export interface TimeOrder {
  length: number;
  /** Number of the track and row in it, by place in the order. */
  vehicle: Uint32Array;
  row: Uint32Array;
  timeMs: Float64Array;
}

/** The protocol's time has two digits of a year. */
const FIRST_MS = Date.UTC(2000, 0, 1) - 8 * 3_600_000;
const LAST_MS = Date.UTC(2100, 0, 1) - 8 * 3_600_000;

/**
 * All fixes by time; those of one vehicle at one time stay in the order of the file. 16 bytes a fix.
 * @throws WuxingError INPUT_INVALID for a time that the protocol cannot say (it has the years 2000 to 2099, GMT+8).
 */
export function inTimeOrder(tracks: readonly RecordedTrack[]): TimeOrder {
  const length = tracks.reduce((sum, track) => sum + track.length, 0);
  const vehicle = new Uint32Array(length);
  const row = new Uint32Array(length);
  const times = new Float64Array(length);
  let at = 0;
  for (const [v, track] of tracks.entries()) {
    for (let r = 0; r < track.length; r++, at++) {
      const timeMs = track.timeMs[r]!;
      if (!(timeMs >= FIRST_MS && timeMs < LAST_MS)) throw outside(track.vehicle, r, timeMs);
      vehicle[at] = v;
      row[at] = r;
      times[at] = timeMs;
    }
  }
  const places = Uint32Array.from({ length }, (_, i) => i).toSorted((a, b) => times[a]! - times[b]! || a - b);
  return {
    length,
    vehicle: places.map((place) => vehicle[place]!),
    row: places.map((place) => row[place]!),
    timeMs: Float64Array.from(places, (place) => times[place]!),
  };
}

function outside(vehicle: string, row: number, timeMs: number): WuxingError {
  return new WuxingError("INPUT_INVALID", "a recorded time cannot be sent", [
    { where: `${vehicle}, fix ${row + 1}, time`, value: String(timeMs), expected: "a year from 2000 to 2099" },
  ]);
}
