import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PlaceChange } from "../model/place.ts";
import type { WuxingError } from "../model/errors.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { Places, type Rehoming } from "./places.ts";
import { cells, create, middle, squareCity } from "./square-city-for-tests.ts";

const START = "2025-01-01T00:00:00Z";
const MARCH = "2025-03-01T00:00:00Z";
const MAY = "2025-05-01T00:00:00Z";
const ms = (instant: string): number => Date.parse(instant);

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let places: Places;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await sql`truncate place_operation, person cascade`.execute(database.kysely);
  places = await Places.open(database.kysely);
  await places.execute({ id: "first", effectiveAt: START, reason: "the city begins", changes: squareCity() });
});

const at = (column: number, row: number, instant: string): string | undefined =>
  places.findGridAt(...middle(column, row), ms(instant));

function operate(effectiveAt: string, ...changes: PlaceChange[]): ReturnType<Places["execute"]> {
  return places.execute({ effectiveAt, reason: "a decision", changes });
}

const JUNE = "2025-06-01T00:00:00Z";

/** Every version, and every duty, as they are in memory and would be after a restart. */
async function stateOf(): Promise<string> {
  const again = await Places.open(database.kysely);
  const told = [places, again].map(({ history, duties }) => {
    const versions = [...history.all()].map(({ shape, ...version }) => JSON.stringify({ ...version, shape: shape.id }));
    const holders = ["g00", "g00w", "g00e"].flatMap((place) =>
      duties.index
        .holdingsFrom(place, 0)
        .map(({ id, slot, person, fromMs, toMs }) => `${place} ${id} ${slot} ${person} ${fromMs} ${toMs}`),
    );
    return [...versions, ...holders].toSorted().join("\n");
  });
  expect(told[1]).toBe(told[0]);
  return told[0];
}

async function refusal(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => undefined,
    (reason: WuxingError) => reason,
  );
  expect(error?.code).toBe("PLACE_OPERATION_INVALID");
  return error!.problems.map(({ where, value, expected }) => `${where}: ${value}: ${expected}`);
}

const splitG00: Extract<PlaceChange, { op: "split" }> = {
  op: "split",
  place: "g00",
  parts: [
    { id: "g00w", name: "west", geometry: half("west"), carryDuties: true },
    { id: "g00e", name: "east", geometry: half("east"), carryDuties: false },
  ],
};
/** Half of g00. */
function half(side: "west" | "east"): ReturnType<typeof cells> {
  const [from, to] = side === "west" ? [0, 0.5] : [0.5, 1];
  const corner = (x: number, y: number): number[] => [114 + x * 0.01, 35 + y * 0.01];
  return {
    type: "Polygon",
    coordinates: [[corner(from, 0), corner(to, 0), corner(to, 1), corner(from, 1), corner(from, 0)]],
  };
}

