import { distanceMeters } from "../kernel/distance.ts";
import { isInsideFence } from "../kernel/fence.ts";
import type { ExposureChange, KernelExposure, KernelFenceEvent, KernelPassage, MatchSink } from "../kernel/findings.ts";
import { orderFixes, type KernelTrack } from "../kernel/fixes.ts";
import { Matcher } from "../kernel/matcher.ts";
import type { World } from "../kernel/world.ts";

/** What matching finds in the past of one vehicle. */
export class History implements MatchSink {
  /** By anchor and area. */
  readonly exposures = new Map<string, KernelExposure>();
  readonly passages: KernelPassage[] = [];
  readonly fenceEvents: KernelFenceEvent[] = [];

  exposure(_vehicle: number, exposure: KernelExposure, change: ExposureChange): void {
    const key = `${exposure.anchorMs} ${exposure.area}`;
    if (change === "withdrawn") this.exposures.delete(key);
    else this.exposures.set(key, exposure);
  }

  passage(_vehicle: number, passage: KernelPassage): void {
    this.passages.push(passage);
  }

  fence(_vehicle: number, event: KernelFenceEvent): void {
    this.fenceEvents.push(event);
  }
}

/** An exposure as far as it says whether something is open at an instant; ms UTC, `lockMs` null while it has not locked. */
export interface OpenExposure {
  startMs: number;
  lastMs: number;
  lockMs: number | null;
}

export interface LateStretchRequest {
  /** Usable fixes of one vehicle, in any order, those that came late among them. */
  track: KernelTrack;
  /** Earliest and latest time of the fixes that came late, ms UTC; closed. */
  lateFromMs: number;
  lateToMs: number;
  /** The track has the vehicle's first fix; its last one. */
  hasBegin: boolean;
  hasEnd: boolean;
  /** All exposures of the vehicle that became known. */
  exposures: readonly OpenExposure[];
}

/**
 * The stretch `[fromMs, toMs)` that has been matched again; from the first fix on where there is no quiet one. `rest`:
 * it goes on to the last fix, these are its rows.
 */
export type LateStretch =
  | { fromMs: number; toMs: number; history: History; rest: null }
  | { fromMs: number; toMs: number; history: null; rest: Int32Array };

/** Matched times are rounded to ms before they come back. */
const ROUNDING_MS = 1;

/**
 * Matches again what late fixes can have changed, and no more: from one quiet fix to another.
 *
 * A fix is quiet when the way to it is clear of everything (areas with their slack, gates, the fence's boundary) and
 * neither it nor the fix before came too fast. Then both are accepted whatever stands beside them, every stay has ended
 * on the way, and the side of the fence is that of the place: matching that begins with the fix before is from there on in
 * the state of matching that has seen everything, but for exposures that still wait for their lock. Before the stretch
 * those are asked of what is known; behind it of the matcher itself: a quiet fix ends it only when nothing waits.
 */
export class LateStretches {
  readonly #world: World;
  readonly #matcher: Matcher;
  #history = new History();

  constructor(world: World) {
    this.#world = world;
    this.#matcher = new Matcher(world, 1, {
      exposure: (vehicle, exposure, change) => this.#history.exposure(vehicle, exposure, change),
      passage: (vehicle, passage) => this.#history.passage(vehicle, passage),
      fence: (vehicle, event) => this.#history.fence(vehicle, event),
    });
  }

  /** @returns `earlier` or `later`: no quiet fix on that side, more of the track is needed */
  match(request: LateStretchRequest): LateStretch | "earlier" | "later" {
    const { track, lateToMs, hasBegin, hasEnd } = request;
    const { rows } = orderFixes(track);
    const start = this.#startBefore(request, rows);
    if (start < 0 && !hasBegin) return "earlier";
    const first = Math.max(0, start - 1);
    const fromMs = rows.length === 0 ? Infinity : track.timeMs[rows[Math.max(0, start)]];
    const stop = this.#run(track, rows, first, lateToMs);
    if (stop >= 0) return { fromMs, toMs: track.timeMs[rows[stop]], history: this.#history, rest: null };
    return hasEnd ? { fromMs, toMs: Infinity, history: null, rest: rows.subarray(first) } : "later";
  }

  /** The last quiet fix before the late ones at which no exposure waits for its lock; -1 when there is none. */
  #startBefore({ track, lateFromMs, exposures }: LateStretchRequest, rows: Int32Array): number {
    for (let at = rows.length - 1; at >= 2; at--) {
      if (
        track.timeMs[rows[at]] < lateFromMs &&
        this.#isQuiet(track, rows, at) &&
        !this.#waits(track, rows[at], exposures)
      )
        return at;
    }
    return -1;
  }

  /** Matches from a fix on until one is quiet behind the late ones; -1 when none is. */
  #run(track: KernelTrack, rows: Int32Array, first: number, lateToMs: number): number {
    const { timeMs, lonE6, latE6 } = track;
    this.#history = new History();
    this.#matcher.forget(0);
    for (let at = first; at < rows.length; at++) {
      const row = rows[at];
      this.#matcher.push(0, timeMs[row], lonE6[row], latE6[row]);
      const isBehind = at >= 2 && timeMs[rows[at - 2]] > lateToMs;
      if (isBehind && this.#matcher.busyVehicles === 0 && this.#isQuiet(track, rows, at)) return at;
    }
    return -1;
  }

  #isQuiet({ timeMs, lonE6, latE6 }: KernelTrack, rows: Int32Array, at: number): boolean {
    const [p, a, b] = [rows[at - 2], rows[at - 1], rows[at]];
    if (!this.#world.index.isClear(lonE6[a], latE6[a], lonE6[b], latE6[b])) return false;
    const metersPerMs = this.#world.rule.maxSpeedKmh / 3600;
    const isSlow = (from: number, to: number): boolean =>
      distanceMeters(lonE6[from] / 1e6, latE6[from] / 1e6, lonE6[to] / 1e6, latE6[to] / 1e6) <=
      metersPerMs * (timeMs[to] - timeMs[from]);
    return isSlow(a, b) && isSlow(p, a);
  }

  /** Whether an exposure may be waiting for its lock at a quiet fix; inside the fence none does. */
  #waits({ timeMs, lonE6, latE6 }: KernelTrack, row: number, exposures: readonly OpenExposure[]): boolean {
    const { fence, rule } = this.#world;
    if (fence === null || isInsideFence(fence, lonE6[row] / 1e6, latE6[row] / 1e6)) return false;
    const ms = timeMs[row];
    return exposures.some(
      ({ startMs, lastMs, lockMs }) =>
        startMs - ROUNDING_MS < ms &&
        lastMs + rule.lookbackMs + ROUNDING_MS >= ms &&
        (lockMs === null || lockMs + ROUNDING_MS > ms),
    );
  }
}
