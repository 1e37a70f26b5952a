import { eachCrossing } from "./crossing.ts";
import type { KernelPassage } from "./findings.ts";
import { pointAt, type Segment } from "./segment.ts";
import type { KernelGate } from "./world.ts";

/**
 * The passages of a gate on a known segment (section 5 of the rule), in the order of time. Each intersection is one; a fix on the line belongs to
 * one segment only (`crossing.ts`). To and fro at the same instant, as at a fix on a corner of the line, is no passage.
 */
export function passagesOf({ id, shape }: KernelGate, segment: Segment): KernelPassage[] {
  const { from, to } = segment;
  const crossings: { fraction: number; inbound: boolean }[] = [];
  eachCrossing(shape, from.lon, from.lat, to.lon, to.lat, (fraction, inbound) => crossings.push({ fraction, inbound }));
  crossings.sort((a, b) => a.fraction - b.fraction);
  const passages: KernelPassage[] = [];
  for (const { fraction, inbound } of crossings) {
    const { timeMs, lon, lat } = pointAt(segment, fraction);
    const before = passages.at(-1);
    if (before?.timeMs === timeMs && before.inbound !== inbound) passages.pop();
    else passages.push({ gate: id, inbound, timeMs, lon, lat });
  }
  return passages;
}
