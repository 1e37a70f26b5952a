import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lockEffects } from "../apps/checkpoints/lock-effects.ts";
import { lockedVehicle } from "../apps/checkpoints/locked-vehicle.ts";
import { lockObjection } from "../apps/checkpoints/lock-objection.ts";
import { readAs } from "../access/read-as.ts";
import type { CaseAction } from "../model/case.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { CaseChanged, CaseDesk } from "./case-desk.ts";
import { CaseLists } from "./case-lists.ts";
import type { CaseRow } from "./case-record.ts";
import { EffectDesk } from "./effects.ts";
import { loadCaseType } from "./load-case-type.ts";
import type { CaseDeskOptions } from "./case-writer.ts";
import { listCaseNotices } from "./notice-outbox.ts";
import type { SubjectPosition } from "./ports.ts";

const START_MS = Date.parse("2022-04-06T01:00:00.000Z");
const MINUTE_MS = 60_000;
const SLOTS = ["head", "deputy", "member", "police", "medic", "volunteer", "desk"];
const PATH = "410700/410702/410702001/410702001004/g1/";
const NEIGHBOUR = "410700/410702/410702001/410702001004/g2/";
const SPOT = { lon: 113.9, lat: 35.3, accuracyM: 10, time: new Date(START_MS).toISOString() };

/** A city of two grids: who holds what is a table, as in `city/`. */
const HOLDERS: Record<string, Record<string, string[]>> = {
  g1: { head: ["wang"], deputy: ["li"], member: ["zhao"] },
  g2: { head: ["sun"] },
  "410702": { desk: ["county"] },
  "410700": { desk: ["city"] },
};

let database: Database;
let nowMs: number;
let truck: Awaited<ReturnType<SubjectPosition>>;
let desk: CaseDesk;
let lists: CaseLists;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await sql`truncate work_case, person, attachment, notice restart identity cascade`.execute(database.kysely);
  nowMs = START_MS;
  truck = { lon: 113.9, lat: 35.301, timeMs: START_MS };
  for (const id of ["wang", "li", "zhao", "sun", "county", "city"])
    await database.kysely
      .insertInto("person")
      .values({ id, name: `${id}!`, recorded_ms: 0 })
      .execute();
  const options: CaseDeskOptions = {
    kysely: database.kysely,
    types: [lockedVehicle, lockObjection].map((type) => loadCaseType(type, SLOTS)),
    places: {
      findGridAt: (lon) => (lon > 115 ? undefined : lon < 114 ? "g1" : "g2"),
      getPath: (place) =>
        [PATH, NEIGHBOUR]
          .map((path) => path.slice(0, path.indexOf(`${place}/`) + place.length + 1))
          .find((path) => path.endsWith(`${place}/`))!,
      nameOf: (place) => `<${place}>`,
    },
    duties: {
      slots: () => SLOTS,
      find: (place, slot) => {
        const path = [PATH, NEIGHBOUR].find((each) => each.split("/").includes(place))!;
        const above = path
          .slice(0, path.indexOf(`${place}/`) + place.length)
          .split("/")
          .toReversed();
        for (const [i, at] of above.entries())
          for (const asked of i === 0 ? [slot] : [slot, "desk"])
            if (HOLDERS[at]?.[asked] !== undefined)
              return { place: at, slot: asked, persons: HOLDERS[at][asked], wentUp: i > 0 };
        return { place: "410700", slot, persons: [], wentUp: true };
      },
      dutiesOf: (person) =>
        Object.entries(HOLDERS).flatMap(([place, slots]) =>
          Object.entries(slots).flatMap(([slot, persons]) => (persons.includes(person) ? [{ place, slot }] : [])),
        ),
    },
    working: { add: (fromMs, ms) => fromMs + ms, between: (fromMs, toMs) => Math.max(0, toMs - fromMs) },
    positionOf: async () => truck,
    channels: [],
    now: () => nowMs,
  };
  desk = new CaseDesk(options);
  lists = new CaseLists(options);
});
afterAll(() => database.close());

