import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { WuxingError } from "../model/errors.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { Places } from "./places.ts";
import { squareCity } from "./square-city-for-tests.ts";

const START = Date.parse("2025-01-01T00:00:00Z");
const DAY = 86_400_000;
const NAMES = ["zhang", "li", "wang", "zhao", "chen"];

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let places: Places;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await sql`truncate place_operation, person cascade`.execute(database.kysely);
  places = await Places.open(database.kysely);
  await places.execute({ effectiveAt: new Date(START).toISOString(), reason: "start", changes: squareCity() });
});

const give = async (place: string, slot: string, person: string, fromDay = 0, toDay = Infinity): Promise<string> => {
  const input = { place, slot, person, fromMs: START + fromDay * DAY, toMs: START + toDay * DAY };
  const [duty] = await places.duties.assign([input], { persons: NAMES.map((id) => ({ id, name: `name of ${id}` })) });
  return duty.id;
};
const find = (place: string, slot: string, day: number): unknown => places.duties.find(place, slot, START + day * DAY);

describe("2. Duties are slots on a place held by people for a period", () => {
  test("work for a slot finds its holders while they hold it", async () => {
    await give("g00", "member", "zhang", 10, 20);
    await give("g00", "member", "li", 15);
    expect(find("g00", "member", 12)).toEqual({ place: "g00", slot: "member", persons: ["zhang"], wentUp: false });
    expect(find("g00", "member", 17)).toMatchObject({ persons: expect.arrayContaining(["zhang", "li"]) });
    expect(find("g00", "member", 20)).toMatchObject({ persons: ["li"] });
  });

  test("when nobody holds a slot, the work goes up at once: to the same slot, or the desk, of the nearest place above", async () => {
    await give("X", "desk", "wang");
    await give("A", "desk", "zhao");
    expect(find("g00", "member", 1)).toEqual({ place: "A", slot: "desk", persons: ["zhao"], wentUp: true });
    expect(find("g70", "member", 1)).toEqual({ place: "X", slot: "desk", persons: ["wang"], wentUp: true });
    await give("A1", "member", "li", 5);
    expect(find("g00", "member", 5)).toEqual({ place: "A1", slot: "member", persons: ["li"], wentUp: true });
  });

  test("when nobody is there up to the top, nobody is found, and that is said", () => {
    expect(find("g00", "head", 1)).toEqual({ place: "X", slot: "head", persons: [], wentUp: true });
  });

  test("the substitute of somebody on leave is found, without one the work goes up, afterwards the holder again", async () => {
    await give("A", "desk", "zhao");
    const duty = await give("g00", "head", "zhang");
    const leave = { person: "zhang", fromMs: START + 10 * DAY, toMs: START + 20 * DAY };
    await places.duties.addLeaves([leave]);
    expect(find("g00", "head", 9)).toMatchObject({ persons: ["zhang"], wentUp: false });
    expect(find("g00", "head", 10)).toMatchObject({ place: "A", persons: ["zhao"], wentUp: true });
    await places.duties.addSubstitute({ duty, person: "li", fromMs: START, toMs: START + 15 * DAY });
    expect(find("g00", "head", 10)).toMatchObject({ place: "g00", persons: ["li"], wentUp: false });
    expect(find("g00", "head", 15)).toMatchObject({ place: "A", persons: ["zhao"] });
    expect(find("g00", "head", 20)).toMatchObject({ place: "g00", persons: ["zhang"] });
    // A substitute who is on leave too stands in for nobody.
    await places.duties.addLeaves([{ person: "li", fromMs: START + 12 * DAY, toMs: START + 13 * DAY }]);
    expect(find("g00", "head", 12)).toMatchObject({ place: "A", persons: ["zhao"] });
    expect(places.duties.index.dutiesOf("li", START + 11 * DAY).map(({ id }) => id)).toEqual([duty]);
    expect(places.duties.index.dutiesOf("li", START + 12.5 * DAY)).toEqual([]);
  });

  test("a roster says who holds what, who is on leave, who stands in, and what is vacant", async () => {
    await give("g00", "head", "zhang");
    await give("g00", "volunteer", "wang");
    await places.duties.addLeaves([{ person: "zhang", fromMs: START, toMs: START + 5 * DAY, substitute: "li" }]);
    expect(places.duties.roster("g00", START + DAY)).toMatchObject({
      holders: [
        {
          slot: "head",
          person: "zhang",
          name: "name of zhang",
          onLeave: true,
          substitutes: [{ person: "li", name: "name of li" }],
        },
        { slot: "volunteer", person: "wang", onLeave: false, substitutes: [] },
      ],
      vacant: ["deputy", "member", "police", "medic"],
    });
  });

  test("a duty that is ended ends then, and a leave that is ended brings its person back", async () => {
    const duty = await give("g00", "member", "zhang");
    const [leave] = await places.duties.addLeaves([{ person: "zhang", fromMs: START + DAY, toMs: START + 9 * DAY }]);
    expect(find("g00", "member", 3)).toMatchObject({ persons: [] });
    await places.duties.endLeave(leave.id, START + 2 * DAY);
    expect(find("g00", "member", 3)).toMatchObject({ persons: ["zhang"] });
    await places.duties.end(duty, START + 4 * DAY);
    expect([find("g00", "member", 3.9), find("g00", "member", 4)]).toMatchObject([
      { persons: ["zhang"] },
      { persons: [] },
    ]);
  });

  test("everything is the same after a restart", async () => {
    const duty = await give("g00", "member", "zhang");
    await give("g01", "member", "li", 3, 5);
    await places.duties.addLeaves([
      { person: "zhang", fromMs: START + DAY, toMs: START + 9 * DAY, substitute: "wang" },
    ]);
    await places.duties.end(duty, START + 7 * DAY);
    const again = await Places.open(database.kysely);
    for (const place of ["g00", "g01"]) {
      for (let day = 0; day < 12; day += 0.5) {
        const atMs = START + day * DAY;
        expect(again.duties.find(place, "member", atMs)).toEqual(places.duties.find(place, "member", atMs));
        expect(again.duties.roster(place, atMs)).toEqual(places.duties.roster(place, atMs));
      }
    }
  });

  test("whoever listens is told whose duties have changed", async () => {
    const told: string[][] = [];
    const stop = places.duties.onChange((persons) => void told.push([...persons]));
    await give("g00", "member", "zhang");
    await places.duties.addLeaves([{ person: "zhang", fromMs: START, toMs: START + DAY, substitute: "li" }]);
    stop();
    await give("g00", "member", "li");
    expect([...new Set(told.flat())].toSorted()).toEqual(["li", "zhang"]);
  });

  test.each([
    ["a slot that does not exist", { slot: "king" }, "slot"],
    ["a place that does not exist", { place: "nowhere" }, "place"],
    ["a place that does not exist yet", { fromMs: START - 1 }, "place"],
    ["a person that is not known", { person: "nobody" }, "person"],
    ["an end before the start", { toMs: START }, "to"],
  ])("%s is refused", async (_name, wrong, where) => {
    await give("g70", "member", "zhang");
    const input = { place: "g00", slot: "member", person: "zhang", fromMs: START + DAY, toMs: Infinity, ...wrong };
    const error = await places.duties.assign([input]).catch((reason: WuxingError) => reason);
    expect(error).toMatchObject({ code: "DUTY_INVALID", problems: [expect.objectContaining({ where })] });
  });

  test("of many duties either all are taken or none, and every problem is named", async () => {
    await give("g70", "member", "zhang");
    const good = { place: "g00", slot: "head", person: "zhang", fromMs: START, toMs: Infinity };
    const assigned = places.duties.assign([good, { ...good, slot: "king" }, { ...good, person: "nobody" }]);
    await expect(assigned).rejects.toMatchObject({
      problems: [
        expect.objectContaining({ where: "duties[1].slot", value: "king" }),
        expect.objectContaining({ where: "duties[2].person", value: "nobody" }),
      ],
    });
    expect(find("g00", "head", 1)).toMatchObject({ persons: [] });
  });

  test("the same person does not hold the same slot twice at once", async () => {
    await give("g00", "member", "zhang", 0, 10);
    await expect(give("g00", "member", "zhang", 5)).rejects.toMatchObject({ code: "DUTY_INVALID" });
    await give("g00", "member", "zhang", 10);
  });

  test("slots are data: a city with its own knows no others", async () => {
    const slots = [{ id: "warden", zh: "楼长", en: "warden", kinds: ["grid" as const], above: null }];
    const own = await Places.open(database.kysely, { slots });
    expect(own.duties.slots()).toEqual(["warden"]);
    expect(own.duties.roster("g00", START).vacant).toEqual(["warden"]);
    expect(() => own.duties.find("g00", "member", START)).toThrow(expect.objectContaining({ code: "SLOT_NOT_FOUND" }));
  });
});

