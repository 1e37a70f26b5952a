import { describe, expect, it } from "vitest";
import type { CaseSummary } from "../../model/case.ts";
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

function caseOf(
  lockId: string,
  openedMinutesAgo: number,
  dueInMinutes: number | null,
  takenBy: string | null,
): CaseSummary {
  const at = (minutes: number): string => new Date(now + minutes * 60_000).toISOString();
  return {
    id: `case-${lockId}`,
    type: "locked-vehicle",
    typeVersion: 1,
    state: "waiting",
    stateLabel: { zh: "待接单", en: "To take" },
    title: { zh: "", en: "" },
    subject: { kind: "vehicle", id: `豫G${lockId}_2` },
    lock: lockId,
    place: "g1",
    placeName: "一格",
    path: "c.g1",
    slot: "member",
    position: null,
    openedAt: at(-openedMinutesAgo),
    takenBy,
    takenByName: takenBy,
    dueAt: dueInMinutes === null ? null : at(dueInMinutes),
    overdue: dueInMinutes !== null && dueInMinutes < 0,
    level: 0,
    outcome: null,
    confirmation: "none",
    version: 1,
    next: [],
  };
}

const none: ReadonlySet<string> = new Set();
const noCases: ReadonlyMap<string, CaseSummary> = new Map();

describe("the queue of what waits for the desk", () => {
  it("puts a lock without ground first, then the running ones newest first, then the overdue ones longest first", () => {
    const queue = queueOf(
      [lock("a", 40), lock("b", 3), lock("c", 1), lock("d", 90), lock("e", 50, "review")],
      now,
      none,
      noCases,
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
    const queue = queueOf([lock("a", 2), lock("b", 60), lock("c", 5, "review")], now, new Set(["b", "c"]), noCases);
    expect(queue.map((waiting) => waiting.urgency)).toEqual(["review", "fresh", "noted"]);
  });

  it("is overdue after fifteen minutes, not at them", () => {
    expect(queueOf([lock("a", 15)], now, none, noCases)[0]?.urgency).toBe("fresh");
    expect(queueOf([lock("a", 15.001)], now, none, noCases)[0]?.urgency).toBe("overdue");
  });

  it("goes by the case's own clock, and has what somebody works on in time below what nobody has taken", () => {
    const cases = new Map(
      [caseOf("a", 60, 10, null), caseOf("b", 60, 10, "p1"), caseOf("c", 5, -1, "p1"), caseOf("d", 90, null, "p1")].map(
        (one) => [one.lock!, one],
      ),
    );
    const queue = queueOf([lock("a", 60), lock("b", 60), lock("c", 5), lock("d", 90)], now, none, cases);
    expect(queue.map((waiting) => `${waiting.lock.id}:${waiting.urgency}`)).toEqual([
      "a:fresh",
      "c:overdue",
      "b:working",
      "d:working",
    ]);
    expect(queue[0]?.limit).toEqual({ fromMs: now - 60 * 60_000, dueMs: now + 10 * 60_000 });
    expect(queue[3]?.limit).toBeNull();
  });
});
