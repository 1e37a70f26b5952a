import { WuxingError } from "../model/errors.ts";

/** Failures that cost nothing; each one more doubles the wait, up to the longest. */
const FREE = 5;
const WAIT_MS = 2000;
const WAIT_MAX_MS = 15 * 60_000;
const KEPT_MAX = 50_000;

/**
 * Makes whoever tries passwords wait: by account and by address, so that neither many addresses on one account nor one
 * address on many accounts gets far. Bounded: of too many the oldest are forgotten.
 */
export class SignInGuard {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; untilMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws WuxingError TOO_MANY while it has to wait */
  check(account: string, address: string): void {
    for (const key of keysOf(account, address)) {
      const waitMs = (this.#failures.get(key)?.untilMs ?? 0) - this.#now();
      if (waitMs > 0) throw new WuxingError("TOO_MANY", `try again in ${Math.ceil(waitMs / 1000)} s`);
    }
  }

  failed(account: string, address: string): void {
    for (const key of keysOf(account, address)) {
      const count = (this.#failures.get(key)?.count ?? 0) + 1;
      const waitMs = count <= FREE ? 0 : Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (count - FREE - 1));
      this.#failures.delete(key);
      this.#failures.set(key, { count, untilMs: this.#now() + waitMs });
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= KEPT_MAX) break;
      this.#failures.delete(key);
    }
  }

  /** Forgets the account's failures. The address keeps its own: one right password must not pay for wrong ones on others. */
  passed(account: string, _address: string): void {
    this.#failures.delete(`account ${account}`);
  }
}

function keysOf(account: string, address: string): string[] {
  return [`account ${account}`, `address ${address}`];
}