describe("1. Places: an operation says which duties are carried, end and fall vacant, and who is told", () => {
  const MARCH = START + 59 * DAY;
  const effectiveAt = new Date(MARCH).toISOString();

  test("a merged grid's duties are carried where the operation says so, and end elsewhere", async () => {
    const duty = await give("g00", "head", "zhang");
    await give("g01", "head", "li");
    await places.duties.addSubstitute({ duty, person: "wang", fromMs: START, toMs: Infinity });
    await places.duties.addLeaves([{ person: "zhang", fromMs: MARCH + DAY, toMs: MARCH + 2 * DAY }]);
    const into = { id: "m", name: "合并网格", carryDutiesOf: ["g00"] };
    const { preview } = await places.execute({
      effectiveAt,
      reason: "merge",
      changes: [{ op: "merge", places: ["g00", "g01"], into }],
    });
    expect(preview.duties.carried).toEqual([{ person: "zhang", slot: "head", from: "g00", to: "m" }]);
    expect(preview.duties.ended).toEqual([{ person: "li", slot: "head", place: "g01" }]);
    expect(preview.duties.vacant.map(({ place, slot }) => `${place} ${slot}`)).toEqual([
      "m deputy",
      "m member",
      "m police",
      "m medic",
    ]);
    expect(preview.notices.map(({ person, effect, text }) => [person, effect, text.zh])).toEqual([
      ["zhang", "carried", "自2025-03-01起，“name of g00”调整为“合并网格”，您继续担任网格长。"],
      ["li", "ended", "自2025-03-01起，“name of g01”撤销，您不再担任该处网格长。"],
    ]);
    for (const each of [places, await Places.open(database.kysely)]) {
      expect(each.duties.find("m", "head", MARCH)).toMatchObject({ persons: ["zhang"], wentUp: false });
      expect(each.duties.find("m", "head", MARCH + 1.5 * DAY)).toMatchObject({ persons: ["wang"], wentUp: false });
      expect(each.duties.find("g00", "head", MARCH - 1)).toMatchObject({ persons: ["zhang"] });
      expect(each.duties.index.dutiesOf("li", MARCH)).toEqual([]);
    }
  });

  test("a duty on a place that goes on is not touched, and one that ends later than the place is refused", async () => {
    await give("g10", "head", "zhang");
    await places.execute({
      effectiveAt,
      reason: "recut",
      changes: [
        { op: "rename", place: "g10", name: "another name" },
        { op: "merge", places: ["g00", "g01"], into: { id: "m", name: "m", carryDutiesOf: [] } },
      ],
    });
    expect(places.duties.find("g10", "head", MARCH)).toMatchObject({ persons: ["zhang"], wentUp: false });
    await expect(give("g00", "head", "li", 0, 60)).rejects.toMatchObject({
      problems: [expect.objectContaining({ where: "to", expected: expect.stringContaining(effectiveAt) })],
    });
  });
});
