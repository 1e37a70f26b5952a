import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sql } from "kysely";
import type { Area } from "../model/area.ts";
import type { Exposure, FindingEvent, Lock, Passage } from "../model/finding.ts";
import type { Database } from "./database.ts";
import { openTestDatabase } from "./database-for-tests.ts";
import { openLedger, type Ledger } from "./ledger.ts";
import type { Standing } from "./ledger-record.ts";

const AT_MS = Date.parse("2021-11-05T08:00:00.000Z");
const time = (seconds: number): string => new Date(AT_MS + seconds * 1000).toISOString();

const idsOf = (page: { items: { id: string }[] }): string[] => page.items.map(({ id }) => id);

describe("the ledger", () => {
  let database: Database;
  let ledger: Ledger;

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  beforeEach(async () => {
    await sql`truncate area, area_version, exposure, passage, fence_event, lock, event, checkpoint restart identity`.execute(
      database.kysely,
    );
    ledger = await openLedger(database);
  });
  afterAll(() => database?.close());

  test("a finding is opened once, and recorded again it changes nothing", async () => {
    const standing = [exposure("e1"), passage("p1", 5)];
    const first = await ledger.record({ atMs: AT_MS, standing, removals: [] });
    expect(first.map(({ seq, kind, change, id }) => [seq, kind, change, id])).toEqual([
      [1, "exposure", "opened", "e1"],
      [2, "passage", "opened", "p1"],
    ]);
    expect(await ledger.record({ atMs: AT_MS + 1, standing, removals: [] })).toEqual([]);
    expect(await ledger.eventsAfter(0, 10)).toEqual(first);
    expect(ledger.lastSeq()).toBe(2);
  });

  test("an exposure that gets its end is closed, another start is a revision, and what is gone is withdrawn", async () => {
    const record = (standing: Standing[], removed: string[] = []): Promise<FindingEvent[]> =>
      ledger.record({
        atMs: AT_MS,
        standing,
        removals: removed.map((id) => ({ kind: "exposure", id, cause: "late-fix" })),
      });
    await record([exposure("e1", { end: null })]);
    expect(await record([exposure("e1", { end: time(900) })])).toMatchObject([{ change: "closed" }]);
    expect(await record([exposure("e1", { end: time(900), start: time(-5) })])).toMatchObject([
      { change: "revised", body: { start: time(-5) } },
    ]);
    expect(await record([], ["e1"])).toMatchObject([
      { change: "withdrawn", cause: "late-fix", id: "e1", vehicle: "豫G10001_2", body: { start: time(-5) } },
    ]);
    expect(await record([], ["e1"])).toEqual([]);
    expect((await ledger.exposures({})).items).toEqual([]);
  });

  test("a quiet revision brings the row up to date without an event", async () => {
    await ledger.record({ atMs: AT_MS, standing: [exposure("e1", { end: null })], removals: [] });
    const longer = { ...exposure("e1", { end: null, durationS: 700 }), quiet: true };
    expect(await ledger.record({ atMs: AT_MS, standing: [longer], removals: [] })).toEqual([]);
    expect((await ledger.exposures({})).items[0].durationS).toBe(700);
  });

  test("of one finding given twice in one recording the last counts", async () => {
    const standing = [exposure("e1", { end: null }), exposure("e1", { end: time(900) })];
    expect(await ledger.record({ atMs: AT_MS, standing, removals: [] })).toMatchObject([
      { change: "opened", body: { end: time(900) } },
    ]);
  });

  test("lists page by page, newest first, and stay right while findings come in", async () => {
    const standing = Array.from({ length: 25 }, (_, n) => passage(`p${n}`, Math.floor(n / 3)));
    await ledger.record({ atMs: AT_MS, standing, removals: [] });
    const ids: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 10; pages++) {
      const page = await ledger.passages({ limit: 4, cursor });
      ids.push(...page.items.map(({ id }) => id));
      await ledger.record({ atMs: AT_MS, standing: [passage(`new${pages}`, 1000 + pages)], removals: [] });
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(ids).toHaveLength(25);
    expect(new Set(ids).size).toBe(25);
    expect(ids[0]).toBe("p24");
  });

  test("lists are narrowed by vehicle, gate, area, state and time", async () => {
    await ledger.record({
      atMs: AT_MS,
      standing: [
        passage("p1", 0, { gate: "g1", direction: "inbound" }),
        passage("p2", 10, { gate: "g1", direction: "outbound" }),
        passage("p3", 20, { gate: "g2", direction: "inbound", vehicle: "豫A2_2" }),
        exposure("e1", { area: "a1" }),
        exposure("e2", { area: "a2" }),
        lock("l1", { state: "released" }),
        lock("l2", { state: "live" }),
      ],
      removals: [],
    });
    expect(idsOf(await ledger.passages({ gate: "g1" }))).toEqual(["p2", "p1"]);
    expect(idsOf(await ledger.passages({ vehicle: "豫A2_2" }))).toEqual(["p3"]);
    expect(idsOf(await ledger.passages({ fromMs: AT_MS + 10_000, toMs: AT_MS + 20_000 }))).toEqual(["p2"]);
    expect(idsOf(await ledger.exposures({ area: "a2" }))).toEqual(["e2"]);
    expect(idsOf(await ledger.locks({ state: "live" }))).toEqual(["l2"]);
    expect(await ledger.gateCounts({ toMs: AT_MS + 20_000 })).toEqual([{ gate: "g1", inbound: 1, outbound: 1 }]);
    expect(await ledger.figures()).toEqual({
      exposures: 2,
      areas: 0,
      locks: { live: 1, review: 0, released: 1, expired: 0 },
    });
  });

  test("a vehicle has one live lock at most, and a lock that ends makes place for the next", async () => {
    await ledger.record({ atMs: AT_MS, standing: [lock("l1", { state: "live" })], removals: [] });
    await expect(
      ledger.record({ atMs: AT_MS, standing: [lock("l2", { state: "live" })], removals: [] }),
    ).rejects.toThrow(/lock_one_live/);
    const events = await ledger.record({
      atMs: AT_MS,
      standing: [lock("l2", { state: "live" }), lock("l1", { state: "expired" })],
      removals: [],
    });
    expect(events.map(({ id, change }) => [id, change])).toEqual([
      ["l2", "opened"],
      ["l1", "closed"],
    ]);
  });

  test("a recording that fails leaves nothing behind and tells nobody", async () => {
    const told: FindingEvent[] = [];
    ledger.subscribe((events) => told.push(...events));
    const standing = [exposure("e1"), lock("l1", { state: "live" }), lock("l2", { state: "live" })];
    await expect(ledger.record({ atMs: AT_MS, standing, removals: [] })).rejects.toThrow("lock_one_live");
    expect((await ledger.exposures({})).items).toEqual([]);
    expect(await ledger.eventsAfter(0, 10)).toEqual([]);
    expect(told).toEqual([]);
  });

  test("every version of an area is kept, and a withdrawn one stands as withdrawn", async () => {
    const publish = (body: Area): Promise<FindingEvent[]> =>
      ledger.record({ atMs: AT_MS, standing: [{ kind: "area", cause: "area-edited", body }], removals: [] });
    await publish(area({ version: 1 }));
    await publish(area({ version: 2, name: "扩大" }));
    expect(await publish(area({ version: 3, name: "扩大", state: "withdrawn" }))).toMatchObject([
      { kind: "area", change: "withdrawn", id: "a1", vehicle: null },
    ]);
    expect((await ledger.area("a1")).state).toBe("withdrawn");
    expect((await ledger.areaHistory("a1")).map(({ version }) => version)).toEqual([3, 2, 1]);
    await expect(ledger.area("a9")).rejects.toMatchObject({ code: "AREA_NOT_FOUND" });
    await expect(ledger.lock("l9")).rejects.toMatchObject({ code: "LOCK_NOT_FOUND" });
  });

  test("the checkpoint is the one that was saved last, and areas that change behind it are named", async () => {
    const publish = (id: string): Promise<FindingEvent[]> =>
      ledger.record({
        atMs: AT_MS,
        standing: [{ kind: "area", cause: "area-published", body: area({ id }) }],
        removals: [],
      });
    expect(await ledger.checkpoint()).toBeNull();
    await publish("a1");
    await ledger.saveCheckpoint({ position: 10, seq: 0, world: "w" });
    await ledger.saveCheckpoint({ position: 9_007_199_254_740_991, seq: ledger.lastSeq(), world: "w" });
    expect(await ledger.checkpoint()).toEqual({ position: 9_007_199_254_740_991, seq: 1, world: "w" });
    await publish("a2");
    await ledger.record({ atMs: AT_MS, standing: [passage("p1", 5)], removals: [] });
    expect(await ledger.areasChangedSince(1)).toEqual(["a2"]);
  });

  test("subscribers hear of events in order, after they are committed, until they leave", async () => {
    const told: number[] = [];
    const leave = ledger.subscribe((events) => told.push(...events.map(({ seq }) => seq)));
    await ledger.record({ atMs: AT_MS, standing: [passage("p1", 1), passage("p2", 2)], removals: [] });
    leave();
    await ledger.record({ atMs: AT_MS, standing: [passage("p3", 3)], removals: [] });
    expect(told).toEqual([1, 2]);
    expect((await ledger.eventsAfter(2, 10)).map(({ seq }) => seq)).toEqual([3]);
    expect((await openLedger(database).then((again) => again.lastSeq())) === 3).toBe(true);
  });

  test("a foreign cursor and a limit out of range are refused", async () => {
    await expect(ledger.passages({ cursor: "nonsense" })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(ledger.passages({ limit: 0 })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(ledger.eventsAfter(0, 1001)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test("two thousand findings are one recording", async () => {
    const standing = Array.from({ length: 2000 }, (_, n) => passage(`p${n}`, n));
    expect(await ledger.record({ atMs: AT_MS, standing, removals: [] })).toHaveLength(2000);
    expect((await ledger.eventsAfter(1999, 10))[0].id).toBe("p1999");
  });
});

function exposure(id: string, change: Partial<Exposure> = {}): Standing {
  const fix = { time: time(0), lon: 113.9, lat: 35.3 };
  const body: Exposure = {
    id,
    vehicle: "豫G10001_2",
    area: "a1",
    areaVersion: 1,
    rule: "exposure",
    ruleVersion: 1,
    certainty: "observed",
    start: time(0),
    end: time(900),
    exposedAt: time(600),
    durationS: 900,
    minDistanceM: 12.5,
    nearest: fix,
    unknownShare: 0,
    entered: { ...fix, before: null, after: fix },
    left: null,
    ...change,
  };
  return { kind: "exposure", cause: "live", body, lastMs: AT_MS + 900_000, lockMs: null, enteredMs: null };
}

function passage(id: string, seconds: number, change: Partial<Passage> = {}): Standing {
  const body: Passage = {
    id,
    vehicle: "豫G10001_2",
    gate: "g1",
    direction: "inbound",
    time: time(seconds),
    lon: 113.9,
    lat: 35.3,
    ...change,
  };
  return { kind: "passage", cause: "live", body };
}

function lock(id: string, change: Partial<Lock>): Standing {
  const body: Lock = {
    id,
    vehicle: "豫G10001_2",
    state: "live",
    lockedAt: time(700),
    learntAt: time(701),
    exposedAt: time(600),
    expiresAt: time(1_210_000),
    exposures: ["e1"],
    enteredAt: null,
    release: null,
    ...change,
  };
  return { kind: "lock", cause: "live", body };
}

function area(change: Partial<Area>): Area {
  return {
    id: "a1",
    version: 1,
    name: "郑州某小区",
    level: "high",
    geometry: { type: "Point", coordinates: [113.6, 34.7] },
    from: null,
    to: null,
    source: null,
    state: "published",
    publishedAt: time(0),
    ...change,
  };
}
