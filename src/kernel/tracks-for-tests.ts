import { metersPerLatDegree, metersPerLonDegree } from "./distance.ts";
import type { KernelExposure } from "./findings.ts";
import type { KernelTrack } from "./fixes.ts";
import type { KernelRule } from "./rule.ts";
import { compileShape, type KernelGeometry } from "./shape.ts";
import { World } from "./world.ts";

/** The published rule, as the kernel takes it. */
const PUBLISHED_RULE: KernelRule = {
  radiusMeters: 800,
  slackMeters: 50,
  dwellMs: 600_000,
  graceMs: 60_000,
  maxGapMs: 300_000,
  maxParkedMs: 21_600_000,
  parkedRadiusMeters: 100,
  maxSpeedKmh: 200,
  lookbackMs: 14 * 86_400_000,
  kind: "near",
  stopRadiusMeters: 100,
};

/** 00:00 of a day, ms UTC; tests count seconds from here. */
export const DAY_MS = Date.UTC(2021, 10, 6);
/** Where tests take place; they count metres east and north from here. */
export const LON = 113.9;
export const LAT = 35.3;

/** Seconds since the day's beginning, metres east, metres north. */
export type Step = readonly [seconds: number, east: number, north: number];

/** A place in degrees, metres away from the tests' place. */
export function placeAt(east: number, north: number): [lon: number, lat: number] {
  return [LON + east / metersPerLonDegree(LAT), LAT + north / metersPerLatDegree(LAT)];
}

/** Fixes in columns, rounded to 1e-6 degree as sources give them. */
export function trackOf(steps: readonly Step[]): KernelTrack {
  const places = steps.map(([, east, north]) => placeAt(east, north));
  return {
    length: steps.length,
    timeMs: Float64Array.from(steps, ([seconds]) => DAY_MS + Math.round(seconds * 1000)),
    lonE6: Int32Array.from(places, ([lon]) => Math.round(lon * 1e6)),
    latE6: Int32Array.from(places, ([, lat]) => Math.round(lat * 1e6)),
  };
}

/** The same rows in another order. */
export function reordered(track: KernelTrack, rows: readonly number[]): KernelTrack {
  return {
    length: rows.length,
    timeMs: Float64Array.from(rows, (row) => track.timeMs[row]),
    lonE6: Int32Array.from(rows, (row) => track.lonE6[row]),
    latE6: Int32Array.from(rows, (row) => track.latE6[row]),
  };
}

/** Standing at one place, a fix every `everySeconds`, both ends included. */
export function standing(from: number, to: number, east: number, north = 0, everySeconds = 10): Step[] {
  const steps: Step[] = [];
  for (let seconds = from; seconds < to; seconds += everySeconds) steps.push([seconds, east, north]);
  return [...steps, [to, east, north]];
}

export interface WorldOptions {
  areas?: readonly { id?: string; geometry: KernelGeometry; from?: number; to?: number }[];
  fence?: KernelGeometry;
  gates?: readonly { id: string; line: readonly (readonly number[])[] }[];
  rule?: Partial<KernelRule>;
}

/** A world with areas named A, B, C … unless they say otherwise; validity in seconds of the day. */
export function worldOf({ areas = [], fence, gates = [], rule }: WorldOptions): World {
  const world = new World({ ...PUBLISHED_RULE, ...rule }, fence ?? null, gates);
  for (const [i, { id, geometry, from, to }] of areas.entries()) {
    world.addArea({
      id: id ?? String.fromCodePoint(65 + i),
      version: 1,
      shape: compileShape(geometry),
      fromMs: from === undefined ? -Infinity : DAY_MS + from * 1000,
      toMs: to === undefined ? Infinity : DAY_MS + to * 1000,
    });
  }
  return world;
}

/** A point area. */
export function pointAt(east = 0, north = 0): KernelGeometry {
  return { type: "Point", coordinates: placeAt(east, north) };
}

/** A ring of corners in metres, closed. */
export function ringOf(...corners: readonly (readonly [number, number])[]): [number, number][] {
  return [...corners, corners[0]].map(([east, north]) => placeAt(east, north));
}

/** A rectangle from its west, south, east and north sides in metres. */
export function boxOf(west: number, south: number, east: number, north: number): KernelGeometry {
  return { type: "Polygon", coordinates: [ringOf([west, south], [east, south], [east, north], [west, north])] };
}

/** Seconds of the day. */
export function secondsOf(timeMs: number | null): number | null {
  return timeMs === null ? null : (timeMs - DAY_MS) / 1000;
}

/** The columns of an exposure that most tests look at, in seconds of the day. */
export function brief(exposure: KernelExposure): {
  area: string;
  certainty: string;
  start: number | null;
  end: number | null;
} {
  const { area, certainty, startMs, endMs } = exposure;
  return { area, certainty, start: secondsOf(startMs), end: secondsOf(endMs) };
}
