import type { FastifyInstance, FastifyReply } from "fastify";
import { WuxingError } from "../model/errors.ts";

/** How many requests may come in a second, over a longer time and at once. */
interface Rate {
  perSecond: number;
  burst: number;
}

/** What is counted of those that were turned away. */
export interface RateCounts {
  account: number;
  address: number;
}

const KEPT_MAX = 50_000;
/** Behind one address sit many people: so many times what one account may. */
const PEOPLE = 10;
/** Whoever has been quiet for so long may come with so much at once, s. */
const BURST_S = 20;

/**
 * A bucket of tokens for each name: one is taken by a request, and they come back evenly. Bounded: of too many names those
 * that were quiet longest are forgotten, which only does them good.
 */
class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(rate: Rate, now: () => number = Date.now) {
    this.#rate = rate;
    this.#now = now;
  }

  /** @returns 0, or how long it takes until there is a token again, s */
  take(name: string): number {
    const { perSecond, burst } = this.#rate;
    const nowMs = this.#now();
    const known = this.#buckets.get(name) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, known.tokens + ((nowMs - known.atMs) * perSecond) / 1000);
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= KEPT_MAX) break;
      this.#buckets.delete(oldest);
    }
    return tokens < 1 ? Math.ceil((1 - tokens) / perSecond) : 0;
  }
}

/**
 * Limits every route by the address that asks and, where somebody has signed in or a key stands for an account, by the
 * account. Register it before who asks is looked up: that costs a query.
 * @param perSecond of one account
 */
export function limitRates(app: FastifyInstance, perSecond: number): { counts: RateCounts; byAccount: () => void } {
  const counts: RateCounts = { account: 0, address: 0 };
  const accounts = new RateLimit({ perSecond, burst: perSecond * BURST_S });
  const addresses = new RateLimit({ perSecond: perSecond * PEOPLE, burst: perSecond * PEOPLE * BURST_S });
  const take = (limit: RateLimit, by: keyof RateCounts, name: string, reply: FastifyReply): void => {
    const retryAfterS = limit.take(name);
    if (retryAfterS === 0) return;
    counts[by]++;
    // Nothing more is read of who sends too much.
    void reply.header("connection", "close");
    throw new WuxingError("TOO_MANY", `too many requests of this ${by}`, [], { retryAfterS });
  };
  app.addHook("onRequest", async (request, reply) => take(addresses, "address", request.ip, reply));
  const byAccount = (): void => {
    app.addHook("onRequest", async (request, reply) => {
      if (request.principal !== null) take(accounts, "account", request.principal.account, reply);
    });
  };
  return { counts, byAccount };
}
