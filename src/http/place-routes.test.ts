import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Places } from "../city/places.ts";
import { cells, middle, squareCity } from "../city/square-city-for-tests.ts";
import { WorkingCalendar } from "../city/working-calendar.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { dutyRoutes } from "./duty-routes.ts";
import { answerErrors } from "./error-answer.ts";
import { homeRoutes } from "./home-routes.ts";
import { placeRoutes } from "./place-routes.ts";

const START = "2025-01-01T00:00:00.000Z";
const NOW = Date.parse("2025-06-01T00:00:00Z");
const MARCH = "2025-03-01T00:00:00.000Z";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let app: FastifyInstance;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await sql`truncate place_operation, person, home cascade`.execute(database.kysely);
  const places = await Places.open(database.kysely);
  await places.execute({ effectiveAt: START, reason: "start", changes: squareCity() });
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  const desk = {
    places,
    calendar: new WorkingCalendar(),
    cityTimeMs: () => NOW,
    work: {
      countBelow: async (paths: readonly string[]) => paths.map((path) => ({ path, open: path.length, overdue: 1 })),
    },
    accountOf: () => "wang",
  };
  await app.register(placeRoutes(desk));
  await app.register(dutyRoutes(desk));
  await app.register(homeRoutes(desk));
  return () => app.close();
});

async function call(
  method: "GET" | "POST",
  url: string,
  payload?: object,
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await app.inject({ method, url, ...(payload !== undefined && { payload }) });
  return { status: response.statusCode, body: response.json() };
}

const merge = {
  effectiveAt: MARCH,
  reason: "新政〔2025〕7号",
  changes: [{ op: "merge", places: ["g00", "g01"], into: { id: "m", name: "合并网格" } }],
};

test("places are listed from the top downwards, as of any instant", async () => {
  expect((await call("GET", "/places")).body).toMatchObject({ items: [{ id: "X", kind: "city", below: 2 }] });
  expect((await call("GET", "/places?parent=A1")).body["items"]).toHaveLength(8);
  expect((await call("GET", "/places?parent=A1&at=2024-12-31T00:00:00Z")).status).toBe(404);
  expect((await call("GET", "/places?at=2024-12-31T00:00:00Z")).body).toEqual({ items: [] });
  const outlines = await call("GET", "/places/outlines?parent=X");
  expect(outlines.body).toMatchObject({ items: [{ id: "A", geometry: { type: "Polygon" } }, { id: "B" }] });
});

test("all places of a kind below another are listed with outline and load", async () => {
  const outlines = (await call("GET", "/places/outlines?kind=grid&parent=A")).body["items"] as unknown as {
    id: string;
  }[];
  const loads = (await call("GET", "/places/load?kind=grid&parent=A")).body["items"] as unknown as object[];
  expect(outlines).toHaveLength(16);
  expect(loads).toHaveLength(outlines.length);
  expect(loads[0]).toMatchObject({ kind: "grid", leaves: 1, vacant: 5 });
});

test("identities for new places are those that were never given", async () => {
  await call("POST", "/place-operations", {
    effectiveAt: MARCH,
    reason: "a new number",
    changes: [{ op: "merge", places: ["g00", "g01"], into: { id: "g04", name: "merged" } }],
  });
  // g00 to g03 were given, two of them are no more; g04 is there now.
  expect((await call("GET", "/places/free-ids?parent=A1&count=2")).body).toEqual({ ids: ["g05", "g06"] });
  expect((await call("GET", "/places/free-ids?parent=none")).status).toBe(404);
});

test("a position answers with its grid and what lies above", async () => {
  const [lon, lat] = middle(2, 1);
  expect((await call("GET", `/places/at?lon=${lon}&lat=${lat}`)).body).toMatchObject({
    place: { id: "g21", path: "X/A/A2/g21/", validFrom: START, validTo: null },
    above: [{ id: "X" }, { id: "A" }, { id: "A2" }],
  });
  expect((await call("GET", "/places/at?lon=10&lat=10")).body).toEqual({ place: null, above: [] });
  expect((await call("GET", "/places/at?lon=190&lat=10")).status).toBe(400);
});

