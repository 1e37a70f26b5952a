import type { CaseTypeDefinition, ClockDefinition } from "./case-type.ts";
import type { WorkingTime } from "./ports.ts";

/** A clock as a case keeps it. Instants and spans are ms. */
export interface ClockState {
  state: "running" | "paused" | "stopped";
  /** When it was begun, and how often: a step of the ladder belongs to one beginning. */
  begunMs: number;
  run: number;
  /** Used up to `sinceMs`, of its own time. */
  usedMs: number;
  /** Since when it has been in its state. */
  sinceMs: number;
  pausedFor: string | null;
}

export type Clocks = Record<string, ClockState>;

/** A step of the ladder that is due unless something happens before. */
export interface DueStep {
  clock: string;
  run: number;
  /** Its number in the definition's ladder. */
  step: number;
  dueMs: number;
}

/** Moves the clocks to a new state of the case at an instant. */
export function turnClocks(
  type: CaseTypeDefinition,
  before: Clocks,
  state: string,
  atMs: number,
  reason: string | null,
  working: WorkingTime,
): Clocks {
  const after: Clocks = {};
  for (const [name, definition] of Object.entries(type.clocks)) {
    const turned = turn(definition, before[name], state, atMs, reason, working);
    if (turned !== undefined) after[name] = turned;
  }
  return after;
}

function turn(
  definition: ClockDefinition,
  clock: ClockState | undefined,
  state: string,
  atMs: number,
  reason: string | null,
  working: WorkingTime,
): ClockState | undefined {
  const wanted = definition.runsIn.includes(state)
    ? "running"
    : definition.pausesIn?.includes(state)
      ? "paused"
      : "stopped";
  if (clock === undefined) {
    if (wanted === "stopped") return undefined;
    const pausedFor = wanted === "paused" ? reason : null;
    return { state: wanted, begunMs: atMs, run: 1, usedMs: 0, sinceMs: atMs, pausedFor };
  }
  if (clock.state === wanted) return clock;
  if (clock.state === "stopped" && !definition.keeps)
    return { state: wanted, begunMs: atMs, run: clock.run + 1, usedMs: 0, sinceMs: atMs, pausedFor: null };
  const usedMs = usedAt(definition, clock, atMs, working);
  return { ...clock, state: wanted, usedMs, sinceMs: atMs, pausedFor: wanted === "paused" ? reason : null };
}

/** How much of its own time a clock has used at an instant, ms. */
export function usedAt(definition: ClockDefinition, clock: ClockState, atMs: number, working: WorkingTime): number {
  if (clock.state !== "running" || atMs <= clock.sinceMs) return clock.usedMs;
  const passed = definition.time === "wall" ? atMs - clock.sinceMs : working.between(clock.sinceMs, atMs);
  return clock.usedMs + passed;
}

/** When a running clock will have used so much of its own time; null while it does not run. */
function instantOf(
  definition: ClockDefinition,
  clock: ClockState,
  usedMs: number,
  working: WorkingTime,
): number | null {
  if (clock.state !== "running") return null;
  const left = usedMs - clock.usedMs;
  if (left <= 0) return clock.sinceMs;
  return definition.time === "wall" ? clock.sinceMs + left : working.add(clock.sinceMs, left);
}

/** When a clock runs out; null while it does not run. */
export function dueOf(definition: ClockDefinition, clock: ClockState, working: WorkingTime): number | null {
  return instantOf(definition, clock, definition.limitMs, working);
}

/** When the first of the clocks runs out; null when none runs. */
export function firstDue(type: CaseTypeDefinition, clocks: Clocks, working: WorkingTime): number | null {
  const dues = Object.entries(clocks).map(([name, clock]) => dueOf(type.clocks[name]!, clock, working));
  const known = dues.filter((due) => due !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The steps of the ladder that the running clocks lead to and that lie after what they had used when they were begun or resumed. */
export function dueSteps(type: CaseTypeDefinition, clocks: Clocks, working: WorkingTime): DueStep[] {
  return type.ladder.flatMap(({ clock: name, afterMs }, step) => {
    const clock = clocks[name];
    if (clock === undefined || afterMs < clock.usedMs) return [];
    const dueMs = instantOf(type.clocks[name]!, clock, afterMs, working);
    return dueMs === null ? [] : [{ clock: name, run: clock.run, step, dueMs }];
  });
}
