import type { Area } from "../model/area.ts";
import type { Exposure, FenceEvent, FindingEvent, Lock, Passage } from "../model/finding.ts";

export type Cause = FindingEvent["cause"];

/** An exposure with what its lock needs; instants are integer ms UTC. */
export interface StandingExposure {
  body: Exposure;
  /** Its end, or the last instant known to belong to it while it is open. */
  lastMs: number;
  /** First instant at or after `exposedAt` at which the vehicle is known to be inside the fence, or null. */
  lockMs: number | null;
  /** The entry that led there. */
  enteredMs: number | null;
}

/** What matching finds of one vehicle. */
export type Finding =
  | ({ kind: "exposure" } & StandingExposure)
  | { kind: "passage"; body: Passage }
  | { kind: "fence"; body: FenceEvent };

/** A finding, a lock or an area as it has to stand. `quiet`: a revision is not worth an event. */
export type Standing = { cause: Cause; quiet?: boolean } & (
  | Finding
  | { kind: "lock"; body: Lock }
  | { kind: "area"; body: Area }
);

export interface Removal {
  kind: "exposure" | "passage" | "fence" | "lock";
  id: string;
  cause: Cause;
}

/** What of one vehicle stands in the ledger. */
export interface VehicleFindings {
  exposures: StandingExposure[];
  passages: Passage[];
  fenceEvents: FenceEvent[];
}

/**
 * The ledger as matching needs it; `store/ledger.ts` is one. Recording the same twice changes nothing.
 * Vehicles are named by their id, not by a number of this server.
 */
export interface LedgerPort {
  record(recording: { atMs: number; standing: readonly Standing[]; removals: readonly Removal[] }): Promise<unknown>;
  allAreas(): Promise<Area[]>;
  /** Findings of each vehicle that lasted until `fromMs` or happened since then; `exposures`: only those. */
  findingsOf(
    vehicles: readonly string[],
    fromMs: number,
    kinds: "all" | "exposures",
  ): Promise<Map<string, VehicleFindings>>;
  locksOf(vehicles: readonly string[]): Promise<Map<string, { exposures: StandingExposure[]; locks: Lock[] }>>;
  /** How far matching was decided and written when it was saved last; null before the first. */
  checkpoint(): Promise<{ position: number; seq: number; world: string } | null>;
  saveCheckpoint(checkpoint: { position: number; seq: number; world: string }): Promise<void>;
  areasChangedSince(seq: number): Promise<string[]>;
  /** Number of the newest event. */
  lastSeq(): number;
  vehiclesAtRisk(sinceMs: number): Promise<string[]>;
  vehiclesExposedTo(area: string): Promise<string[]>;
  vehiclesToExpire(ms: number): Promise<string[]>;
  /** @throws LOCK_NOT_FOUND */
  lock(id: string): Promise<Lock>;
}
