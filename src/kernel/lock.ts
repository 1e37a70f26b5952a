/**
 * Times during which one vehicle is known to be inside the fence (section 5 of the rule): on known segments, and at single fixes.
 */
export class Presence {
  /** Start, end and the entry that began it (NaN when it was inside before), ms UTC; ascending, disjoint. */
  readonly #spans: number[] = [];

  /** It is known to be inside from one instant to another; goes on from the last time when that ended at `startMs`. */
  add(startMs: number, endMs: number, entryMs: number): void {
    const spans = this.#spans;
    if (spans.length > 0 && spans[spans.length - 2] === startMs && Number.isNaN(entryMs)) {
      spans[spans.length - 2] = endMs;
    } else spans.push(startMs, endMs, entryMs);
  }

  /** Forgets what ended before an instant. */
  forgetBefore(timeMs: number): void {
    const spans = this.#spans;
    let at = 0;
    while (at < spans.length && spans[at + 1] < timeMs) at += 3;
    if (at > 0) spans.splice(0, at);
  }

  clear(): void {
    this.#spans.length = 0;
  }

  /**
   * When an exposure locks: the first instant from `exposedMs` to `untilMs` (the end of its stay + lookback) at which the vehicle is known to be
   * inside. `enteredMs` is the entry that led there, null when it was inside before.
   */
  lock(exposedMs: number, untilMs: number): { lockMs: number; enteredMs: number | null } | null {
    const spans = this.#spans;
    for (let at = 0; at < spans.length; at += 3) {
      if (spans[at + 1] < exposedMs) continue;
      const lockMs = Math.max(spans[at], exposedMs);
      if (lockMs > untilMs) return null;
      const entryMs = spans[at + 2];
      return { lockMs, enteredMs: entryMs >= exposedMs ? entryMs : null };
    }
    return null;
  }
}
