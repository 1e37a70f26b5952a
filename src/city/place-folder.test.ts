import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { WuxingError } from "../model/errors.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { fillPlaces, loadCustoms } from "./place-folder.ts";
import { Places } from "./places.ts";
import { cells, middle, squareCity } from "./square-city-for-tests.ts";
import { WorkingCalendar } from "./working-calendar.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let dir: string;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await sql`truncate place_operation, person cascade`.execute(database.kysely);
  dir = mkdtempSync(join(tmpdir(), "wuxing-place-folder-"));
  cpSync("demo/xinxiang/counties.geojson", join(dir, "counties.geojson"));
  cpSync("demo/xinxiang/gates.geojson", join(dir, "gates.geojson"));
  cpSync("demo/xinxiang/fence.geojson", join(dir, "fence.geojson"));
  writeCity({});
  return () => rmSync(dir, { recursive: true, force: true });
});

function write(name: string, content: unknown): void {
  writeFileSync(join(dir, name), typeof content === "string" ? content : JSON.stringify(content));
}

function writeCity(more: object): void {
  const {
    fleet: _fleet,
    roads: _roads,
    stops: _stops,
    areas: _areas,
    places: _places,
    teams: _teams,
    toll: _toll,
    ...city
  } = JSON.parse(readFileSync("demo/xinxiang/city.json", "utf8")) as Record<string, unknown>;
  write("city.json", { ...city, ...more });
}

function writePlaces(): object {
  const features = squareCity().flatMap((change) =>
    change.op === "create"
      ? [
          {
            type: "Feature",
            properties: { id: change.id, kind: change.kind, name: change.name, parent: change.parent },
            geometry: change.geometry ?? null,
          },
        ]
      : [],
  );
  write("places.geojson", { type: "FeatureCollection", features });
  return { file: "places.geojson", datum: "wgs84", from: "2025-01-01" };
}

async function refusal(promise: Promise<unknown>): Promise<WuxingError["problems"]> {
  const error = await promise.catch((reason: WuxingError) => reason);
  expect(error).toMatchObject({ code: "CITY_INVALID" });
  return (error as WuxingError).problems;
}

test("a city whose folder has no places is one place, its fence", async () => {
  const places = await Places.open(database.kysely);
  await fillPlaces(places, dir);
  expect(places.findGridAt(113.9, 35.3, NOW)).toBe("xinxiang");
  expect(places.findGridAt(116.4, 39.9, NOW)).toBeUndefined();
  expect(places.history.getVersion("xinxiang", NOW)).toMatchObject({ name: "新乡市", path: "xinxiang/" });
});

test("places, operations, teams and leave are taken from the folder, once", async () => {
  const operations = [
    {
      effectiveAt: "2025-03-01T00:00:00+08:00",
      reason: "r",
      changes: [{ op: "merge", places: ["g00", "g01"], into: { id: "m", name: "m" } }],
    },
  ];
  write("operations.json", operations);
  write("teams.csv", "place,slot,person,name\nm,head,p1,张三\nm,deputy,p2,李四\nA,desk,p3,王五\ng10,head,p1,\n");
  write("leave.csv", "person,from,to,substitute\np1,2025-06-01,2027-01-01,p2\n");
  const teams = { file: "teams.csv", from: "2025-05-01", leave: "leave.csv" };
  writeCity({ places: { ...writePlaces(), operations: "operations.json" }, teams });
  const places = await Places.open(database.kysely);
  await fillPlaces(places, dir);
  await fillPlaces(places, dir);
  expect(places.findGridAt(...middle(0, 0), NOW)).toBe("m");
  expect(places.findGridAt(...middle(0, 0), Date.parse("2025-02-01T00:00:00Z"))).toBe("g00");
  expect(places.duties.find("m", "head", NOW)).toEqual({ place: "m", slot: "head", persons: ["p2"], wentUp: false });
  expect(places.duties.find("g10", "head", NOW)).toMatchObject({ place: "g10", persons: ["p2"] });
  expect(places.duties.find("g10", "member", NOW)).toMatchObject({ place: "A", slot: "desk", persons: ["p3"] });
  expect(await places.operations(9)).toHaveLength(2);
});

test("faults of every file are named with file, line, value and what was expected", async () => {
  write("teams.csv", "place,slot,person,name\ng00,head,p1,张三\ng99,king,p2,李四\n");
  writeCity({ places: writePlaces(), teams: { file: "teams.csv", from: "2025-05-01" } });
  expect(await refusal(fillPlaces(await Places.open(database.kysely), dir))).toMatchObject([
    { where: "teams.csv: rows[1].slot", value: "king", expected: expect.stringContaining("head | deputy") },
    { where: "teams.csv: rows[1].place", value: "g99" },
  ]);

  await sql`truncate place_operation, person cascade`.execute(database.kysely);
  const overlap = { op: "recut", place: "g00", geometry: cells(0, 0, 1, 2) };
  write("operations.json", [{ effectiveAt: "2025-03-01T00:00:00+08:00", reason: "r", changes: [overlap] }]);
  writeCity({ places: { ...writePlaces(), operations: "operations.json" } });
  expect(await refusal(fillPlaces(await Places.open(database.kysely), dir))).toMatchObject([
    { where: "operations.json: [0]: places g00, g01", expected: "places that do not overlap" },
  ]);

  await sql`truncate place_operation, person cascade`.execute(database.kysely);
  writeCity({ places: { file: "none.geojson", datum: "wgs84", from: "2025-01-01" } });
  expect(await refusal(fillPlaces(await Places.open(database.kysely), dir))).toMatchObject([{ where: "none.geojson" }]);
});

test("slots and the calendar come from the folder where it has them", async () => {
  expect(await loadCustoms(dir)).toEqual({ slots: undefined, calendar: undefined });
  write("slots.json", [{ id: "warden", zh: "楼长", en: "warden", kinds: ["grid"], above: null }]);
  write("calendar.json", {
    hours: [{ spans: [{ from: "09:00", to: "17:00" }] }],
    night: { from: "21:00", to: "08:00" },
    overrides: [{ from: "2026-03-04", working: false, note: "停课" }],
  });
  writeCity({ slots: { file: "slots.json" }, calendar: { file: "calendar.json" } });
  const { slots, calendar } = await loadCustoms(dir);
  expect(slots?.map(({ id }) => id)).toEqual(["warden"]);
  const working = new WorkingCalendar(calendar);
  expect([working.isWorkingDay("2026-03-04"), working.isNight(Date.parse("2026-03-03T21:30:00+08:00"))]).toEqual([
    false,
    true,
  ]);
  write("calendar.json", { hours: [], night: { from: "25:00", to: "08:00" } });
  expect((await refusal(loadCustoms(dir))).map(({ where }) => where)).toEqual([
    "calendar.json: hours",
    "calendar.json: night.from",
  ]);
});
