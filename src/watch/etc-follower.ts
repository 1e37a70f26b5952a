import { createHash } from "node:crypto";
import type { GateFinding, TollEntry } from "../model/etc.ts";
import type { FindingEvent, Passage } from "../model/finding.ts";
import { joinGate } from "./etc-join.ts";

interface Stretch {
  vehicle: string;
  gate: string;
  direction: Passage["direction"];
  fromMs: number;
  toMs: number;
}

interface JoinState {
  world: string;
  eventSeq: number;
  etcSeq: number;
  firstMs: number | null;
  etcDecidedMs: number | null;
  fixDecidedMs: number | null;
}

/** The toll records as the join needs them; `store/etc-store.ts` is one. */
export interface EtcPort {
  joinState(): Promise<JoinState | null>;
  saveJoinState(state: JoinState): Promise<void>;
  remap(places: readonly TollEntry[], seq: number): Promise<void>;
  recordsAfter(
    seq: number,
    limit: number,
  ): Promise<
    { seq: number; vehicle: string; gate: string | null; direction: Passage["direction"] | null; timeMs: number }[]
  >;
  span(): Promise<{ firstMs: number; lastMs: number } | null>;
  between(
    what: "passage" | "etc_passage",
    afterMs: number,
    toMs: number,
    limit: number,
  ): Promise<{ items: Omit<Stretch, "fromMs" | "toMs">[]; times: number[]; uptoMs: number }>;
  findingsAfter(id: string, limit: number): Promise<GateFinding[]>;
  factsOf(
    stretches: readonly Stretch[],
    aroundMs: number,
  ): Promise<
    {
      passages: { id: string; timeMs: number }[];
      records: { id: string; timeMs: number; goods: boolean }[];
      findings: GateFinding[];
    }[]
  >;
}

/** The ledger as the join needs it: passages become known there, and findings are written there. */
export interface GateLedger {
  lastSeq(): number;
  eventsAfter(seq: number, limit: number): Promise<FindingEvent[]>;
  subscribe(listener: (events: readonly FindingEvent[]) => void): () => void;
  record(recording: {
    atMs: number;
    standing: { kind: "gate"; cause: FindingEvent["cause"]; body: GateFinding }[];
    removals: { kind: "gate"; id: string; cause: FindingEvent["cause"] }[];
  }): Promise<unknown>;
}

export interface EtcFollowerOptions {
  etc: EtcPort;
  ledger: GateLedger;
  /** The city's `toll.json`. */
  places: readonly TollEntry[];
  mergeMs: number;
  /** Newest usable fix of the city, ms UTC; null before the first. */
  fixTimeMs: () => number | null;
  /** The city's clock, ms UTC: when something is learnt. Decides nothing. */
  now: () => number;
  log?: { warn(fields: object, text: string): void } | undefined;
  /** How often the clocks are looked at, ms. */
  everyMs?: number;
}

/** Events, records, passages of one turn. */
const TURN = 1000;
const EVERY_MS = 2000;
const RETRY_MS = 2000;

/**
 * Joins toll records to the passages of GPS as either becomes known, and keeps how far it has come: what was not joined
 * before an end is joined after the next start. Joining the same twice changes nothing.
 */
