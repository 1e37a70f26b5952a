import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deskForTests, placesForTests, SLOTS } from "../../cases/case-city-for-tests.ts";
import type { CaseDesk } from "../../cases/case-desk.ts";
import { DriverLinks } from "../../cases/driver-link.ts";
import { EffectDesk } from "../../cases/effects.ts";
import { loadCaseType } from "../../cases/load-case-type.ts";
import type { SubjectPosition } from "../../cases/ports.ts";
import type { Area } from "../../model/area.ts";
import type { Exposure, Lock } from "../../model/finding.ts";
import { DEFAULT_RULE } from "../../model/rule.ts";
import { openTestDatabase } from "../../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../../store/ledger.ts";
import { createFieldKey, FieldCipher } from "../../access/field-cipher.ts";
import { ArrivalRegister } from "./arrivals.ts";
import { LockCases, type LockCasesOptions } from "./lock-cases.ts";
import type { DeclaredDestination, DestinationFinder } from "./lock-placement.ts";
import { lockEffects } from "./lock-effects.ts";
import { DriverDesk } from "./lock-driver.ts";
import { lockedVehicle } from "./locked-vehicle.ts";
import { lockObjection } from "./lock-objection.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 3, 8, 2);
const VEHICLE = "豫G12345_2";
const iso = (ms: number): string => new Date(ms).toISOString();
const TYPES = [lockedVehicle, lockObjection].map((type) =>
  loadCaseType(type, [...SLOTS, "member", "police", "medic", "volunteer"]),
);

const AREA: Area = {
  id: "a1",
  version: 1,
  name: "封控区甲",
  level: "high",
  geometry: { type: "Point", coordinates: [114, 35] },
  from: null,
  to: null,
  source: null,
  state: "published",
  publishedAt: iso(START_MS - 48 * HOUR_MS),
};
const EXPOSURE: Exposure = {
  id: "e1",
  vehicle: VEHICLE,
  area: "a1",
  areaVersion: 1,
  rule: "exposure",
  ruleVersion: 1,
  certainty: "observed",
  start: iso(START_MS - 5 * HOUR_MS),
  end: iso(START_MS - 4.3 * HOUR_MS),
  exposedAt: iso(START_MS - 4.8 * HOUR_MS),
  durationS: 2520,
  minDistanceM: 212,
  nearest: { time: iso(START_MS - 4.6 * HOUR_MS), lon: 114, lat: 35 },
  unknownShare: 0,
  entered: { time: iso(START_MS - 5 * HOUR_MS), lon: 114, lat: 35, before: null, after: null },
  left: null,
};
const LOCK: Lock = {
  id: "l1",
  vehicle: VEHICLE,
  state: "live",
  lockedAt: iso(START_MS),
  learntAt: iso(START_MS),
  exposedAt: EXPOSURE.exposedAt,
  expiresAt: iso(START_MS + 14 * 24 * HOUR_MS),
  exposures: ["e1"],
  enteredAt: iso(START_MS),
  release: null,
};

const CITY_DECLARED: DeclaredDestination = {
  arrival: "d1",
  place: "1",
  text: "平原路 1 号",
  source: { zh: "某物流公司", en: "a carrier" },
  saidMs: START_MS - HOUR_MS,
  fromMs: START_MS - 24 * HOUR_MS,
  toMs: START_MS + 24 * HOUR_MS,
};

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let ledger: Ledger;
let desk: CaseDesk;
let nowMs: number;
let position: Awaited<ReturnType<SubjectPosition>>;
let declared: DeclaredDestination[] = [];
let destinationsOf: DestinationFinder;
let open: LockCases[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  ledger = await openLedger(database);
}, 240_000);
afterAll(() => database.close());

beforeEach(() => {
  nowMs = START_MS;
  position = { lon: 113.9, lat: 35.3, timeMs: START_MS };
  declared = [];
  destinationsOf = async (vehicles) => new Map(vehicles.map((vehicle) => [vehicle, declared]));
  desk = deskForTests(database.kysely, () => nowMs, { types: TYPES });
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await sql`truncate work_case, arrival, follower, notice, lock, exposure, area, event cascade`.execute(
    database.kysely,
  );
});

