import type { Area } from "../../model/area.ts";
import type { Track } from "../../model/vehicle.ts";
import {
  bboxOf,
  nearestOnShape,
  planeAround,
  positionsOf,
  shapeOnPlane,
  type Bbox,
  type LonLat,
  type Plane,
  type PlaneShape,
} from "../map/plane.ts";
import { REACH_METERS } from "../map/reach.ts";
import type { TrackKind } from "../map/scene.ts";

/** The rule's longest gap over which the way is known, longest gap that counts as parked, and how far its ends may be apart. */
export const GAP_RULE = { maxGapMs: 300_000, maxParkedMs: 21_600_000, parkedRadiusMeters: 100 } as const;
/** The rule's ten minutes as published. */
export const DWELL_MS = 600_000;
/** Halvings of a leg until the place of a crossing is known to a metre or so. */
const HALVINGS = 12;

/** A part of a track that is of one kind; times are ms UTC. */
export interface TrackStretch {
  kind: TrackKind;
  fromMs: number;
  toMs: number;
  line: LonLat[];
}

/**
 * Cuts a track into what was near a risk area, what was not, where the way is not known and where the vehicle stood with its
 * terminal asleep. For drawing: what decides is worked out by the server.
 */
export function trackStretches(track: Track, areas: readonly Area[]): TrackStretch[] {
  const near = nearTest(areas);
  const stretches: TrackStretch[] = [];
  const add = (kind: TrackKind, fromMs: number, toMs: number, from: LonLat, to: LonLat): void => {
    const last = stretches.at(-1);
    if (last?.kind === kind && last.toMs === fromMs && kind !== "parked") {
      last.line.push(to);
      last.toMs = toMs;
    } else stretches.push({ kind, fromMs, toMs, line: [from, to] });
  };
  for (let i = 1; i < track.timeMs.length; i++) {
    const [fromMs, toMs] = [track.timeMs[i - 1]!, track.timeMs[i]!];
    const [from, to] = [placeAt(track, i - 1), placeAt(track, i)];
    if (toMs - fromMs > GAP_RULE.maxGapMs) {
      add(isParked(from, to, toMs - fromMs) ? "parked" : "unknown", fromMs, toMs, from, to);
      continue;
    }
    const [nearFrom, nearTo] = [near(from), near(to)];
    if (nearFrom === nearTo) {
      add(nearFrom ? "near" : "outside", fromMs, toMs, from, to);
      continue;
    }
    const share = crossingShare(from, to, nearFrom, near);
    const at: LonLat = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    const atMs = fromMs + (toMs - fromMs) * share;
    add(nearFrom ? "near" : "outside", fromMs, atMs, from, at);
    add(nearTo ? "near" : "outside", atMs, toMs, at, to);
  }
  return stretches;
}

/** The fix of a row, degrees. */
export function placeAt(track: Track, row: number): LonLat {
  return [track.lonE6[row]! / 1e6, track.latE6[row]! / 1e6];
}

/** Where the vehicle was at an instant: between its two fixes, along a straight line; the ends stand for what is beyond them. */
export function momentAt(track: Track, instantMs: number): { row: number; place: LonLat } | null {
  const { timeMs } = track;
  if (timeMs.length === 0) return null;
  let low = 0;
  let high = timeMs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (timeMs[middle]! <= instantMs) low = middle;
    else high = middle - 1;
  }
  if (low === timeMs.length - 1 || instantMs <= timeMs[low]!) return { row: low, place: placeAt(track, low) };
  const [a, b] = [placeAt(track, low), placeAt(track, low + 1)];
  const share = (instantMs - timeMs[low]!) / (timeMs[low + 1]! - timeMs[low]!);
  return { row: low, place: [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share] };
}

function isParked(from: LonLat, to: LonLat, gapMs: number): boolean {
  if (gapMs > GAP_RULE.maxParkedMs) return false;
  const [east, north] = planeAround(from[0], from[1]).toMetres(to);
  return Math.hypot(east, north) <= GAP_RULE.parkedRadiusMeters;
}

function crossingShare(from: LonLat, to: LonLat, nearFrom: boolean, near: (place: LonLat) => boolean): number {
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    const place: LonLat = [from[0] + (to[0] - from[0]) * middle, from[1] + (to[1] - from[1]) * middle];
    if (near(place) === nearFrom) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

interface Ground {
  box: Bbox;
  plane: Plane;
  shape: PlaneShape;
}

function nearTest(areas: readonly Area[]): (place: LonLat) => boolean {
  const grounds = areas.map(({ geometry }): Ground => {
    const box = bboxOf(positionsOf(geometry));
    const plane = planeAround((box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
    const [west, south] = plane.toMetres([box[0], box[1]]);
    const [east, north] = plane.toMetres([box[2], box[3]]);
    const low = plane.toLonLat([west - REACH_METERS, south - REACH_METERS]);
    const high = plane.toLonLat([east + REACH_METERS, north + REACH_METERS]);
    return { box: [...low, ...high], plane, shape: shapeOnPlane(geometry, plane) };
  });
  return ([lon, lat]) =>
    grounds.some(
      ({ box, plane, shape }) =>
        lon >= box[0] &&
        lon <= box[2] &&
        lat >= box[1] &&
        lat <= box[3] &&
        nearestOnShape(shape, plane.toMetres([lon, lat])).distance <= REACH_METERS,
    );
}
