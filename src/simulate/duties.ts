import type { FleetTiming } from "./fleet-timing.ts";
import { Random } from "./random.ts";

/**
 * When trucks that were exposed shall enter the city, one after the other: a rate that a duty officer can follow on the
 * wall's clock, whatever the speed of simulated time.
 */
export class EntrySchedule {
  readonly #instants: number[] = [];
  readonly #random: Random;
  readonly #timing: FleetTiming;

  constructor(timing: FleetTiming) {
    this.#timing = timing;
    this.#random = new Random(timing.seed, 77);
  }

  /** Simulated ms UTC, whole seconds, of entry number `k` (from 0); ascending. */
  entryMs(k: number): number {
    while (this.#instants.length <= k) this.#instants.push(this.#next());
    return this.#instants[k]!;
  }

  #next(): number {
    const { startMs, caughtUpMs, speed } = this.#timing;
    const k = this.#instants.length;
    if (k < FIRST_SECONDS.length) return startMs + FIRST_SECONDS[k]! * 1000;
    const before = this.#instants[k - 1]!;
    const sinceCaughtUpMs = before - caughtUpMs;
    // Wall minutes between two entries: 2 while time runs fast, then 5, and 12 once the city has been watched for hours.
    const wallMinutes = sinceCaughtUpMs < 0 ? 2 : sinceCaughtUpMs < 2 * HOUR_MS ? 5 : 12;
    const factor = sinceCaughtUpMs < 0 ? speed : 1;
    const gapMs = wallMinutes * 60_000 * factor * this.#random.between(0.6, 1.4);
    return Math.round((before + gapMs) / 1000) * 1000;
  }
}

const HOUR_MS = 3_600_000;
/** Entries right after the start, seconds: something happens while one still looks. */
const FIRST_SECONDS = [40, 70, 105];
