import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createClock } from "./clock.ts";

/**
 * What decides where every truck is at every instant. A simulation that is taken up again keeps it, so that trucks go on
 * where they were.
 */
export interface FleetTiming {
  seed: number;
  /** How many times as fast as the wall's clock, until simulated time has caught up with it. */
  speed: number;
  /** Start of simulated time, ms UTC, whole seconds. */
  startMs: number;
  /** From this simulated instant on, as first planned, time is real time. */
  caughtUpMs: number;
}

const FILE = "simulation.json";
const timingSchema = z.object({
  seed: z.int(),
  speed: z.number().min(1).max(1000),
  startMs: z.number().min(0),
  caughtUpMs: z.number().min(0),
});
const HOUR_MS = 3_600_000;
/** How long before now simulated time starts. */
const HISTORY_MS = 12 * HOUR_MS;
/** A simulation that rested longer is not taken up again: catching up would take too long. */
const REST_MAX_MS = 48 * HOUR_MS;
/** Nor is one that is older: its past would have to be driven again, some 10 s for each day. */
const AGE_MAX_MS = 7 * 24 * HOUR_MS;

/** A simulation that starts now. `speed` is 1 or more; `historyMs` is how long ago its time begins. */
export function planTiming(
  nowMs: number,
  { seed = 1, speed = 30, historyMs = HISTORY_MS }: { seed?: number; speed?: number; historyMs?: number },
): FleetTiming {
  const startMs = Math.floor((nowMs - historyMs) / 1000) * 1000;
  return { seed, speed, startMs, caughtUpMs: createClock(startMs, nowMs, speed).caughtUpMs };
}

/**
 * The timing of the simulation whose data lie in `dir`, kept there in `simulation.json`: the one that was begun, or a new
 * one when there is none, or it has rested for more than two days (`lastFixMs` is when its last fix was made, ms UTC) or
 * has run for more than a week.
 */
export async function keepTiming(
  dir: string,
  nowMs: number,
  lastFixMs: number | null,
  options: { seed?: number; speed?: number },
): Promise<FleetTiming> {
  const path = join(dir, FILE);
  const begun = await readTiming(path);
  if (begun !== undefined && lastFixMs !== null) {
    const isFresh = nowMs - lastFixMs < REST_MAX_MS && nowMs - begun.startMs < AGE_MAX_MS;
    if (isFresh) return begun;
  }
  const timing = planTiming(nowMs, options);
  await writeFile(`${path}.new`, `${JSON.stringify(timing)}\n`);
  await rename(`${path}.new`, path);
  return timing;
}

async function readTiming(path: string): Promise<FleetTiming | undefined> {
  try {
    return timingSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // None, or one that cannot be read: a new simulation begins.
    return undefined;
  }
}
