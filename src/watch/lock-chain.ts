import type { Lock } from "../model/finding.ts";
import { findingId } from "./finding-id.ts";

/** An exposure as its lock sees it; instants ms UTC of event time. */
export interface ChainExposure {
  id: string;
  exposedMs: number;
  /** Its end, or the last instant known to belong to it while it is open. */
  lastMs: number;
  /** First instant at or after `exposedMs` at which the vehicle is known to be inside the fence, or null. */
  lockMs: number | null;
  /** The entry into the fence that led there; null when it was inside before. */
  enteredMs: number | null;
}

export interface ChainInput {
  vehicle: string;
  /** All that stand, in any order. */
  exposures: readonly ChainExposure[];
  /** The vehicle's locks as the ledger has them. */
  locks: readonly Lock[];
  lookbackMs: number;
  /** Newest event time of any usable fix of the city; -Infinity before the first. Expiry goes by it. */
  cityTimeMs: number;
  /** The clock of `learntAt`, ms UTC. */
  nowMs: number;
}

/**
 * The locks of one vehicle, as they have to stand.
 *
 * Life of a lock:
 *
 * | from      | to       | when                                                                                      |
 * | --------- | -------- | ----------------------------------------------------------------------------------------- |
 * | (none)    | live     | the first lock instant of a free exposure is known (exposure-rule.md, 5)                  |
 * | live      | live     | another free exposure begins to count before it expires: it joins, the expiry moves on    |
 * | live      | expired  | the city's event time is beyond `expiresAt` = end of its last exposure + lookback         |
 * | expired   | live     | a late fix prolongs an exposure, or adds one, so that `expiresAt` is not over             |
 * | live      | released | a person releases it: final; its exposures are covered and never lock again               |
 * | live      | review   | its last exposure was withdrawn: a person has to decide, and it does not expire           |
 * | review    | live     | an exposure that makes it comes back                                                      |
 * | review    | released | a person releases it                                                                      |
 * | live      | (none)   | late data moved its anchor: another lock holds its exposures, the old id is withdrawn     |
 * | expired   | (none)   | its last exposure was withdrawn: nothing is left to decide                                |
 *
 * An exposure is FREE unless a released lock covers it. A vehicle has at most one live lock, because every exposure
 * that begins to count before a lock expires is part of it.
 *
 * Identity: (vehicle, number of its released locks, anchor). The anchor is the first multiple of the lookback at or
 * after the lock's first `exposedMs`. A lock spans at least the lookback from there, so it always holds one, and two
 * locks of a vehicle never hold the same. It moves only when late data reaches back over such a multiple. The locks
 * that stand are therefore a function of the exposures, the releases and the city's time, whatever came first.
 */
export function chainLocks(input: ChainInput): { standing: Lock[]; removed: string[] } {
  const released = input.locks.filter(({ state }) => state === "released");
  const covered = new Set(released.flatMap(({ exposures }) => exposures));
  const free = input.exposures.filter(({ id }) => !covered.has(id));
  const before = new Map(input.locks.map((lock) => [lock.id, lock]));

  const standing = groupByLock(free, input.lookbackMs).map((group) => lockOf(group, input, released.length, before));
  const ids = new Set(standing.map(({ id }) => id));
  const held = new Set(standing.flatMap(({ exposures }) => exposures));
  const removed: string[] = [];
  for (const lock of input.locks) {
    if (lock.state === "released" || ids.has(lock.id)) continue;
    const isSuperseded = lock.exposures.some((id) => held.has(id));
    if (lock.state === "expired" || isSuperseded) removed.push(lock.id);
    else standing.push({ ...lock, state: "review" });
  }
  return { standing, removed };
}

interface Group {
  lockedMs: number;
  enteredMs: number | null;
  expiresMs: number;
  exposures: ChainExposure[];
}

/** Exposures that make one lock together; ascending by lock instant. */
function groupByLock(free: readonly ChainExposure[], lookbackMs: number): Group[] {
  let waiting = free.toSorted((a, b) => a.exposedMs - b.exposedMs || (a.id < b.id ? -1 : 1));
  const groups: Group[] = [];
  for (;;) {
    const first = earliestToLock(waiting);
    if (first === null) return groups;
    const { lockMs: lockedMs, enteredMs } = first;
    const group: Group = { lockedMs, enteredMs, expiresMs: first.lastMs + lookbackMs, exposures: [] };
    const rest: ChainExposure[] = [];
    // Ascending by `exposedMs`, and the expiry only moves on: one pass finds all that join.
    for (const exposure of waiting) {
      const overMs = exposure.lastMs + lookbackMs;
      if (exposure.exposedMs > group.expiresMs) {
        rest.push(exposure);
      } else if (overMs >= lockedMs) {
        group.exposures.push(exposure);
        group.expiresMs = Math.max(group.expiresMs, overMs);
      }
    }
    groups.push(group);
    waiting = rest;
  }
}

type Locking = ChainExposure & { lockMs: number };

function earliestToLock(exposures: readonly ChainExposure[]): Locking | null {
  let first: Locking | null = null;
  for (const { lockMs, ...exposure } of exposures) {
    if (lockMs !== null && (first === null || lockMs < first.lockMs)) first = { ...exposure, lockMs };
  }
  return first;
}

function lockOf(group: Group, input: ChainInput, releases: number, before: ReadonlyMap<string, Lock>): Lock {
  const exposedMs = group.exposures[0].exposedMs;
  const anchorMs = Math.ceil(exposedMs / input.lookbackMs) * input.lookbackMs;
  const id = findingId("lock", input.vehicle, releases, anchorMs);
  return {
    id,
    vehicle: input.vehicle,
    state: input.cityTimeMs > group.expiresMs ? "expired" : "live",
    lockedAt: instant(group.lockedMs),
    learntAt: before.get(id)?.learntAt ?? instant(input.nowMs),
    exposedAt: instant(exposedMs),
    expiresAt: instant(group.expiresMs),
    exposures: group.exposures.map((exposure) => exposure.id),
    enteredAt: group.enteredMs === null ? null : instant(group.enteredMs),
    release: null,
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
