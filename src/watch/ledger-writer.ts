import type { Lock } from "../model/finding.ts";
import { LedgerChanges, type Settlement } from "./ledger-changes.ts";
import type { Cause, Finding, LedgerPort, Removal, Standing, StandingExposure } from "./ledger-port.ts";
import { chainLocks } from "./lock-chain.ts";

export interface LedgerWriterOptions {
  ledger: LedgerPort;
  lookbackMs: number;
  /** Newest event time of the city, ms UTC. */
  cityTimeMs: () => number;
  /** The clock of `learntAt` and of events, ms UTC. */
  now: () => number;
  /** Told what decides about a vehicle's locks, each time it may have changed, after it is committed. */
  onLocks: (vehicle: string, exposures: readonly StandingExposure[], locks: readonly Lock[]) => void;
  /** Findings that may wait; beyond it `isFull` is true. Default 50,000. */
  waitingMax?: number;
}

type Entry =
  | { kind: "live"; standing: Standing }
  | { kind: "removal"; removal: Removal; vehicle: string }
  | { kind: "settlement"; settlement: Settlement }
  | { kind: "chain"; vehicle: string; cause: Cause }
  | { kind: "act"; act(): Promise<void> };

/** Findings that go into one transaction. */
const BATCH_MAX = 2000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 10_000;

/**
 * Writes findings behind matching, in the order in which they were found, many in a transaction. When the ledger
 * cannot be written everything waits and is tried again: recording is idempotent, so a batch that may have been
 * committed is simply recorded once more.
 */
export class LedgerWriter {
  private readonly options: LedgerWriterOptions;
  private entries: Entry[] = [];
  private findings = 0;
  private running: Promise<void> | null = null;
  /** Vehicles whose locks still have to be looked at, with the cause. */
  private readonly toChain = new Map<string, Cause>();
  private closing = false;
  /** Why the last attempt failed; null when it went well. */
  problem: string | null = null;

  constructor(options: LedgerWriterOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.entries.length;
  }

  get isFull(): boolean {
    return this.findings >= (this.options.waitingMax ?? 50_000);
  }

  /** A finding that live matching made. */
  stand(standing: Standing): void {
    this.push({ kind: "live", standing });
  }

  withdraw(vehicle: string, removal: Removal): void {
    this.push({ kind: "removal", removal, vehicle });
  }

  settle(settlement: Settlement): void {
    this.push({ kind: "settlement", settlement });
  }

  /** Looks at a vehicle's locks again: time has passed, or a person has acted. */
  chain(vehicle: string, cause: Cause): void {
    this.push({ kind: "chain", vehicle, cause });
  }

