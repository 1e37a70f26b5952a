/** What matching finds, as plain data. Times are ms UTC (solved crossings have fractions), places degrees WGS-84. */

/** An accepted fix, or an instant on the way between two. */
export interface TrackPoint {
  readonly timeMs: number;
  readonly lon: number;
  readonly lat: number;
}

/** Where a stay begins or ends: the instant and place, and the accepted fixes before and after it (null at the data's edge). */
export interface Crossing extends TrackPoint {
  readonly before: TrackPoint | null;
  readonly after: TrackPoint | null;
}

/** A stay of at least the dwell time near one area. */
export interface KernelExposure {
  /** The area's slot in the world, and what stood there. */
  readonly slot: number;
  readonly area: string;
  readonly areaVersion: number;
  /** Names it together with vehicle and area: the first multiple of the dwell time (since the epoch) in the stay. */
  readonly anchorMs: number;
  readonly certainty: "observed" | "inferred";
  readonly startMs: number;
  /** Null while the vehicle is still near at its last fix and the area valid. */
  readonly endMs: number | null;
  /** The end, or the last instant known to belong to it. */
  readonly lastMs: number;
  readonly exposedMs: number;
  readonly leastMeters: number;
  readonly nearest: TrackPoint;
  /** Share of the stay that is parked rather than known, 0 to 1. */
  readonly unknownShare: number;
  readonly entered: Crossing;
  readonly left: Crossing | null;
  /** First instant from `exposedMs` on at which the vehicle is known to be inside the fence, within the lookback after the end; or null. */
  readonly lockMs: number | null;
  /** The entry that led there; null when it was inside before, or does not lock. */
  readonly enteredMs: number | null;
}

/** A gate line crossed. */
export interface KernelPassage extends TrackPoint {
  readonly gate: string;
  readonly inbound: boolean;
}

/** The fence's boundary crossed; `timeMs` is null when it happened on an unknown stretch, between the two other instants. */
export interface KernelFenceEvent {
  readonly kind: "entry" | "exit";
  readonly timeMs: number | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * `opened`: there is a new exposure. `locked`: its lock instant is known now. `closed`: it has its end. `withdrawn`: it is none, because what it holds
 * turned out to be an observed one. These are told at once; `grown` (it lasts on, its least distance fell, it was left for a while) when it is asked for, by
 * `tellGrown`, `finish` or `load`: every fix of a vehicle at rest would tell it.
 */
export type ExposureChange = "opened" | "grown" | "locked" | "closed" | "withdrawn";

/** Who is told. Calls come during `push`, `load`, `finish` and `tellGrown`, in the order of event time for each vehicle. */
export interface MatchSink {
  exposure(vehicle: number, exposure: KernelExposure, change: ExposureChange): void;
  passage(vehicle: number, passage: KernelPassage): void;
  fence(vehicle: number, event: KernelFenceEvent): void;
  /** A fix that is too far from both its neighbours takes no part. */
  outlier?(vehicle: number, timeMs: number): void;
}
