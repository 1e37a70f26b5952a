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
   * some centimetres. Times are seconds from when the columns were written. Each row stands there as often as its shape has corners.
   */
  rows: Float32Array;
  corners: 1 | 4;
  /** The moment that times in the columns count from, ms of `performance.now()`. */
  writtenMs: number;
}

/**
 * Drawn one after the other, those that matter last: ordinary ones that are as plain as can be, ordinary ones with their soft edge (all of them where a
 * graphics card draws, else the lost and the chosen), and the exposed, locked and released.
 */
export const VEHICLE_PASSES = ["plain", "ordinary", "special"] as const;
export type PassName = (typeof VEHICLE_PASSES)[number];
export type VehiclePasses = Record<PassName, VehicleColumns>;

export interface ColumnsOptions {
  nowMs: number;
  /** Whoever was heard of before this has lost its signal, event time. */
  lostBeforeMs: number;
  /** Ordinary vehicles are drawn plain, but for the lost and this one (-1 for none); null: none is. */
  plainBut: number | null;
  /** There are so many that a plain one is only a point. */
  isCrowd?: boolean;
  /** Ordinary vehicles are not drawn. */
  hidesOrdinary?: boolean;
  /** By number: 1 for those that are drawn as part of a cluster. */
  inCluster?: Uint8Array;
}

/** Tip, wings and notch. */
const ARROW_CORNERS = 4;

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
export function vehicleColumns(fleet: Fleet, origin: Mercator, options: ColumnsOptions): VehiclePasses {
  const { nowMs, lostBeforeMs, plainBut, isCrowd = false, hidesOrdinary = false, inCluster } = options;
  const numbers: Record<PassName, number[]> = { plain: [], ordinary: [], special: [] };
  for (let number = 0; number < fleet.length; number++) {
    const state = fleet.state[number]!;
    if (state === NONE || (hidesOrdinary && state === ORDINARY) || inCluster?.[number] === 1) continue;
    const isPlain = plainBut !== null && number !== plainBut && fleet.fixMs[number]! >= lostBeforeMs;
    numbers[state !== ORDINARY ? "special" : isPlain ? "plain" : "ordinary"].push(number);
  }
  const written = (name: PassName): VehicleColumns => columnsOf(fleet, numbers[name], origin, nowMs, lostBeforeMs);
  const plain = written("plain");
  return {
    plain: isCrowd ? plain : withCorners(plain),
    ordinary: written("ordinary"),
    special: written("special"),
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
  return { length: numbers.length, numbers: Uint32Array.from(numbers), rows, corners: 1, writtenMs: nowMs };
}

/** Rows for each corner instead of instances: a processor draws every instance as a draw of its own, which takes it ten times as long. */
function withCorners(columns: VehicleColumns): VehicleColumns {
  const rows = new Float32Array(columns.rows.length * ARROW_CORNERS);
  for (let row = 0; row < columns.length; row++) {
    const at = row * ROW_FLOATS;
    for (let corner = 0; corner < ARROW_CORNERS; corner++) {
      const to = (row * ARROW_CORNERS + corner) * ROW_FLOATS;
      for (let i = 0; i < ROW_FLOATS; i++) rows[to + i] = columns.rows[at + i]!;
    }
  }
  return { ...columns, rows, corners: ARROW_CORNERS };
}
