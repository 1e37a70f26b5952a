import { AreaStays, nearParts, type StayHost } from "./area-stays.ts";
import { distanceMeters, distanceToShape, MOST_METERS_PER_E6 } from "./distance.ts";
import { eachFencePiece, isInsideFence } from "./fence.ts";
import type { ExposureChange, KernelExposure, MatchSink } from "./findings.ts";
import { findFreeBox } from "./free-box.ts";
import { passagesOf } from "./gate.ts";
import { Presence } from "./lock.ts";
import { PlaceBox } from "./place-box.ts";
import type { Segment } from "./segment.ts";
import { FENCE_SLOT, type KernelArea, type World } from "./world.ts";

/** A vehicle that moved less (sum of both differences, 1e-6 degree; some 150 m) is likely to stay about where it is. */
export const STILL_E6 = 1500;

let candidates = new Int32Array(64);

/** What is known of the way between two consecutive accepted fixes (section 2 of the rule). */
type Way = "known" | "parked" | "unknown";

/** An exposure that is closed and waits for its vehicle to be inside the fence. */
interface Held {
  exposure: KernelExposure;
  area: KernelArea;
}

/**
 * One vehicle's way through the world: takes its accepted fixes in the order of time and keeps what is going on.
 * What is going on with areas that are no longer in the world is dropped in silence: whoever took them out tells.
 */
export class Motion implements StayHost {
  readonly presence = new Presence();
  vehicle = 0;
  /** Where its fixes may wait; 0: nowhere yet (`waiting-fixes.ts`). */
  place = 0;
  timeMs = Number.NaN;
  lonE6 = 0;
  latE6 = 0;
  isInside = false;
  /** Where it may go before anything can change (see `free-box.ts`). */
  readonly freeBox = new PlaceBox();
  /** The world's version in which that counts, and the instant until which nothing changes by time alone. */
  #freeVersion = 0;
  #freeUntilMs = Infinity;
  readonly #world: World;
  readonly #sink: MatchSink;
  #stays: AreaStays[] = [];
  /** The world's version in which all areas of the stays were there. */
  #staysVersion = -1;
  #held: Held[] = [];

  constructor(world: World, sink: MatchSink) {
    this.#world = world;
    this.#sink = sink;
  }

  /** Nothing is going on: time, place and side of the fence say all. */
  get isPlain(): boolean {
    return this.#stays.length === 0 && this.#held.length === 0;
  }

  /** Until when the free box is good, ms UTC; -Infinity when it is not. */
  get freeUntilMs(): number {
    return this.#freeVersion === this.#world.version ? this.#freeUntilMs : -Infinity;
  }

  /** Starts at an accepted fix, known or (`isInside` given) told. */
  start(vehicle: number, timeMs: number, lonE6: number, latE6: number, isInside: boolean | null): void {
    const { fence } = this.#world;
    this.vehicle = vehicle;
    this.timeMs = timeMs;
    this.lonE6 = lonE6;
    this.latE6 = latE6;
    this.freeBox.empty();
    this.#freeUntilMs = -Infinity;
    this.isInside = isInside ?? (fence !== null && isInsideFence(fence, lonE6 / 1e6, latE6 / 1e6));
    this.presence.clear();
    if (this.isInside) this.presence.add(timeMs, timeMs, Number.NaN);
    this.#stays.length = 0;
    this.#held.length = 0;
  }