describe("1. Places are as of a date and change by dated operations only", () => {
  test("a grid that is split is found before, its parts after the instant", async () => {
    const { preview } = await operate(MARCH, splitG00);
    const [lon, lat] = middle(0, 0);
    expect(places.findGridAt(lon - 0.002, lat, ms(MARCH) - 1)).toBe("g00");
    expect(places.findGridAt(lon - 0.002, lat, ms(MARCH))).toBe("g00w");
    expect(places.findGridAt(lon + 0.002, lat, ms(MARCH))).toBe("g00e");
    expect(places.getPath("g00e", ms(MARCH))).toBe("X/A/A1/g00e/");
    expect(() => places.getPath("g00", ms(MARCH))).toThrow(expect.objectContaining({ code: "PLACE_NOT_FOUND" }));
    expect(places.getPath("g00", ms(MARCH) - 1)).toBe("X/A/A1/g00/");
    // 0.01 degrees square at 35 degrees north.
    expect(preview.closed).toMatchObject([{ id: "g00", areaM2: expect.closeTo(1_012_800, -4) }]);
    expect(preview.moved.map(({ from, to }) => `${from} ${to}`)).toEqual(["g00 g00w", "g00 g00e"]);
    expect(preview.changed).toEqual([]);
  });

  test("what was done is the same after a restart", async () => {
    await operate(MARCH, splitG00);
    await operate(MAY, { op: "rename", place: "g10", name: "new name" });
    const again = await Places.open(database.kysely);
    expect([...again.history.all()].map(({ shape, ...each }) => ({ ...each, shape: shape.id }))).toEqual(
      expect.arrayContaining([...places.history.all()].map(({ shape, ...each }) => ({ ...each, shape: shape.id }))),
    );
    expect(again.history.getVersion("g10", ms(MAY)).name).toBe("new name");
    expect(again.history.getVersion("g10", ms(MAY) - 1).name).toBe("name of g10");
    expect(await again.operations(10)).toMatchObject([{ changes: 1 }, { changes: 1 }, { id: "first", changes: 39 }]);
  });

  test("an operation of the future is known now and holds then", async () => {
    await operate("2099-01-01T00:00:00Z", splitG00);
    expect(at(0, 0, MARCH)).toBe("g00");
    expect(at(0, 0, "2099-01-01T00:00:00Z")).toBe("g00e");
    expect(places.history.getVersion("g00", ms(MARCH)).toMs).toBe(ms("2099-01-01T00:00:00Z"));
  });

  test("grids are merged across a township's border, and the outlines above follow", async () => {
    const into = { id: "m", name: "merged", parent: "A2", carryDutiesOf: [] };
    const { preview } = await operate(MARCH, { op: "merge", places: ["g10", "g20"], into });
    expect(preview.changed.map(({ id, what, derived }) => ({ id, what, derived }))).toEqual([
      { id: "A1", what: ["shape"], derived: true },
      { id: "A2", what: ["shape"], derived: true },
    ]);
    const [a1, a2] = ["A1", "A2"].map((id) => preview.changed.find((each) => each.id === id)!);
    expect(a1.areaBeforeM2 - a1.areaAfterM2).toBeCloseTo(a2.areaAfterM2 - a2.areaBeforeM2, -1);
    expect(at(1, 0, MARCH)).toBe("m");
    expect(places.check("civil", ms(MARCH))).toEqual([]);
  });

  test("two neighbours get another border between them; how much area moves is told", async () => {
    const { preview } = await operate(
      MARCH,
      { op: "recut", place: "g00", geometry: tall(0, 0, 1.5) },
      { op: "recut", place: "g01", geometry: tall(0, 1.5, 2) },
    );
    expect(preview.moved).toMatchObject([{ from: "g01", to: "g00", areaM2: expect.closeTo(506_400, -4) }]);
    expect(preview.movedM2).toBe(preview.moved[0].areaM2);
    expect(at(0, 0, MARCH)).toBe("g00");
    expect(places.findGridAt(114.005, 35.012, ms(MARCH))).toBe("g00");
    expect(places.findGridAt(114.005, 35.012, ms(MARCH) - 1)).toBe("g01");
  });

  test("a township moves to another county with everything below it", async () => {
    const { preview } = await operate(MARCH, { op: "move", place: "A2", parent: "B" });
    expect(places.getPath("g20", ms(MARCH))).toBe("X/B/A2/g20/");
    expect(places.getPath("g20", ms(MARCH) - 1)).toBe("X/A/A2/g20/");
    expect(preview.changed.filter(({ what }) => what.includes("path"))).toHaveLength(8);
    expect(preview.changed.find(({ id }) => id === "A2")?.what).toEqual(["parent"]);
    const [a, b] = ["A", "B"].map((id) => places.history.getVersion(id, ms(MARCH)).shape.areaM2);
    expect(b / a).toBeCloseTo(3, 3);
    expect(places.check("civil", ms(MARCH))).toEqual([]);
  });

  test("a township is divided, its grids go to the two new ones", async () => {
    const column = (n: number): PlaceChange[] =>
      [0, 1, 2, 3].map((row) => ({ op: "move", place: `g${n}${row}`, parent: n === 0 ? "A1w" : "A1e" }));
    await operate(
      MARCH,
      {
        op: "split",
        place: "A1",
        parts: [
          { id: "A1w", name: "west", geometry: cells(0, 0, 1, 4), carryDuties: false },
          { id: "A1e", name: "east", geometry: cells(1, 0, 2, 4), carryDuties: false },
        ],
      },
      ...column(0),
      ...column(1),
    );
    expect(places.getPath("g13", ms(MARCH))).toBe("X/A/A1e/g13/");
    expect(places.check("civil", ms(MARCH))).toEqual([]);
  });

  test("a preview changes nothing", async () => {
    const preview = await places.preview({ effectiveAt: MARCH, reason: "perhaps", changes: [splitG00] });
    expect(preview.created.map(({ id }) => id)).toEqual(["g00w", "g00e"]);
    expect(at(0, 0, MARCH)).toBe("g00");
    expect(await places.operations(10)).toHaveLength(1);
  });

  test("what would leave a gap or an overlap is refused whole, each with its place and size", async () => {
    const gap: PlaceChange = {
      ...splitG00,
      parts: [splitG00.parts[0], { ...splitG00.parts[1], geometry: cells(9, 9, 10, 10) }],
    };
    const problems = await refusal(operate(MARCH, gap));
    expect(problems).toHaveLength(2);
    expect(problems.join("\n")).toMatch(/places g00e: 10\d{5} m² at 114\.095, 35\.095: places inside the city/);
    expect(problems.join("\n")).toMatch(
      /places g00w.*: 50\d{4} m² at 114\.0075, 35\.005: every part of the city in a place/,
    );
    const overlap: PlaceChange = { op: "recut", place: "g00", geometry: cells(0, 0, 2, 1) };
    expect(await refusal(operate(MARCH, overlap))).toMatchObject([
      expect.stringMatching(/places g00, g10: 10\d{5} m² at 114\.015, 35\.005: places that do not overlap/),
    ]);
    expect(at(0, 0, MARCH)).toBe("g00");
    expect(await places.operations(10)).toHaveLength(1);
  });

  test("every problem of an operation is named at once", async () => {
    const problems = await refusal(
      operate(
        MARCH,
        { op: "close", place: "g99" },
        { op: "rename", place: "nobody", name: "x" },
        { ...create("g10", "grid", "A1"), geometry: cells(1, 0, 2, 1) },
        { op: "move", place: "A1", parent: "g20" },
        { op: "move", place: "A", parent: "A" },
        create("new", "grid", "elsewhere"),
      ),
    );
    const said = problems.map((problem) => problem.split(":")[0]);
    for (const where of [
      "changes[0].place",
      "changes[1].place",
      "changes[2].id",
      "changes[3].place",
      "changes[4].place",
    ]) {
      expect(said).toContain(where);
    }
    expect(problems.join("\n")).toContain("a parent that exists");
  });

  test.each<[string, PlaceChange[]]>([
    ["closing a grid without a successor", [{ op: "close", place: "g00" }]],
    ["closing a township over its grids", [{ op: "close", place: "A1" }]],
    ["a second top", [{ ...create("Y", "city", null), geometry: cells(20, 20, 21, 21) }]],
    ["a change of nothing", [{ op: "rename", place: "g00", name: "name of g00" }]],
    [
      "an identity that was used before",
      [{ op: "merge", places: ["g00", "g01"], into: { id: "g02", name: "x", carryDutiesOf: [] } }],
    ],
    [
      "a ring that crosses itself",
      [
        {
          op: "recut",
          place: "g00",
          geometry: {
            type: "Polygon",
            coordinates: [
              [
                [114, 35],
                [114.01, 35.01],
                [114.01, 35],
                [114, 35.01],
                [114, 35],
              ],
            ],
          },
        },
      ],
    ],
  ])("%s is refused", async (_name, changes) => {
    expect((await refusal(operate(MARCH, ...changes))).length).toBeGreaterThan(0);
  });

  test("an operation into the past of another one on the same place is refused; elsewhere it is done", async () => {
    await operate(MAY, splitG00);
    expect(await refusal(operate(MARCH, { op: "rename", place: "g00", name: "x" }))).toMatchObject([
      expect.stringContaining("an instant not before 2025-05-01T00:00:00.000Z"),
    ]);
    await operate(MARCH, { op: "rename", place: "g30", name: "x" });
    expect(places.history.getVersion("g30", ms(MARCH)).name).toBe("x");
  });

  test("what is bound to places is counted before, and re-homed in the operation's transaction", async () => {
    const asked: string[][] = [];
    const seen: Rehoming[] = [];
    places.addDependents({
      count: async ({ places: ids, leafBefore, leafAfter, pathAfter }) => {
        asked.push([...ids]);
        const spot = middle(0, 0);
        expect([leafBefore("civil", ...spot), pathAfter("g00"), pathAfter("g10")]).toEqual([
          "g00",
          undefined,
          "X/A/A1/g10/",
        ]);
        return [{ what: "case", from: "g00", to: leafAfter("civil", ...spot) ?? null, count: 3 }];
      },
      rehome: async (_transaction, rehoming) => void seen.push(rehoming),
    });
    const { preview } = await operate(MARCH, splitG00);
    expect(asked).toEqual([["g00"]]);
    expect(preview.rehomed).toEqual([{ what: "case", from: "g00", to: "g00e", count: 3 }]);
    expect([...seen[0].ended].map(([id, heirs]) => [id, heirs.toSorted()])).toEqual([["g00", ["g00e", "g00w"]]]);
    expect(seen[0].history.findLeafAt("civil", ...middle(0, 0), ms(MARCH))).toBe("g00e");

    places.addDependents({ count: async () => [], rehome: () => Promise.reject(new Error("no home")) });
    await expect(operate(MAY, { op: "rename", place: "g10", name: "x" })).rejects.toThrow("no home");
    expect(places.history.getVersion("g10", ms(MAY)).name).toBe("name of g10");
    const again = await Places.open(database.kysely);
    expect(again.history.getVersion("g10", ms(MAY)).name).toBe("name of g10");
  });

  test("operations that come at once are done one after the other", async () => {
    const changes = ["g00", "g10", "g20", "g30"].map((place): PlaceChange => ({ op: "rename", place, name: "x" }));
    await Promise.all(changes.map((change) => operate(MARCH, change)));
    for (const place of ["g00", "g10", "g20", "g30"])
      expect(places.history.getVersion(place, ms(MARCH)).name).toBe("x");
  });

  test("an operation is taken back before its date: places, outlines and duties are as if it had not been planned", async () => {
    const { duties } = places;
    const given = { place: "g00", slot: "head", fromMs: ms(START), toMs: ms("2026-01-01T00:00:00.000Z") };
    const people = { persons: ["p1", "p2"].map((id) => ({ id, name: id })) };
    const [own, other] = await duties.assign(
      [
        { ...given, person: "p1" },
        { ...given, slot: "member", person: "p2", toMs: Infinity },
      ],
      people,
    );
    await operate(MAY, { op: "rename", place: "g11", name: "same day" });
    const before = await stateOf();
    const { id } = await operate(MAY, splitG00);
    expect(await stateOf()).not.toEqual(before);
    const now = ms(MARCH);
    await expect(places.undo(id, ms(MAY))).rejects.toMatchObject({ code: "PLACE_OPERATION_INVALID" });
    await places.undo(id, now, "wang");
    expect(await stateOf()).toEqual(before);
    expect(
      duties
        .roster("g00", ms(MAY))
        .holders.map(({ duty }) => duty)
        .toSorted(),
    ).toEqual([own.id, other.id].toSorted());
    const again = await Places.open(database.kysely);
    expect(again.duties.roster("g00", ms(MAY))).toEqual(duties.roster("g00", ms(MAY)));
    expect(again.duties.index.findHolding(own.id)!.toMs).toBe(given.toMs);
    await expect(places.undo(id, now)).rejects.toMatchObject({ code: "PLACE_OPERATION_NOT_FOUND" });
    // The identities are free again, and what stands on an operation holds it.
    const planned = await operate(MAY, splitG00);
    await operate(JUNE, { op: "rename", place: "g00w", name: "later" });
    await expect(places.undo(planned.id, now)).rejects.toMatchObject({
      problems: [{ where: "id", value: "g00w" }],
    });
    expect(await places.operations(10)).toMatchObject([
      { ops: ["rename"], undoneAt: null },
      { ops: ["split"], closed: ["name of g00"], created: ["west", "east"] },
      { undoneAt: expect.any(String) },
      { ops: ["rename"] },
      {},
    ]);
  });

  test("a police tree covers the same city in its own way", async () => {
    const district = (id: string, geometry: ReturnType<typeof cells>): PlaceChange => ({
      ...create(id, "district", "P"),
      tree: "police",
      geometry,
    });
    await operate(
      MARCH,
      { ...create("P", "city", null), tree: "police" },
      district("P1", cells(0, 0, 8, 1)),
      district("P2", cells(0, 1, 8, 4)),
    );
    const [lon, lat] = middle(5, 2);
    expect(places.history.findLeafAt("police", lon, lat, ms(MARCH))).toBe("P2");
    expect(places.findGridAt(lon, lat, ms(MARCH))).toBe("g52");
    expect(places.check("police", ms(MARCH))).toEqual([]);
  });
});

function tall(column: number, from: number, to: number): ReturnType<typeof cells> {
  const corner = (x: number, y: number): number[] => [114 + x * 0.01, 35 + y * 0.01];
  return {
    type: "Polygon",
    coordinates: [
      [
        corner(column, from),
        corner(column + 1, from),
        corner(column + 1, to),
        corner(column, to),
        corner(column, from),
      ],
    ],
  };
}
