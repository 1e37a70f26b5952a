import type { Crossing, KernelExposure, TrackPoint } from "./findings.ts";
import { leastDistance, nearIntervals, nearIntervalsMax } from "./near.ts";
import type { KernelRule } from "./rule.ts";
import type { KernelArea } from "./world.ts";

/**
 * Stays of one vehicle near one area (section 4 of the rule), as the fixes come.
 *
 * Two stays are kept: the OBSERVED one, from known segments only, and, from the first parked gap with both ends near, the WIDE one, which counts
 * such gaps as presence. The wide stay holds every observed one since its start; it is an exposure of its own (`inferred`) only while none of
 * those is.
 *
 * A stay that has been left is not over yet: for the grace time it may be joined again, if the way outside is known throughout and never
 * farther than the slack. Whether a stretch stays within radius + slack is asked of the same closed form as the near set.
 */

/** A segment between two accepted fixes; `known` or not is its caller's to tell. */
export interface Segment {
  readonly from: TrackPoint;
  readonly to: TrackPoint;
}

/** One run of presence near an area. */
interface Stay {
  startMs: number;
  /** The last instant of it so far. */
  endMs: number;
  entered: Crossing;
  left: Crossing | null;
  /** Where the vehicle was when the area became valid, and when it ceased to be, if that is within the stay or an excursion of it. */
  atFrom: Crossing | null;
  atTo: Crossing | null;
  leastMeters: number;
  nearest: TrackPoint;
  /** Of the time within the area's validity, how much is parked. */
  parkedMs: number;
  /** First instant by which the dwell time has passed (within a small circle, for a rule of kind `stop`); NaN before. */
  exposedMs: number;
  /** What it was last reported as; null while it is no exposure. */
  reported: KernelExposure | null;
  /** Wide stays: an observed exposure lies within it. */
  holdsObserved: boolean;
}

/** Told of each stay that becomes, is or ceases to be an exposure. */
export interface StaySink {
  opened(exposure: KernelExposure): void;
  grown(exposure: KernelExposure): void;
  closed(exposure: KernelExposure): void;
  withdrawn(exposure: KernelExposure): void;
}

let near = new Float64Array(16);
let wide = new Float64Array(16);
const least = new Float64Array(2);

/** The stays of one vehicle near one area. */
export class AreaStays {
  readonly area: KernelArea;
  readonly slot: number;
  readonly #rule: KernelRule;
  #observed: Stay | null = null;
  #wide: Stay | null = null;

  constructor(slot: number, area: KernelArea, rule: KernelRule) {
    this.slot = slot;
    this.area = area;
    this.#rule = rule;
  }

  /** Nothing is going on any more. */
  get idle(): boolean {
    return this.#observed === null && this.#wide === null;
  }