  /** Goes on to the next accepted fix. */
  advance(timeMs: number, lonE6: number, latE6: number): void {
    const world = this.#world;
    const segment: Segment = {
      from: { timeMs: this.timeMs, lon: this.lonE6 / 1e6, lat: this.latE6 / 1e6 },
      to: { timeMs, lon: lonE6 / 1e6, lat: latE6 / 1e6 },
    };
    const way = this.#wayOf(segment);
    if (!this.isPlain) this.#forget(segment.from.timeMs);
    const isClear = world.index.isClear(this.lonE6, this.latE6, lonE6, latE6);
    const stepLonE6 = lonE6 - this.lonE6;
    const stepLatE6 = latE6 - this.latE6;
    const isStill = Math.abs(stepLonE6) + Math.abs(stepLatE6) <= STILL_E6;
    let count = 0;
    if (!isClear && way !== "unknown") {
      if (candidates.length < world.slotsMax) candidates = new Int32Array(2 * world.slotsMax);
      count = world.index.candidates(this.lonE6, this.latE6, lonE6, latE6, candidates);
    }
    this.timeMs = timeMs;
    this.lonE6 = lonE6;
    this.latE6 = latE6;
    this.#moveFence(segment, way, !isClear && (way !== "known" || (count > 0 && candidates[0] === FENCE_SLOT)));
    if (way === "known") this.#passGates(segment, count);
    this.#moveStays(segment, way, count);
    if (this.#held.length > 0) this.#lockHeld();
    this.freeBox.empty();
    this.#freeVersion = world.version;
    this.#freeUntilMs = way === "known" ? this.#quietUntilMs() : -Infinity;
    if (this.#freeUntilMs <= timeMs) return;
    if (isClear) world.index.findFreeBox(lonE6, latE6, stepLonE6, stepLatE6, this.freeBox);
    else if (isStill) findFreeBox(world, lonE6, latE6, this.freeBox);
  }

  /** Until when all stays go on as they are, if the vehicle stays near all their areas; not at all when it is not near one. */
  #quietUntilMs(): number {
    let untilMs = Infinity;
    for (const stays of this.#stays) untilMs = Math.min(untilMs, stays.quietUntilMs(this.timeMs));
    return untilMs;
  }

  /** Goes on to the next fix if nothing but the length of the stays can change on the way, surely and at a glance; else false. */
  goOn(timeMs: number, lonE6: number, latE6: number): boolean {
    const { rule, version } = this.#world;
    const stepE6 = Math.abs(lonE6 - this.lonE6) + Math.abs(latE6 - this.latE6);
    const gapMs = timeMs - this.timeMs;
    if (version !== this.#freeVersion || timeMs >= this.#freeUntilMs) return false;
    if (!(gapMs > 0) || gapMs > rule.maxGapMs || stepE6 * MOST_METERS_PER_E6 > (rule.maxSpeedKmh / 3600) * gapMs)
      return false;
    if (!this.freeBox.holds(lonE6, latE6)) {
      // The box round where it is now may reach back to where it was.
      if (stepE6 > STILL_E6) return false;
      findFreeBox(this.#world, lonE6, latE6, this.freeBox);
      if (!this.freeBox.holds(this.lonE6, this.latE6)) {
        this.freeBox.empty();
        return false;
      }
    }
    this.follow(timeMs, lonE6, latE6);
    return true;
  }

  /** Goes on to a fix of which it is known that nothing but the length of the stays changes. */
  follow(timeMs: number, lonE6: number, latE6: number): void {
    if (this.isInside) this.presence.add(this.timeMs, timeMs, Number.NaN);
    for (const each of this.#stays) {
      each.goOn(this.lonE6 / 1e6, this.latE6 / 1e6, this.timeMs, lonE6 / 1e6, latE6 / 1e6, timeMs);
    }
    this.timeMs = timeMs;
    this.lonE6 = lonE6;
    this.latE6 = latE6;
  }

  /** Tells of exposures that have lasted on since they were told. */
  tellGrown(): void {
    this.#dropRemoved();
    for (const each of this.#stays) each.tellGrown(this);
  }

  tell(exposure: KernelExposure, change: ExposureChange): void {
    this.#sink.exposure(this.vehicle, exposure, change);
  }

  hold(exposure: KernelExposure, area: KernelArea): void {
    if (this.#world.fence !== null) this.#held.push({ exposure, area });
  }

  #wayOf({ from, to }: Segment): Way {
    const { maxGapMs, maxParkedMs, maxSpeedKmh, parkedRadiusMeters } = this.#world.rule;
    const gapMs = to.timeMs - from.timeMs;
    const meters = distanceMeters(from.lon, from.lat, to.lon, to.lat);
    if (gapMs <= maxGapMs) return meters <= (maxSpeedKmh / 3600) * gapMs ? "known" : "unknown";
    return gapMs <= maxParkedMs && meters <= parkedRadiusMeters ? "parked" : "unknown";
  }

  /** Follows the side of the fence. Where nothing is near the segment the boundary is not either. */
  #moveFence({ from, to }: Segment, way: Way, mayCross: boolean): void {
    const { fence } = this.#world;
    if (fence === null) return;
    if (way === "known") {
      if (!mayCross) {
        if (this.isInside) this.presence.add(from.timeMs, to.timeMs, Number.NaN);
        return;
      }
      eachFencePiece(fence, { from, to }, (startMs, endMs, isInside) => {
        const hasCrossed = isInside !== this.isInside;
        if (hasCrossed) this.#tellFence(isInside, startMs, startMs, startMs);
        if (isInside) this.presence.add(startMs, endMs, hasCrossed ? startMs : Number.NaN);
      });
      return;
    }
    const isInside = mayCross ? isInsideFence(fence, to.lon, to.lat) : this.isInside;
    const hasCrossed = isInside !== this.isInside;
    if (hasCrossed) this.#tellFence(isInside, null, from.timeMs, to.timeMs);
    if (isInside) this.presence.add(to.timeMs, to.timeMs, hasCrossed ? to.timeMs : Number.NaN);
  }

  #tellFence(isInside: boolean, timeMs: number | null, notBeforeMs: number, notAfterMs: number): void {
    this.isInside = isInside;
    this.#sink.fence(this.vehicle, { kind: isInside ? "entry" : "exit", timeMs, notBeforeMs, notAfterMs });
  }

  #passGates(segment: Segment, count: number): void {
    const { gates, firstAreaSlot } = this.#world;
    for (let i = 0; i < count && candidates[i] < firstAreaSlot; i++) {
      if (candidates[i] === FENCE_SLOT) continue;
      for (const passage of passagesOf(gates[candidates[i] - 1], segment)) this.#sink.passage(this.vehicle, passage);
    }
  }

  #moveStays(segment: Segment, way: Way, count: number): void {
    const stays = this.#stays;
    // Both lists ascend by slot.
    let at = 0;
    let kept = 0;
    const keep = (each: AreaStays): void => {
      if (!each.isIdle) stays[kept++] = each;
    };
    const started: AreaStays[] = [];
    for (let i = 0; i < count; i++) {
      const slot = candidates[i];
      if (slot < this.#world.firstAreaSlot) continue;
      for (; at < stays.length && stays[at].slot < slot; at++) {
        stays[at].moveAway(segment, this);
        keep(stays[at]);
      }
      const area = this.#world.areas[slot]!;
      if (at < stays.length && stays[at].slot === slot) {
        const each = stays[at++];
        if (area.toMs <= segment.from.timeMs) each.moveAway(segment, this);
        else if (way === "known") each.moveKnown(segment, this);
        else each.movePark(segment, this);
        keep(each);
      } else if (area.toMs > segment.from.timeMs) {
        const each = this.#startStays(slot, area, segment, way);
        if (each !== null && !each.isIdle) started.push(each);
      }
    }
    for (; at < stays.length; at++) {
      stays[at].moveAway(segment, this);
      keep(stays[at]);
    }
    stays.length = kept;
    if (started.length > 0) {
      stays.push(...started);
      stays.sort((a, b) => a.slot - b.slot);
    }
  }

  /** The stays near an area that begin on the segment, or null. */
  #startStays(slot: number, area: KernelArea, segment: Segment, way: Way): AreaStays | null {
    const { rule } = this.#world;
    if (way === "known") {
      const parts = nearParts(area, segment, rule.radiusMeters);
      if (parts === 0) return null;
      const each = new AreaStays(slot, area, rule);
      each.moveAlong(segment, parts, this);
      return each;
    }
    const { lon, lat } = segment.from;
    if (distanceToShape(area.shape, lon, lat) > rule.radiusMeters) return null;
    const each = new AreaStays(slot, area, rule);
    each.movePark(segment, this);
    return each;
  }

  /** Drops what is no longer in the world, what can no longer lock, and the presence that nobody asks for. */
  #forget(fromMs: number): void {
    const { areas, rule } = this.#world;
    this.#dropRemoved();
    if (this.#held.length > 0) {
      this.#held = this.#held.filter(
        ({ exposure, area }) => areas[exposure.slot] === area && exposure.lastMs + rule.lookbackMs >= fromMs,
      );
    }
    let neededMs = fromMs;
    for (const { endMs } of this.#stays) neededMs = Math.min(neededMs, endMs);
    this.presence.forgetBefore(neededMs);
  }

  #dropRemoved(): void {
    const { areas, version } = this.#world;
    if (this.#staysVersion === version) return;
    this.#stays = this.#stays.filter(({ slot, area }) => areas[slot] === area);
    this.#staysVersion = version;
  }

  #lockHeld(): void {
    const { lookbackMs } = this.#world.rule;
    this.#held = this.#held.filter((held) => {
      const { exposedMs, lastMs } = held.exposure;
      const lock = this.presence.lock(exposedMs, lastMs + lookbackMs);
      if (lock === null) return true;
      this.tell({ ...held.exposure, ...lock }, "locked");
      return false;
    });
  }
}
