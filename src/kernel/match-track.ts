import type { KernelExposure, KernelFenceEvent, KernelPassage } from "./findings.ts";
import type { KernelTrack } from "./fixes.ts";
import type { PresenceSpan } from "./lock.ts";
import { Matcher } from "./matcher.ts";
import type { World } from "./world.ts";

/** Everything that matching finds of one vehicle. */
export interface TrackFindings {
  /** By start, then area. */
  exposures: KernelExposure[];
  passages: KernelPassage[];
  fenceEvents: KernelFenceEvent[];
  /** When the vehicle is known to be inside the fence. */
  presence: PresenceSpan[];
  /** Times of fixes that are too far from both their neighbours. */
  outliersMs: number[];
  /** Rows of the track that another row at the same time overrules. */
  conflictingRows: number[];
}

/** Matches the whole track of one vehicle, its fixes in any order: the answer by which every other one is measured. */
export function matchTrack(world: World, track: KernelTrack): TrackFindings {
  const exposures = new Map<string, KernelExposure>();
  const found: TrackFindings = {
    exposures: [],
    passages: [],
    fenceEvents: [],
    presence: [],
    outliersMs: [],
    conflictingRows: [],
  };
  const matcher = new Matcher(world, 1, {
    exposure: (_, exposure, change) => {
      const key = `${exposure.slot} ${exposure.anchorMs}`;
      if (change === "withdrawn") exposures.delete(key);
      else exposures.set(key, exposure);
    },
    passage: (_, passage) => found.passages.push(passage),
    fence: (_, event) => found.fenceEvents.push(event),
    presence: (_, fromMs, toMs) => found.presence.push({ fromMs, toMs }),
    outlier: (_, timeMs) => found.outliersMs.push(timeMs),
  });
  found.conflictingRows = matcher.load(0, track);
  matcher.flush(0);
  matcher.endPresence(0);
  found.exposures = [...exposures.values()].toSorted((a, b) => a.startMs - b.startMs || (a.area < b.area ? -1 : 1));
  return found;
}
