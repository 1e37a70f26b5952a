import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EtcRecord, GateFinding, TollEntry } from "../model/etc.ts";
import type { FindingEvent } from "../model/finding.ts";
import { createFixBatch } from "../model/fix.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { createEtcQueries } from "../store/etc-queries.ts";
import { EtcStore } from "../store/etc-store.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { EtcFollower } from "./etc-follower.ts";
import { openWatch } from "./open-watch.ts";
import type { Watch } from "./watch.ts";

const NOON_MS = Date.UTC(2021, 10, 6, 4);
const TRUCK = "豫G12345_2";
const OTHER = "豫G54321_2";
const MERGE_MS = DEFAULT_RULE.gateMergeMs;
/** A square; west and north edge have gates. Toll records come from the west only. */
const CITY = {
  fence: {
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
  },
  gates: [
    { id: "west", name: "西门", line: [[114, 35.29] as [number, number], [114, 35.31] as [number, number]] },
    { id: "north", name: "北门", line: [[114.09, 35.4] as [number, number], [114.11, 35.4] as [number, number]] },
  ],
};
const PLACES: TollEntry[] = [
  { gantry: "G1", direction: "up", gate: "west", passage: "inbound" },
  { gantry: "G1", direction: "down", gate: "west", passage: "outbound" },
];

type Fix = [second: number, lon: number, lat?: number];
/** Crosses the west gate at second 90, inbound. */
const ENTERING: Fix[] = [
  [0, 113.98],
  [60, 113.99],
  [120, 114.01],
  [180, 114.03],
];
const CROSSED_MS = NOON_MS + 90_000;

let dir: string;
let database: Database;
let ledger: Ledger;
let tracks: TrackStore;
let watch: Watch;
let etc: EtcStore;
let follower: EtcFollower;
let events: FindingEvent[];

function follow(places = PLACES): EtcFollower {
  const fixTimeMs = (): number | null => watch.status().eventTimeMs;
  return new EtcFollower({ etc, ledger, places, mergeMs: MERGE_MS, fixTimeMs, now: () => NOON_MS, everyMs: 1e9 });
}

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  await sql`truncate area, area_version, exposure, passage, fence_event, lock, event, checkpoint,
    etc_passage, gate_finding, etc_join restart identity`.execute(database.kysely);
  dir = mkdtempSync(join(tmpdir(), "wuxing-etc-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  ledger = await openLedger(database);
  events = [];
  ledger.subscribe((told) => events.push(...told.filter(({ kind }) => kind === "gate")));
  watch = await openWatch({ tracks, ledger, city: CITY, now: () => NOON_MS });
  etc = new EtcStore(database.kysely);
  follower = follow();
});
afterEach(async () => {
  await follower.close();
  await watch.close();
  await tracks.close();
  rmSync(dir, { recursive: true, force: true });
});

async function drive(fixes: readonly Fix[], vehicle = TRUCK): Promise<void> {
  const batch = createFixBatch(fixes.length);
  for (const [row, [second, lon, lat = 35.3]] of fixes.entries()) {
    batch.vehicle[row] = tracks.vehicles.numberOf(vehicle);
    batch.timeMs[row] = batch.receivedMs[row] = NOON_MS + second * 1000;
    batch.lonE6[row] = Math.round(lon * 1e6);
    batch.latE6[row] = Math.round(lat * 1e6);
  }
  batch.length = fixes.length;
  const position = await tracks.append(batch);
  watch.ingest(batch, position);
  await watch.settled();
}

function record(transaction: string, timeMs: number, given: Partial<EtcRecord> = {}): EtcRecord {
  const vehicle = given.vehicle ?? TRUCK;
  const source = given.source ?? "toll";
  return {
    id: `${source}-${transaction}`,
    source,
    transaction,
    vehicle,
    plate: vehicle.split("_")[0],
    plateColour: 2,
    vehicleClass: 14,
    axles: 4,
    weightKg: 21_000,
    facility: { kind: "gantry", id: "G1" },
    lane: "01",
    roadDirection: "up",
    time: new Date(timeMs).toISOString(),
    receivedAt: new Date(NOON_MS).toISOString(),
    ...given,
  };
}