  /** The vehicle moved along a known segment that may be within radius + slack. */
  moveKnown(segment: Segment, sink: StaySink): void {
    const { shape } = this.area;
    const { from, to } = segment;
    const room = 2 * nearIntervalsMax(shape);
    if (near.length < room) {
      near = new Float64Array(2 * room);
      wide = new Float64Array(2 * room);
    }
    const { radiusMeters, slackMeters } = this.#rule;
    const count = nearIntervals(shape, radiusMeters, from.lon, from.lat, to.lon, to.lat, near);
    if (count === 0 && this.idle) return;
    const stepsOut = count === 0 || near[0] > 0 || near[2 * count - 1] < 1 || count > 1;
    const wideCount = stepsOut
      ? nearIntervals(shape, radiusMeters + slackMeters, from.lon, from.lat, to.lon, to.lat, wide)
      : 0;
    let outsideFrom = 0;
    for (let i = 0; i < count; i++) {
      const start = near[2 * i];
      const end = near[2 * i + 1];
      if (start > 0 && !this.#mayJoin(segment, outsideFrom, start, wideCount)) this.#end(segment, sink);
      this.#extend(segment, start, end, sink);
      outsideFrom = end;
    }
    if (count > 0 && near[2 * count - 1] >= 1) this.#report(sink, true);
    else {
      this.#noteValidity(segment);
      if (!this.#mayJoin(segment, outsideFrom, 1, wideCount)) this.#end(segment, sink);
      else {
        this.#leave(segment);
        this.#report(sink, false);
      }
    }
  }

  /** The vehicle moved along a known segment that is farther than radius + slack throughout. */
  moveFar(segment: Segment, sink: StaySink): void {
    this.#end(segment, sink);
  }

  /** A stretch that proves nothing: every stay ends at the last fix before it. */
  moveUnknown(segment: Segment, sink: StaySink): void {
    this.#end(segment, sink);
  }

  /** A parked gap. It counts for the wide stay when both its ends are near; the observed one ends. */
  moveParked(segment: Segment, sink: StaySink): void {
    const { from, to } = segment;
    const bothNear = this.#isNear(from) && this.#isNear(to);
    const observed = this.#observed;
    if (observed !== null) this.#leave(segment);
    const before = this.#wide;
    if (bothNear) {
      this.#wide = before ?? this.#widen(observed, segment);
      this.#park(this.#wide, segment);
    }
    this.#observed = null;
    if (observed !== null) this.#close(observed, "observed", sink);
    if (!bothNear) {
      this.#wide = null;
      if (before !== null) this.#close(before, "inferred", sink);
    } else this.#report(sink, true);
  }

  /** Whether the vehicle is near at its last fix, so that what is reported is open. */
  #isNear(point: TrackPoint): boolean {
    const { lon, lat } = point;
    leastDistance(this.area.shape, lon, lat, lon, lat, least);
    return least[0] <= this.#rule.radiusMeters;
  }

  /** Adds the near part [start, end] (fractions) of a known segment. */
  #extend(segment: Segment, start: number, end: number, sink: StaySink): void {
    const startMs = timeAt(segment, start);
    const endMs = timeAt(segment, end);
    if (this.#observed === null) this.#observed = newStay(segment, start, startMs);
    for (const stay of [this.#observed, this.#wide]) {
      if (stay === null) continue;
      stay.endMs = endMs;
      stay.left = null;
      this.#approach(stay, segment, start, end);
    }
    this.#noteValidity(segment);
    if (end < 1) {
      this.#leave(segment, end);
      this.#report(sink, false);
    }
  }

  /** Keeps the least distance of the part [start, end] within the area's validity. */
  #approach(stay: Stay, segment: Segment, start: number, end: number): void {
    if (stay.leastMeters === 0) return;
    const { fromMs, toMs, shape } = this.area;
    const { from, to } = segment;
    const durationMs = to.timeMs - from.timeMs;
    let a = start;
    let b = end;
    if (durationMs > 0) {
      a = Math.max(a, (fromMs - from.timeMs) / durationMs);
      b = Math.min(b, (toMs - from.timeMs) / durationMs);
    }
    if (a > b) return;
    const first = pointAt(segment, a);
    const last = pointAt(segment, b);
    leastDistance(shape, first.lon, first.lat, last.lon, last.lat, least);
    const [meters, fraction] = least;
    if (meters < stay.leastMeters) {
      stay.leastMeters = meters;
      stay.nearest = pointAt(segment, a + fraction * (b - a));
    }
  }

  /** Notes where the vehicle is when the area's validity begins or ends within a segment. */
  #noteValidity(segment: Segment): void {
    const { fromMs, toMs } = this.area;
    const { from, to } = segment;
    if (fromMs > from.timeMs && fromMs <= to.timeMs) {
      const crossing = crossingAt(segment, fractionAt(segment, fromMs));
      if (this.#observed !== null) this.#observed.atFrom ??= crossing;
      if (this.#wide !== null) this.#wide.atFrom ??= crossing;
    }
    if (toMs > from.timeMs && toMs <= to.timeMs) {
      const crossing = crossingAt(segment, fractionAt(segment, toMs));
      if (this.#observed !== null) this.#observed.atTo ??= crossing;
      if (this.#wide !== null) this.#wide.atTo ??= crossing;
    }
  }

  /**
   * Whether a stay that has been left may go on after the stretch [a, b] (fractions) outside: within the grace time since it was left, and
   * nowhere beyond radius + slack.
   */
  #mayJoin(segment: Segment, a: number, b: number, wideCount: number): boolean {
    const stay = this.#observed ?? this.#wide;
    if (stay === null) return true;
    if (timeAt(segment, b) - stay.endMs > this.#rule.graceMs) return false;
    for (let i = 0; i < wideCount; i++) if (wide[2 * i] <= a && wide[2 * i + 1] >= b) return true;
    return false;
  }

  /** Notes where a stay was left: at the fraction `end` of the segment, or at its beginning. */
  #leave(segment: Segment, end = 0): void {
    for (const stay of [this.#observed, this.#wide]) {
      if (stay !== null && stay.left === null) stay.left = crossingAt(segment, end);
    }
  }

  /** Ends both stays where they were left; at the segment's beginning when they had not been. */
  #end(segment: Segment, sink: StaySink): void {
    this.#leave(segment);
    const observed = this.#observed;
    const wider = this.#wide;
    this.#observed = null;
    this.#wide = null;
    if (observed !== null) this.#close(observed, "observed", sink, wider);
    if (wider !== null) this.#close(wider, "inferred", sink);
  }

  #close(stay: Stay, certainty: KernelExposure["certainty"], sink: StaySink, wider: Stay | null = this.#wide): void {
    this.#check(stay, certainty, sink, false, wider);
    if (stay.reported !== null) sink.closed(stay.reported);
  }

  #report(sink: StaySink, open: boolean): void {
    const observed = this.#observed;
    const wider = this.#wide;
    if (observed !== null) this.#check(observed, "observed", sink, open, wider);
    if (wider !== null) this.#check(wider, "inferred", sink, open, null);
  }

  /** Reports a stay that has reached the dwell time; a wide one gives way to an observed one that it holds. */
  #check(stay: Stay, certainty: KernelExposure["certainty"], sink: StaySink, open: boolean, wider: Stay | null): void {
    const startMs = Math.max(stay.startMs, this.area.fromMs);
    const lastMs = Math.min(stay.endMs, this.area.toMs);
    if (stay.holdsObserved || lastMs - startMs < this.#rule.dwellMs || Number.isNaN(stay.exposedMs)) return;
    const exposure = this.#exposureOf(stay, certainty, startMs, lastMs, open && stay.endMs < this.area.toMs);
    const isNew = stay.reported === null;
    stay.reported = exposure;
    if (wider !== null && !wider.holdsObserved) {
      wider.holdsObserved = true;
      if (wider.reported !== null) sink.withdrawn(wider.reported);
      wider.reported = null;
    }
    if (isNew) sink.opened(exposure);
    else sink.grown(exposure);
  }

  #exposureOf(
    stay: Stay,
    certainty: KernelExposure["certainty"],
    startMs: number,
    lastMs: number,
    open: boolean,
  ): KernelExposure {
    const { dwellMs } = this.#rule;
    const left = stay.endMs > this.area.toMs ? stay.atTo : stay.left;
    const durationMs = lastMs - startMs;
    return {
      slot: this.slot,
      area: this.area.id,
      areaVersion: this.area.version,
      anchorMs: Math.ceil(startMs / dwellMs) * dwellMs,
      certainty,
      startMs,
      endMs: open ? null : lastMs,
      lastMs,
      exposedMs: startMs + dwellMs,
      leastMeters: stay.leastMeters,
      nearest: stay.nearest,
      unknownShare: durationMs > 0 ? Math.min(1, stay.parkedMs / durationMs) : 0,
      entered: (stay.startMs < this.area.fromMs ? stay.atFrom : null) ?? stay.entered,
      left: open ? null : left,
      lockMs: null,
      enteredMs: null,
    };
  }

