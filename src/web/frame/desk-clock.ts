import type { Lock } from "../../model/finding.ts";

/** By when the desk takes up a lock, ms of city time after it was learnt. */
export const RECEIVE_WITHIN_MS = 900_000;

export type Urgency = "review" | "fresh" | "overdue";

export interface Waiting {
  lock: Lock;
  urgency: Urgency;
  waitedMs: number;
}

/**
 * The open locks as a queue: first those whose ground fell away (somebody may be held for nothing), then those whose time is
 * running, the newest on top, then those over their time, the longest first.
 */
export function queueOf(locks: readonly Lock[], nowMs: number): Waiting[] {
  const waiting = locks.map((lock): Waiting => {
    const waitedMs = Math.max(0, nowMs - Date.parse(lock.learntAt));
    return { lock, waitedMs, urgency: lock.state === "review" ? "review" : waitedMs > RECEIVE_WITHIN_MS ? "overdue" : "fresh" };
  });
  const rank: Record<Urgency, number> = { review: 0, fresh: 1, overdue: 2 };
  return waiting.toSorted(
    (a, b) =>
      rank[a.urgency] - rank[b.urgency] ||
      (a.urgency === "fresh" ? a.waitedMs - b.waitedMs : b.waitedMs - a.waitedMs) ||
      (a.lock.id < b.lock.id ? -1 : 1),
  );
}
