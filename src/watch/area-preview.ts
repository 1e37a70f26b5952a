import type { KernelExposure } from "../kernel/findings.ts";
import { matchTrack } from "../kernel/match-track.ts";
import { compileShape } from "../kernel/shape.ts";
import { World } from "../kernel/world.ts";
import type { Area, AreaInput, Geometry } from "../model/area.ts";
import type { AreaPreview, AreaPreviewInput, PreviewExposure } from "../model/area-preview.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { Rule } from "../model/rule.ts";
import type { PlaceTrack, TrackStore } from "../tracks/track-store.ts";
import { areaOf } from "./area-input.ts";
import { findDatumWarning } from "./datum-warning.ts";
import { reachBoxes, type BoxE6 } from "./reach-boxes.ts";

export interface AreaPreviewOptions {
  tracks: Pick<TrackStore, "vehicles" | "staysIn" | "eachStretch">;
  rule: Rule;
  /** WGS-84, longitude first. */
  fence: Geometry | null;
  /** City time, ms UTC. */
  nowMs: number;
  isLocked: (vehicle: number) => boolean;
  /** Ends the work when the asker is gone. */
  signal: AbortSignal;
  /** Time after which it answers with what it has, ms. Default 8000. */
  patienceMs?: number;
}

const DAY_MS = 86_400_000;
const PATIENCE_MS = 8000;
const LIST_MAX = 500;
/** The track store takes so many boxes at once. */
const BOXES_MAX = 1000;
/** Stretches of one pass over the files: between passes an asker that is gone is noticed. */
const SLICE = 400;

/**
 * What the areas would find in the past, were they published: the same kernel over the stored fixes, nothing written.
 * First only the stretches near the areas are matched; then, of the vehicles that stayed, the whole span, for the entries that lock.
 *
 * @throws AREA_INVALID with every problem of every area
 */
export async function previewAreas(input: AreaPreviewInput, options: AreaPreviewOptions): Promise<AreaPreview> {
  const areas = areasOf(input.areas, options.nowMs);
  return new Preview(areas, input.days, options).run();
}

function areasOf(inputs: readonly AreaInput[], nowMs: number): Area[] {
  const problems: Problem[] = [];
  const areas = inputs.map((input, index) => {
    try {
      return areaOf(input, null, nowMs);
    } catch (error) {
      if (!(error instanceof WuxingError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, where: `areas.${index}.${problem.where}` })));
      return null;
    }
  });
  if (problems.length > 0) throw new WuxingError("AREA_INVALID", undefined, problems);
  return areas.filter((area) => area !== null);
}

interface Found {
  vehicle: number;
  exposure: KernelExposure;
  area: number;
}

class Preview {
  readonly #options: AreaPreviewOptions;
  readonly #areas: readonly Area[];
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #untilMs: number;
  #isCut = false;

  constructor(areas: readonly Area[], days: number, options: AreaPreviewOptions) {
    this.#options = options;
    this.#areas = areas;
    this.#toMs = options.nowMs + 1;
    this.#fromMs = options.nowMs - days * DAY_MS;
    this.#untilMs = performance.now() + (options.patienceMs ?? PATIENCE_MS);
  }

