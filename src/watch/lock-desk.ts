import { WuxingError } from "../model/errors.ts";
import type { Lock, ReleaseInput } from "../model/finding.ts";
import type { LedgerPort } from "./ledger-port.ts";
import type { LedgerWriter } from "./ledger-writer.ts";

/** The part of a pino logger that the watch uses. */
export interface WatchLog {
  warn(fields: object, text: string): void;
}

export interface LockDeskOptions {
  ledger: Pick<LedgerPort, "lock" | "record" | "vehiclesToExpire">;
  writer: LedgerWriter;
  now: () => number;
  log: WatchLog | undefined;
}

/** The two ways in which a lock ends: a person releases it, or its time is over. */
export class LockDesk {
  readonly #options: LockDeskOptions;
  #expiring: Promise<void> | null = null;

  constructor(options: LockDeskOptions) {
    this.#options = options;
  }

  /** Ends a lock in the name of a person, behind the findings that wait. @throws LOCK_NOT_FOUND, LOCK_ENDED */
  async release(id: string, { by, reason, evidence }: ReleaseInput): Promise<Lock> {
    const { ledger, writer, now } = this.#options;
    const lock = await writer.act(async () => {
      const before = await ledger.lock(id);
      if (before.state === "released" || before.state === "expired") {
        throw new WuxingError("LOCK_ENDED", `${id} is ${before.state}`);
      }
      const release = { by, reason, evidence, at: new Date(now()).toISOString() };
      const body: Lock = { ...before, state: "released", release };
      await ledger.record({ atMs: now(), standing: [{ kind: "lock", cause: "release", body }], removals: [] });
      return body;
    });
    // What it did not cover may lock anew, and the map's state follows.
    writer.chain(lock.vehicle, "release");
    return lock;
  }

  /** Has the locks that are over at this event time (ms UTC) looked at; one look at a time. */
  expire(eventTimeMs: number): Promise<void> {
    if (eventTimeMs === -Infinity) return Promise.resolve();
    this.#expiring ??= this.#expire(eventTimeMs).finally(() => {
      this.#expiring = null;
    });
    return this.#expiring;
  }

  /** Resolves when no look is under way. */
  async idle(): Promise<void> {
    await this.#expiring;
  }

  async #expire(eventTimeMs: number): Promise<void> {
    const { ledger, writer, log } = this.#options;
    try {
      for (const vehicle of await ledger.vehiclesToExpire(eventTimeMs)) writer.chain(vehicle, "expiry");
    } catch (error) {
      // The next look, a minute of event time later, finds them again.
      log?.warn({ error: String(error) }, "locks that may be over could not be read");
    }
  }
}