test("an operation is previewed, done, listed, and seen in the place's versions", async () => {
  const preview = await call("POST", "/place-operations/preview", merge);
  expect(preview.status).toBe(200);
  expect(preview.body).toMatchObject({ created: [{ id: "m" }], closed: [{ id: "g00" }, { id: "g01" }], changed: [] });
  const done = await call("POST", "/place-operations", merge);
  expect(done.status).toBe(201);
  expect(done.body["preview"]).toEqual(preview.body);
  expect((await call("GET", "/place-operations")).body).toMatchObject({
    items: [
      { id: done.body["id"], account: "wang", effectiveAt: MARCH, reason: merge.reason, changes: 1 },
      { reason: "start" },
    ],
  });
  expect((await call("GET", "/places/g00/versions")).body).toMatchObject({
    items: [{ validFrom: START, validTo: MARCH }],
  });
  expect((await call("GET", "/places/g00")).body).toMatchObject({ code: "PLACE_NOT_FOUND" });
  expect((await call("GET", `/places/g00?at=${START}`)).body).toMatchObject({
    id: "g00",
    above: [{}, {}, { id: "A1" }],
  });
  expect((await call("GET", "/places/check")).body).toEqual({ leaves: 31, faults: [] });
});

test("what cannot be done is refused with every problem, in both languages", async () => {
  const wrong = {
    ...merge,
    changes: [
      { op: "recut", place: "g00", geometry: cells(0, 0, 2, 1) },
      { op: "close", place: "nobody" },
    ],
  };
  const { status, body } = await call("POST", "/place-operations", wrong);
  expect(status).toBe(422);
  expect(body).toMatchObject({
    code: "PLACE_OPERATION_INVALID",
    message: { zh: "网格调整有误" },
    problems: [{ where: "changes[1].place", value: "nobody" }],
  });
  const shapeless = {
    ...merge,
    changes: [{ op: "recut", place: "g00", geometry: { type: "Point", coordinates: [0, 0] } }],
  };
  expect((await call("POST", "/place-operations", shapeless)).status).toBe(422);
});

test("a duty is given, seen in the roster, stood in for, and ended", async () => {
  const duty = { place: "g00", slot: "head", person: "p1", name: "张建国", from: START };
  const given = await call("POST", "/duties", duty);
  expect(given).toMatchObject({
    status: 201,
    body: { place: "g00", slot: "head", person: "p1", from: START, to: null },
  });
  expect(
    await call("POST", "/duties", { ...duty, person: "p2", name: "李芳", place: "A", slot: "desk" }),
  ).toMatchObject({ status: 201 });
  const leave = { person: "p1", from: START, to: "2025-12-01T00:00:00Z" };
  const away = await call("POST", "/leave", leave);
  expect(away.status).toBe(201);
  expect((await call("GET", "/places/g00/addressee?slot=head")).body).toEqual({
    place: "A",
    slot: "desk",
    persons: ["p2"],
    wentUp: true,
  });
  const substitute = { person: "p2", from: START };
  expect((await call("POST", `/duties/${given.body["id"]}/substitutes`, substitute)).status).toBe(201);
  expect((await call("GET", "/places/g00/duties")).body).toMatchObject({
    holders: [{ person: "p1", name: "张建国", onLeave: true, substitutes: [{ person: "p2", name: "李芳" }] }],
    vacant: ["deputy", "member", "police", "medic"],
  });
  expect((await call("POST", `/leave/${away.body["id"]}/end`, { at: START })).status).toBe(200);
  expect((await call("GET", "/places/g00/addressee?slot=head")).body).toMatchObject({ persons: ["p1"], wentUp: false });
  expect((await call("POST", `/duties/${given.body["id"]}/end`, {})).body).toMatchObject({
    to: "2025-06-01T00:00:00.000Z",
  });
  expect((await call("GET", "/places/g00/duties")).body).toMatchObject({ holders: [] });
  expect((await call("POST", "/duties/none/end", {})).body).toMatchObject({ code: "DUTY_NOT_FOUND" });
  expect((await call("GET", "/places/g00/addressee?slot=king")).body).toMatchObject({ code: "SLOT_NOT_FOUND" });
});

