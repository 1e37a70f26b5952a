import type { KernelExposure, KernelFenceEvent, KernelPassage } from "./findings.ts";
import { orderFixes, type KernelTrack } from "./fixes.ts";
import { Matcher } from "./matcher.ts";
import type { World } from "./world.ts";

/** What one vehicle's fixes hold, each list in the order of time. */
export interface TrackFindings {
  exposures: KernelExposure[];
  passages: KernelPassage[];
  fenceEvents: KernelFenceEvent[];
  marks: {
    /** Times of fixes that are too far from both neighbours, ms UTC, ascending. */
    outliersMs: number[];
    /** Rows that another row at the same time overrules. */
    conflictingRows: number[];
  };
}

/** Matches all fixes of one vehicle, in any order: the answer that live matching has to arrive at. */
export function matchTrack(world: World, track: KernelTrack): TrackFindings {
  const exposures = new Map<string, KernelExposure>();
  const passages: KernelPassage[] = [];
  const fenceEvents: KernelFenceEvent[] = [];
  const outliersMs: number[] = [];
  const matcher = new Matcher(world, 1, {
    exposure(_vehicle, exposure, change) {
      const key = `${exposure.slot} ${exposure.anchorMs}`;
      if (change === "withdrawn") exposures.delete(key);
      else exposures.set(key, exposure);
    },
    passage: (_vehicle, passage) => passages.push(passage),
    fence: (_vehicle, event) => fenceEvents.push(event),
    outlier: (_vehicle, timeMs) => outliersMs.push(timeMs),
  });
  const { rows, conflicting } = orderFixes(track);
  for (const row of rows) matcher.push(0, track.timeMs[row], track.lonE6[row], track.latE6[row]);
  matcher.finish(0);
  return {
    exposures: [...exposures.values()].toSorted((a, b) => a.startMs - b.startMs || a.slot - b.slot),
    passages: passages.toSorted((a, b) => a.timeMs - b.timeMs),
    fenceEvents,
    marks: { outliersMs, conflictingRows: conflicting },
  };
}
