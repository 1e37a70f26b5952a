import type { Area } from "../model/area.ts";
import type { Exposure, FenceEvent, FindingEvent, Lock, Passage } from "../model/finding.ts";
import type { Database } from "./database.ts";
import { createCheckpoint, type LedgerCheckpoint } from "./ledger-checkpoint.ts";
import { createEvidence, type LedgerEvidence } from "./evidence-readings.ts";
import { createFeed } from "./ledger-feed.ts";
import { createQueries } from "./ledger-queries.ts";
import { createReadings, type LedgerReadings } from "./ledger-readings.ts";
import { record, type Recording } from "./ledger-record.ts";

/** One page of a list, newest first. `next` is an opaque cursor, null on the last page. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** `limit` 1 to 1000 (default 100). `cursor` is the `next` of the page before. @throws INPUT_INVALID for a foreign cursor. */
export interface PageRequest {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface AreaFilter extends PageRequest {
  state?: Area["state"] | undefined;
}

/** Paths of the places whose cases are asked for, which spares the rest being looked at; row-level security decides. */
type Near = { near?: readonly string[] | undefined };

export interface ExposureFilter extends PageRequest, Near {
  vehicle?: string | undefined;
  area?: string | undefined;
}

export interface LockFilter extends PageRequest, Near {
  state?: Lock["state"] | undefined;
  vehicle?: string | undefined;
}

/** `from` inclusive, `to` exclusive, ms UTC of the passage. */
export interface PassageFilter extends PageRequest {
  gate?: string | undefined;
  vehicle?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

export interface FenceEventFilter extends PageRequest {
  vehicle?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** Passages of one gate in the span asked for. Gates without any passage are not listed. */
export interface GateCount {
  gate: string;
  inbound: number;
  outbound: number;
}

export interface LedgerFigures {
  locks: Record<Lock["state"], number>;
  exposures: number;
  /** Published ones. */
  areas: number;
}

/**
 * What has been found and what has been published, as it stands, and the outbox of everything that ever became
 * known, in order. All times in bodies are ISO 8601 UTC with milliseconds. Every list is newest first and pages by
 * keyset, so that a page stays right while findings come in.
 */
export interface LedgerQueries {
  areas(filter: AreaFilter): Promise<Page<Area>>;
  /** The newest version. @throws AREA_NOT_FOUND */
  area(id: string): Promise<Area>;
  /** All versions, newest first. @throws AREA_NOT_FOUND */
  areaHistory(id: string): Promise<Area[]>;
  exposures(filter: ExposureFilter): Promise<Page<Exposure>>;
  findExposures(ids: readonly string[]): Promise<Exposure[]>;
  locks(filter: LockFilter): Promise<Page<Lock>>;
  /** @throws LOCK_NOT_FOUND */
  lock(id: string): Promise<Lock>;
  passages(filter: PassageFilter): Promise<Page<Passage>>;
  fenceEvents(filter: FenceEventFilter): Promise<Page<FenceEvent>>;
  gateCounts(span: { fromMs?: number | undefined; toMs?: number | undefined }): Promise<GateCount[]>;
  /** How many locks are in each state, and how many areas are published. */
  figures(): Promise<LedgerFigures>;

  /** The outbox after `seq`, ascending, at most `limit` (1 to 1000). */
  eventsAfter(seq: number, limit: number): Promise<FindingEvent[]>;
  /** The newest `seq`, 0 when nothing has become known yet. */
  lastSeq(): number;
  /**
   * Calls `listener` with new events, ascending, after they are committed. It must not block; a slow reader keeps
   * the last `seq` that it sent and reads on with `eventsAfter`. The answer ends the subscription.
   */
  subscribe(listener: (events: readonly FindingEvent[]) => void): () => void;
}

/** The ledger: what `http/` asks, what `watch/` reads back and the one way in which findings are written. */
export interface Ledger extends LedgerQueries, LedgerReadings, LedgerEvidence, LedgerCheckpoint {
  /**
   * Brings the ledger to the state given, in one transaction, and tells the subscribers. Recording the same twice
   * changes nothing and makes no event. @returns the events, ascending
   */
  record(recording: Recording): Promise<FindingEvent[]>;
}

/** The ledger in an open database. */
export async function openLedger({ kysely }: Database): Promise<Ledger> {
  const { publish, ...feed } = await createFeed(kysely);
  return {
    ...createQueries(kysely),
    ...createReadings(kysely),
    ...createEvidence(kysely),
    ...createCheckpoint(kysely),
    ...feed,
    async record(recording) {
      const events = await record(kysely, recording);
      publish(events);
      return events;
    },
  };
}
