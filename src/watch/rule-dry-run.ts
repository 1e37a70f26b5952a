import type { KernelExposure } from "../kernel/findings.ts";
import { matchTrack } from "../kernel/match-track.ts";
import { compileShape } from "../kernel/shape.ts";
import { World } from "../kernel/world.ts";
import type { Area, Geometry } from "../model/area.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { Rule } from "../model/rule.ts";
import type { PlaceTrack, TrackStore } from "../tracks/track-store.ts";
import { reachBoxes, type BoxE6 } from "./reach-boxes.ts";
import { compareStays, type StayPair } from "./rule-comparison.ts";

export interface RuleDryRunOptions {
  tracks: Pick<TrackStore, "vehicles" | "stretchesIn" | "eachStretch">;
  /** Those that are published. */
  areas: readonly Area[];
  /** WGS-84, longitude first. */
  fence: Geometry | null;
  before: Rule;
  after: Rule;
  /** `[fromMs, toMs)`, ms UTC. */
  fromMs: number;
  toMs: number;
  signal: AbortSignal;
  onProgress: (progress: { vehicles: number; done: number }) => void;
}

export interface DryRunFindings {
  pairs: (StayPair & { vehicle: number })[];
  vehiclesBefore: Set<number>;
  vehiclesAfter: Set<number>;
}

/** The track store takes so many boxes at once. */
const BOXES_MAX = 1000;
/** Stretches of one pass over the files: between passes it can be cancelled. */
const SLICE = 200;

/**
 * Matches the past with the rule that runs and with another one: the same kernel over the stored fixes, nothing written. Only
 * vehicles that were near an area for long enough under either rule are matched, each over the whole span, for the entries that lock. Both sides are cut off at the span's beginning in the same way.
 *
 * @throws the signal's reason when it is cancelled
 */
export async function dryRun(options: RuleDryRunOptions): Promise<DryRunFindings> {
  const { tracks, areas, fence, before, after, fromMs, toMs, onProgress } = options;
  const widest = before.radiusMeters + before.slackMeters > after.radiusMeters + after.slackMeters ? before : after;
  const leastStayMs = Math.min(...[before, after].map(({ dwellMs, maxGapMs }) => (dwellMs > maxGapMs ? dwellMs : 0)));
  const near = new Set<number>();
  for (const boxes of boxesOf(areas, widest)) {
    options.signal.throwIfAborted();
    for (const { vehicle } of await tracks.stretchesIn(boxes, fromMs, toMs, leastStayMs)) near.add(vehicle);
  }
  const vehicles = [...near].toSorted((a, b) => a - b);
  onProgress({ vehicles: vehicles.length, done: 0 });
  const findings: DryRunFindings = { pairs: [], vehiclesBefore: new Set(), vehiclesAfter: new Set() };
  const worlds = { before: worldOf(before, fence, areas), after: worldOf(after, fence, areas) };
  let done = 0;
  for (let at = 0; at < vehicles.length; at += SLICE) {
    const slice = vehicles.slice(at, at + SLICE).map((vehicle) => ({ vehicle, fromMs, toMs }));
    await tracks.eachStretch(slice, async (vehicle, track) => {
      options.signal.throwIfAborted();
      const usable = marked(track);
      take(findings, vehicle, matchTrack(worlds.before, usable).exposures, matchTrack(worlds.after, usable).exposures);
      onProgress({ vehicles: vehicles.length, done: ++done });
      // Live batches that came meanwhile go first.
      await new Promise((resolve) => setImmediate(resolve));
    });
    done = Math.min(at + SLICE, vehicles.length);
    onProgress({ vehicles: vehicles.length, done });
  }
  return findings;
}

function take(
  findings: DryRunFindings,
  vehicle: number,
  before: readonly KernelExposure[],
  after: readonly KernelExposure[],
): void {
  if (before.some(({ lockMs }) => lockMs !== null)) findings.vehiclesBefore.add(vehicle);
  if (after.some(({ lockMs }) => lockMs !== null)) findings.vehiclesAfter.add(vehicle);
  for (const pair of compareStays(before, after)) findings.pairs.push({ ...pair, vehicle });
}

function worldOf(rule: Rule, fence: Geometry | null, areas: readonly Area[]): World {
  const world = new World(rule, fence);
  for (const { id, version, geometry, from, to } of areas) {
    world.addArea({
      id,
      version,
      shape: compileShape(geometry),
      fromMs: from === null ? -Infinity : Date.parse(from),
      toMs: to === null ? Infinity : Date.parse(to),
    });
  }
  return world;
}

/** The areas' boxes in portions that the track store takes. */
function boxesOf(areas: readonly Area[], rule: Rule): BoxE6[][] {
  const portions: BoxE6[][] = [];
  for (const { geometry } of areas) {
    const boxes = reachBoxes(geometry, rule);
    const last = portions.at(-1);
    if (last === undefined || last.length + boxes.length > BOXES_MAX) portions.push([...boxes]);
    else last.push(...boxes);
  }
  return portions;
}

/** The track with the fixes marked that take part in matching. */
function marked(track: PlaceTrack): PlaceTrack & { usable: Uint8Array } {
  return { ...track, usable: track.flags.map((flags) => ((flags & FIX_UNUSABLE) === 0 ? 1 : 0)) };
}
