import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFixBatch } from "../model/fix.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import { parametersOf, type DryRun, type RuleParameters } from "../model/rule-version.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { createRuleStore } from "../store/rule-store.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { openWatch } from "./open-watch.ts";
import { ruleAtStart, RuleDesk } from "./rule-desk.ts";
import type { Watch } from "./watch.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);
const HOUR_MS = 3_600_000;
const OWN = parametersOf(DEFAULT_RULE);
const FENCE = {
  type: "Polygon" as const,
  coordinates: [
    [
      [114, 35.2],
      [114.2, 35.2],
      [114.2, 35.4],
      [114, 35.4],
      [114, 35.2],
    ],
  ],
};

let dir: string;
let database: Database;
let ledger: Ledger;
let tracks: TrackStore;
let watch: Watch;
let desk: RuleDesk;

beforeAll(async () => {
  database = await openTestDatabase();
  dir = mkdtempSync(join(tmpdir(), "wuxing-rule-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  ledger = await openLedger(database);
  watch = await openWatch({ tracks, ledger, city: { fence: FENCE, gates: [] }, now: () => NOON_MS });
  await watch.publishArea({
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [113.9, 35.3] },
  });
  // 8, 12 and 20 minutes at the yard, then into the city; 20 minutes and away; 20 minutes a fortnight ago.
  await drive("豫G00008_2", NOON_MS - 3 * HOUR_MS, 8, 114.05);
  await drive("豫G00012_2", NOON_MS - 3 * HOUR_MS, 12, 114.05);
  await drive("豫G00020_2", NOON_MS - 3 * HOUR_MS, 20, 114.05);
  await drive("豫G00021_2", NOON_MS - 3 * HOUR_MS, 20, 113.95);
  await drive("豫G00022_2", NOON_MS - 14 * 24 * HOUR_MS, 20, 114.05);
  await watch.settled();
  desk = newDesk();
});
afterAll(async () => {
  await desk?.close();
  await watch?.close();
  await tracks?.close();
  await database?.close();
  rmSync(dir, { recursive: true, force: true });
});

function newDesk(running = DEFAULT_RULE): RuleDesk {
  return new RuleDesk({
    store: createRuleStore(database.kysely),
    tracks,
    ledger,
    fence: FENCE,
    running,
    now: () => NOON_MS,
  });
}

/** Stands `minutes` at the yard, then drives east to `goal` at 90 km/h, a fix every half minute. */
async function drive(id: string, startMs: number, minutes: number, goal: number): Promise<void> {
  const vehicle = tracks.vehicles.numberOf(id);
  const places = Array.from({ length: minutes * 2 + 1 }, () => 113.9);
  while (places.at(-1)! < goal) places.push(places.at(-1)! + 0.00825);
  const batch = createFixBatch(places.length);
  for (const [row, place] of places.entries()) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = startMs + row * 30_000;
    batch.lonE6[row] = Math.round(place * 1e6);
    batch.latE6[row] = 35_300_000;
  }
  batch.length = places.length;
  watch.ingest(batch, await tracks.append(batch));
}

