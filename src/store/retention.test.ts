import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { EtcRecord } from "../model/etc.ts";
import type { Exposure, Lock } from "../model/finding.ts";
import type { Database } from "./database.ts";
import { openTestDatabase } from "./database-for-tests.ts";
import { EtcStore } from "./etc-store.ts";
import { openLedger, type Ledger } from "./ledger.ts";
import type { Standing } from "./ledger-record.ts";
import { forgetFindings, forgetMovements } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse("2026-03-01T00:00:00.000Z");
const NAMES = ["豫G10001_2", "豫G10002_2", "豫G10003_2"] as const;

let database: Database;
let ledger: Ledger;
beforeAll(async () => {
  database = await openTestDatabase();
}, 240_000);
afterAll(() => database?.close());
beforeEach(async () => {
  await sql`truncate area, area_version, exposure, passage, fence_event, lock, event, etc_passage, gate_finding,
    work_case, case_entry, case_timer, case_effect, case_attachment, attachment, notice, delivery cascade`.execute(
    database.kysely,
  );
  ledger = await openLedger(database);
});

const at = (daysAgo: number): string => new Date(NOW_MS - daysAgo * DAY_MS).toISOString();
const before = (daysAgo: number): number => NOW_MS - daysAgo * DAY_MS;

async function record(daysAgo: number, standing: Standing[]): Promise<void> {
  await ledger.record({ atMs: before(daysAgo), standing, removals: [] });
}

function passage(vehicle: string, daysAgo: number): Standing {
  const body = { id: `p ${vehicle} ${daysAgo}`, vehicle, gate: "g1", direction: "inbound" as const };
  return { kind: "passage", cause: "live", body: { ...body, time: at(daysAgo), lon: 113.9, lat: 35.3 } };
}

function exposure(vehicle: string, daysAgo: number): Standing {
  const fix = { time: at(daysAgo), lon: 113.9, lat: 35.3 };
  const body: Exposure = {
    id: `e ${vehicle} ${daysAgo}`,
    vehicle,
    area: "a1",
    areaVersion: 1,
    rule: "exposure",
    ruleVersion: 1,
    certainty: "observed",
    start: at(daysAgo),
    end: at(daysAgo),
    exposedAt: at(daysAgo),
    durationS: 900,
    minDistanceM: 12.5,
    nearest: fix,
    unknownShare: 0,
    entered: { ...fix, before: null, after: fix },
    left: null,
  };
  return { kind: "exposure", cause: "live", body, lastMs: before(daysAgo), lockMs: null, enteredMs: null };
}

function lock(vehicle: string, daysAgo: number, state: Lock["state"]): Standing {
  const instants = { lockedAt: at(daysAgo), learntAt: at(daysAgo), exposedAt: at(daysAgo), enteredAt: null };
  const body: Lock = {
    id: `l ${vehicle} ${daysAgo}`,
    vehicle,
    state,
    ...instants,
    expiresAt: at(daysAgo - 14),
    exposures: [`e ${vehicle} ${daysAgo}`],
    release: null,
  };
  return { kind: "lock", cause: "live", body };
}

async function openCase(id: string, closedDaysAgo: number | null, more: { lock?: string; parent?: string } = {}) {
  const closedMs = closedDaysAgo === null ? null : before(closedDaysAgo);
  await database.kysely
    .insertInto("work_case")
    .values({
      id,
      type: "t",
      type_version: 1,
      state: "s",
      place: "g",
      path: "1/g/",
      slot: "head",
      subject_kind: "vehicle",
      subject: NAMES[0],
      lock: more.lock ?? null,
      parent: more.parent ?? null,
      opened_ms: before(900),
      due_ms: null,
      level: 0,
      taken_by: null,
      outcome: null,
      confirmation: "none",
      closed_ms: closedMs,
      version: 1,
      body: {},
    })
    .execute();
  await sql`insert into case_entry ("case", seq, at_ms, kind, path, body) values (${id}, 1, 0, 'opened', '1/g/', '{}')`.execute(
    database.kysely,
  );
  await sql`insert into notice (id, at_ms, path, "case", kind, body) values (${`n ${id}`}, 0, '1/g/', ${id}, 'k', '{}')`.execute(
    database.kysely,
  );
  await sql`insert into delivery (id, notice, channel, state, attempts, due_ms)
    values (${`d ${id}`}, ${`n ${id}`}, 'mail', 'sent', 1, 0)`.execute(database.kysely);
}

