import type { FixBatch } from "../model/fix.ts";
import type { FixItems } from "./fix-items.ts";
import type { Snapshots } from "./snapshots.ts";
import type { VehicleDictionary } from "./vehicle-dictionary.ts";
import type { Stretch } from "./visits.ts";

/**
 * A place in the log of all fixes: how many fixes were appended before it. `0` is the beginning; the position that
 * `append` gives is the one just behind its batch, so `replay(thatPosition)` gives what came later.
 */
export type Position = number;

/**
 * Every fix that was ever reported: an ordered log (`append`, `replay`) that also answers for a vehicle, a place and a
 * time. All times are integer ms UTC, spans are `[fromMs, toMs)`, coordinates WGS-84 in 1e-6 degree.
 *
 * Each fix is there once: reports that agree in vehicle, time and place are one fix, however often and however late
 * they come (one that takes part in matching wins over one that does not, then the earlier one). Fixes of one vehicle
 * at one time in several places are all kept; matching decides between them.
 */
export interface TrackStore {
  /** The numbers of the vehicles, in both directions. */
  readonly vehicles: VehicleDictionary;
  /**
   * Resolves when the fixes are on disk (fsynced) and every query sees them, with the position behind them. Calls that
   * come together share one commit; batches become durable, and resolve, in the order of the calls. The batch is
   * copied at once and may be reused. While too much is waiting, it waits too (back-pressure), before it copies: then
   * leave the batch alone until it has resolved.
   *
   * @throws WuxingError INPUT_INVALID when a time is not an integer, a vehicle has no number or the batch is longer
   *   than 1,000,000 fixes: nothing of it is kept.
   * @throws WuxingError STORE_UNAVAILABLE when it could not be written; it was not acknowledged, and sending it again
   *   doubles nothing. The store tries by itself until it can write again.
   */
  append(batch: FixBatch): Promise<Position>;
  /**
   * All fixes of a vehicle in the span, in order of time, then longitude, then latitude; unusable ones too (see `flags`).
   *
   * @throws WuxingError OVERLOADED when there are more than 4,000,000.
   */
  track(vehicle: number, fromMs: number, toMs: number): Promise<FixBatch>;
  /** What a vehicle's terminal said beside its positions in the span, newest first, `limit` at most. */
  items(vehicle: number, fromMs: number, toMs: number, limit: number): Promise<FixItems[]>;
  /**
   * `track` for many vehicles, one after the other in ascending order of their numbers, in few passes over the files.
   * A vehicle without fixes in the span is left out. Memory stays bounded; `onTrack` is awaited.
   */
  eachTrack(
    vehicles: Uint32Array,
    fromMs: number,
    toMs: number,
    onTrack: (vehicle: number, track: FixBatch) => void | Promise<void>,
  ): Promise<void>;
  /**
   * Vehicles, ascending: all with at least one usable fix in one of the boxes `[west, south, east, north]` (1e-6 degree,
   * closed, west ≤ east) in the span, and a few more that passed close by. Only fixes count, not the way between them:
   * for exposures give the box of the area's reach with its slack (850 m), because any 600 s of a stay without a gap
   * above 300 s hold a fix in there; for crossings of a line widen the box by the way that a vehicle makes between two
   * fixes.
   *
   * With `leastStayMs`, vehicles are left out that cannot have been in the boxes for so long; see `stretchesIn`.
   *
   * @throws WuxingError INPUT_INVALID for more than 1,000 boxes.
   */
  vehiclesIn(
    boxesE6: readonly (readonly [west: number, south: number, east: number, north: number])[],
    fromMs: number,
    toMs: number,
    leastStayMs?: number,
  ): Promise<Uint32Array>;
  /**
   * The same with the stretches of time in question, ascending by vehicle and time: each from the fix before a run of
   * fixes in the boxes to the fix behind it, no shorter than `leastStayMs`. Runs up to 5 min apart count as one, so that
   * outliers break none. Where the neighbours of a run are not known (an end of a file, the hot table) it is taken to
   * reach 6 h further. No stay in the boxes of at least `leastStayMs` is left out.
   */
  stretchesIn(
    boxesE6: readonly (readonly [west: number, south: number, east: number, north: number])[],
    fromMs: number,
    toMs: number,
    leastStayMs: number,
  ): Promise<Stretch[]>;
  /**
   * The fixes of stretches (in the order that `stretchesIn` gives; disjoint for one vehicle), places and times only:
   * some ten times as fast as whole tracks. A stretch without fixes is left out; `onStretch` is awaited.
   */
  eachStretch(
    stretches: readonly Stretch[],
    onStretch: (vehicle: number, places: PlaceTrack) => void | Promise<void>,
  ): Promise<void>;
  /**
   * The stretches that `stretchesIn` gives, each with its fixes, in the order of places mostly: for "who stayed here" some
   * ten times as fast as both calls, because nearly all that is needed stands side by side. Unusable fixes may be left
   * out. Memory stays bounded; whoever has enough stops asking.
   */
  staysIn(
    boxesE6: readonly (readonly [west: number, south: number, east: number, north: number])[],
    fromMs: number,
    toMs: number,
    leastStayMs: number,
  ): AsyncGenerator<Stay>;
  /**
   * Gives every fix from the position on, once, in the order in which it was appended, up to the position that was
   * durable when the call began, and returns that position. `position` is the one behind the batch given. `onBatch` is
   * awaited. Compaction drops the repetitions of a fix from the log, nothing else; retention drops what is too old.
   */
  replay(from: Position, onBatch: (batch: FixBatch, position: Position) => void | Promise<void>): Promise<Position>;
  /**
   * Writes the fixes of the span, each once, as GeoParquet 1.1 (points in its `point` encoding, WGS-84): vehicle id,
   * time, lon, lat, speed, heading, altitude, status, alarm, received, flags. `vehicles` null: all.
   */
  copyToParquet(
    path: string,
    vehicles: Uint32Array | null,
    fromMs: number,
    toMs: number,
  ): Promise<{ vehicles: number; fixes: number }>;
  /**
   * Usable fixes of this time (ms UTC) and later are all here; of earlier ones retention may have left some only.
   * -Infinity while nothing was deleted. It only grows.
   */
  readonly completeSinceMs: number;
  /** The latest usable fix of every vehicle that has one within retention, ascending by vehicle. From memory. */
  lastPositions(): Promise<FixBatch>;
  /**
   * Moves what is older than the open hour from the hot table to Parquet files, merges small files, drops what is past
   * retention. `everything`: also the open hour.
   */
  compact(everything?: boolean): Promise<CompactionReport>;
  /**
   * Holds the newest files in memory, as far as there is room, and resolves when they are. It begins by itself behind the
   * first question about places, and goes on with each compaction.
   */
  hold(): Promise<void>;
  /** Reads every Parquet file and compares it with the manifest. */
  verify(): Promise<VerifyReport>;
  /**
   * Copies the store, as it is at this moment and while it goes on, into a new folder that `openTrackStore` opens.
   *
   * @throws WuxingError DATA_UNREADABLE when the folder is not empty or cannot be written; what was copied is removed.
   */
  backup(dir: string): Promise<{ files: number; bytes: number; position: Position }>;
  /** Named states that were made from the log up to a position, so that they can go on from there. */
  readonly snapshots: Snapshots;
  health(): TrackStoreHealth;
  /** Makes durable what is waiting, ends the background work and gives the folder free. Safe to call twice. */
  close(): Promise<void>;
}

