import { expect, test } from "vitest";
import type { Area } from "../model/area.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import type { PlaceTrack } from "../tracks/track-store.ts";
import { LedgerChanges, type Settlement } from "./ledger-changes.ts";
import type { Finding, Removal, Standing } from "./ledger-port.ts";
import { LiveMatching } from "./live-matching.ts";

const WORLDS = 800;
const NOON_MS = Date.UTC(2021, 10, 6, 4);
const LAT = 35.3;

/** mulberry32: the same numbers for the same seed on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61))) >>> 0;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const area = (id: string, lon: number, from: string | null = null): Area => ({
  id,
  version: 1,
  state: "published",
  level: "high",
  geometry: { type: "Point", coordinates: [lon, LAT] },
  from,
  to: null,
  name: id,
  source: null,
  publishedAt: new Date(NOON_MS).toISOString(),
});

/** The fence from 114.00° east on; areas on both its sides, and 10 km and more of nothing between them. */
function cityOf(random: () => number): { areas: Area[]; fence: boolean; lookbackMs: number } {
  const later = new Date(NOON_MS + Math.floor(random() * 7_200_000)).toISOString();
  return {
    areas: [area("west", 113.7), area("edge", 113.995, random() < 0.3 ? later : null), area("east", 114.2)],
    fence: random() < 0.8,
    lookbackMs: random() < 0.3 ? 3_600_000 : DEFAULT_RULE.lookbackMs,
  };
}

interface Fix {
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/** A truck that goes between the areas and far away from them, rests, falls silent, jumps, reports from two places. */
function truckOf(random: () => number): Fix[] {
  const fixes: Fix[] = [];
  let timeMs = NOON_MS;
  let lonE6 = 113_600_000 + Math.floor(random() * 700_000);
  const emit = (lon = lonE6): void => {
    fixes.push({ timeMs, lonE6: lon, latE6: LAT * 1e6 + Math.floor(random() * 200) });
  };
  const goals = [113_703_000, 113_992_000, 114_003_000, 114_198_000, 113_850_000, 114_100_000];
  for (let leg = 0; leg < 7; leg++) {
    const goal = goals[Math.floor(random() * goals.length)] + Math.floor(random() * 12_000);
    while (Math.abs(goal - lonE6) > 12_000) {
      timeMs += 30_000 + 1000 * Math.floor(random() * 30);
      lonE6 += Math.sign(goal - lonE6) * Math.floor(6000 + random() * 6000);
      emit();
      if (random() < 0.02) emit(lonE6 + 900);
      for (let jumps = random() < 0.06 ? 1 + Math.floor(random() * 3) : 0; jumps > 0; jumps--) {
        timeMs += 1000 + Math.floor(random() * 20_000);
        emit(lonE6 + 300_000 - Math.floor(random() * 600_000));
      }
    }
    for (let rest = Math.floor(random() * 30); rest > 0; rest--) {
      timeMs += 20_000 + 1000 * Math.floor(random() * 60);
      emit();
    }
    if (random() < 0.3) timeMs += 1000 * Math.floor(random() * 9000);
  }
  return fixes;
}

function trackOf(fixes: readonly Fix[]): PlaceTrack {
  return {
    length: fixes.length,
    timeMs: Float64Array.from(fixes, ({ timeMs }) => timeMs),
    lonE6: Int32Array.from(fixes, ({ lonE6 }) => lonE6),
    latE6: Int32Array.from(fixes, ({ latE6 }) => latE6),
    flags: new Uint8Array(fixes.length),
  };
}

/** What stands, by kind and identity. */
class Ledger {
  readonly standing = new Map<string, Finding>();
  touched = 0;

  stand(finding: Standing): void {
    if (finding.kind === "area" || finding.kind === "lock") return;
    const { cause: _cause, quiet: _quiet, ...body } = finding;
    this.standing.set(`${finding.kind} ${finding.body.id}`, body);
  }

  withdraw({ kind, id }: Removal): void {
    this.standing.delete(`${kind} ${id}`);
  }

  settle(settlement: Omit<Settlement, "vehicle" | "areas" | "causeOf">): void {
    const changes = new LedgerChanges();
    const before = [...this.standing.values()];
    changes.settle({ vehicle: "v", areas: null, causeOf: () => "late-fix", ...settlement }, before);
    const { standing, removals } = changes.recording();
    for (const each of standing) this.stand(each);
    for (const each of removals) this.withdraw(each);
    this.touched += standing.length + removals.length;
  }

