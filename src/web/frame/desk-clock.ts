import type { CaseSummary } from "../../model/case.ts";
import type { Lock } from "../../model/finding.ts";

/** By when the desk takes note of a lock without a case, ms of city time after it was learnt. */
const RECEIVE_WITHIN_MS = 900_000;

export type Urgency = "review" | "overdue" | "fresh" | "working" | "noted";

export interface Waiting {
  lock: Lock;
  urgency: Urgency;
  waitedMs: number;
  /** Null while it has no case, or cases cannot be read. */
  of: CaseSummary | null;
  /** The clock that runs out first: the case's, else the desk's own; ms UTC. Null when none runs. */
  limit: { fromMs: number; dueMs: number } | null;
}

const RANK: Record<Urgency, number> = { review: 0, fresh: 1, overdue: 2, working: 3, noted: 4 };

/**
 * The open locks as a queue: first those whose ground fell away (somebody may be held for nothing), then those that nobody has taken and whose time is
 * running, the newest on top, then those over their time, the longest first, then those that somebody works on in time, then those that the desk has taken note of.
 */
export function queueOf(
  locks: readonly Lock[],
  nowMs: number,
  noted: ReadonlySet<string>,
  cases: ReadonlyMap<string, CaseSummary>,
): Waiting[] {
  const waiting = locks.map((lock): Waiting => {
    const fromMs = Date.parse(lock.learntAt);
    const of = cases.get(lock.id) ?? null;
    const limit = limitOf(fromMs, of);
    const isOver = limit !== null && nowMs > limit.dueMs;
    const urgency = urgencyOf(lock, of, isOver, noted);
    return { lock, of, limit, urgency, waitedMs: Math.max(0, nowMs - fromMs) };
  });
  return waiting.toSorted(
    (a, b) =>
      RANK[a.urgency] - RANK[b.urgency] ||
      (a.urgency === "overdue" || a.urgency === "review" ? b.waitedMs - a.waitedMs : a.waitedMs - b.waitedMs) ||
      (a.lock.id < b.lock.id ? -1 : 1),
  );
}

function limitOf(fromMs: number, of: CaseSummary | null): Waiting["limit"] {
  if (of === null) return { fromMs, dueMs: fromMs + RECEIVE_WITHIN_MS };
  return of.dueAt === null ? null : { fromMs: Date.parse(of.openedAt), dueMs: Date.parse(of.dueAt) };
}

function urgencyOf(lock: Lock, of: CaseSummary | null, isOver: boolean, noted: ReadonlySet<string>): Urgency {
  if (lock.state === "review") return "review";
  if (noted.has(lock.id)) return "noted";
  if (isOver || of?.overdue === true) return "overdue";
  return of !== null && of.takenBy !== null ? "working" : "fresh";
}