/** The places of one vehicle in order of time, each fix once, unusable ones too; the columns may be longer. */
export type PlaceTrack = Pick<FixBatch, "length" | "timeMs" | "lonE6" | "latE6" | "flags">;

/** What may be one stay of a vehicle. */
export interface Stay {
  vehicle: number;
  places: PlaceTrack;
}

export interface TrackStoreOptions {
  /** Folder of the store; made when it is not there. One process at a time. */
  dir: string;
  /** Fixes that were received longer ago than this are deleted by compaction. Default 30 days; null: never. */
  retentionMs?: number | null;
  /**
   * Asked before each compaction: stretches whose fixes outlive retention, such as those that prove a live or contested
   * finding. Closed at both ends. When it fails, nothing is deleted until it works again, and `health` says so.
   */
  keep?: () => Promise<readonly Stretch[]>;
  /** How often closed hours are moved to files by itself, ms. Default 60,000; null: only by `compact()`. */
  compactEveryMs?: number | null | undefined;
  /** Memory that DuckDB may use, MiB; beyond it spills to disk. Default 512. */
  memoryLimitMiB?: number;
  /** Memory for the newest files, so that questions about places need not read them, MiB; 0: none. Default 256. */
  heldMiB?: number;
  /** Fixes that may wait for their commit before `append` waits. Default 500,000. */
  queuedFixesMax?: number;
  /** Longest time between the starts of two commits, so that many small batches share one, ms. Default 20. */
  gatherMs?: number;
  /** How long a failing commit is tried again before its callers are refused, ms. Default 5,000. */
  giveUpMs?: number;
  /** The clock of retention only, ms UTC. Default the computer's. */
  now?: () => number;
  /** Told about failures and recoveries, one line each. */
  log?: TrackStoreLog;
  /** Told about each step on the way to disk as it is reached: where the crash test kills the process. */
  onStep?: (step: TrackStep) => void;
}

export const TRACK_STEPS = [
  "commit started",
  "commit durable",
  "flush written",
  "flush durable",
  "merge written",
  "merge durable",
  "snapshot written",
] as const;
/** A point at which a cut is told apart from one a moment earlier or later. */
export type TrackStep = (typeof TRACK_STEPS)[number];

/** The part of a pino logger that the store uses. */
export interface TrackStoreLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface TrackStoreHealth {
  /** `unavailable`: commits fail, appends are refused, the store keeps trying. */
  state: "ok" | "unavailable" | "closed";
  /** Why it is not `ok`, in English. */
  reason: string | null;
  /** Since when (clock of the computer, ms UTC), when not `ok`. */
  sinceMs: number | null;
  /** Position behind the last durable fix. */
  position: Position;
  /** Fixes that wait for their commit. */
  queuedFixes: number;
  /** Fixes in the hot table, repetitions included. */
  hotFixes: number;
  /** Parquet files and what they hold. */
  files: number;
  fileFixes: number;
  fileBytes: number;
  /** Fixes of the newest files that are held in memory as well. */
  heldFixes: number;
  vehicles: number;
  /** Commits since the store was opened, and how long the last one and the slowest one took. */
  commits: number;
  lastCommitMs: number;
  slowestCommitMs: number;
  /** The last failure of background work (compaction), null when the last run went well. */
  compactionError: string | null;
  /** Names of files that are not what was written; each compaction looks at one more, and at those that it merges. */
  damagedFiles: string[];
}

export interface CompactionReport {
  /** Fixes moved out of the hot table, repetitions included. */
  movedFixes: number;
  /** Repetitions that were dropped on the way. */
  droppedRepetitions: number;
  writtenFiles: number;
  removedFiles: number;
  expiredFixes: number;
}

export interface VerifyReport {
  files: number;
  bytes: number;
  /** One entry a fault: a file that is missing, has another size or other content than when it was written. */
  faults: { file: string; expected: string; found: string }[];
}