  sorted(): [string, Finding][] {
    return [...this.standing].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}

function matchingOf({ areas, fence, lookbackMs }: ReturnType<typeof cityOf>, ledger: Ledger): LiveMatching {
  const ring = [
    [114, 35],
    [115, 35],
    [115, 36],
    [114, 36],
    [114, 35],
  ];
  const gate = { id: "gate", name: "门", line: [[114, 35.2] as [number, number], [114, 35.4] as [number, number]] };
  return new LiveMatching({
    rule: { ...DEFAULT_RULE, lookbackMs },
    city: { fence: fence ? { type: "Polygon", coordinates: [ring] } : null, gates: [gate] },
    areas,
    vehicleId: () => "v",
    stand: (finding) => ledger.stand(finding),
    withdraw: (_vehicle, removal) => ledger.withdraw(removal),
  });
}

test(`what late fixes touch is matched again, from one quiet fix to another: as if all had come in order, in ${WORLDS} worlds`, () => {
  const seen = { stretches: 0, inner: 0, begun: 0, whole: 0, exposures: 0, locked: 0, events: 0 };
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = randomOf(seed);
    const city = cityOf(random);
    const fixes = truckOf(random);

    const ledger = new Ledger();
    const live = matchingOf(city, ledger);
    const arrived: Fix[] = [];
    let late: Fix[] = [];
    const rematch = (): void => {
      live.flush();
      const times = late.map(({ timeMs }) => timeMs);
      late = [];
      const [lateFromMs, lateToMs] = [Math.min(...times), Math.max(...times)];
      const exposures = [...ledger.standing.values()].flatMap((each) =>
        each.kind === "exposure"
          ? [{ startMs: Date.parse(each.body.start), lastMs: each.lastMs, lockMs: each.lockMs }]
          : [],
      );
      const firstMs = Math.min(...arrived.map(({ timeMs }) => timeMs));
      const lastMs = Math.max(...arrived.map(({ timeMs }) => timeMs));
      // As much of the history as it takes, as the queue reads it.
      for (let [before, after] = [60_000, 60_000]; ;) {
        const [fromMs, toMs] = [lateFromMs - before, lateToMs + after];
        const part = arrived.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
        const hasBegin = fromMs <= firstMs;
        const request = { lateFromMs, lateToMs, hasBegin, hasEnd: toMs >= lastMs, exposures };
        const stretch = live.rematchLate(0, trackOf(part), request);
        if (stretch === "earlier") before *= 3;
        else if (stretch === "later") after *= 3;
        else {
          ledger.settle({ fromMs: stretch.fromMs, toMs: stretch.toMs, standing: stretch.findings });
          seen.stretches++;
          if (stretch.fromMs > firstMs && stretch.toMs < Infinity) seen.inner++;
          else if (stretch.fromMs > firstMs) seen.begun++;
          else if (stretch.toMs === Infinity) seen.whole++;
          return;
        }
      }
    };
    const order = fixes
      .map((fix) => {
        const chance = random();
        const lateMs = chance < 0.9 ? 0 : chance < 0.95 ? random() * 600_000 : random() * 20_000_000;
        return { fix, atMs: fix.timeMs + lateMs };
      })
      .toSorted((a, b) => a.atMs - b.atMs);
    const patience = Math.floor(random() * 4);
    for (const { fix } of order) {
      arrived.push(fix);
      live.push({ vehicle: new Uint32Array(1), ...trackOf([fix]) }, 0, 1, () => late.push(fix));
      if (late.length > patience) rematch();
    }
    if (late.length > 0) rematch();
    live.finish(0);
    live.flush();
    // The batch has its last fix counted too.
    expect(ledger.sorted(), `seed ${seed}`).toEqual(batchFinished(city, fixes).sorted());
    for (const { kind, ...rest } of ledger.standing.values()) {
      if (kind === "exposure") seen.exposures++;
      else seen.events++;
      if ("lockMs" in rest && rest.lockMs !== null) seen.locked++;
    }
  }
  // Most are cut on both sides.
  expect(seen.inner).toBeGreaterThan(seen.stretches / 4);
  expect(seen.exposures).toBeGreaterThan(WORLDS);
  expect(seen.locked).toBeGreaterThan(WORLDS / 10);
}, 120_000);

function batchFinished(city: ReturnType<typeof cityOf>, fixes: readonly Fix[]): Ledger {
  const ledger = new Ledger();
  const matching = matchingOf(city, ledger);
  const { findings } = matching.rematch(0, trackOf(fixes), null);
  for (const finding of findings) ledger.stand({ ...finding, cause: "live" });
  matching.finish(0);
  matching.flush();
  return ledger;
}