function follow(): LockCases {
  const options: LockCasesOptions = {
    kysely: database.kysely,
    ledger,
    desk,
    places: placesForTests,
    positionOf: async () => position,
    destinationsOf: (vehicles) => destinationsOf(vehicles),
    cityPlace: "1",
    now: () => nowMs,
  };
  const lockCases = new LockCases(options);
  open.push(lockCases);
  return lockCases;
}

async function record(lock: Lock, cause: "live" | "release" | "expiry" | "area-withdrawn" = "live"): Promise<void> {
  await ledger.record({
    atMs: nowMs,
    standing: [
      { kind: "area", cause: "area-published", body: AREA },
      { kind: "exposure", cause: "live", body: EXPOSURE, lastMs: START_MS, lockMs: START_MS, enteredMs: null },
      { kind: "lock", cause, body: lock },
    ],
    removals: [],
  });
}

async function act(id: string, person: string, action: string, form: Record<string, string> = {}): Promise<void> {
  const { version } = await desk.get(id);
  await desk.act(id, { account: person, person }, { id: randomUUID(), action, version, form, attachments: [] });
}

describe("8. A locked vehicle: every lock opens one case, whose end is the lock's", () => {
  test("at the grid of the present position, with what it rests on; read again, nothing changes", async () => {
    const first = follow();
    await record(LOCK);
    await first.idle();
    const row = await desk.get("case-l1");
    expect(row).toMatchObject({ type: "locked-vehicle", state: "new", place: "g", lock: "l1", subject: VEHICLE });
    expect(row.body.title.zh).toBe("豫G12345 曾在封控区甲附近停留 42 分钟，已进入本市");
    expect(row.body.facts).toMatchObject({ rule: "exposure", exposures: [{ id: "e1", areaName: "封控区甲" }] });
    await first.close();
    // A start that has lost its place reads everything from the beginning.
    await sql`truncate follower`.execute(database.kysely);
    await follow().idle();
    expect(await desk.get("case-l1")).toEqual(row);
    expect(await database.kysely.selectFrom("work_case").select("id").execute()).toHaveLength(1);
    expect(await database.kysely.selectFrom("notice").select("person").execute()).toEqual([{ person: "wang" }]);
  });

  test("1,203 locks at once, some of them ended meanwhile, each have one case with its timers, its notice and its story", async () => {
    const locks = Array.from({ length: 1203 }, (_, i): Lock => ({ ...LOCK, id: `many-${i}`, vehicle: `豫G${i}_2` }));
    const standing = locks.map((body) => ({ kind: "lock" as const, cause: "live" as const, body }));
    await record(LOCK);
    await ledger.record({ atMs: nowMs, standing, removals: [] });
    for (const i of [3, 700]) await record({ ...locks[i], state: "expired" }, "expiry");
    await Promise.all([follow().idle(), follow().idle()]);
    const { kysely } = database;
    const { rows } = await sql<{ open: number; closed: number; timers: number; entries: number; notices: number }>`
      select (select count(*)::integer from work_case where closed_ms is null) as open,
             (select count(*)::integer from work_case where state = 'expired') as closed,
             (select count(*)::integer from case_timer) as timers,
             (select count(*)::integer from case_entry where kind = 'opened') as entries,
             (select count(*)::integer from notice where person = 'wang') as notices`.execute(kysely);
    expect(rows).toEqual([{ open: 1202, closed: 2, timers: 3 * 1202, entries: 1204, notices: 1204 }]);
    const alone = await desk.get("case-l1");
    const among = await desk.get("case-many-42");
    expect({ ...among, body: { ...among.body, title: null } }).toEqual({
      ...alone,
      id: "case-many-42",
      subject: "豫G42_2",
      lock: "many-42",
      body: { ...alone.body, title: null },
    });
  });

  test("the story says why the case stands where it does: declared, not valid then, outside the city, or the position", async () => {
    const until = START_MS + 24 * HOUR_MS;
    const saidOf = async (id: string, given: DeclaredDestination[]): Promise<string> => {
      declared = given;
      await record({ ...LOCK, id, vehicle: `豫G${id}_2` });
      await follow().idle();
      const { place } = await desk.get(`case-${id}`);
      const entry = await database.kysely
        .selectFrom("case_entry")
        .select("body")
        .where("case", "=", `case-${id}`)
        .executeTakeFirstOrThrow();
      return `${place}: ${(entry.body as { detail: { says: { zh: string } } }).detail.says.zh}`;
    };
    expect(await saidOf("p1", [])).toBe("g: 没有申报目的地，派至车辆当前位置所在网格");
    expect(await saidOf("p2", [CITY_DECLARED])).toBe(
      "1: 派至申报的目的地：平原路 1 号（某物流公司，04-08 09:00 申报）",
    );
    expect(await saidOf("p3", [{ ...CITY_DECLARED, fromMs: until, toMs: until + HOUR_MS }])).toBe(
      "g: 申报的目的地“平原路 1 号”只在 04-09 10:00 至 04-09 11:00 有效，派至车辆当前位置所在网格",
    );
    expect(await saidOf("p4", [{ ...CITY_DECLARED, place: null, text: "郑州市金水区" }])).toBe(
      "g: 申报的目的地“郑州市金水区”不在本市，派至车辆当前位置所在网格",
    );
    position = null;
    expect(await saidOf("p5", [])).toBe("1: 没有申报目的地，车辆位置未知或不在本市，派至全市");
  });

  test("what became known while the program was down is followed at the next start", async () => {
    await record(LOCK);
    await record({ ...LOCK, state: "expired" }, "expiry");
    await follow().idle();
    expect(await desk.get("case-l1")).toMatchObject({ state: "expired", outcome: "unresolved" });
  });

  test("at the declared destination; without one and without a position at the city, and then it moves", async () => {
    position = null;
    const lockCases = follow();
    await record(LOCK);
    await lockCases.idle();
    expect(await desk.get("case-l1")).toMatchObject({ place: "1", slot: "desk" });
    position = { lon: 113.9, lat: 35.3, timeMs: START_MS };
    expect(await lockCases.followVehicles()).toBe(1);
    expect(await desk.get("case-l1")).toMatchObject({ place: "g", slot: "head", version: 2 });
    expect(await lockCases.followVehicles()).toBe(0);
    await act("case-l1", "wang", "take");
    position = null;
    declared = [CITY_DECLARED];
    expect(await lockCases.followVehicles()).toBe(0);
    expect(await desk.get("case-l1")).toMatchObject({ place: "g", taken_by: "wang" });
  });

  test("one whose exposure was withdrawn comes to the county's desk at once, whoever had it", async () => {
    const lockCases = follow();
    await record(LOCK);
    await lockCases.idle();
    await act("case-l1", "wang", "take");
    await record({ ...LOCK, state: "review" }, "area-withdrawn");
    await lockCases.idle();
    expect(await desk.get("case-l1")).toMatchObject({ state: "review", slot: "desk", taken_by: null });
    const told = await database.kysely.selectFrom("notice").select("person").where("person", "=", "county").execute();
    expect(told).toHaveLength(1);
    await expect(act("case-l1", "li", "take")).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
  });
});

