import { WuxingError } from "../model/errors.ts";

/** Failures that cost nothing; each one more doubles the wait, up to the longest. */
const FREE = 5;
const WAIT_MS = 2000;
const WAIT_MAX_MS = 15 * 60_000;
/** Failures of so long ago count no more. */
const FORGOTTEN_MS = 60 * 60_000;
const KEPT_MAX = 50_000;

/** One try, until it is known how it ended. It counts as failed from its beginning: whoever tries many at once gains nothing. */
export interface SignInTry {
  /** It was right. The address keeps its other failures: one right password must not pay for wrong ones on others. */
  passed: () => void;
  /** It was neither right nor wrong yet. */
  undone: () => void;
}

interface Failures {
  count: number;
  lastMs: number;
  untilMs: number;
}

/**
 * Makes whoever tries passwords wait: by account and by address, so that neither many addresses on one account nor one
 * address on many accounts gets far. Bounded: of too many the oldest are forgotten.
 */
export class SignInGuard {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param account null when it shows only at the end whose it is @throws WuxingError TOO_MANY while it has to wait */
  begin(account: string | null, address: string): SignInTry {
    const keys = [...(account === null ? [] : [`account ${account}`]), `address ${address}`];
    const waitMs = Math.max(...keys.map((key) => (this.#failures.get(key)?.untilMs ?? 0) - this.#now()));
    if (waitMs > 0) {
      const retryAfterS = Math.ceil(waitMs / 1000);
      throw new WuxingError("TOO_MANY", `try again in ${retryAfterS} s`, [], { retryAfterS });
    }
    for (const key of keys) this.#count(key, 1);
    const undone = (): void => keys.forEach((key) => this.#count(key, -1));
    const passed = (): void => {
      undone();
      if (account !== null) this.#failures.delete(`account ${account}`);
    };
    return { passed, undone };
  }

  #count(key: string, by: 1 | -1): void {
    const nowMs = this.#now();
    const known = this.#failures.get(key);
    const before = known === undefined || nowMs - known.lastMs > FORGOTTEN_MS ? 0 : known.count;
    const count = Math.max(0, before + by);
    const waitMs = count <= FREE || by < 0 ? 0 : Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (count - FREE - 1));
    this.#failures.delete(key);
    if (count > 0) this.#failures.set(key, { count, lastMs: nowMs, untilMs: nowMs + waitMs });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= KEPT_MAX) break;
      this.#failures.delete(oldest);
    }
  }
}
