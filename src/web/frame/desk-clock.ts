import type { Lock } from "../../model/finding.ts";

/** By when the desk takes note of a lock, ms of city time after it was learnt. */
export const RECEIVE_WITHIN_MS = 900_000;

export type Urgency = "review" | "overdue" | "fresh" | "noted";

export interface Waiting {
  lock: Lock;
  urgency: Urgency;
  waitedMs: number;
}

const RANK: Record<Urgency, number> = { review: 0, fresh: 1, overdue: 2, noted: 3 };

/**
 * The open locks as a queue: first those whose ground fell away (somebody may be held for nothing), then those whose time is
 * running, the newest on top, then those over their time, the longest first, then those that the desk has taken note of.
 */
export function queueOf(locks: readonly Lock[], nowMs: number, noted: ReadonlySet<string>): Waiting[] {
  const waiting = locks.map((lock): Waiting => {
    const waitedMs = Math.max(0, nowMs - Date.parse(lock.learntAt));
    return { lock, waitedMs, urgency: urgencyOf(lock, waitedMs, noted) };
  });
  return waiting.toSorted(
    (a, b) =>
      RANK[a.urgency] - RANK[b.urgency] ||
      (a.urgency === "fresh" || a.urgency === "noted" ? a.waitedMs - b.waitedMs : b.waitedMs - a.waitedMs) ||
      (a.lock.id < b.lock.id ? -1 : 1),
  );
}

function urgencyOf(lock: Lock, waitedMs: number, noted: ReadonlySet<string>): Urgency {
  if (lock.state === "review") return "review";
  if (noted.has(lock.id)) return "noted";
  return waitedMs > RECEIVE_WITHIN_MS ? "overdue" : "fresh";
}
