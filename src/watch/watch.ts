import type { Area, AreaInput } from "../model/area.ts";
import type { AreaPreview, AreaPreviewInput } from "../model/area-preview.ts";
import type { Lock, ReleaseInput } from "../model/finding.ts";
import type { FixBatch } from "../model/fix.ts";
import type { LivePositions } from "./live-positions.ts";

/** Figures for `/status` and `/metrics`. Times are ms UTC of EVENT time, null before the first usable fix. */
export interface WatchStatus {
  /** The newest time of any usable fix of the city: the clock that expiry goes by. */
  eventTimeMs: number | null;
  /** Usable fixes since the start, fixes that were put aside (invalid, quarantined), and fixes that came late. */
  fixes: number;
  fixesAside: number;
  fixesLate: number;
  /** Vehicles that wait for their history to be matched again. */
  rematchQueue: number;
  rematches: number;
  /** Findings that wait to be written to the ledger. */
  ledgerQueue: number;
  /** Set while the ledger cannot be written; what waits is kept and tried again. */
  ledgerProblem: string | null;
  /** One entry for each area whose past is being matched. */
  retro: { area: string; vehicles: number; done: number }[];
  states: { ordinary: number; exposed: number; locked: number; released: number };
}

/** Fixes in, findings out: live, late and retro through one kernel. */
export interface Watch {
  /**
   * Matches a batch that is already durable in the track store; batches of one vehicle in the order of their commits.
   * Never waits and never touches the ledger itself: findings are written behind it, in order. While too many findings
   * wait (the ledger cannot be written), vehicles are noted instead and matched from the track store afterwards, so
   * that memory stays bounded and terminals get their answers.
   *
   * @param position what `append` gave for the batch. With it a checkpoint is kept, from which the next start goes on;
   *   all batches have to come here, in the order of their positions.
   */
  ingest(batch: FixBatch, position?: number): void;

  /**
   * Publishes an area; resolves when it is in the ledger and live matching uses it. The past is matched behind it
   * (`status().retro`). @throws AREA_INVALID with every problem; AREA_EXISTS.
   */
  publishArea(input: AreaInput): Promise<Area>;
  /** Replaces shape, level, validity. @throws AREA_INVALID, AREA_NOT_FOUND, AREA_WITHDRAWN. */
  editArea(id: string, input: AreaInput): Promise<Area>;
  /** @throws AREA_NOT_FOUND, AREA_WITHDRAWN. */
  withdrawArea(id: string): Promise<Area>;
  /**
   * What areas would find in the past, were they published; nothing is written. Answers with what it has after some
   * seconds. @throws AREA_INVALID with every problem; OVERLOADED when two others are being answered.
   */
  previewAreas(input: AreaPreviewInput, signal: AbortSignal): Promise<AreaPreview>;
  /** Ends the matching of an area's past; what it has found stays. Live matching is not touched. */
  stopRetro(area: string): void;
  /** Ends a lock in the name of a person. @throws LOCK_NOT_FOUND, LOCK_ENDED. */
  releaseLock(id: string, input: ReleaseInput): Promise<Lock>;

  /** Last position and state of every vehicle, in columns by vehicle number. */
  readonly live: LivePositions;
  status(): WatchStatus;
  /** Resolves when nothing waits: no re-match, no retro, no unwritten finding. For tests and for a clean end. */
  settled(): Promise<void>;
  /** Stops retro and re-matches, writes what waits, and ends. */
  close(): Promise<void>;
}