  /** Runs a command in its place in the order; what it throws goes to the caller, not to the findings behind it. */
  act<T>(run: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const act = async (): Promise<void> => {
      try {
        resolve(await run());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    this.push({ kind: "act", act });
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  /** Writes what waits, once; what cannot be written is found again by matching at the next start. */
  async close(): Promise<void> {
    this.closing = true;
    await this.idle();
  }

  private push(entry: Entry): void {
    this.entries.push(entry);
    this.findings += sizeOf(entry);
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  private async run(): Promise<void> {
    // Findings of the same turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    let retryMs = RETRY_MS_MIN;
    while (this.entries.length > 0) {
      const batch = this.nextBatch();
      try {
        await this.write(batch);
        this.problem = null;
        retryMs = RETRY_MS_MIN;
        this.entries.splice(0, batch.length);
        for (const entry of batch) this.findings -= sizeOf(entry);
      } catch (error) {
        this.problem = error instanceof Error ? error.message : String(error);
        if (this.closing) return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  /** The longest run of findings from the front that go into one transaction; a command goes alone. */
  private nextBatch(): Entry[] {
    let count = 0;
    let findings = 0;
    for (const entry of this.entries) {
      if (entry.kind === "act" && count > 0) break;
      count++;
      findings += sizeOf(entry);
      if (entry.kind === "act" || findings >= BATCH_MAX) break;
    }
    return this.entries.slice(0, count);
  }

  private async write(batch: readonly Entry[]): Promise<void> {
    const [first] = batch;
    if (first.kind === "act") return first.act();

    const { ledger, now } = this.options;
    const changes = new LedgerChanges();
    const before = await this.findingsBefore(batch);
    for (const entry of batch) {
      if (entry.kind === "live") changes.stand(entry.standing);
      else if (entry.kind === "removal") changes.withdraw(entry.vehicle, entry.removal);
      else if (entry.kind === "chain") changes.chain(entry.vehicle, entry.cause);
      else if (entry.kind === "settlement")
        changes.settle(entry.settlement, before.get(entry.settlement.vehicle) ?? []);
    }
    // Kept when writing fails: once the findings are written, the same batch finds nothing changed.
    for (const [vehicle, cause] of changes.toChain) this.toChain.set(vehicle, cause);
    await ledger.record({ atMs: now(), ...changes.recording() });
    await this.writeLocks(this.toChain);
    this.toChain.clear();
  }

  /** What the ledger has of the vehicles that are settled. */
  private async findingsBefore(batch: readonly Entry[]): Promise<Map<string, Finding[]>> {
    const found = new Map<string, Finding[]>();
    const settlements = batch.flatMap((entry) => (entry.kind === "settlement" ? [entry.settlement] : []));
    if (settlements.length === 0) return found;
    const vehicles = [...new Set(settlements.map(({ vehicle }) => vehicle))];
    const fromMs = Math.min(...settlements.map((settlement) => settlement.fromMs));
    const kinds = settlements.every(({ areas }) => areas !== null) ? "exposures" : "all";
    for (const [vehicle, findings] of await this.options.ledger.findingsOf(vehicles, fromMs, kinds)) {
      found.set(vehicle, [
        ...findings.exposures.map((each): Finding => ({ kind: "exposure", ...each })),
        ...findings.passages.map((body): Finding => ({ kind: "passage", body })),
        ...findings.fenceEvents.map((body): Finding => ({ kind: "fence", body })),
      ]);
    }
    return found;
  }

  private async writeLocks(toChain: ReadonlyMap<string, Cause>): Promise<void> {
    if (toChain.size === 0) return;
    const { ledger, lookbackMs, cityTimeMs, now, onLocks } = this.options;
    const nowMs = now();
    const standing: Standing[] = [];
    const removals: Removal[] = [];
    const present = await ledger.locksOf([...toChain.keys()]);
    for (const [vehicle, cause] of toChain) {
      const { exposures, locks } = present.get(vehicle) ?? { exposures: [], locks: [] };
      const chained = chainLocks({
        vehicle,
        exposures: exposures.map(({ body, lastMs, lockMs, enteredMs }) => ({
          id: body.id,
          exposedMs: Date.parse(body.exposedAt),
          lastMs,
          lockMs,
          enteredMs,
        })),
        locks,
        lookbackMs,
        cityTimeMs: cityTimeMs(),
        nowMs,
      });
      for (const body of chained.standing) standing.push({ kind: "lock", cause: lockCause(body, cause), body });
      for (const id of chained.removed) removals.push({ kind: "lock", id, cause });
    }
    if (standing.length > 0 || removals.length > 0) await ledger.record({ atMs: nowMs, standing, removals });
    const after = await ledger.locksOf([...toChain.keys()]);
    for (const vehicle of toChain.keys()) {
      const { exposures, locks } = after.get(vehicle) ?? { exposures: [], locks: [] };
      onLocks(vehicle, exposures, locks);
    }
  }
}

/** How many findings an entry holds; a settlement counts as one more, for what it may withdraw. */
function sizeOf(entry: Entry): number {
  return entry.kind === "settlement" ? entry.settlement.standing.length + 1 : 1;
}

function lockCause(lock: Lock, cause: Cause): Cause {
  return lock.state === "expired" ? "expiry" : cause;
}
