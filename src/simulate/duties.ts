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
    const isFast = startMs < caughtUpMs;
    if (k < FIRST_SECONDS.length) return startMs + FIRST_SECONDS[k]! * 1000 * (isFast ? speed : 1);
    const before = this.#instants[k - 1]!;
    const sinceCaughtUpMs = before - caughtUpMs;
    const wallMinutes =
      sinceCaughtUpMs < 0 ? FAST_MINUTES : sinceCaughtUpMs < WATCHED_MS ? LIVE_MINUTES : LATER_MINUTES;
    const factor = sinceCaughtUpMs < 0 ? speed : 1;
    const gapMs = wallMinutes * 60_000 * factor * this.#random.between(0.6, 1.4);
    return Math.round((before + gapMs) / 1000) * 1000;
  }
}

/** Entries right after the start, seconds on the wall: something happens while one still looks. */
const FIRST_SECONDS = [8, 30, 75];
/** Minutes on the wall between two entries: while time runs fast, then, and once the city has been watched for hours. */
const FAST_MINUTES = 3;
const LIVE_MINUTES = 10;
const LATER_MINUTES = 45;
const WATCHED_MS = 2 * 3_600_000;
