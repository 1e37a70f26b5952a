import { CloseEdges } from "./close-edges.ts";
import type { Crossing, KernelExposure, TrackPoint } from "./findings.ts";
import { leastDistance } from "./near.ts";
import type { KernelRule } from "./rule.ts";
import { crossingAt, fractionAt, pointAt, timeAt, type Segment } from "./segment.ts";
import { StopWindow } from "./stop-window.ts";
import type { KernelArea } from "./world.ts";

const least = new Float64Array(2);

/** One run of presence near one area (section 4 of the rule), kept whole; it is cut to the area's validity when it is asked for. */
export class Stay {
  readonly startMs: number;
  /** The last instant of it so far. */
  endMs: number;
  /** What it was last reported as; null while it is no exposure. */
  reported: KernelExposure | null = null;
  /** It was reported for the last time: it was left, or the area's validity is over. */
  isClosed = false;
  /** An observed exposure lies within it; for a stay that counts parked gaps. */
  holdsObserved = false;
  readonly #area: KernelArea;
  readonly #rule: KernelRule;
  readonly #entered: Crossing;
  #left: Crossing | null = null;
  /** Where the vehicle was when the area's validity began and ended. */
  #atFrom: Crossing | null = null;
  #atTo: Crossing | null = null;
  #leastMeters = Infinity;
  #nearest: TrackPoint;
  readonly #closeEdges = new CloseEdges();
  #parkedMs = 0;
  /** Only for a rule of kind `stop`. */
  #stop: StopWindow | null;

  constructor(area: KernelArea, rule: KernelRule, entered: Crossing) {
    this.#area = area;
    this.#rule = rule;
    this.startMs = entered.timeMs;
    this.endMs = entered.timeMs;
    this.#entered = entered;
    this.#nearest = entered;
    this.#stop = rule.kind === "stop" ? new StopWindow(rule.dwellMs, rule.stopRadiusMeters) : null;
  }