  async run(): Promise<AreaPreview> {
    const near = new Set<number>();
    const stayed = new Set<number>();
    const areasOnly = this.#world(null);
    for (const boxes of this.#boxes()) {
      if (this.#isOver()) break;
      const { tracks, rule } = this.#options;
      const leastStayMs = rule.dwellMs > rule.maxGapMs ? rule.dwellMs : 0;
      for await (const { vehicle, places } of tracks.staysIn(boxes, this.#fromMs, this.#toMs, leastStayMs)) {
        if (this.#isOver()) break;
        near.add(vehicle);
        if (matchTrack(areasOnly, marked(places)).exposures.length > 0) stayed.add(vehicle);
        // Live batches that came meanwhile go first.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const found: Found[] = [];
    const whole = [...stayed]
      .toSorted((a, b) => a - b)
      .map((vehicle) => ({ vehicle, fromMs: this.#fromMs, toMs: this.#toMs }));
    await this.#each(whole, this.#world(this.#options.fence), (vehicle, exposures) => {
      for (const exposure of exposures) found.push({ vehicle, exposure, area: Number(exposure.area) });
    });
    const datumWarning = await findDatumWarning(
      this.#areas.map(({ geometry }) => compileShape(geometry)),
      { tracks: this.#options.tracks, fromMs: this.#fromMs, toMs: this.#toMs, isOver: () => this.#isOver() },
    );
    return { ...this.#answer(near.size, found), datumWarning, complete: !this.#isCut };
  }

  #world(fence: Geometry | null): World {
    const world = new World(this.#options.rule, fence);
    for (const [index, { geometry, from, to }] of this.#areas.entries()) {
      world.addArea({
        id: String(index),
        version: 1,
        shape: compileShape(geometry),
        fromMs: from === null ? -Infinity : Date.parse(from),
        toMs: to === null ? Infinity : Date.parse(to),
      });
    }
    return world;
  }

  /** The areas' boxes in portions that the track store takes. */
  #boxes(): BoxE6[][] {
    const portions: BoxE6[][] = [[]];
    for (const { geometry } of this.#areas) {
      const boxes = reachBoxes(geometry, this.#options.rule);
      if (portions.at(-1)!.length + boxes.length > BOXES_MAX) portions.push([]);
      portions.at(-1)!.push(...boxes);
    }
    return portions;
  }

  async #each(
    stretches: readonly { vehicle: number; fromMs: number; toMs: number }[],
    world: World,
    onExposures: (vehicle: number, exposures: readonly KernelExposure[]) => void,
  ): Promise<void> {
    for (let at = 0; at < stretches.length && !this.#isOver(); at += SLICE) {
      await this.#options.tracks.eachStretch(stretches.slice(at, at + SLICE), async (vehicle, track) => {
        if (this.#isOver()) return;
        const { exposures } = matchTrack(world, marked(track));
        if (exposures.length > 0) onExposures(vehicle, exposures);
        // Live batches that came meanwhile go first.
        await new Promise((resolve) => setImmediate(resolve));
      });
    }
  }

  #isOver(): boolean {
    if (this.#options.signal.aborted) throw new WuxingError("OVERLOADED", "the preview was given up");
    if (performance.now() > this.#untilMs) this.#isCut = true;
    return this.#isCut;
  }

  #answer(vehiclesNear: number, found: readonly Found[]): Omit<AreaPreview, "datumWarning" | "complete"> {
    const { nowMs, rule, isLocked } = this.#options;
    const locks = ({ exposure }: Found): boolean =>
      exposure.lockMs !== null && exposure.lastMs + rule.lookbackMs > nowMs;
    const vehicles = new Set(found.map(({ vehicle }) => vehicle));
    const locking = new Set(found.filter(locks).map(({ vehicle }) => vehicle));
    const already = [...vehicles].filter((vehicle) => isLocked(vehicle));
    for (const vehicle of already) locking.delete(vehicle);
    const list = found
      .toSorted(
        (a, b) =>
          Number(locks(b)) - Number(locks(a)) ||
          b.exposure.lastMs - b.exposure.startMs - (a.exposure.lastMs - a.exposure.startMs) ||
          a.vehicle - b.vehicle,
      )
      .slice(0, LIST_MAX);
    return {
      from: instant(this.#fromMs),
      to: instant(nowMs),
      vehiclesNear,
      vehicles: vehicles.size,
      exposures: found.length,
      locks: locking.size,
      lockedAlready: already.length,
      areas: this.#areas.map((_, index) => {
        const own = found.filter(({ area }) => area === index);
        return {
          vehicles: new Set(own.map(({ vehicle }) => vehicle)).size,
          exposures: own.length,
          locks: new Set(own.filter(locks).map(({ vehicle }) => vehicle)).size,
        };
      }),
      list: list.map((one) => this.#exposure(one, locks(one))),
    };
  }

  #exposure({ vehicle, exposure, area }: Found, locks: boolean): PreviewExposure {
    const { certainty, startMs, endMs, lastMs, leastMeters, nearest, lockMs } = exposure;
    return {
      vehicle: this.#options.tracks.vehicles.idOf(vehicle),
      area,
      certainty,
      start: instant(startMs),
      end: endMs === null ? null : instant(endMs),
      durationS: Math.round(lastMs - startMs) / 1000,
      minDistanceM: Math.round(leastMeters * 100) / 100,
      nearest: { time: instant(nearest.timeMs), lon: nearest.lon, lat: nearest.lat },
      lockedAt: locks && lockMs !== null ? instant(lockMs) : null,
    };
  }
}

/** The track with the fixes marked that take part in matching. */
function marked(track: PlaceTrack): PlaceTrack & { usable: Uint8Array } {
  return { ...track, usable: track.flags.map((flags) => ((flags & FIX_UNUSABLE) === 0 ? 1 : 0)) };
}

function instant(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
