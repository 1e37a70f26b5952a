import { lonDifference } from "./distance.ts";
import type { Crossing, TrackPoint } from "./findings.ts";

/** The straight way between two consecutive accepted fixes, the short way round the 180th meridian. */
export interface Segment {
  readonly from: TrackPoint;
  readonly to: TrackPoint;
}

/** The instant at a fraction 0 to 1 of the way, ms UTC. The ends are exact. */
export function timeAt({ from, to }: Segment, fraction: number): number {
  return fraction === 1 ? to.timeMs : from.timeMs + fraction * (to.timeMs - from.timeMs);
}

/** The fraction of the way at an instant. */
export function fractionAt({ from, to }: Segment, timeMs: number): number {
  return (timeMs - from.timeMs) / (to.timeMs - from.timeMs);
}

/** The point at a fraction 0 to 1 of the way. */
export function pointAt(segment: Segment, fraction: number): TrackPoint {
  const { from, to } = segment;
  if (fraction === 0) return from;
  if (fraction === 1) return to;
  let lon = from.lon + fraction * lonDifference(from.lon, to.lon);
  if (lon > 180) lon -= 360;
  else if (lon < -180) lon += 360;
  return { timeMs: timeAt(segment, fraction), lon, lat: from.lat + fraction * (to.lat - from.lat) };
}

/** The point at a fraction of the way, with the fixes before and after it. */
export function crossingAt(segment: Segment, fraction: number): Crossing {
  const { timeMs, lon, lat } = pointAt(segment, fraction);
  return { timeMs, lon, lat, before: segment.from, after: segment.to };
}
