import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Exposure, FindingEvent, Passage } from "../model/finding.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import type { Finding, LedgerPort } from "./ledger-port.ts";
import { LedgerWriter, type LedgerWriterOptions } from "./ledger-writer.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);
const DAY_MS = 86_400_000;
const time = (second: number): string => new Date(NOON_MS + second * 1000).toISOString();

let database: Database;
let ledger: Ledger;
let events: FindingEvent[];

const TABLES = sql`area, area_version, exposure, passage, fence_event, lock, event, checkpoint`;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await sql`truncate ${TABLES} restart identity`.execute(database.kysely);
  ledger = await openLedger(database);
  events = [];
  ledger.subscribe((told) => events.push(...told));
});
afterAll(() => database?.close());

function openWriter(options: Partial<LedgerWriterOptions> = {}): LedgerWriter {
  return new LedgerWriter({
    ledger,
    lookbackMs: 14 * DAY_MS,
    cityTimeMs: () => NOON_MS,
    now: () => NOON_MS,
    onLocks() {},
    ...options,
  });
}

function exposure(id: string, startSecond: number, more: Partial<Exposure> = {}): Finding & { kind: "exposure" } {
  const crossing = { time: time(startSecond), lon: 113.8, lat: 35.3, before: null, after: null };
  const body: Exposure = {
    id,
    vehicle: "豫G12345_2",
    area: "market",
    areaVersion: 1,
    rule: "exposure",
    ruleVersion: 1,
    certainty: "observed",
    start: time(startSecond),
    end: time(startSecond + 900),
    exposedAt: time(startSecond + 600),
    durationS: 900,
    minDistanceM: 12,
    nearest: { time: time(startSecond), lon: 113.8, lat: 35.3 },
    unknownShare: 0,
    entered: crossing,
    left: null,
    ...more,
  };
  return { kind: "exposure", body, lastMs: NOON_MS + (startSecond + 900) * 1000, lockMs: null, enteredMs: null };
}

function passage(id: string, second: number): Finding & { kind: "passage" } {
  const body: Passage = {
    id,
    vehicle: "豫G12345_2",
    gate: "west",
    direction: "inbound",
    time: time(second),
    lon: 114,
    lat: 35.3,
  };
  return { kind: "passage", body };
}

const outline = (): string[] => events.map(({ kind, change, id, cause }) => `${kind} ${id} ${change} (${cause})`);
const settlement = (standing: Finding[], fromSecond: number) => ({
  vehicle: "豫G12345_2",
  fromMs: NOON_MS + fromSecond * 1000,
  toMs: Infinity,
  areas: null,
  standing,
  causeOf: (area: string | null) => (area === "market" ? ("area-edited" as const) : ("late-fix" as const)),
});