export class EtcFollower {
  readonly #options: EtcFollowerOptions;
  readonly #world: string;
  readonly #covered: ReadonlySet<string>;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #state: JoinState | null = null;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: EtcFollowerOptions) {
    this.#options = options;
    const { places, mergeMs } = options;
    this.#world = createHash("sha256").update(JSON.stringify({ places, mergeMs })).digest("hex");
    this.#covered = new Set(places.map(({ gate, passage }) => `${gate} ${passage}`));
    this.#unsubscribe = options.ledger.subscribe((events) => {
      if (events.some(({ kind }) => kind === "passage")) this.wake();
    });
    this.#timer = setInterval(() => this.wake(), options.everyMs ?? EVERY_MS).unref();
  }

  /** There may be something to join. */
  wake(): void {
    this.#again = true;
    if (this.#closed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when everything that is known now is joined. */
  async idle(): Promise<void> {
    this.wake();
    while (this.#running !== undefined) await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#unsubscribe();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        this.#state ??= await this.#begin();
        // Where no toll records can come from there is nothing to join.
        while (!this.#closed && this.#covered.size > 0 && (await this.#turn(this.#state)));
      } catch (error) {
        this.#options.log?.warn({ error: String(error) }, "toll records could not be joined; trying again");
        this.#state = null;
        setTimeout(() => this.wake(), RETRY_MS).unref();
      }
    }
  }

  /** Another mapping or rule: every record gets its gate anew, and all is joined once more. */
  async #begin(): Promise<JoinState> {
    const { etc, ledger } = this.#options;
    const kept = await etc.joinState();
    if (kept?.world === this.#world) return kept;
    const eventSeq = ledger.lastSeq();
    const state: JoinState = {
      world: this.#world,
      eventSeq,
      etcSeq: 0,
      firstMs: null,
      etcDecidedMs: null,
      fixDecidedMs: null,
    };
    await etc.remap(this.#options.places, 0);
    const clocks = await this.#clocks();
    for (let last = ""; ;) {
      const findings = await etc.findingsAfter(last, TURN);
      if (findings.length === 0) break;
      last = findings.at(-1)!.id;
      const work = new Stretches(this.#options.mergeMs);
      for (const { time, ...finding } of findings) work.add(finding, Date.parse(time), "rule");
      await this.#settle(work, clocks);
    }
    await etc.saveJoinState(state);
    return state;
  }

  /** Joins a part of what is new; true when there is more. */
  async #turn(state: JoinState): Promise<boolean> {
    const { etc, ledger, places, mergeMs } = this.#options;
    const work = new Stretches(mergeMs);
    const next = { ...state };
    const events = await ledger.eventsAfter(state.eventSeq, TURN);
    for (const { seq, kind, body, cause } of events) {
      next.eventSeq = seq;
      if (kind !== "passage") continue;
      const { time, ...passage } = body as Passage;
      work.add(passage, Date.parse(time), cause);
    }
    let records = await etc.recordsAfter(state.etcSeq, TURN);
    if (records.length > 0) {
      await etc.remap(places, state.etcSeq);
      records = await etc.recordsAfter(state.etcSeq, TURN);
    }
    for (const { seq, vehicle, gate, direction, timeMs } of records) {
      next.etcSeq = seq;
      if (gate !== null && direction !== null) work.add({ vehicle, gate, direction }, timeMs, "etc");
    }
    const clocks = await this.#clocks();
    const isBehind = await this.#passTime(clocks, next, work);
    await this.#settle(work, clocks);
    const changed = Object.keys(next).some((key) => Reflect.get(next, key) !== Reflect.get(state, key));
    if (changed) await etc.saveJoinState(next);
    Object.assign(state, next);
    return isBehind || events.length === TURN || records.length === TURN;
  }

  /** Looks at what the clocks of either side have passed since the last turn; true when there is more. */
  async #passTime({ toll, fixMs }: Clocks, next: JoinState, work: Stretches): Promise<boolean> {
    const { etc, mergeMs } = this.#options;
    if (toll === null) return false;
    // Records from before the first one so far: passages from then on can miss theirs.
    if (next.firstMs === null || toll.firstMs < next.firstMs) next.etcDecidedMs = toll.firstMs - 1;
    next.firstMs = toll.firstMs;
    let isBehind = false;
    const look = async (what: "passage" | "etc_passage", fromMs: number, toMs: number): Promise<number> => {
      if (toMs <= fromMs) return fromMs;
      const { items, times, uptoMs } = await etc.between(what, fromMs, toMs, TURN);
      for (const [at, item] of items.entries()) {
        if (this.#covered.has(`${item.gate} ${item.direction}`)) work.add(item, times[at], "etc");
      }
      if (uptoMs < toMs) isBehind = true;
      return uptoMs;
    };
    next.etcDecidedMs = await look("passage", next.etcDecidedMs ?? toll.firstMs - 1, toll.lastMs - mergeMs);
    if (fixMs !== null) {
      next.fixDecidedMs = await look("etc_passage", next.fixDecidedMs ?? toll.firstMs - 1, fixMs - mergeMs);
    }
    return isBehind;
  }

  async #settle(work: Stretches, clocks: Clocks): Promise<void> {
    const stretches = work.list();
    for (let at = 0; at < stretches.length; at += TURN) {
      await this.#settleSome(stretches.slice(at, at + TURN), clocks);
    }
  }

  /** Brings the ledger to what the facts of the stretches say now. */
  async #settleSome(stretches: readonly CausedStretch[], clocks: Clocks): Promise<void> {
    const { etc, ledger, mergeMs, now } = this.#options;
    const facts = await etc.factsOf(stretches, mergeMs);
    const standing: Parameters<GateLedger["record"]>[0]["standing"] = [];
    const removals: Parameters<GateLedger["record"]>[0]["removals"] = [];
    for (const [at, stretch] of stretches.entries()) {
      const { passages, records, findings } = facts[at];
      const { vehicle, gate, direction, fromMs, toMs, cause } = stretch;
      const covered = this.#covered.has(`${gate} ${direction}`);
      const found = joinGate({ vehicle, gate, direction, passages, records }, { mergeMs, covered, ...clocks });
      const ids = new Set<string>();
      for (const body of found) {
        const timeMs = Date.parse(body.time);
        if (timeMs < fromMs || timeMs > toMs) continue;
        ids.add(body.id);
        standing.push({ kind: "gate", cause, body });
      }
      for (const { id } of findings) if (!ids.has(id)) removals.push({ kind: "gate", id, cause });
    }
    if (standing.length + removals.length > 0) await ledger.record({ atMs: now(), standing, removals });
  }

  async #clocks(): Promise<Clocks> {
    return { toll: await this.#options.etc.span(), fixMs: this.#options.fixTimeMs() };
  }
}

interface Clocks {
  toll: { firstMs: number; lastMs: number } | null;
  fixMs: number | null;
}

type CausedStretch = Stretch & { cause: FindingEvent["cause"] };

/** The stretches that something new touches: what lies within the merge time of it. */
class Stretches {
  readonly #reachMs: number;
  readonly #stretches = new Map<string, CausedStretch>();

  constructor(reachMs: number) {
    this.#reachMs = reachMs;
  }

  add(
    { vehicle, gate, direction }: Omit<Stretch, "fromMs" | "toMs">,
    timeMs: number,
    cause: FindingEvent["cause"],
  ): void {
    const key = JSON.stringify([vehicle, gate, direction]);
    const known = this.#stretches.get(key);
    const fromMs = Math.min(known?.fromMs ?? Infinity, timeMs - this.#reachMs);
    const toMs = Math.max(known?.toMs ?? -Infinity, timeMs + this.#reachMs);
    this.#stretches.set(key, { vehicle, gate, direction, fromMs, toMs, cause });
  }

  list(): CausedStretch[] {
    return [...this.#stretches.values()];
  }
}
