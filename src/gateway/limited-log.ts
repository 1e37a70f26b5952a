/** What the gateway writes to; a pino logger is one. */
export interface GatewayLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/**
 * A log that a hostile peer cannot fill: one line a reason every `everyMs`, with the number of those left out since.
 */
export class LimitedLog {
  readonly #log: GatewayLog | undefined;
  readonly #everyMs: number;
  readonly #reasons = new Map<string, { nextMs: number; leftOut: number }>();

  constructor(log: GatewayLog | undefined, everyMs = 10_000) {
    this.#log = log;
    this.#everyMs = everyMs;
  }

  /** `reason` is one of a fixed set of words, never a peer's own text. */
  warn(reason: string, facts: object, nowMs: number): void {
    this.#write("warn", reason, facts, nowMs);
  }

  info(reason: string, facts: object, nowMs: number): void {
    this.#write("info", reason, facts, nowMs);
  }

  #write(level: "info" | "warn", reason: string, facts: object, nowMs: number): void {
    if (this.#log === undefined) return;
    const entry = this.#reasons.get(reason) ?? { nextMs: 0, leftOut: 0 };
    this.#reasons.set(reason, entry);
    if (nowMs < entry.nextMs) {
      entry.leftOut++;
      return;
    }
    this.#log[level]({ ...facts, ...(entry.leftOut > 0 && { leftOut: entry.leftOut }) }, reason);
    entry.nextMs = nowMs + this.#everyMs;
    entry.leftOut = 0;
  }
}