async function toll(...records: EtcRecord[]): Promise<void> {
  await etc.keep(records);
  await follower.idle();
}

/** Findings as they stand, newest first: kind, vehicle, seconds after noon. */
async function findings(): Promise<[kind: string, vehicle: string, second: number][]> {
  const { items } = await createEtcQueries(database.kysely, MERGE_MS).gateFindings({});
  return items.map(({ kind, vehicle, time }) => [kind, vehicle, (Date.parse(time) - NOON_MS) / 1000]);
}

function sorted<T>(items: T[]): T[] {
  return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Toll records and fixes of others, an hour later: both clocks go on. */
async function timePasses(): Promise<void> {
  await drive([[3600, 113.5]], OTHER);
  await toll(record("later", NOON_MS + 3_600_000, { vehicle: OTHER, vehicleClass: 1 }));
}

describe("a passage of GPS and a toll record at the same gate", () => {
  it.each([
    [300_000, "seen-twice"],
    [-300_000, "seen-twice"],
    [300_001, "etc-missing"],
    [-300_001, "etc-missing"],
  ])("%d ms apart are %s", async (apartMs, kind) => {
    await drive(ENTERING);
    await toll(record("first", NOON_MS - 3_600_000, { vehicle: OTHER, vehicleClass: 1 }));
    await toll(record("1", CROSSED_MS + apartMs, { vehicleClass: 1 }));
    await timePasses();
    expect(await findings()).toEqual([[kind, TRUCK, 90]]);
  });

  it("seen twice names both", async () => {
    await drive(ENTERING);
    await toll(record("1", CROSSED_MS + 20_000));
    const [passage] = (await ledger.passages({})).items;
    const { items } = await createEtcQueries(database.kysely, MERGE_MS).gateFindings({ gate: "west" });
    expect(items).toMatchObject([
      { kind: "seen-twice", passage: passage.id, etc: ["toll-1"], gate: "west", direction: "inbound" },
    ]);
  });

  it("in the other direction, at another gate, of another vehicle or colour are two", async () => {
    await drive(ENTERING);
    await toll(
      record("first", NOON_MS - 3_600_000, { vehicle: OTHER, vehicleClass: 1 }),
      record("down", CROSSED_MS, { roadDirection: "down" }),
      record("colour", CROSSED_MS, { vehicle: "豫G12345_1" }),
      record("elsewhere", CROSSED_MS, { facility: { kind: "gantry", id: "G9" } }),
    );
    await timePasses();
    expect(sorted(await findings())).toEqual([
      ["etc-missing", TRUCK, 90],
      ["gps-silent", "豫G12345_1", 90],
      ["gps-silent", TRUCK, 90],
    ]);
  });
});

describe("a toll record without a passage of GPS", () => {
  it("is gps-silent once the city's fixes have passed it by five minutes, not before", async () => {
    await toll(record("1", CROSSED_MS));
    await drive([[389, 113.5]], OTHER);
    await follower.idle();
    expect(await findings()).toEqual([]);
    await drive([[390, 113.5]], OTHER);
    await follower.idle();
    expect(await findings()).toEqual([["gps-silent", TRUCK, 90]]);
  });

  it("of a passenger car says nothing", async () => {
    await toll(record("1", CROSSED_MS, { vehicleClass: 1 }));
    await timePasses();
    expect(await findings()).toEqual([]);
  });

  it("sent by two sources is one finding", async () => {
    await toll(record("1", CROSSED_MS), record("x", CROSSED_MS + 7000, { source: "province" }));
    await timePasses();
    expect(await findings()).toEqual([["gps-silent", TRUCK, 90]]);
  });

  it("is seen twice when its fixes come late", async () => {
    await toll(record("1", CROSSED_MS));
    await timePasses();
    expect(await findings()).toEqual([["gps-silent", TRUCK, 90]]);
    await drive(ENTERING);
    await follower.idle();
    expect(await findings()).toEqual([["seen-twice", TRUCK, 90]]);
    expect(events.map(({ change, body }) => [change, (body as { kind: string }).kind])).toEqual([
      ["opened", "gps-silent"],
      ["withdrawn", "gps-silent"],
      ["opened", "seen-twice"],
    ]);
  });
});

describe("a passage of GPS without a toll record", () => {
  beforeEach(() => toll(record("first", NOON_MS - 3_600_000, { vehicle: OTHER, vehicleClass: 1 })));

  it("is etc-missing once the toll records have passed it by five minutes, not before", async () => {
    await drive(ENTERING);
    await toll(record("a", CROSSED_MS + 299_000, { vehicle: OTHER, vehicleClass: 1 }));
    expect(await findings()).toEqual([]);
    await toll(record("b", CROSSED_MS + 300_000, { vehicle: OTHER, vehicleClass: 1 }));
    expect(await findings()).toEqual([["etc-missing", TRUCK, 90]]);
  });

  it("is seen twice when the record comes late", async () => {
    await drive(ENTERING);
    await timePasses();
    expect(await findings()).toEqual([["etc-missing", TRUCK, 90]]);
    await toll(record("1", CROSSED_MS - 1000));
    expect(await findings()).toEqual([["seen-twice", TRUCK, 90]]);
    expect(events.map(({ change, cause }) => [change, cause])).toEqual([
      ["opened", "etc"],
      ["withdrawn", "etc"],
      ["opened", "etc"],
    ]);
  });

  it("is no finding where no toll records come from", async () => {
    await drive([
      [0, 114.1, 35.42],
      [60, 114.1, 35.41],
      [120, 114.1, 35.39],
      [180, 114.1, 35.38],
    ]);
    await timePasses();
    expect((await ledger.passages({})).items).toMatchObject([{ gate: "north" }]);
    expect(await findings()).toEqual([]);
  });

  it("goes with the passage when a late fix shows another way", async () => {
    await drive([
      [0, 113.98],
      [60, 113.99],
      [240, 114.01],
    ]);
    await timePasses();
    expect(await findings()).toHaveLength(1);
    // By way of the fence's north-west corner: it never crossed the gate.
    await drive([
      [100, 113.999, 35.315],
      [160, 114.002, 35.315],
    ]);
    await follower.idle();
    expect((await ledger.passages({})).items).toEqual([]);
    expect(await findings()).toEqual([]);
  });
});

it("passages from before the first toll record are no findings, until older records come", async () => {
  await drive(ENTERING);
  await toll(record("a", CROSSED_MS + 1_000_000, { vehicle: OTHER, vehicleClass: 1 }));
  expect(await findings()).toEqual([]);
  await toll(record("b", CROSSED_MS - 1_000_000, { vehicle: OTHER, vehicleClass: 1 }));
  expect(await findings()).toEqual([["etc-missing", TRUCK, 90]]);
});

it("the findings are the same in whatever order fixes and records come, doubled or not", async () => {
  const steps = [
    () => drive(ENTERING.slice(0, 3)),
    () => drive(ENTERING.slice(2)),
    () => drive(ENTERING.slice(1, 3)),
    () =>
      drive(
        [...ENTERING].map(([second, lon]): Fix => [second + 1200, lon]),
        OTHER,
      ),
    () => drive([[3600, 113.5]], "@1"),
    () => toll(record("1", CROSSED_MS + 100_000)),
    () => toll(record("2", CROSSED_MS - 250_000, { source: "province" })),
    () => toll(record("3", NOON_MS + 2_000_000, { vehicle: "豫G00003_2" }), record("1", CROSSED_MS + 100_000)),
    () => toll(record("4", NOON_MS + 3_600_000, { vehicle: "豫G00003_2", vehicleClass: 2 })),
    () => toll(record("5", NOON_MS - 3_600_000, { vehicle: "豫G00003_2", vehicleClass: 2 })),
  ];
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 0x7fffffff) % below;
  for (let round = 0; round < 8; round++) {
    const order = steps.toSorted(() => random(3) - 1);
    for (const step of order) await step();
    await follower.idle();
    expect(sorted(await findings()), `round ${round}`).toEqual([
      ["etc-missing", OTHER, 1290],
      ["gps-silent", "豫G00003_2", 2000],
      ["seen-twice", TRUCK, 90],
    ]);
    await afterEachRound();
  }
}, 240_000);

