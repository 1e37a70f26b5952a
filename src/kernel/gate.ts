import { eachCrossing } from "./crossing.ts";
import type { KernelPassage } from "./findings.ts";
import { pointAt, type Segment } from "./segment.ts";
import type { KernelGate } from "./world.ts";

/**
 * The passages of a gate on a known segment (section 5 of the rule), in the order of time. Each intersection is one; on the line counts as
 * its left side, so that a fix on the line belongs to one segment only.
 */
export function passagesOf({ id, shape }: KernelGate, segment: Segment): KernelPassage[] {
  const { from, to } = segment;
  const passages: KernelPassage[] = [];
  eachCrossing(shape, from.lon, from.lat, to.lon, to.lat, (fraction, leftToRight) => {
    const { timeMs, lon, lat } = pointAt(segment, fraction);
    passages.push({ gate: id, inbound: leftToRight, timeMs, lon, lat });
  });
  return passages.toSorted((a, b) => a.timeMs - b.timeMs);
}
