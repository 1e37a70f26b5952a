import { distanceToShape } from "./distance.ts";
import type { ExposureChange, KernelExposure } from "./findings.ts";
import type { Presence } from "./lock.ts";
import { nearIntervals, nearIntervalsMax } from "./near.ts";
import type { KernelRule } from "./rule.ts";
import { crossingAt, timeAt, type Segment } from "./segment.ts";
import type { Shape } from "./shape.ts";
import { Stay } from "./stay.ts";
import type { KernelArea } from "./world.ts";

/** The vehicle whose stays they are. */
export interface StayHost {
  /** When it is known to be inside the fence; at least since the stays' last near instant. */
  readonly presence: Presence;
  tell(exposure: KernelExposure, change: ExposureChange): void;
  /** An exposure is closed and has not locked yet. */
  hold(exposure: KernelExposure, area: KernelArea): void;
}

let near = new Float64Array(64);
let wide = new Float64Array(64);

/**
 * Stays of one vehicle near one area (section 4 of the rule), as the fixes come.
 *
 * Two stays are kept: the OBSERVED one, from known segments only, and, from the first parked gap with both ends near, the WIDE one, which counts
 * such gaps as presence. The wide one holds every observed stay since its start; it is an exposure of its own (`inferred`) only while none
 * of those is.
 *
 * A stay that has been left is not over yet: for the grace time it may be joined again, if the way outside is known throughout and never
 * farther than radius + slack, which is asked of the same closed form as the near set.
 */
export class AreaStays {
  readonly slot: number;
  readonly area: KernelArea;
  readonly #rule: KernelRule;
  #observed: Stay | null = null;
  #wide: Stay | null = null;

  constructor(slot: number, area: KernelArea, rule: KernelRule) {
    this.slot = slot;
    this.area = area;
    this.#rule = rule;
  }

  /** Nothing is going on any more. */
  get isIdle(): boolean {
    return this.#observed === null && this.#wide === null;
  }