test("a whole roster is read in all or nothing, listed page by page with what nobody holds, and told through time", async () => {
  const rows = [
    { place: "g00", slot: "head", person: "p1", name: "张建国", from: START },
    { place: "g01", slot: "head", person: "p1", from: START },
  ];
  const wrong = await call("POST", "/duties/import", { duties: [...rows, { ...rows[0], slot: "king", place: "g99" }] });
  expect(wrong).toMatchObject({ status: 422, body: { code: "DUTY_INVALID" } });
  expect(wrong.body["problems"]).toMatchObject([{ where: "duties[2].slot" }, { where: "duties[2].place" }]);
  expect((await call("GET", "/places/g00/duties")).body).toMatchObject({ holders: [] });
  expect(await call("POST", "/duties/import", { duties: rows })).toEqual({ status: 201, body: { given: 2, held: 0 } });
  expect(await call("POST", "/duties/import", { duties: rows })).toEqual({ status: 201, body: { given: 0, held: 2 } });
  const seen: { place: string; slot: string; person: string | null }[] = [];
  let cursor: string | null = "";
  for (let page = 0; page < 100 && cursor !== null; page++) {
    const { body } = await call("GET", `/duties?place=A1&limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`);
    seen.push(...(body["items"] as unknown as typeof seen));
    cursor = body["next"];
  }
  // Eight grids with five slots each.
  expect(seen).toHaveLength(40);
  expect(new Set(seen.map(({ place, slot }) => `${place} ${slot}`)).size).toBe(40);
  expect(seen.filter(({ person }) => person !== null)).toMatchObject([
    { place: "g00", slot: "head", person: "p1", name: "张建国", from: START, to: null },
    { place: "g01", slot: "head" },
  ]);
  const { id } = (await call("POST", "/leave", { person: "p1", from: MARCH, to: "2025-04-01T00:00:00Z" })).body;
  await call("POST", "/duties", {
    place: "g00",
    slot: "head",
    person: "p2",
    name: "李芳",
    from: "2025-12-01T00:00:00Z",
  });
  expect((await call("GET", "/places/g00/duty-story")).body["items"]).toMatchObject([
    { person: "p2", from: "2025-12-01T00:00:00.000Z", leaves: [] },
    { person: "p1", name: "张建国", to: null, leaves: [{ id, from: MARCH }], substitutes: [] },
  ]);
  expect((await call("GET", "/places/none/duty-story")).status).toBe(404);
});

test("the load of each place below another: leaves, vacant slots, open and overdue work", async () => {
  await call("POST", "/duties", { place: "g00", slot: "head", person: "p1", name: "张建国", from: START });
  const { body } = await call("GET", "/places/load?parent=A");
  // Eight grids with five slots each that should be filled, one of which is.
  expect(body["items"]).toEqual([
    { id: "A1", name: "name of A1", kind: "township", leaves: 8, vacant: 39, open: 7, overdue: 1 },
    { id: "A2", name: "name of A2", kind: "township", leaves: 8, vacant: 40, open: 7, overdue: 1 },
  ]);
});

test("the slots of the city and the working days of a year are told", async () => {
  expect((await call("GET", "/slots")).body["items"]).toContainEqual(
    expect.objectContaining({ id: "member", zh: "网格员" }),
  );
  const { body } = await call("GET", "/working-days?year=2026");
  expect(body["days"]).toContain("2026-02-14");
  expect(body["days"]).not.toContain("2026-02-16");
  expect(body["holidaysKnownTo"]).toBeGreaterThanOrEqual(2026);
});

test("1. residents and devices are told by their point, counted by place, and a re-cut's preview says where they go", async () => {
  const at = (column: number, row: number) => {
    const [lon, lat] = middle(column, row);
    return { lon, lat };
  };
  const homes = [
    { kind: "resident", id: "h1", ...at(0, 0) },
    { kind: "resident", id: "410702199001011234", ...at(0, 0) },
    { kind: "device", id: "t1", ...at(0, 1) },
    { kind: "resident", id: "h2", lon: 100, lat: 35 },
    { kind: "house", id: "h3", ...at(0, 0) },
  ];
  const { status, body } = await call("POST", "/homes", { homes });
  expect([status, body]).toMatchObject([
    200,
    {
      accepted: 2,
      rejected: 3,
      // An identity number is no id; the other two are no point of the city and no kind of home.
      problems: [{ where: "homes[1]" }, { where: "homes[4]" }, { where: "homes[3]", expected: "a point in the city" }],
    },
  ]);
  expect((await call("POST", "/homes", { homes: [{ kind: "house" }] })).status).toBe(400);
  expect((await call("GET", "/places/A/homes")).body).toEqual({ resident: 1, device: 1 });
  expect((await call("POST", "/place-operations/preview", merge)).body).toMatchObject({
    rehomed: [
      { what: "device", from: "g01", to: "m", count: 1 },
      { what: "resident", from: "g00", to: "m", count: 1 },
    ],
    balance: [
      {
        place: "m",
        name: "合并网格",
        gains: [
          { what: "device", count: 1 },
          { what: "resident", count: 1 },
        ],
      },
      { place: "g00", loses: [{ what: "resident", count: 1 }] },
      { place: "g01", loses: [{ what: "device", count: 1 }] },
    ],
  });
  expect((await call("POST", "/homes", { homes: [{ kind: "device", id: "t1", gone: true }] })).body).toMatchObject({
    gone: 1,
  });
  expect((await call("GET", "/places/A/homes")).body).toEqual({ resident: 1, device: 0 });
  expect((await call("GET", "/places/none/homes")).status).toBe(404);
});
