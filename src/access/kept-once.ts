const KEPT_MAX = 10_000;

/** Keeps what was begun until it is taken up, once, within some minutes. Bounded: of too many the oldest are forgotten. */
export class KeptOnce<Value> {
  readonly #lastsMs: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, { value: Value; untilMs: number }>();

  constructor(lastsMs: number, now: () => number = Date.now) {
    this.#lastsMs = lastsMs;
    this.#now = now;
  }

  keep(key: string, value: Value): void {
    this.#kept.set(key, { value, untilMs: this.#now() + this.#lastsMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(oldest);
    }
  }

  /** Undefined when it was never begun, was taken up already, or lies too long ago. */
  take(key: string): Value | undefined {
    const found = this.#kept.get(key);
    this.#kept.delete(key);
    return found !== undefined && found.untilMs > this.#now() ? found.value : undefined;
  }
}