async function afterEachRound(): Promise<void> {
  await follower.close();
  await watch.close();
  await tracks.close();
  rmSync(dir, { recursive: true, force: true });
  await sql`truncate exposure, passage, fence_event, lock, event, checkpoint, etc_passage, gate_finding, etc_join
    restart identity`.execute(database.kysely);
  dir = mkdtempSync(join(tmpdir(), "wuxing-etc-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  ledger = await openLedger(database);
  watch = await openWatch({ tracks, ledger, city: CITY, now: () => NOON_MS });
  follower = follow();
}

it("what was kept and not joined before an end is joined after the next start", async () => {
  await drive(ENTERING);
  await follower.close();
  await etc.keep([record("1", CROSSED_MS)]);
  follower = follow();
  await follower.idle();
  expect(await findings()).toEqual([["seen-twice", TRUCK, 90]]);
  await follower.close();
  follower = follow();
  await follower.idle();
  expect(events.map(({ change }) => change)).toEqual(["opened"]);
});

it("more than one turn's worth is joined whole", async () => {
  const many = Array.from({ length: 2500 }, (_, at) =>
    record(`m${at}`, NOON_MS + Math.floor(at / 3) * 1000, { vehicle: `豫A${10_000 + at}_2` }),
  );
  await etc.keep(many);
  await timePasses();
  expect(await countOf("gps-silent")).toBe(2500);
  await follower.close();
  follower = follow([]);
  await follower.idle();
  expect(await countOf("gps-silent")).toBe(0);
});

async function countOf(kind: GateFinding["kind"]): Promise<number> {
  const { count } = await database.kysely
    .selectFrom("gate_finding")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("kind", "=", kind)
    .executeTakeFirstOrThrow();
  return count;
}

it("another mapping joins everything anew", async () => {
  await drive(ENTERING);
  await toll(record("1", CROSSED_MS), record("2", CROSSED_MS + 2_000_000));
  await timePasses();
  expect((await findings()).map(([kind]) => kind)).toEqual(["gps-silent", "seen-twice"]);
  await follower.close();
  follower = follow([{ gantry: "G1", gate: "north", passage: "inbound" }]);
  await follower.idle();
  const { items } = await createEtcQueries(database.kysely, MERGE_MS).gateFindings({});
  expect(items.map(({ kind, gate }) => [kind, gate])).toEqual([
    ["gps-silent", "north"],
    ["gps-silent", "north"],
  ]);
});

it("who passed a gate is one list of both, each passage once, page by page", async () => {
  await drive(ENTERING);
  await drive(
    [...ENTERING].map(([second, lon]): Fix => [second + 1000, lon]),
    OTHER,
  );
  await toll(
    record("1", CROSSED_MS + 9000),
    record("1b", CROSSED_MS + 9000, { source: "province" }),
    record("2", CROSSED_MS + 500_000, { vehicle: "豫A00001_2" }),
    record("3", CROSSED_MS + 506_000, { vehicle: "豫A00001_2", source: "province" }),
  );
  const queries = createEtcQueries(database.kysely, MERGE_MS);
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await queries.gateVisits({
      gate: "west",
      fromMs: NOON_MS,
      toMs: NOON_MS + 3_600_000,
      limit: 1,
      cursor,
    });
    seen.push(...page.items.map(({ vehicle, seenBy, etc: ids }) => [vehicle, seenBy, ids]));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual([
    [OTHER, "gps", []],
    ["豫A00001_2", "etc", ["toll-2", "province-3"]],
    [TRUCK, "both", ["province-1b", "toll-1"]],
  ]);
  expect((await queries.gateVisits({ gate: "west", direction: "outbound" })).items).toEqual([]);
});

it("a record sent again is known, other content under its number is a conflict and stays out", async () => {
  const first = record("1", CROSSED_MS);
  expect(await etc.keep([first, first])).toEqual(["accepted", "known"]);
  const heavier = { ...first, weightKg: 1 };
  expect(await etc.keep([{ ...first, receivedAt: new Date(0).toISOString() }, heavier])).toEqual(["known", "conflict"]);
  const { items } = await createEtcQueries(database.kysely, MERGE_MS).etcPassages({ vehicle: TRUCK });
  expect(items).toMatchObject([{ weightKg: 21_000, transaction: "1" }]);
});
