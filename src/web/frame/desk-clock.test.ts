import { describe, expect, it } from "vitest";
import type { Lock } from "../../model/finding.ts";
import { queueOf } from "./desk-clock.ts";

const now = Date.parse("2026-11-24T04:00:00.000Z");

function lock(id: string, waitedMinutes: number, state: Lock["state"] = "live"): Lock {
  const at = new Date(now - waitedMinutes * 60_000).toISOString();
  return {
    id,
    vehicle: `豫G${id}_2`,
    state,
    lockedAt: at,
    learntAt: at,
    exposedAt: at,
    expiresAt: at,
    exposures: [],
    enteredAt: null,
    release: null,
  };
}

const none: ReadonlySet<string> = new Set();

describe("the queue of what waits for the desk", () => {
  it("puts a lock without ground first, then the running ones newest first, then the overdue ones longest first", () => {
    const queue = queueOf(
      [lock("a", 40), lock("b", 3), lock("c", 1), lock("d", 90), lock("e", 50, "review")],
      now,
      none,
    );
    expect(queue.map((waiting) => `${waiting.lock.id}:${waiting.urgency}`)).toEqual([
      "e:review",
      "c:fresh",
      "b:fresh",
      "d:overdue",
      "a:overdue",
    ]);
  });

  it("ends with what the desk has taken note of, but a lock without ground stays on top", () => {
    const queue = queueOf([lock("a", 2), lock("b", 60), lock("c", 5, "review")], now, new Set(["b", "c"]));
    expect(queue.map((waiting) => waiting.urgency)).toEqual(["review", "fresh", "noted"]);
  });

  it("is overdue after fifteen minutes, not at them", () => {
    expect(queueOf([lock("a", 15)], now, none)[0]?.urgency).toBe("fresh");
    expect(queueOf([lock("a", 15.001)], now, none)[0]?.urgency).toBe("overdue");
  });
});
