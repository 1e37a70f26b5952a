import { eachCrossing } from "./crossing.ts";
import type { Shape } from "./shape.ts";
import { pointAt, type Segment } from "./stay.ts";

/**
 * Presence inside the fence (section 5 of the rule). Along a known segment it changes where the segment crosses the boundary; between two neighbouring
 * crossings the middle tells. Nothing is concluded from an unknown stretch but that the boundary was crossed somewhere on it, when its ends
 * differ.
 */

/** The stretches of a known segment, in order: until which instant, and whether inside. */
export interface PresenceStretch {
  readonly untilMs: number;
  readonly inside: boolean;
}

/** Cuts a known segment where it crosses the fence. `insideAtStart` is what was concluded so far. */
export function presenceAlong(fence: Shape, segment: Segment): PresenceStretch[] {
  const cuts: number[] = [];
  eachCrossing(fence, segment.from.lon, segment.from.lat, segment.to.lon, segment.to.lat, (fraction) =>
    cuts.push(fraction),
  );
  cuts.sort((a, b) => a - b);
  const stretches: PresenceStretch[] = [];
  for (let i = 0; i <= cuts.length; i++) {
    const from = i === 0 ? 0 : cuts[i - 1];
    const to = i === cuts.length ? 1 : cuts[i];
    if (to <= from) continue;
    stretches.push({
      untilMs: pointAt(segment, to).timeMs,
      inside: isInside(fence, pointAt(segment, (from + to) / 2)),
    });
  }
  return stretches;
}

/** Whether a place lies inside the fence. */
export function isInside(fence: Shape, { lon, lat }: { lon: number; lat: number }): boolean {
  return fence.covers(fence.nearLon(lon), lat);
}
