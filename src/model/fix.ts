import type { ByteColumn } from "./byte-column.ts";

/**
 * Fixes in columns: the form in which positions travel from a gateway to the track store and on to matching.
 * One batch is one group of rows that is made durable, acknowledged and matched together.
 */

/** Bits of `FixBatch.flags`. A fix without any of them set takes part in matching. */
export const FixFlag = {
  /** The terminal said that it has no position (JT/T 808 status bit 1 = 0), 0/0, out of range or not a number. */
  invalid: 1,
  /** Device time later than receipt + 2 min: stored, never moves a clock. Decided once, at receipt. */
  quarantined: 2,
  /** Sent from the terminal's own store after an outage (0x0704 type 1, JT/T 809 0x1203). */
  stored: 4,
  /** Coordinates passed through the secrecy plug-in (JT/T 808 status bit 5); the place may be off by some 500 m. */
  processed: 8,
} as const;

/** Flags that keep a fix out of matching. */
export const FIX_UNUSABLE = FixFlag.invalid | FixFlag.quarantined;

/** Stands for "not given" in `speedKmh10` and `headingDeg`. */
export const ABSENT_U16 = 0xffff;
/** Stands for "not given" in `altitudeM`. */
export const ABSENT_I16 = -0x8000;

/**
 * `length` fixes, one a row. Coordinates are WGS-84, longitude and latitude in units of 1e-6 degree; times are
 * integer milliseconds UTC. The columns may be longer than `length`.
 */
export interface FixBatch {
  length: number;
  /** Number of the vehicle in the vehicle dictionary of the track store. */
  vehicle: Uint32Array;
  /** The device's time, ms UTC. */
  timeMs: Float64Array;
  lonE6: Int32Array;
  latE6: Int32Array;
  /** 0.1 km/h; `ABSENT_U16` when not given. */
  speedKmh10: Uint16Array;
  /** Degrees clockwise from north, 0 to 359; `ABSENT_U16` when not given. */
  headingDeg: Uint16Array;
  /** Metres; `ABSENT_I16` when not given. */
  altitudeM: Int16Array;
  /** JT/T 808 status word, 0 when the source has none. */
  status: Uint32Array;
  /** JT/T 808 alarm word, 0 when the source has none. */
  alarm: Uint32Array;
  /** Time of receipt, ms UTC, for audit only; decides nothing but the quarantine mark. */
  receivedMs: Float64Array;
  /** `FixFlag` bits. */
  flags: Uint8Array;
  /**
   * What the terminal said beside the position: the additional items of JT/T 808 (0x0200), as they came. Only on the way in;
   * see `TrackStore.items` for the way back.
   */
  items?: ByteColumn;
}

/** An empty batch with room for `capacity` fixes. */
export function createFixBatch(capacity: number): FixBatch {
  return {
    length: 0,
    vehicle: new Uint32Array(capacity),
    timeMs: new Float64Array(capacity),
    lonE6: new Int32Array(capacity),
    latE6: new Int32Array(capacity),
    speedKmh10: new Uint16Array(capacity),
    headingDeg: new Uint16Array(capacity),
    altitudeM: new Int16Array(capacity),
    status: new Uint32Array(capacity),
    alarm: new Uint32Array(capacity),
    receivedMs: new Float64Array(capacity),
    flags: new Uint8Array(capacity),
  };
}
