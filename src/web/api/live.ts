import type { QueryClient } from "@tanstack/react-query";
import type { FindingEvent } from "../../model/finding.ts";
import type { Status } from "../../model/status.ts";
import type { Positions } from "../../model/vehicle.ts";
import { Fleet } from "../map/fleet.ts";
import { get } from "./client.ts";
import { openEventStream } from "./event-stream.ts";
import { applyFindings } from "./findings.ts";

export interface LiveState {
  /** `opening` before the first connection, `lost` while the page shows what it last knew. */
  connection: "opening" | "open" | "lost";
  lostSinceMs: number | null;
  status: Status | null;
  /** City seconds per real second, about 1 when nothing is replayed. */
  pace: number;
  recent: readonly FindingEvent[];
  /** Vehicles in each state; null while nobody has told. */
  stateCounts: readonly number[] | null;
}

/** The answer of `/status`, as far as it is read here. */
interface StatusAnswer extends Status {
  watch: { states: Record<"ordinary" | "exposed" | "locked" | "released", number> };
}

const RECENT_MAX = 60;
const POLL_MS = 2000;
const NOBODY: Positions = {
  number: [],
  timeMs: [],
  lonE6: [],
  latE6: [],
  headingDeg: [],
  state: [],
  vehicles: {},
};
const FLUSH_MS = 250;
/** Cases that change together are read once, ms. */
const GATHER_MS = 700;
/** What is shown of cases. */
const CASE_KEYS = new Set<unknown>(["cases", "case", "case-counts", "case-of-lock", "places-load"]);

/**
 * What the server says by itself: positions into the fleet, findings into the lists that the pages show, the state of the system
 * into the bar. One for the page's whole life.
 */
export class Live {
  readonly fleet = new Fleet();
  readonly #queries: QueryClient;
  readonly #listeners = new Set<() => void>();
  #state: LiveState = {
    connection: "opening",
    lostSinceMs: null,
    status: null,
    pace: 1,
    recent: [],
    stateCounts: null,
  };
  #waiting: FindingEvent[] = [];
  #flush: ReturnType<typeof setTimeout> | null = null;
  #gather: ReturnType<typeof setTimeout> | null = null;
  #allNext = true;
  #paceFrom: { wallMs: number; cityMs: number } | null = null;
  #paceMeasured = false;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  readonly get = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to listen; the answer ends it, and what was told of vehicles is forgotten. */
  start(): () => void {
    const end = openEventStream({
      url: "/api/v1/stream",
      onState: (state) => this.#connection(state),
      onEvent: ({ event, data }) => {
        if (event === "positions") this.#positions(JSON.parse(data) as Positions);
        else if (event === "finding") this.#finding(JSON.parse(data) as FindingEvent);
        else if (event === "case") this.#case();
        else if (event === "status") this.#status(JSON.parse(data) as Status);
      },
    });
    return () => {
      end();
      this.fleet.apply(NOBODY, performance.now(), true);
      this.#set({ connection: "opening", lostSinceMs: null, recent: [], stateCounts: null });
    };
  }

  /** Asks how the system is, and nothing about anybody; the answer ends it. */
  poll(): () => void {
    const asking = new AbortController();
    let isAsking = false;
    const ask = async (): Promise<void> => {
      // A server that is slower than this is not asked again before it has answered.
      if (isAsking) return;
      isAsking = true;
      try {
        const { watch, ...status } = await get<StatusAnswer>("/status", {}, asking.signal);
        this.#status(status);
        const { ordinary, exposed, locked, released } = watch.states;
        this.#set({ connection: "open", lostSinceMs: null, stateCounts: [ordinary, exposed, locked, released] });
      } catch {
        if (!asking.signal.aborted) this.#connection("lost");
      } finally {
        isAsking = false;
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), POLL_MS);
    return () => {
      asking.abort();
      clearInterval(timer);
    };
  }

  /** City time now, ms UTC; the wall clock before the server has told it. */
  cityNowMs(): number {
    return this.#state.status?.cityTimeMs ?? Date.now();
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  #connection(state: "open" | "lost"): void {
    if (state === "lost") {
      if (this.#state.connection !== "lost") this.#set({ connection: "lost", lostSinceMs: Date.now() });
      return;
    }
    this.#allNext = true;
    this.#paceFrom = null;
    this.#set({ connection: "open", lostSinceMs: null });
    // What happened while nobody listened is in the lists, not in the stream.
    void this.#queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "city" });
  }

  #positions(positions: Positions): void {
    this.fleet.apply(positions, performance.now(), this.#allNext);
    this.#allNext = false;
    const counts = this.fleet.stateCounts();
    if (counts.some((count, state) => count !== this.#state.stateCounts?.[state])) this.#set({ stateCounts: counts });
  }

  #status(status: Status): void {
    const wallMs = performance.now();
    const from = this.#paceFrom;
    if (from === null) this.#paceFrom = { wallMs, cityMs: status.cityTimeMs };
    let { pace } = this.#state;
    if (from !== null && wallMs - from.wallMs > 4000) {
      const measured = (status.cityTimeMs - from.cityMs) / (wallMs - from.wallMs);
      // A busy machine lets the clock run unevenly; the figure shown is not to jump with it.
      pace = this.#paceMeasured ? pace * 0.7 + measured * 0.3 : measured;
      this.#paceMeasured = true;
      this.#paceFrom = { wallMs, cityMs: status.cityTimeMs };
    }
    this.#set({ status, pace });
  }

  /** Whatever is shown of cases is read anew; the rounds of the queries are for when nothing is heard. */
  #case(): void {
    if (this.#gather !== null) return;
    this.#gather = setTimeout(() => {
      this.#gather = null;
      void this.#queries.invalidateQueries({ predicate: ({ queryKey }) => CASE_KEYS.has(queryKey[0]) });
    }, GATHER_MS);
  }

  #finding(event: FindingEvent): void {
    this.#waiting.push(event);
    if (this.#flush !== null) return;
    this.#flush = setTimeout(() => {
      const events = this.#waiting;
      this.#waiting = [];
      this.#flush = null;
      applyFindings(this.#queries, events);
      const told = events.filter(({ kind, change }) => kind !== "exposure" || change !== "revised").toReversed();
      if (told.length > 0) this.#set({ recent: [...told, ...this.#state.recent].slice(0, RECENT_MAX) });
    }, FLUSH_MS);
  }
}
