import { ABSENT_U16 } from "../model/fix.ts";

/**
 * The fixes of one vehicle as they stood in a file, in the file's order (not sorted, doubles kept), in columns.
 * WGS-84, longitude and latitude in 1e-6 degree, times integer ms UTC. The columns are exactly `length` long.
 */
export interface RecordedTrack {
  vehicle: string;
  length: number;
  timeMs: Float64Array;
  lonE6: Int32Array;
  latE6: Int32Array;
  /** 0.1 km/h; `ABSENT_U16` when not given. */
  speedKmh10: Uint16Array;
  /** Degrees clockwise from north, 0 to 359; `ABSENT_U16` when not given. */
  headingDeg: Uint16Array;
}

const FIRST_CAPACITY = 256;

interface Growing extends RecordedTrack {
  capacity: number;
}

/** Collects fixes by vehicle in columns: 20 bytes a fix, whatever the number of vehicles. */
export class TrackCollector {
  readonly #tracks = new Map<string, Growing>();
  /** Files name one vehicle for many lines in a row: the last one is looked up once. */
  #last: Growing | null = null;

  /** Speed and heading: `ABSENT_U16` when not given. */
  add(vehicle: string, timeMs: number, lonE6: number, latE6: number, speedKmh10: number, headingDeg: number): void {
    let track = this.#last;
    if (track === null || track.vehicle !== vehicle) track = this.#last = this.#trackOf(vehicle);
    if (track.length === track.capacity) grow(track);
    const row = track.length++;
    track.timeMs[row] = timeMs;
    track.lonE6[row] = lonE6;
    track.latE6[row] = latE6;
    track.speedKmh10[row] = speedKmh10;
    track.headingDeg[row] = headingDeg;
  }

  /** The tracks, sorted by vehicle (UTF-16 code units). The collector is empty afterwards. */
  finish(): RecordedTrack[] {
    const tracks = [...this.#tracks.values()].toSorted((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
    this.#tracks.clear();
    this.#last = null;
    return tracks.map((track) => ({
      vehicle: track.vehicle,
      length: track.length,
      timeMs: track.timeMs.subarray(0, track.length),
      lonE6: track.lonE6.subarray(0, track.length),
      latE6: track.latE6.subarray(0, track.length),
      speedKmh10: track.speedKmh10.subarray(0, track.length),
      headingDeg: track.headingDeg.subarray(0, track.length),
    }));
  }

  #trackOf(vehicle: string): Growing {
    const found = this.#tracks.get(vehicle);
    if (found !== undefined) return found;
    const created: Growing = {
      vehicle,
      length: 0,
      capacity: FIRST_CAPACITY,
      timeMs: new Float64Array(FIRST_CAPACITY),
      lonE6: new Int32Array(FIRST_CAPACITY),
      latE6: new Int32Array(FIRST_CAPACITY),
      speedKmh10: new Uint16Array(FIRST_CAPACITY).fill(ABSENT_U16),
      headingDeg: new Uint16Array(FIRST_CAPACITY).fill(ABSENT_U16),
    };
    this.#tracks.set(vehicle, created);
    return created;
  }
}

function grow(track: Growing): void {
  const capacity = track.capacity * 2;
  track.timeMs = moved(new Float64Array(capacity), track.timeMs);
  track.lonE6 = moved(new Int32Array(capacity), track.lonE6);
  track.latE6 = moved(new Int32Array(capacity), track.latE6);
  track.speedKmh10 = moved(new Uint16Array(capacity), track.speedKmh10);
  track.headingDeg = moved(new Uint16Array(capacity), track.headingDeg);
  track.capacity = capacity;
}

function moved<Column extends { set(from: Column): void }>(into: Column, from: Column): Column {
  into.set(from);
  return into;
}
