import { describe, expect, test } from "vitest";
import type { CaseTypeDefinition } from "./case-type.ts";
import { dueSteps, firstDue, turnClocks, usedAt, type Clocks } from "./clocks.ts";
import type { WorkingTime } from "./ports.ts";

const label = { zh: "某", en: "some" };
const HOUR = 3_600_000;
/** Every second hour is working time: 0 to 1, 2 to 3, 4 to 5 … */
const working: WorkingTime = {
  between: (fromMs, toMs) => Math.max(0, workedTo(toMs) - workedTo(fromMs)),
  add: (fromMs, workingMs) => {
    const target = workedTo(fromMs) + workingMs;
    const whole = Math.ceil(target / HOUR) - 1;
    return whole * 2 * HOUR + (target - whole * HOUR);
  },
};

function workedTo(ms: number): number {
  return Math.floor(ms / (2 * HOUR)) * HOUR + Math.min(HOUR, ms % (2 * HOUR));
}

const type = {
  clocks: {
    wall: { label, time: "wall", limitMs: 3 * HOUR, runsIn: ["open", "again"], pausesIn: ["waiting"], keeps: true },
    work: { label, time: "working", limitMs: 3 * HOUR, runsIn: ["open"], pausesIn: ["waiting"], keeps: true },
    anew: { label, time: "wall", limitMs: HOUR, runsIn: ["open"], keeps: false },
  },
  ladder: [
    { clock: "wall", afterMs: 2 * HOUR, slot: "desk", up: 0, does: "notify" },
    { clock: "work", afterMs: 2 * HOUR, slot: "desk", up: 0, does: "notify" },
    { clock: "anew", afterMs: HOUR, slot: "desk", up: 0, does: "notify" },
  ],
} as unknown as CaseTypeDefinition;

const turn = (clocks: Clocks, state: string, atMs: number, reason: string | null = null): Clocks =>
  turnClocks(type, clocks, state, atMs, reason, working);
const used = (clocks: Clocks, name: string, atMs: number): number =>
  usedAt(type.clocks[name], clocks[name], atMs, working) / HOUR;
const due = (clocks: Clocks): Record<string, number> =>
  Object.fromEntries(dueSteps(type, clocks, working).map(({ clock, dueMs }) => [clock, dueMs / HOUR]));

describe("4. A case type has clocks: they start, pause with a reason, go on and stop", () => {
  test("each counts its own time", () => {
    const clocks = turn({}, "open", 0);
    expect(used(clocks, "wall", 2.5 * HOUR)).toBe(2.5);
    expect(used(clocks, "work", 2.5 * HOUR)).toBe(1.5);
    expect(due(clocks)).toEqual({ wall: 2, work: 3, anew: 1 });
    expect(firstDue(type, clocks, working)).toBe(HOUR);
  });

  test("a pause stands still, says why, and moves what is due", () => {
    const paused = turn(turn({}, "open", 0), "waiting", HOUR, "等检测结果");
    expect(paused["wall"]).toMatchObject({ state: "paused", pausedFor: "等检测结果" });
    expect(used(paused, "wall", 9 * HOUR)).toBe(1);
    expect(due(paused)).toEqual({});
    expect(firstDue(type, paused, working)).toBeNull();
    const onward = turn(paused, "open", 10 * HOUR);
    expect(onward["wall"]).toMatchObject({ state: "running", pausedFor: null });
    expect(due(onward)).toMatchObject({ wall: 11, work: 11 });
  });

  test("re-opened, a clock that keeps goes on from what it had used; one that does not begins anew", () => {
    const closed = turn(turn({}, "open", 0), "closed", 0.5 * HOUR);
    const again = turn(closed, "open", 100 * HOUR);
    expect(used(again, "wall", 100 * HOUR)).toBe(0.5);
    expect(used(again, "anew", 100 * HOUR)).toBe(0);
    expect(again["wall"].run).toBe(1);
    expect(again["anew"].run).toBe(2);
    expect(due(again)).toMatchObject({ wall: 101.5, anew: 101 });
  });

  test("a change of state in which a clock runs on does not touch it", () => {
    const clocks = turn({}, "open", 0);
    expect(turn(clocks, "again", HOUR)["wall"]).toBe(clocks["wall"]);
    expect(turn(clocks, "again", HOUR)["anew"].state).toBe("stopped");
  });

  test("a clock that never ran is not there", () => {
    expect(turn({}, "closed", 0)).toEqual({});
  });
});
