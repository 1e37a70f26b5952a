import type { Shape } from "./shape.ts";

/**
 * Where a segment crosses a line: the fence's boundary, or a gate.
 *
 * Two segments that meet in a fix on the line must give one crossing together, and a way through a corner of the line must give one,
 * not two. So "on the line" always counts as its left side (cross product >= 0), for the segment's ends against an edge and for the
 * edge's ends against the segment alike; every crossing then belongs to one segment and one edge.
 */

/** One crossing: the fraction 0 to 1 of the segment, and whether it goes from the left side of the edge to its right. */
export interface CrossingSink {
  (fraction: number, leftToRight: boolean): void;
}

/**
 * Reports the crossings of the segment (degrees, longitude first, the short way round) with every edge of `shape`, in the order of
 * the edges. Left and right are as seen along the edge's direction.
 */
export function eachCrossing(
  shape: Shape,
  lon0: number,
  lat0: number,
  lon1: number,
  lat1: number,
  sink: CrossingSink,
): void {
  const x0 = shape.nearLon(lon0);
  const difference = lon1 - lon0;
  const x1 = x0 + (difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference);
  const west = Math.min(x0, x1);
  const east = Math.max(x0, x1);
  const south = Math.min(lat0, lat1);
  const north = Math.max(lat0, lat1);
  if (shape.west > east || shape.east < west || shape.south > north || shape.north < south) return;
  const { edges } = shape;
  for (let at = 0; at < edges.length; at += 4) {
    const ax = edges[at];
    const ay = edges[at + 1];
    const bx = edges[at + 2];
    const by = edges[at + 3];
    if (
      (ax < west && bx < west) ||
      (ax > east && bx > east) ||
      (ay < south && by < south) ||
      (ay > north && by > north)
    ) {
      continue;
    }
    const start = (bx - ax) * (lat0 - ay) - (by - ay) * (x0 - ax);
    const end = (bx - ax) * (lat1 - ay) - (by - ay) * (x1 - ax);
    if (start >= 0 === end >= 0) continue;
    const from = (x1 - x0) * (ay - lat0) - (lat1 - lat0) * (ax - x0);
    const to = (x1 - x0) * (by - lat0) - (lat1 - lat0) * (bx - x0);
    if (from >= 0 === to >= 0) continue;
    sink(start / (start - end), start >= 0);
  }
}