  /** The last near instant of what is going on, ms UTC; Infinity when idle. */
  get endMs(): number {
    return (this.#observed ?? this.#wide)?.endMs ?? Infinity;
  }

  /**
   * Until when (ms UTC) nothing but the length and the least distance of what is going on can change, if the vehicle stays near: until the
   * validity ends, or a stay becomes an exposure. Not at all (-Infinity) when it is not near at `timeMs` by known segments.
   */
  quietUntilMs(timeMs: number): number {
    const observed = this.#observed;
    const wider = this.#wide;
    const { fromMs, toMs } = this.area;
    if (observed?.endMs !== timeMs || (wider !== null && wider.endMs !== timeMs) || fromMs > timeMs) return -Infinity;
    const untilMs = Math.min(toMs, quietUntilMs(observed));
    return wider === null ? untilMs : Math.min(untilMs, quietUntilMs(wider));
  }

  /** The vehicle went straight on to a fix at `toMs` (degrees), before `quietUntilMs`, near throughout. */
  goOn(lon0: number, lat0: number, fromMs: number, lon1: number, lat1: number, toMs: number): void {
    this.#observed!.goOn(lon0, lat0, fromMs, lon1, lat1, toMs);
    this.#wide?.goOn(lon0, lat0, fromMs, lon1, lat1, toMs);
  }

  /** Tells of exposures that have lasted on since they were told. */
  tellGrown(host: StayHost): void {
    if (this.#observed !== null) this.#tellGrown(this.#observed, host);
    if (this.#wide !== null) this.#tellGrown(this.#wide, host);
  }

  /** The vehicle moved along a known segment. */
  moveKnown(segment: Segment, host: StayHost): void {
    this.moveAlong(segment, nearParts(this.area, segment, this.#rule.radiusMeters), host);
  }

  /** The vehicle moved along a known segment, of which `nearParts` has just found so many near. */
  moveAlong(segment: Segment, count: number, host: StayHost): void {
    if (count === 0 && this.isIdle) return;
    let outsideFrom = 0;
    for (let i = 0; i < count; i++) {
      const start = near[2 * i];
      const end = near[2 * i + 1];
      if (start > 0 && !this.#mayJoin(segment, outsideFrom, start)) this.#end(segment, host);
      this.#observed ??= new Stay(this.area, this.#rule, crossingAt(segment, start));
      this.#observed.extend(segment, start, end);
      this.#wide?.extend(segment, start, end);
      if (end < 1) this.#report(host);
      outsideFrom = end;
    }
    if (count > 0 && outsideFrom === 1) this.#report(host);
    else if (!this.#mayJoin(segment, outsideFrom, 1)) this.#end(segment, host);
    else {
      this.#observed?.stray(segment);
      this.#wide?.stray(segment);
      if (count === 0) this.#report(host);
    }
  }

  /** The vehicle moved along a known segment beyond radius + slack, or along one that proves nothing. */
  moveAway(segment: Segment, host: StayHost): void {
    this.#end(segment, host);
  }

  /** A parked gap: it counts for the wide stay when both its ends are near. The observed one ends. */
  movePark(segment: Segment, host: StayHost): void {
    if (!this.#isNear(segment.from) || !this.#isNear(segment.to)) return this.#end(segment, host);
    const observed = this.#observed;
    this.#wide ??= observed?.fork() ?? new Stay(this.area, this.#rule, crossingAt(segment, 0));
    this.#wide.park(segment);
    this.#observed = null;
    if (observed !== null) {
      observed.leave(segment);
      this.#check(observed, host, true);
    }
    this.#report(host);
  }

  #isNear({ lon, lat }: { lon: number; lat: number }): boolean {
    return distanceToShape(this.area.shape, lon, lat) <= this.#rule.radiusMeters;
  }

  /** Whether a stay that has been left may go on after the stretch [a, b] (fractions) outside. */
  #mayJoin(segment: Segment, a: number, b: number): boolean {
    if (this.isIdle) return true;
    const { radiusMeters, slackMeters, graceMs } = this.#rule;
    if (timeAt(segment, b) - this.endMs > graceMs) return false;
    const count = partsWithin(this.area.shape, segment, radiusMeters + slackMeters, wide);
    for (let i = 0; i < count; i++) if (wide[2 * i] <= a && wide[2 * i + 1] >= b) return true;
    return false;
  }

  /** Ends both stays where they were left; at the segment's beginning when they had not been. */
  #end(segment: Segment, host: StayHost): void {
    const observed = this.#observed;
    const wider = this.#wide;
    observed?.leave(segment);
    wider?.leave(segment);
    if (observed !== null) this.#check(observed, host, true);
    if (wider !== null) this.#check(wider, host, true);
    this.#observed = null;
    this.#wide = null;
  }

  #report(host: StayHost): void {
    if (this.#observed !== null) this.#check(this.#observed, host, false);
    if (this.#wide !== null) this.#check(this.#wide, host, false);
  }

  /** Reports a stay that has become an exposure, has locked or is over; a wide one gives way to an observed one that it holds. */
  #check(stay: Stay, host: StayHost, isLeft: boolean): void {
    if (stay.isClosed || stay.holdsObserved || !stay.isExposure) return;
    const before = stay.reported;
    const isOver = isLeft || stay.endMs >= this.area.toMs;
    const isLocking = before === null || before.lockMs === null;
    const lastMs = Math.min(stay.endMs, this.area.toMs);
    const lock = isLocking ? host.presence.lock(stay.exposedMs, lastMs + this.#rule.lookbackMs) : null;
    // That it lasts on is told when it is asked for.
    if (before !== null && lock === null && !isOver) return;
    const found = this.#exposure(stay);
    const exposure = lock === null ? found : { ...found, ...lock };
    stay.reported = exposure;
    if (before === null && stay !== this.#wide) this.#giveWay(host);
    if (before === null) host.tell(exposure, "opened");
    else if (lock !== null) host.tell(exposure, "locked");
    if (!isOver) return;
    stay.isClosed = true;
    host.tell(exposure, "closed");
    if (exposure.lockMs === null) host.hold(exposure, this.area);
  }

  #tellGrown(stay: Stay, host: StayHost): void {
    if (stay.reported === null || stay.isClosed) return;
    const exposure = this.#exposure(stay);
    if (isSame(stay.reported, exposure)) return;
    stay.reported = exposure;
    host.tell(exposure, "grown");
  }

  #exposure(stay: Stay): KernelExposure {
    return stay.exposure(this.slot, stay === this.#wide ? "inferred" : "observed");
  }

  /** An observed exposure has been found within the wide stay. */
  #giveWay(host: StayHost): void {
    const wider = this.#wide;
    if (wider === null || wider.holdsObserved) return;
    wider.holdsObserved = true;
    if (wider.reported !== null) host.tell(wider.reported, "withdrawn");
    wider.reported = null;
  }
}

function isSame(a: KernelExposure, b: KernelExposure): boolean {
  return a.lastMs === b.lastMs && a.endMs === b.endMs && a.leastMeters === b.leastMeters;
}

/** Until when a stay near its area needs no look, ms UTC. */
function quietUntilMs({ reported, holdsObserved, exposedMs }: Stay): number {
  if (reported !== null || holdsObserved) return Infinity;
  // While a stop is looked for every corner of the way counts.
  return Number.isNaN(exposedMs) ? -Infinity : exposedMs;
}

/** How many parts of a known segment are near the area; which ones `AreaStays.moveAlong` knows, as long as nothing else is asked. */
export function nearParts({ shape }: KernelArea, segment: Segment, radiusMeters: number): number {
  const room = 2 * nearIntervalsMax(shape);
  if (near.length < room) {
    near = new Float64Array(2 * room);
    wide = new Float64Array(2 * room);
  }
  return partsWithin(shape, segment, radiusMeters, near);
}

function partsWithin(shape: Shape, { from, to }: Segment, meters: number, out: Float64Array): number {
  return nearIntervals(shape, meters, from.lon, from.lat, to.lon, to.lat, out);
}