const open = (): Promise<CaseRow> =>
  desk.open({
    id: "case-1",
    type: "locked-vehicle",
    place: "g1",
    subject: { kind: "vehicle", id: "豫G12345_2" },
    lock: "lock-1",
    title: { zh: "豫G12345 已锁定", en: "豫G12345 is locked" },
    facts: {},
    atMs: nowMs,
  });

/** What a phone sends: the version that its person saw. */
async function act(person: string, action: string, more: Partial<CaseAction> = {}): Promise<CaseRow> {
  const { version } = await desk.get("case-1");
  return desk.act(
    "case-1",
    { account: person, person },
    { id: randomUUID(), action, version, form: {}, attachments: [], ...more },
  );
}

async function photo(): Promise<string> {
  const id = "ab".repeat(32);
  await database.kysely
    .insertInto("attachment")
    .values({ id, media_type: "image/jpeg", bytes: 9, account: "zhao", stored_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return id;
}

async function storyOf(person: string): Promise<string[]> {
  const { entries } = await lists.story(database.kysely, lists.holder(person), "case-1");
  return entries.map(({ kind, action, actorName, to }) => [kind, action, actorName, to].filter(Boolean).join(" "));
}

const noticesOf = (person: string) =>
  database.kysely.selectFrom("notice").select(["kind", "body"]).where("person", "=", person).orderBy("id").execute();

describe("8. The first case type, a locked vehicle", () => {
  test("goes from its finding to the release, each step by whose duty it is, and tells its whole story", async () => {
    await open();
    expect(await noticesOf("wang")).toHaveLength(1);
    await act("zhao", "take");
    await act("zhao", "reach", { form: { how: "phone", note: "司机说在卸货" } });
    await act("zhao", "verify", { position: SPOT, attachments: [await photo()] });
    await act("zhao", "handle", { form: { measure: "test" } });
    await act("li", "check");
    const released = await act("wang", "release", { form: { outcome: "resolved", reason: "两次检测阴性" } });
    expect(released).toMatchObject({ state: "released", outcome: "resolved", due_ms: null, confirmation: "none" });
    expect(await storyOf("wang")).toEqual([
      "opened new",
      "action take zhao! taken",
      "action reach zhao! reached",
      "action verify zhao! verified",
      "action handle zhao! handled",
      "action check li! checked",
      "action release wang! released",
    ]);
    const effects = await database.kysely.selectFrom("case_effect").select(["kind", "case"]).execute();
    expect(effects).toEqual([{ kind: "release-lock", case: "case-1" }]);
    const timers = await database.kysely.selectFrom("case_timer").selectAll().execute();
    expect(timers).toEqual([]);
  });

  test("is verified on the spot only: with a photo, a position, and within 500 m of the terminal", async () => {
    await open();
    await act("zhao", "take");
    await act("zhao", "reach", { form: { how: "on-spot" } });
    await expect(act("zhao", "verify")).rejects.toMatchObject({
      code: "INPUT_INVALID",
      problems: [{ where: "attachments" }, { where: "position" }],
    });
    truck = { lon: 113.92, lat: 35.3, timeMs: nowMs };
    await expect(act("zhao", "verify", { position: SPOT, attachments: [await photo()] })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      problems: [{ where: "position", value: "1819 m" }],
    });
    // A terminal that has been silent for long says nothing about where the truck is.
    truck = { lon: 113.92, lat: 35.3, timeMs: nowMs - 31 * MINUTE_MS };
    const unseen = await act("zhao", "verify", { position: SPOT, attachments: [await photo()] });
    expect(unseen).toMatchObject({ state: "unseen", slot: "deputy" });
    const { entries, facts } = await lists.story(database.kysely, lists.holder("wang"), "case-1");
    const says = "车载终端自 04-06 08:29 起没有位置，须由第二人核实";
    expect(entries.at(-1)!.detail).toMatchObject({ metersToSubject: null, says: { zh: says } });
    expect(facts["spot"]).toMatchObject({ says: { zh: says } });
    const [{ body }] = (await noticesOf("li")).slice(-1);
    expect(body).toMatchObject({ zh: expect.stringContaining(`待第二人核实（${says}）`) as string });
    await expect(act("zhao", "confirm-spot")).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
    expect(await act("li", "verify-again", { form: { reason: "照片上看不到车牌" } })).toMatchObject({
      state: "reached",
    });
    truck = null;
    await act("zhao", "verify", { position: SPOT, attachments: [await photo()] });
    expect(await act("wang", "confirm-spot")).toMatchObject({ state: "verified", slot: "head" });
    truck = { lon: 113.9, lat: 35.301, timeMs: nowMs };
    await act("wang", "handle", { form: { measure: "test" } });
    expect((await act("li", "send-back", { form: { reason: "x" } })).body.facts["spot"]).toMatchObject({
      says: { zh: "车载终端没有位置，须由第二人核实" },
    });
  });

  test("its driver is reached by a call that is noted, or by a text through the terminal: shown once, tried again while it is away", async () => {
    await open();
    await act("zhao", "take");
    const texts: string[] = [];
    let isAway = true;
    const effects = new EffectDesk(
      database.kysely,
      lockEffects({
        desk,
        releaseLock: () => Promise.reject(new Error("nobody has asked for it")),
        textDriver: async (vehicle, text) => {
          if (isAway) throw new Error(`${vehicle} has no terminal`);
          texts.push(`${vehicle}: ${text}`);
        },
      }),
    );
    await expect(act("zhao", "text-driver")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(act("li", "text-driver", { form: { text: "请停车" } })).rejects.toMatchObject({
      code: "CASE_NOT_YOURS",
    });
    const sent = { id: randomUUID(), form: { text: "请在前方停车区等候" } };
    await act("zhao", "text-driver", sent);
    await act("zhao", "text-driver", sent);
    expect(await effects.perform(nowMs)).toBe(1);
    expect(texts).toEqual([]);
    isAway = false;
    for (let i = 1; i < 10; i++) await effects.perform(nowMs + i * MINUTE_MS);
    expect(texts).toEqual(["豫G12345_2: 请在前方停车区等候"]);
    await act("zhao", "reach", { form: { how: "phone", note: "13:05 接通，同意等候" } });
    const { entries } = await lists.story(database.kysely, lists.holder("zhao"), "case-1");
    expect(entries.flatMap(({ action, form }) => (action === null ? [] : [[action, form]]))).toEqual([
      ["take", {}],
      ["text-driver", { text: "请在前方停车区等候" }],
      ["reach", { how: "phone", note: "13:05 接通，同意等候" }],
    ]);
  });

  test("is to be received in 15 minutes, reached in 30, verified in two hours, handled in four, checked and released in two", async () => {
    await open();
    const limits: string[] = [];
    const seen = async (): Promise<void> => {
      const { state, clocks } = await lists.story(database.kysely, lists.holder("wang"), "case-1");
      const running = clocks.filter((clock) => clock.state === "running");
      limits.push(`${state} ${running.map(({ limitMs }) => limitMs / MINUTE_MS).join()}`);
    };
    await seen();
    await act("zhao", "take");
    await seen();
    await act("zhao", "reach", { form: { how: "phone" } });
    await seen();
    await act("zhao", "verify", { position: SPOT, attachments: [await photo()] });
    await seen();
    await act("zhao", "handle", { form: { measure: "turn-back" } });
    await seen();
    await act("li", "check");
    await seen();
    expect(limits).toEqual(["new 15", "taken 30", "reached 120", "verified 240", "handled 120", "checked 120"]);
  });

  test.each(["test", "seal", "escort", "turn-back", "release"])("is handled by: %s", async (measure) => {
    await open();
    await act("zhao", "take");
    await act("zhao", "reach", { form: { how: "phone" } });
    await act("zhao", "verify", { position: SPOT, attachments: [await photo()] });
    await expect(act("zhao", "handle", { form: { measure: "let go" } })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
    expect(await act("zhao", "handle", { form: { measure } })).toMatchObject({ state: "handled", closed_ms: null });
  });

  test("is raised by who cannot go on: the county's desk has it, is told why, and the next step brings it back", async () => {
    await open();
    await act("zhao", "take");
    const raised = await act("zhao", "raise", { form: { reason: "司机拒绝配合" } });
    expect(raised).toMatchObject({ state: "taken", slot: "desk", level: 1, taken_by: "zhao" });
    expect(await noticesOf("county")).toHaveLength(1);
    expect(await act("county", "reach", { form: { how: "phone" } })).toMatchObject({ state: "reached", slot: "head" });
    await expect(act("county", "raise", { form: { reason: "x" } })).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
  });

  test("is checked by another person than the one who handled it", async () => {
    await open();
    await act("li", "take");
    await act("li", "reach", { form: { how: "phone" } });
    await act("zhao", "handle", { form: { measure: "seal" } }).catch(() => {});
    await expect(act("zhao", "verify", { position: SPOT, attachments: [await photo()] })).rejects.toMatchObject({
      code: "CASE_NOT_YOURS",
    });
    await act("li", "verify", { position: SPOT, attachments: [await photo()] });
    await act("li", "handle", { form: { measure: "seal" } });
    await expect(act("li", "check")).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
    await act("wang", "check");
    await expect(act("li", "release", { form: { outcome: "resolved", reason: "x" } })).rejects.toMatchObject({
      code: "CASE_NOT_YOURS",
    });
  });

  test("moves with its vehicle until somebody takes it, and then stays", async () => {
    await open();
    const moved = await desk.move("case-1", "g2", null, { why: "the vehicle moved" });
    expect(moved).toMatchObject({ place: "g2", path: NEIGHBOUR, version: 2 });
    expect(await noticesOf("sun")).toHaveLength(1);
    await expect(act("wang", "take")).rejects.toMatchObject({ code: "CASE_NOT_YOURS" });
    await act("sun", "take");
    expect(await desk.move("case-1", "g1", null, { why: "the vehicle moved" })).toBeNull();
    expect(await desk.get("case-1")).toMatchObject({ place: "g2", taken_by: "sun" });
  });

  test("whose exposure was withdrawn comes to a person at once, and an expired one closes by itself", async () => {
    await open();
    await act("zhao", "take");
    await desk.actAsProgram("case-1", "lose-ground", { cause: "late-fix" }, nowMs);
    expect(await desk.get("case-1")).toMatchObject({ state: "review", slot: "desk", taken_by: null });
    expect(await noticesOf("county")).toHaveLength(1);
    expect(await desk.actAsProgram("case-1", "lose-ground", {}, nowMs)).toBeNull();
    await desk.actAsProgram("case-1", "expire", {}, nowMs);
    expect(await desk.get("case-1")).toMatchObject({ state: "expired", outcome: "unresolved" });
  });

  test("the steps of the program itself are nobody's to send", async () => {
    await open();
    await expect(act("wang", "uphold-objection")).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
    await expect(act("city", "expire")).rejects.toMatchObject({ code: "CASE_ACTION_INVALID" });
  });
});

describe("7. A case lists its notices", () => {
  test("to whoever may see the case now, also those of before it came to their place; to nobody else", async () => {
    await open();
    const seenBy = async (paths: string[], person: string): Promise<string[]> => {
      const { items } = await readAs(database.kysely, { paths, person }, (as) => listCaseNotices(as, "case-1", {}));
      return items.map(({ personName, kind, deliveries }) => `${personName} ${kind} ${deliveries.length}`);
    };
    expect(await seenBy([NEIGHBOUR], "sun")).toEqual([]);
    await desk.move("case-1", "g2", { lon: 114.5, lat: 35.3, time: SPOT.time }, {});
    const all = ["sun! case-addressed 0", "wang! case-addressed 0"];
    expect((await seenBy([NEIGHBOUR], "sun")).toSorted()).toEqual(all);
    expect((await seenBy(["410700/410702/"], "county")).toSorted()).toEqual(all);
    // Of the case that left, each keeps what they were told themselves, and the grid what was told of it there.
    expect(await seenBy([PATH], "zhao")).toEqual([all[1]]);
    expect(await seenBy([], "wang")).toEqual([all[1]]);
    expect(await seenBy([], "zhao")).toEqual([]);
  });
});

describe("a command", () => {
  test("sent twice is done once and answered the same", async () => {
    await open();
    const id = randomUUID();
    const first = await act("zhao", "take", { id });
    const again = await desk.act(
      "case-1",
      { account: "zhao", person: "zhao" },
      { id, action: "take", version: 1, form: {}, attachments: [] },
    );
    expect(again).toEqual(first);
    expect(await storyOf("zhao")).toHaveLength(2);
  });

  test("on a case that has changed says how it is now", async () => {
    await open();
    await act("wang", "take");
    const late = act("zhao", "take", { version: 1 });
    await expect(late).rejects.toBeInstanceOf(CaseChanged);
    await expect(late).rejects.toMatchObject({ code: "CASE_CHANGED", current: { state: "taken", taken_by: "wang" } });
  });

  test("brings the form that is asked, and nothing else", async () => {
    await open();
    await act("zhao", "take");
    await expect(act("zhao", "reach", { form: { how: "pigeon", colour: "red" } })).rejects.toMatchObject({
      problems: [
        { where: "form.how", value: "pigeon", expected: "one of phone, terminal, on-spot, not-reached" },
        { where: "form.colour" },
      ],
    });
    await expect(act("zhao", "reach")).rejects.toMatchObject({
      problems: [{ where: "form.how", expected: "a value" }],
    });
  });
});

describe("5. The ladder really fires", () => {
  test("tells the deputy after ten minutes, gives it to the county after fifteen, and each step fires once", async () => {
    await open();
    expect(await desk.fireLadder(nowMs + 10 * MINUTE_MS - 1)).toBe(0);
    expect(await desk.fireLadder(nowMs + 10 * MINUTE_MS)).toBe(1);
    expect(await desk.fireLadder(nowMs + 10 * MINUTE_MS)).toBe(0);
    expect((await noticesOf("li")).map(({ kind }) => kind)).toEqual(["case-escalated"]);
    expect(await desk.get("case-1")).toMatchObject({ level: 1, version: 1, slot: "head" });
    await Promise.all([desk.fireLadder(nowMs + 15 * MINUTE_MS), desk.fireLadder(nowMs + 15 * MINUTE_MS)]);
    expect(await desk.get("case-1")).toMatchObject({ level: 2, version: 2, slot: "desk", place: "g1" });
    expect((await noticesOf("county")).length).toBeGreaterThan(0);
    const mine = await lists.list(database.kysely, lists.holder("county"), { mine: true });
    expect(mine.items.map(({ id }) => id)).toEqual(["case-1"]);
    // Whoever takes it now stops the clock: the city is not told.
    await act("county", "take");
    expect(await desk.fireLadder(nowMs + 29 * MINUTE_MS)).toBe(0);
    expect((await storyOf("county")).filter((line) => line.startsWith("ladder"))).toHaveLength(2);
  });

  test("what it gave to the county's desk stays there when the vehicle moves on, until somebody takes it", async () => {
    await open();
    await desk.fireLadder(nowMs + 15 * MINUTE_MS);
    const moved = await desk.move("case-1", "g2", null, { why: "the vehicle moved" });
    expect(moved).toMatchObject({ place: "g2", slot: "desk" });
    await act("county", "take");
    expect(await desk.get("case-1")).toMatchObject({ state: "taken", slot: "head", taken_by: "county" });
  });

  test("a vacant slot sends the work up at once", async () => {
    await desk.open({
      id: "case-2",
      type: "locked-vehicle",
      place: "g2",
      subject: { kind: "vehicle", id: "豫G2_2" },
      title: { zh: "", en: "" },
      facts: {},
      atMs: nowMs,
    });
    delete HOLDERS["g2"]["head"];
    try {
      await desk.open({
        id: "case-3",
        type: "locked-vehicle",
        place: "g2",
        subject: { kind: "vehicle", id: "豫G3_2" },
        title: { zh: "", en: "" },
        facts: {},
        atMs: nowMs,
      });
      expect(await desk.get("case-3")).toMatchObject({ slot: "desk", place: "g2" });
      expect(await noticesOf("county")).toHaveLength(1);
    } finally {
      HOLDERS["g2"]["head"] = ["sun"];
    }
  });
});

describe("the phone's changes", () => {
  test("hold my grids' cases, then only what changed, and what left", async () => {
    await open();
    const zhao = lists.holder("zhao");
    const first = await lists.sync(database.kysely, zhao, undefined);
    expect(first).toMatchObject({ full: true, more: false, removed: [] });
    expect(first.cases.map(({ id, next }) => [id, next.map(({ action }) => action)])).toEqual([["case-1", ["take"]]]);
    expect(first.types.map(({ id }) => id)).toEqual(["locked-vehicle", "lock-objection"]);
    await act("zhao", "take");
    const second = await lists.sync(database.kysely, zhao, first.cursor);
    expect(second).toMatchObject({ full: false, types: [], removed: [] });
    expect(second.cases.map(({ state, takenByName }) => [state, takenByName])).toEqual([["taken", "zhao!"]]);
    await act("zhao", "hand-over", { form: { reason: "不在本网格" } });
    await desk.move("case-1", "g2", null, { why: "the vehicle moved" });
    // As the role that sees nothing but zhao's grid: even that the case is gone it is told from there.
    const third = await readAs(database.kysely, { paths: [PATH], person: "zhao" }, (restricted) =>
      lists.sync(restricted, zhao, second.cursor),
    );
    expect(third).toMatchObject({ cases: [], removed: ["case-1"] });
  });
});

describe("lists", () => {
  test("put the most urgent first, page on by key, and count by state and by place below", async () => {
    for (const [i, place] of ["g1", "g1", "g2"].entries())
      await desk.open({
        id: `case-${i + 1}`,
        type: "locked-vehicle",
        place,
        subject: { kind: "vehicle", id: `豫G${i}_2` },
        title: { zh: "", en: "" },
        facts: {},
        atMs: nowMs + (3 - i) * MINUTE_MS,
      });
    const holder = lists.holder("county");
    const first = await lists.list(database.kysely, holder, { place: "410702", limit: 2 });
    const rest = await lists.list(database.kysely, holder, { place: "410702", limit: 2, cursor: first.next! });
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(["case-3", "case-2", "case-1"]);
    expect(rest.next).toBeNull();
    nowMs += 17.5 * MINUTE_MS;
    const counts = await lists.counts(database.kysely, "410702001004", 0);
    expect(counts.states).toEqual([{ type: "locked-vehicle", state: "new", count: 3, overdue: 2 }]);
    expect(counts.places).toEqual([
      { place: "g1", name: "<g1>", open: 2, overdue: 1 },
      { place: "g2", name: "<g2>", open: 1, overdue: 1 },
    ]);
    const late = await lists.list(database.kysely, lists.holder("sun"), { mine: true, overdue: true });
    expect(late.items.map(({ id, overdue }) => [id, overdue])).toEqual([["case-3", true]]);
  });
});
