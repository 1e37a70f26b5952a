import type { FixBatch } from "../model/fix.ts";

/** Seconds over which the rates are taken. */
const WINDOW_S = 5;

/** How many fixes came in the last seconds, and how long the slowest took from its receipt until it was decided on. */
export class IngestMeter {
  readonly #fixes = new Float64Array(WINDOW_S);
  readonly #lagMs = new Float64Array(WINDOW_S).fill(-1);
  readonly #second = new Float64Array(WINDOW_S).fill(-1);

  /** A batch has been matched; `nowMs` by the wall clock, which stamps the receipt too. */
  count(batch: FixBatch, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const slot = second % WINDOW_S;
    if (this.#second[slot] !== second) {
      this.#second[slot] = second;
      this.#fixes[slot] = 0;
      this.#lagMs[slot] = -1;
    }
    this.#fixes[slot]! += batch.length;
    let lagMs = this.#lagMs[slot]!;
    for (let row = 0; row < batch.length; row++) lagMs = Math.max(lagMs, nowMs - batch.receivedMs[row]!);
    this.#lagMs[slot] = lagMs;
  }

  fixesPerSecond(nowMs: number = Date.now()): number {
    let fixes = 0;
    for (const slot of this.#fresh(nowMs)) fixes += this.#fixes[slot]!;
    return fixes / WINDOW_S;
  }

  /** Null when nothing came. */
  lagMs(nowMs: number = Date.now()): number | null {
    let lagMs = -1;
    for (const slot of this.#fresh(nowMs)) lagMs = Math.max(lagMs, this.#lagMs[slot]!);
    return lagMs < 0 ? null : lagMs;
  }

  *#fresh(nowMs: number): Iterable<number> {
    const second = Math.floor(nowMs / 1000);
    for (let slot = 0; slot < WINDOW_S; slot++) if (second - this.#second[slot]! < WINDOW_S) yield slot;
  }
}
