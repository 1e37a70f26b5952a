import type { CaseDesk } from "../src/cases/case-desk.ts";
import type { CaseDeskOptions } from "../src/cases/case-writer.ts";
import { LockCases } from "../src/apps/checkpoints/lock-cases.ts";
import type { Area } from "../src/model/area.ts";
import type { Exposure, Lock } from "../src/model/finding.ts";
import type { Database } from "../src/store/database.ts";
import { openLedger, type Ledger } from "../src/store/ledger.ts";

export interface DispatchCity {
  database: Database;
  desk: CaseDesk;
  options: CaseDeskOptions;
  /** A position in each grid, degrees. */
  spots: readonly { lon: number; lat: number }[];
  nowMs: number;
}

const RECORDED_AT_ONCE = 500;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Locks as matching finds them, with their exposures, in the ledger; and the follower that opens their cases. */
export class Dispatch {
  readonly #city: DispatchCity;
  readonly #ledger: Ledger;
  #locks = 0;

  private constructor(city: DispatchCity, ledger: Ledger) {
    this.#city = city;
    this.#ledger = ledger;
  }

  static async open(city: DispatchCity): Promise<Dispatch> {
    return new Dispatch(city, await openLedger(city.database));
  }

  /** Writes locks of vehicles that are spread over the grids; nobody follows them yet. */
  async record(count: number): Promise<void> {
    const { nowMs } = this.#city;
    for (let from = 0; from < count; from += RECORDED_AT_ONCE) {
      const numbers = Array.from({ length: Math.min(RECORDED_AT_ONCE, count - from) }, () => this.#locks++);
      await this.#ledger.record({
        atMs: nowMs,
        standing: [
          { kind: "area" as const, cause: "area-published" as const, body: area(nowMs) },
          ...numbers.flatMap((n) => [
            {
              kind: "exposure" as const,
              cause: "live" as const,
              body: exposure(n, nowMs),
              lastMs: nowMs,
              lockMs: nowMs,
              enteredMs: nowMs,
            },
            { kind: "lock" as const, cause: "live" as const, body: lock(n, nowMs) },
          ]),
        ],
        removals: [],
      });
    }
  }

  /** Follows what the ledger has. @returns seconds until every lock has its case */
  async follow(): Promise<number> {
    const { options, desk, spots, database, nowMs } = this.#city;
    const startedMs = performance.now();
    const cases = new LockCases({
      kysely: database.kysely,
      ledger: this.#ledger,
      desk,
      places: options.places,
      positionOf: async ({ id }) => ({ ...spots[Number(/\d+/.exec(id)![0]) % spots.length], timeMs: nowMs }),
      destinationsOf: async () => new Map(),
      cityPlace: "410700",
      now: () => nowMs,
    });
    await cases.idle();
    const seconds = (performance.now() - startedMs) / 1000;
    await cases.close();
    return seconds;
  }
}

function area(nowMs: number): Area {
  return {
    id: "bench-area",
    version: 1,
    name: "封控区甲",
    level: "high",
    geometry: { type: "Point", coordinates: [114, 35] },
    from: null,
    to: null,
    source: null,
    state: "published",
    publishedAt: iso(nowMs - 48 * 3_600_000),
  };
}

function exposure(n: number, nowMs: number): Exposure {
  const before = (minutes: number): string => iso(nowMs - minutes * 60_000);
  return {
    id: `bench-exposure-${n}`,
    vehicle: `豫H${n}_2`,
    area: "bench-area",
    areaVersion: 1,
    rule: "exposure",
    ruleVersion: 1,
    certainty: "observed",
    start: before(300),
    end: before(258),
    exposedAt: before(290),
    durationS: 2520,
    minDistanceM: 212,
    nearest: { time: before(270), lon: 114, lat: 35 },
    unknownShare: 0,
    entered: { time: before(300), lon: 114, lat: 35, before: null, after: null },
    left: null,
  };
}

function lock(n: number, nowMs: number): Lock {
  return {
    id: `bench-lock-${n}`,
    vehicle: `豫H${n}_2`,
    state: "live",
    lockedAt: iso(nowMs),
    learntAt: iso(nowMs),
    exposedAt: iso(nowMs - 290 * 60_000),
    expiresAt: iso(nowMs + 14 * 86_400_000),
    exposures: [`bench-exposure-${n}`],
    enteredAt: iso(nowMs),
    release: null,
  };
}
