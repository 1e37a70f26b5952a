import { lonDifference } from "./distance.ts";
import type { Shape } from "./shape.ts";

/**
 * Where a segment crosses a line: the fence's boundary, or a gate.
 *
 * Two segments that meet in a fix on the line must give one crossing together, a way through a corner of the line must give one, not
 * two, and one that only touches must give none or a pair. No rule for "on the line" alone does that where a fix lies on a corner. What does is a
 * common shift: all fixes are thought to be moved by the same step, ε to the east and ε² to the north, with an ε smaller than any number. Then
 * nothing lies on anything, and every crossing belongs to one segment and one edge (H. Edelsbrunner, E. Mücke, Simulation of Simplicity,
 * 1990). Nothing is moved in fact: the step only decides where a cross product is 0. `Shape.covers` answers for the same shifted place.
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
  const way = lonDifference(lon0, lon1);
  // Away from the meridian the same number as where the next segment begins: x0 + (lon1 - lon0) may be rounded otherwise.
  const x1 = way === lon1 - lon0 ? lon1 + (x0 - lon0) : x0 + way;
  const west = Math.min(x0, x1);
  const east = Math.max(x0, x1);
  const south = Math.min(lat0, lat1);
  const north = Math.max(lat0, lat1);
  if (shape.west > east || shape.east < west || shape.south > north || shape.north < south) return;
  const vx = x1 - x0;
  const vy = lat1 - lat0;
  // Where a corner lies on the segment, the segment shifted east and north has it on this side.
  const hasCornersLeft = vy > 0 || (vy === 0 && vx < 0);
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
    const ex = bx - ax;
    const ey = by - ay;
    // Where a fix lies on the edge's line, the shifted fix is on this side.
    const hasFixesLeft = ey < 0 || (ey === 0 && ex > 0);
    const start = ex * (lat0 - ay) - ey * (x0 - ax);
    const end = ex * (lat1 - ay) - ey * (x1 - ax);
    const startsLeft = start > 0 || (start === 0 && hasFixesLeft);
    if (startsLeft === (end > 0 || (end === 0 && hasFixesLeft))) continue;
    const a = vx * (ay - lat0) - vy * (ax - x0);
    const b = vx * (by - lat0) - vy * (bx - x0);
    if ((a > 0 || (a === 0 && hasCornersLeft)) === (b > 0 || (b === 0 && hasCornersLeft))) continue;
    sink(start === 0 ? 0 : start / (start - end), startsLeft);
  }
}