describe("a driver", () => {
  let drivers: DriverDesk;
  let lockCases: LockCases;
  beforeEach(async () => {
    lockCases = follow();
    await record(LOCK);
    await lockCases.idle();
    const arrivals = new ArrivalRegister({
      kysely: database.kysely,
      cipher: new FieldCipher([createFieldKey("aes-256-gcm", "k1")]),
      places: placesForTests,
      cityPlace: "1",
      now: () => nowMs,
    });
    destinationsOf = arrivals.destinationsOf;
    drivers = new DriverDesk({
      kysely: database.kysely,
      ledger,
      desk,
      lockCases,
      links: new DriverLinks("secret of the data folder"),
      ruleOf: async () => DEFAULT_RULE,
      hotline: "0373-12345",
      arrivals,
      placesBelow: (parent) => (parent === undefined ? [{ id: "11", name: "县", hasBelow: true }] : []),
      now: () => nowMs,
    });
  });

  test("sees by a signed link the rule, the evidence, until when, and whom to call; no name of anybody", async () => {
    await act("case-l1", "wang", "take");
    const { token } = await drivers.link("case-l1");
    const view = await drivers.view(token);
    expect(view).toMatchObject({
      plate: "豫G12345",
      state: "locked",
      until: LOCK.expiresAt,
      call: "0373-12345",
      exposures: [{ areaName: "封控区甲", minutes: 42, minDistanceM: 212, certainty: "observed" }],
      objection: null,
      confirmation: "none",
    });
    expect(view.rule.zh).toContain("800 米范围内停留 10 分钟以上，并在其后 14 天内进入本市");
    expect(JSON.stringify(view)).not.toContain("wang");
  });

  test("gets nothing by a link that was changed, made elsewhere, or is over", async () => {
    const { token } = await drivers.link("case-l1");
    const [content, signature] = token.split(".") as [string, string];
    const other = Buffer.from(JSON.stringify(["case-l2", 4_000_000_000])).toString("base64url");
    const foreign = new DriverLinks("another secret").create("case-l1", nowMs + HOUR_MS);
    for (const bad of [`${other}.${signature}`, `${content}.`, content, `${token}.x`, foreign, ""])
      await expect(drivers.view(bad)).rejects.toMatchObject({ code: "LINK_INVALID" });
    nowMs += 50 * 24 * HOUR_MS;
    await expect(drivers.view(token)).rejects.toMatchObject({ code: "LINK_INVALID" });
  });

  test("says where it goes: until somebody takes the case it moves there, and then it stays", async () => {
    const { token } = await drivers.link("case-l1");
    expect(await drivers.view(token)).toMatchObject({ destination: null, mayDeclare: true });
    expect(await drivers.places(token, undefined)).toEqual([{ id: "11", name: "县", hasBelow: true }]);
    const said = await drivers.declare(token, { place: "11", address: "县农贸市场" });
    expect(said.destination).toEqual({ text: "县农贸市场", by: { zh: "司机本人", en: "the driver" }, at: iso(nowMs) });
    expect(await lockCases.followVehicles()).toBe(1);
    expect(await desk.get("case-l1")).toMatchObject({ place: "11", taken_by: null });
    await drivers.declare(token, { place: "g" });
    expect(await lockCases.followVehicles()).toBe(1);
    await act("case-l1", "wang", "take");
    expect(await drivers.view(token)).toMatchObject({ destination: { text: "g" }, mayDeclare: false });
    await expect(drivers.declare(token, { place: "11" })).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
  });

  test("contests the lock; a second person decides, not the one who has the case; upheld, the lock is released", async () => {
    await act("case-l1", "county", "take");
    const { token } = await drivers.link("case-l1");
    const contested = await drivers.contest(token, "那天我在家，车停在院里");
    expect(contested).toMatchObject({
      confirmation: "contested",
      objection: { state: "open", text: "那天我在家，车停在院里" },
    });
    await expect(drivers.contest(token, "再说一遍")).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
    const objection = "case-l1:objection-1";
    expect(await desk.get(objection)).toMatchObject({ type: "lock-objection", slot: "desk", parent: "case-l1" });
    await expect(act(objection, "county", "uphold", { reason: "x" })).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
    await expect(act(objection, "wang", "uphold", { reason: "x" })).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
    await act(objection, "city", "uphold", { reason: "行驶证与监控相符，不在现场" });

    const released: string[] = [];
    const effects = new EffectDesk(
      database.kysely,
      lockEffects({
        desk,
        releaseLock: async (lock, { by, reason, evidence }) => {
          released.push(lock);
          const body: Lock = { ...LOCK, state: "released", release: { by, reason, evidence, at: iso(nowMs) } };
          await record(body, "release");
          return body;
        },
        textDriver: () => Promise.reject(new Error("nobody texts here")),
      }),
    );
    for (let i = 0; i < 5; i++) await effects.perform(nowMs + i);
    expect(released).toEqual(["l1"]);
    expect(await drivers.view(token)).toMatchObject({
      state: "released",
      objection: { state: "upheld" },
      outcome: "unfounded",
    });
  });

  test("is asked how it ended: silence is not consent, and what is said is kept apart", async () => {
    const { token } = await drivers.link("case-l1");
    await expect(drivers.confirm(token)).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
    await record({ ...LOCK, state: "expired" }, "expiry");
    await lockCases.idle();
    expect(await drivers.view(token)).toMatchObject({ state: "expired", outcome: "unresolved", confirmation: "none" });
    expect(await drivers.confirm(token)).toMatchObject({ confirmation: "confirmed" });
    const { version } = await desk.get("case-l1");
    await drivers.confirm(token);
    expect((await desk.get("case-l1")).version).toBe(version);
    expect(await drivers.contest(token, "没有人联系过我")).toMatchObject({
      confirmation: "contested",
      objection: null,
    });
  });
});
