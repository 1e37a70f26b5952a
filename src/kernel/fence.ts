import { eachCrossing } from "./crossing.ts";
import { pointAt, timeAt, type Segment } from "./segment.ts";
import type { Shape } from "./shape.ts";

/** Pieces of a segment shorter than this fraction are corners met twice. */
const LEAST_PIECE = 1e-9;

/** Told of each piece of a segment: from and to (ms UTC), and its side. */
export interface FencePieceSink {
  (startMs: number, endMs: number, isInside: boolean): void;
}

/** Whether a place (degrees) is inside the fence. A place on the boundary is on one side of it, always the same. */
export function isInsideFence(fence: Shape, lon: number, lat: number): boolean {
  return fence.covers(fence.nearLon(lon), lat);
}

/**
 * Cuts a known segment where it crosses the fence's boundary and tells the side of every piece, in the order of time. The side is asked of the middle
 * of each piece, so that a segment that begins or ends on the boundary, or runs through a corner, has the sides that it is on.
 */
export function eachFencePiece(fence: Shape, segment: Segment, sink: FencePieceSink): void {
  const { from, to } = segment;
  const cuts = [0];
  eachCrossing(fence, from.lon, from.lat, to.lon, to.lat, (fraction) => cuts.push(fraction));
  cuts.sort((a, b) => a - b);
  cuts.push(1);
  let start = 0;
  for (let i = 1; i < cuts.length; i++) {
    const end = cuts[i];
    if (end - start < LEAST_PIECE || (end < 1 && 1 - end < LEAST_PIECE)) continue;
    const middle = pointAt(segment, (start + end) / 2);
    sink(timeAt(segment, start), timeAt(segment, end), isInsideFence(fence, middle.lon, middle.lat));
    start = end;
  }
}
