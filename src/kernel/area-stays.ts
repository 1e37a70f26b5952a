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

  /** When the area's validity begins or ends next, ms UTC, for a vehicle that is near at `timeMs` by known segments; else -Infinity. */
  quietUntilMs(timeMs: number): number {
    if (this.#observed?.endMs !== timeMs || (this.#wide !== null && this.#wide.endMs !== timeMs)) return -Infinity;
    const { fromMs, toMs } = this.area;
    return fromMs > timeMs ? fromMs : toMs;
  }

  /** The vehicle moved along a known segment. */
  moveKnown(segment: Segment, host: StayHost): void {
    this.moveAlong(segment, nearParts(this.area, segment, this.#rule.radiusMeters), host);
  }

  /** The vehicle moved along a known segment, of which `nearParts` has just found so many near. */
  moveAlong(segment: Segment, count: number, host: StayHost): void {
    if (count === 0 && this.isIdle) return;
    if (count === 1 && near[0] === 0 && near[1] === 1) return this.moveNear(segment, host);
    let outsideFrom = 0;
    for (let i = 0; i < count; i++) {
      const start = near[2 * i];
      const end = near[2 * i + 1];
      if (start > 0 && !this.#mayJoin(segment, outsideFrom, start)) this.#end(segment, host);
      this.#observed ??= new Stay(this.area, this.#rule, crossingAt(segment, start));
      this.#observed.extend(segment, start, end);
      this.#wide?.extend(segment, start, end);
      if (end < 1) this.#report(host, false);
      outsideFrom = end;
    }
    if (count > 0 && outsideFrom === 1) this.#report(host, true);
    else if (!this.#mayJoin(segment, outsideFrom, 1)) this.#end(segment, host);
    else {
      this.#observed?.stray(segment);
      this.#wide?.stray(segment);
      if (count === 0) this.#report(host, false);
    }
  }

  /** The vehicle moved along a known segment that is near throughout. */
  moveNear(segment: Segment, host: StayHost): void {
    this.#observed ??= new Stay(this.area, this.#rule, crossingAt(segment, 0));
    this.#observed.extend(segment, 0, 1);
    this.#wide?.extend(segment, 0, 1);
    this.#report(host, true);
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
      this.#check(observed, host, { isOpen: false, isOver: true });
    }
    this.#report(host, true);
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
    if (observed !== null) this.#check(observed, host, { isOpen: false, isOver: true });
    if (wider !== null) this.#check(wider, host, { isOpen: false, isOver: true });
    this.#observed = null;
    this.#wide = null;
  }

  #report(host: StayHost, isOpen: boolean): void {
    if (this.#observed !== null) this.#check(this.#observed, host, { isOpen, isOver: false });
    if (this.#wide !== null) this.#check(this.#wide, host, { isOpen, isOver: false });
  }

  /** Reports a stay that is an exposure and has changed; a wide one gives way to an observed one that it holds. */
  #check(stay: Stay, host: StayHost, { isOpen, isOver }: { isOpen: boolean; isOver: boolean }): void {
    if (stay.isClosed || stay.holdsObserved) return;
    const isWide = stay === this.#wide;
    const found = stay.exposure(this.slot, isWide ? "inferred" : "observed", isOpen);
    if (found === null) return;
    const before = stay.reported;
    const isLocking = before === null || before.lockMs === null;
    const lock = isLocking ? host.presence.lock(found.exposedMs, found.lastMs + this.#rule.lookbackMs) : null;
    const exposure = lock === null ? found : { ...found, ...lock };
    stay.reported = exposure;
    if (before === null && !isWide) this.#giveWay(host);
    if (before === null) host.tell(exposure, "opened");
    else if (lock !== null) host.tell(exposure, "locked");
    else if (!isSame(before, exposure)) host.tell(exposure, "grown");
    if (!isOver && stay.endMs < this.area.toMs) return;
    stay.isClosed = true;
    host.tell(exposure, "closed");
    if (exposure.lockMs === null) host.hold(exposure, this.area);
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
