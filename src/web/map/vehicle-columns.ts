import type { Fleet } from "./fleet.ts";

/** Numbers of one row: offset (2), way (2), start and duration, heading, state, lost, start of the pulse. */
export const ROW_FLOATS = 10;

/** The columns of a moment, as the graphics card takes them; one row a vehicle. */
export interface VehicleColumns {
  length: number;
  /** Number of the vehicle in each row. */
  numbers: Uint32Array;
  /**
   * Rows of `ROW_FLOATS`. Places are Mercator (the world is 1 by 1, south positive) from the origin: over a city's width a 32-bit number is good to
   * some centimetres. Times are seconds from when the columns were written.
   */
  rows: Float32Array;
  /** The moment that times in the columns count from, ms of `performance.now()`. */
  writtenMs: number;
}

/** The ordinary ones lie under those that matter, so the two are drawn one after the other. */
export interface VehiclePasses {
  ordinary: VehicleColumns;
  special: VehicleColumns;
}

export type Mercator = readonly [x: number, y: number];

/** A pulse counts from the change of state; a change longer ago than this no longer matters, s. */
const LONG_AGO_S = -1000;
const ORDINARY = 0;
const NONE = 255;

/** The world as a square of 1 by 1, x to the east, y to the south. */
export function mercatorOf(lon: number, lat: number): Mercator {
  return [lon / 360 + 0.5, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];
}

/** Writes the fleet into columns; once for each message of the stream, not for each picture. */
export function vehicleColumns(fleet: Fleet, origin: Mercator, nowMs: number, lostBeforeMs: number): VehiclePasses {
  const ordinary: number[] = [];
  const special: number[] = [];
  for (let number = 0; number < fleet.length; number++) {
    const state = fleet.state[number]!;
    if (state !== NONE) (state === ORDINARY ? ordinary : special).push(number);
  }
  return {
    ordinary: columnsOf(fleet, ordinary, origin, nowMs, lostBeforeMs),
    special: columnsOf(fleet, special, origin, nowMs, lostBeforeMs),
  };
}

function columnsOf(
  fleet: Fleet,
  numbers: readonly number[],
  origin: Mercator,
  nowMs: number,
  lostBeforeMs: number,
): VehicleColumns {
  const rows = new Float32Array(numbers.length * ROW_FLOATS);
  for (const [row, i] of numbers.entries()) {
    const [lon, lat] = [fleet.lon[i]!, fleet.lat[i]!];
    const [x, y] = mercatorOf(lon, lat);
    const [toX, toY] = mercatorOf(lon + fleet.deltaLon[i]!, lat + fleet.deltaLat[i]!);
    const at = row * ROW_FLOATS;
    rows[at] = x - origin[0];
    rows[at + 1] = y - origin[1];
    rows[at + 2] = toX - x;
    rows[at + 3] = toY - y;
    rows[at + 4] = (fleet.startMs[i]! - nowMs) / 1000;
    rows[at + 5] = fleet.durationMs[i]! / 1000;
    rows[at + 6] = fleet.heading[i]!;
    rows[at + 7] = fleet.state[i]!;
    rows[at + 8] = fleet.fixMs[i]! < lostBeforeMs ? 1 : 0;
    rows[at + 9] = Math.max(LONG_AGO_S, (fleet.changedMs[i]! - nowMs) / 1000);
  }
  return { length: numbers.length, numbers: Uint32Array.from(numbers), rows, writtenMs: nowMs };
}