async function tried(change: Partial<RuleParameters>, days = 7): Promise<DryRun> {
  const { id } = desk.startDryRun({ parameters: { ...OWN, ...change }, days });
  for (let look = 0; look < 200 && desk.dryRun(id).state === "running"; look++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return desk.dryRun(id);
}

describe("a dry run", () => {
  it("of a longer stay loses the shorter one and its lock, and writes nothing", async () => {
    const before = ledger.lastSeq();
    const run = await tried({ dwellMs: 15 * 60_000 });
    expect(run).toMatchObject({
      state: "done",
      against: 1,
      exposures: { before: 3, after: 2, gained: 0, lost: 1, changed: 0 },
      locks: { before: 2, after: 1, gained: 0, lost: 1 },
    });
    expect(run.list).toMatchObject([{ vehicle: "豫G00012_2", area: "yard", change: "lost", after: null }]);
    expect(ledger.lastSeq()).toBe(before);
    expect((await ledger.exposures({})).items).toHaveLength(4);
  });

  it("of a shorter stay finds one more, and says when it would lock", async () => {
    const run = await tried({ dwellMs: 5 * 60_000 });
    expect(run.exposures).toEqual({ before: 3, after: 4, gained: 1, lost: 0, changed: 0 });
    expect(run.locks).toMatchObject({ gained: 1, lost: 0 });
    expect(run.list).toHaveLength(1);
    expect(run.list[0]).toMatchObject({ vehicle: "豫G00008_2", change: "gained", before: null });
    expect(run.list[0].after!.lockedAt).not.toBeNull();
  });

  it("of a wider reach shows each stay that begins or ends elsewhere, those that move a lock first", async () => {
    const run = await tried({ radiusMeters: 2000, dwellMs: 9 * 60_000 });
    expect(run.exposures).toMatchObject({ before: 3, after: 4, gained: 1, lost: 0, changed: 3 });
    expect(run.list[0]).toMatchObject({ vehicle: "豫G00008_2", change: "gained" });
    for (const { change, before, after } of run.list.slice(1)) {
      expect(change).toBe("changed");
      expect(after!.durationS).toBeGreaterThan(before!.durationS);
    }
  });

  it("looks as far back as it is asked to", async () => {
    expect((await tried({ dwellMs: 15 * 60_000 }, 30)).exposures.before).toBe(4);
  });

  it("is refused when nothing changes, when parameters contradict each other, and while another one runs", () => {
    expect(() => desk.startDryRun({ parameters: OWN, days: 7 })).toThrow(/the rule is not valid/);
    expect(() => desk.startDryRun({ parameters: { ...OWN, graceMs: OWN.dwellMs }, days: 7 })).toThrow(/not valid/);
    const { id } = desk.startDryRun({ parameters: { ...OWN, dwellMs: 700_000 }, days: 7 });
    expect(() => desk.startDryRun({ parameters: { ...OWN, dwellMs: 800_000 }, days: 7 })).toThrow(/too much at once/);
    return desk.cancel(id);
  });

  it("ends when it is cancelled, and says so", async () => {
    const { id } = desk.startDryRun({ parameters: { ...OWN, dwellMs: 700_000 }, days: 7 });
    expect(await desk.cancel(id)).toMatchObject({ state: "cancelled", problem: null, list: [] });
    expect(() => desk.dryRun("other")).toThrow(/no such dry run/);
  });
});

describe("a version of the rule", () => {
  it("that is published waits; a start at or after its instant uses it, one before does not", async () => {
    expect(await desk.versions()).toMatchObject([{ version: 1, state: "running", author: null }]);
    const second = await desk.publish({ parameters: { ...OWN, dwellMs: 15 * 60_000 }, reason: "通知 12 号" }, "王芳");
    expect(second).toMatchObject({ version: 2, state: "waiting", author: "王芳", reason: "通知 12 号" });
    await desk.publish(
      {
        parameters: { ...OWN, dwellMs: 20 * 60_000 },
        reason: "下周起",
        effectiveAt: new Date(NOON_MS + 24 * HOUR_MS).toISOString(),
      },
      "王芳",
    );
    const store = createRuleStore(database.kysely);
    expect(await ruleAtStart(store, NOON_MS - 1)).toEqual(DEFAULT_RULE);
    expect(await ruleAtStart(store, NOON_MS)).toMatchObject({ id: "exposure", version: 2, dwellMs: 900_000 });
    expect(await ruleAtStart(store, NOON_MS + 24 * HOUR_MS)).toMatchObject({ version: 3, dwellMs: 1_200_000 });
    const states = (await newDesk(await ruleAtStart(store, NOON_MS)).versions()).map(({ state }) => state);
    expect(states).toEqual(["waiting", "running", "past"]);
  });

  it("makes the findings of the next start, which name it, and those that it does not make go", async () => {
    await watch.close();
    const rule = await ruleAtStart(createRuleStore(database.kysely), NOON_MS);
    watch = await openWatch({ tracks, ledger, city: { fence: FENCE, gates: [] }, rule, now: () => NOON_MS });
    await watch.settled();
    const { items } = await ledger.exposures({});
    expect(items.map(({ vehicle }) => vehicle).toSorted()).toEqual(["豫G00020_2", "豫G00021_2", "豫G00022_2"]);
    expect(new Set(items.map(({ ruleVersion }) => ruleVersion))).toEqual(new Set([2]));
  });

  it("that is the same as the newest is refused", async () => {
    const [newest] = await desk.versions();
    await expect(desk.publish({ parameters: newest.parameters, reason: "x" }, "王芳")).rejects.toThrow(/not valid/);
  });
});