  /** The wide stay that begins at a parked gap: with the observed one up to it, if that lasts until there. */
  #widen(observed: Stay | null, segment: Segment): Stay {
    const { from } = segment;
    const contiguous = observed !== null && observed.endMs === from.timeMs;
    if (!contiguous) return newStay(segment, 0, from.timeMs);
    return { ...observed, left: null, reported: null, holdsObserved: observed.reported !== null };
  }

  #park(stay: Stay, segment: Segment): void {
    const { from, to } = segment;
    const { fromMs, toMs } = this.area;
    stay.endMs = to.timeMs;
    stay.left = null;
    stay.parkedMs += Math.max(0, Math.min(to.timeMs, toMs) - Math.max(from.timeMs, fromMs));
    this.#noteValidity(segment);
    this.#approach(stay, { from, to: from }, 0, 0);
    this.#approach(stay, { from: to, to }, 0, 0);
  }
}

function newStay(segment: Segment, start: number, startMs: number): Stay {
  const entered = crossingAt(segment, start);
  return {
    startMs,
    endMs: startMs,
    entered,
    left: null,
    atFrom: null,
    atTo: null,
    leastMeters: Infinity,
    nearest: entered,
    parkedMs: 0,
    exposedMs: startMs,
    reported: null,
    holdsObserved: false,
  };
}

function timeAt({ from, to }: Segment, fraction: number): number {
  return fraction === 1 ? to.timeMs : from.timeMs + fraction * (to.timeMs - from.timeMs);
}

function fractionAt({ from, to }: Segment, timeMs: number): number {
  return (timeMs - from.timeMs) / (to.timeMs - from.timeMs);
}

/** A point on the segment, the short way round the 180th meridian. */
export function pointAt(segment: Segment, fraction: number): TrackPoint {
  const { from, to } = segment;
  if (fraction === 0) return from;
  if (fraction === 1) return to;
  let lon = from.lon + fraction * shortWay(from.lon, to.lon);
  if (lon > 180) lon -= 360;
  else if (lon < -180) lon += 360;
  return { timeMs: timeAt(segment, fraction), lon, lat: from.lat + fraction * (to.lat - from.lat) };
}

/** A crossing on the segment, with its two fixes. */
function crossingAt(segment: Segment, fraction: number): Crossing {
  const { timeMs, lon, lat } = pointAt(segment, fraction);
  return { timeMs, lon, lat, before: segment.from, after: segment.to };
}

function shortWay(lon0: number, lon1: number): number {
  const difference = lon1 - lon0;
  return difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;
}