async function idsIn(table: string, key = "id"): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`select ${sql.ref(key)}::text as key from ${sql.table(table)}`.execute(
    database.kysely,
  );
  return rows.map((row) => row.key).toSorted();
}

test("where vehicles went goes when its time is over, and what was told of it; findings stay", async () => {
  await record(100, [passage(NAMES[0], 100), exposure(NAMES[0], 100)]);
  await record(5, [passage(NAMES[1], 5)]);
  const toll = (id: string, daysAgo: number): EtcRecord => ({
    id,
    source: "toll",
    vehicle: NAMES[0],
    plate: "豫G10001",
    plateColour: 2,
    time: at(daysAgo),
    receivedAt: at(daysAgo),
    facility: { kind: "gantry", id: "G1" },
    lane: null,
    roadDirection: null,
    transaction: id,
    vehicleClass: null,
    axles: null,
    weightKg: null,
  });
  await new EtcStore(database.kysely).keep([toll("old", 100), toll("new", 5)]);

  const deleted = await forgetMovements(database.kysely, before(90));
  expect(deleted).toMatchObject({ passage: 1, etc_passage: 1, event: 1 });
  expect((await ledger.passages({})).items.map(({ vehicle }) => vehicle)).toEqual([NAMES[1]]);
  expect(await idsIn("etc_passage")).toEqual(["new"]);
  expect((await ledger.exposures({})).items).toHaveLength(1);
  expect((await ledger.eventsAfter(0, 10)).map(({ kind, vehicle }) => [kind, vehicle])).toEqual([
    ["exposure", NAMES[0]],
    ["passage", NAMES[1]],
  ]);
  const text = await sql<{
    n: number;
  }>`select count(*) as n from event where body::text like ${`%p ${NAMES[0]}%`}`.execute(database.kysely);
  expect(text.rows[0].n, "nothing of it is left in what was told").toBe(0);
});

test("a finding goes with its lock and its case when all of that is over, and stays with any of it that is not", async () => {
  const [over, live, worked] = NAMES;
  await record(800, [exposure(over, 800), exposure(live, 800), exposure(worked, 800)]);
  await record(800, [lock(over, 800, "expired"), lock(live, 800, "live"), lock(worked, 800, "expired")]);
  await openCase("over", 785, { lock: `l ${over} 800` });
  await openCase("objection", 780, { parent: "over" });
  await openCase("worked", 785, { lock: `l ${worked} 800` });
  await openCase("still contested", null, { parent: "worked" });

  const deleted = await forgetFindings(database.kysely, before(730));
  expect(deleted).toMatchObject({ work_case: 2, case_entry: 2, notice: 2, delivery: 2, lock: 1, exposure: 1 });
  expect(await idsIn("work_case")).toEqual(["still contested", "worked"]);
  expect(await idsIn("case_entry", "case")).toEqual(["still contested", "worked"]);
  expect(await idsIn("notice")).toEqual(["n still contested", "n worked"]);
  expect((await ledger.locks({})).items.map(({ vehicle }) => vehicle).toSorted()).toEqual([live, worked]);
  expect((await ledger.exposures({})).items.map(({ vehicle }) => vehicle).toSorted()).toEqual([live, worked]);

  expect(Object.values(await forgetFindings(database.kysely, before(730))).every((rows) => rows === 0)).toBe(true);
});

test("when every event is deleted the outbox goes on where it was, also after a restart", async () => {
  await record(100, [passage(NAMES[0], 100), passage(NAMES[1], 100)]);
  const told = ledger.lastSeq();
  await forgetMovements(database.kysely, before(90));
  expect(await ledger.eventsAfter(0, 10)).toEqual([]);
  const reopened = await openLedger(database);
  expect(reopened.lastSeq()).toBe(told);
  const [next] = await reopened.record({ atMs: before(1), standing: [passage(NAMES[2], 1)], removals: [] });
  expect(next.seq).toBe(told + 1);
});

test("a case that was closed lately keeps those of its family that were closed long ago", async () => {
  await openCase("parent", 800);
  await openCase("child", 10, { parent: "parent" });
  await forgetFindings(database.kysely, before(730));
  expect(await idsIn("work_case")).toEqual(["child", "parent"]);
});