  /** Another stay with the same past, to be reported by itself. */
  fork(): Stay {
    const fork = new Stay(this.#area, this.#rule, this.#entered);
    fork.endMs = this.endMs;
    fork.holdsObserved = this.reported !== null;
    fork.#atFrom = this.#atFrom;
    fork.#atTo = this.#atTo;
    fork.#leastMeters = this.#leastMeters;
    fork.#nearest = this.#nearest;
    fork.#parkedMs = this.#parkedMs;
    fork.#stop = this.#stop?.clone() ?? null;
    return fork;
  }

  /** Adds the part of a segment from `start` to `end` (fractions), which is near. */
  extend(segment: Segment, start: number, end: number): void {
    this.#travel(segment, end);
    this.endMs = timeAt(segment, end);
    this.#left = end < 1 ? crossingAt(segment, end) : null;
    this.#approach(segment, start, end);
  }

  /** Goes straight on to a fix at `toMs` (degrees), near throughout and within the area's validity; for a stay whose `exposedMs` is known. */
  goOn(lon0: number, lat0: number, fromMs: number, lon1: number, lat1: number, toMs: number): void {
    this.endMs = toMs;
    if (!this.#comesNearer(lon0, lat0, lon1, lat1)) return;
    const segment = { from: { timeMs: fromMs, lon: lon0, lat: lat0 }, to: { timeMs: toMs, lon: lon1, lat: lat1 } };
    this.#nearest = pointAt(segment, least[1]);
  }

  /** Adds a parked gap with both ends near. */
  park(segment: Segment): void {
    const { from, to } = segment;
    const { fromMs, toMs } = this.#area;
    this.#travel(segment, 1);
    this.endMs = to.timeMs;
    this.#left = null;
    this.#parkedMs += Math.max(0, Math.min(to.timeMs, toMs) - Math.max(from.timeMs, fromMs));
    // Nothing is known of the way between: only its ends can come nearest.
    this.#approach({ from, to: from }, 0, 0);
    this.#approach({ from: to, to }, 0, 0);
  }

  /** Adds the rest of a segment, on which the vehicle was not near but may come back. */
  stray(segment: Segment): void {
    this.#travel(segment, 1);
    this.leave(segment);
  }

  /** It is left at the segment's beginning, if it was not left before. */
  leave(segment: Segment): void {
    this.#left ??= crossingAt(segment, 0);
  }

  /** When it has lasted long enough, ms UTC, if it lasts so long; NaN while that is not known. */
  get exposedMs(): number {
    return this.#stop === null ? Math.max(this.startMs, this.#area.fromMs) + this.#rule.dwellMs : this.#stop.exposedMs;
  }

  /** Whether it is an exposure by now. */
  get isExposure(): boolean {
    return this.exposedMs <= Math.min(this.endMs, this.#area.toMs);
  }

  /** The exposure that it is by now. */
  exposure(slot: number, certainty: KernelExposure["certainty"]): KernelExposure {
    const { id, version, fromMs, toMs } = this.#area;
    const { dwellMs } = this.#rule;
    const startMs = Math.max(this.startMs, fromMs);
    const lastMs = Math.min(this.endMs, toMs);
    const isOver = this.#left !== null || this.endMs >= toMs;
    return {
      slot,
      area: id,
      areaVersion: version,
      anchorMs: Math.ceil(startMs / dwellMs) * dwellMs,
      certainty,
      startMs,
      endMs: isOver ? lastMs : null,
      lastMs,
      exposedMs: this.exposedMs,
      leastMeters: this.#leastMeters,
      nearest: this.#nearest,
      unknownShare: Math.min(1, this.#parkedMs / (lastMs - startMs)),
      entered: (this.startMs < fromMs ? this.#atFrom : null) ?? this.#entered,
      left: isOver ? ((this.endMs >= toMs ? this.#atTo : null) ?? this.#left) : null,
      lockMs: this.reported?.lockMs ?? null,
      enteredMs: this.reported?.enteredMs ?? null,
    };
  }

  /** Follows the way on to the fraction `end`, near or not. */
  #travel(segment: Segment, end: number): void {
    const { from, to } = segment;
    const { fromMs, toMs } = this.#area;
    if (fromMs > from.timeMs && fromMs <= to.timeMs) this.#atFrom ??= crossingAt(segment, fractionAt(segment, fromMs));
    if (toMs > from.timeMs && toMs <= to.timeMs) this.#atTo ??= crossingAt(segment, fractionAt(segment, toMs));
    if (this.#stop === null) return;
    const startMs = Math.max(from.timeMs, this.startMs, fromMs, this.#stop.lastMs);
    const endMs = Math.min(timeAt(segment, end), toMs);
    if (startMs > endMs) return;
    this.#stop.advance(
      pointAt(segment, fractionAt(segment, startMs)),
      pointAt(segment, endMs === to.timeMs ? 1 : fractionAt(segment, endMs)),
    );
  }

  /** Keeps the least distance on a part of a segment, within the area's validity. */
  #approach(segment: Segment, start: number, end: number): void {
    if (this.#leastMeters === 0) return;
    const { fromMs, toMs } = this.#area;
    const { from, to } = segment;
    const durationMs = to.timeMs - from.timeMs;
    let a = start;
    let b = end;
    if (durationMs > 0) {
      a = Math.max(a, (fromMs - from.timeMs) / durationMs);
      b = Math.min(b, (toMs - from.timeMs) / durationMs);
      if (a > b) return;
    } else if (from.timeMs < fromMs || from.timeMs > toMs) return;
    const first = pointAt(segment, a);
    const last = pointAt(segment, b);
    if (!this.#comesNearer(first.lon, first.lat, last.lon, last.lat)) return;
    this.#nearest = pointAt(segment, a + least[1] * (b - a));
  }

  /** Keeps the least distance on a straight way, and says whether it fell; `least` then tells where on the way. */
  #comesNearer(lon0: number, lat0: number, lon1: number, lat1: number): boolean {
    if (this.#leastMeters === 0) return false;
    const { shape } = this.#area;
    if (!this.#closeEdges.least(shape, lon0, lat0, lon1, lat1, this.#leastMeters, least)) {
      leastDistance(shape, lon0, lat0, lon1, lat1, least, this.#leastMeters);
    }
    if (!(least[0] < this.#leastMeters)) return false;
    this.#leastMeters = least[0];
    return true;
  }
}