describe("writing behind matching", () => {
  test("what a settlement leaves out is withdrawn, each with the cause of its area", async () => {
    const writer = openWriter();
    writer.stand({ cause: "live", ...exposure("e1", 0) });
    writer.stand({ cause: "live", ...passage("p1", 2000) });
    await writer.idle();
    writer.settle(settlement([exposure("e2", 100), passage("p2", 2001)], 0));
    await writer.idle();
    expect(outline()).toEqual([
      "exposure e1 opened (live)",
      "passage p1 opened (live)",
      "exposure e1 withdrawn (area-edited)",
      "passage p1 withdrawn (late-fix)",
      "exposure e2 opened (area-edited)",
      "passage p2 opened (late-fix)",
    ]);
  });

  test("a settlement also settles what waits before it in the same transaction", async () => {
    const writer = openWriter();
    writer.stand({ cause: "live", ...exposure("e1", 0) });
    writer.settle(settlement([exposure("e2", 100)], 0));
    await writer.idle();
    expect(outline()).toEqual(["exposure e2 opened (area-edited)"]);
  });

  test("a settlement leaves alone what lies before it, and what began before it", async () => {
    const writer = openWriter();
    const old = exposure("old", -5000);
    const cut = exposure("cut", -100);
    writer.stand({ cause: "live", ...old });
    writer.stand({ cause: "live", ...cut });
    await writer.idle();
    events = [];
    writer.settle(settlement([exposure("rest of cut", 0)], 0));
    await writer.idle();
    expect(outline()).toEqual([]);
    expect((await ledger.exposures({})).items.map(({ id }) => id)).toEqual(["cut", "old"]);
  });

  test("a settlement that ends leaves alone what lies behind it", async () => {
    const writer = openWriter();
    const findings = [exposure("e1", 0), exposure("e2", 5000), passage("p1", 1000), passage("p2", 5000)];
    for (const finding of findings) writer.stand({ cause: "live", ...finding });
    await writer.idle();
    events = [];
    writer.settle({ ...settlement([exposure("e1", 0)], 0), toMs: NOON_MS + 5000 * 1000 });
    await writer.idle();
    expect(outline()).toEqual(["passage p1 withdrawn (late-fix)"]);
  });

  test("an exposure that began before what is settled gets its lock, and stays as it is otherwise", async () => {
    const writer = openWriter();
    const cut = exposure("cut", -100);
    writer.stand({ cause: "live", ...cut });
    await writer.idle();
    const locked = { ...cut, lockMs: NOON_MS + 900_000, body: { ...cut.body, minDistanceM: 7 } };
    writer.settle(settlement([locked], 0));
    await writer.idle();
    expect((await ledger.locks({})).items).toMatchObject([{ state: "live", exposures: ["cut"], lockedAt: time(900) }]);
    expect((await ledger.exposures({})).items).toEqual([cut.body]);
  });

  test("a ledger that cannot be written loses nothing and keeps the order", async () => {
    let failures = 3;
    const failing: LedgerPort = {
      ...ledger,
      record: (recording) => (failures-- > 0 ? Promise.reject(new Error("disk full")) : ledger.record(recording)),
    };
    const writer = openWriter({ ledger: failing });
    writer.stand({ cause: "live", ...passage("p1", 1) });
    await expect.poll(() => writer.problem).toBe("disk full");
    writer.stand({ cause: "live", ...passage("p2", 2) });
    await writer.idle();
    expect(writer.problem).toBeNull();
    expect(outline()).toEqual(["passage p1 opened (live)", "passage p2 opened (live)"]);
  });

  test("a lock that could not be written behind its exposure is written later", async () => {
    let calls = 0;
    const failing: LedgerPort = {
      ...ledger,
      record: (recording) => (++calls === 2 ? Promise.reject(new Error("disk full")) : ledger.record(recording)),
    };
    const writer = openWriter({ ledger: failing });
    const inside = { ...exposure("e1", 0), lockMs: NOON_MS + 700_000 };
    writer.settle(settlement([inside], 0));
    await writer.idle();
    expect(calls).toBeGreaterThan(2);
    expect((await ledger.locks({})).items).toMatchObject([{ state: "live", exposures: ["e1"], lockedAt: time(700) }]);
  });

  test("a settlement of one area leaves everything else alone, and what stands as it is makes no event", async () => {
    const writer = openWriter();
    const other = exposure("e2", 0, { area: "yard" });
    for (const finding of [exposure("e1", 0), other, passage("p1", 2000)]) writer.stand({ cause: "live", ...finding });
    await writer.idle();
    events = [];
    writer.settle({ ...settlement([exposure("e1", 0)], 0), areas: new Set(["market"]) });
    await writer.idle();
    expect(outline()).toEqual([]);
    writer.settle({ ...settlement([], 0), areas: new Set(["market"]) });
    await writer.idle();
    expect(outline()).toEqual(["exposure e1 withdrawn (area-edited)"]);
  });

  test("a command runs in its place, and its error is its caller's", async () => {
    const writer = openWriter();
    writer.stand({ cause: "live", ...passage("p1", 1) });
    const seen = writer.act(async () => (await ledger.passages({})).items.length);
    writer.stand({ cause: "live", ...passage("p2", 2) });
    const failed = writer.act(() => Promise.reject(new Error("refused")));
    await expect(failed).rejects.toThrow("refused");
    expect(await seen).toBe(1);
    await writer.idle();
    expect(outline()).toHaveLength(2);
  });

  test("it says when it is full", async () => {
    const writer = openWriter({ waitingMax: 3 });
    for (let second = 0; second < 3; second++) writer.stand({ cause: "live", ...passage(`p${second}`, second) });
    expect([writer.isFull, writer.waiting]).toEqual([true, 3]);
    await writer.idle();
    expect([writer.isFull, writer.waiting]).toEqual([false, 0]);
  });
});
