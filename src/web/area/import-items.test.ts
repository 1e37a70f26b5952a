import { describe, expect, it } from "vitest";
import type { Area } from "../../model/area.ts";
import type { AreaReading, ListEntry } from "../../model/area-import.ts";
import { decided, inputOf, itemsOf } from "./import-items.ts";

const POINT = { type: "Point" as const, coordinates: [113.9, 35.3] };
const KEY = "list-00112233445566aa";
const area = (change: Partial<Area>): Area => ({
  id: KEY,
  version: 1,
  name: "河南省新乡市卫辉市汲水镇",
  level: "high",
  geometry: POINT,
  from: null,
  to: null,
  source: null,
  state: "published",
  publishedAt: "2022-05-01T00:00:00.000Z",
  ...change,
});
const entry = (change: Partial<ListEntry> = {}): ListEntry => ({
  key: KEY,
  level: "high",
  province: "河南省",
  city: "新乡市",
  county: "卫辉市",
  town: "汲水镇",
  place: "汲水镇",
  kind: "place",
  match: null,
  ...change,
});
const reading = (change: Partial<AreaReading>): AreaReading => ({
  format: "list",
  asOf: null,
  shapes: [],
  entries: [],
  lowEntries: 0,
  problems: [],
  ...change,
});
const COMMON = { level: "medium" as const, from: null, to: null, source: "通告" };
const place = { id: "t", name: "卫辉市汲水镇", kind: "township" as const, geometry: POINT };

describe("a list against the areas as they stand", () => {
  it.each([
    ["a place that is not known waits for its place", entry(), [], "open"],
    ["a place that the register knows is ready", entry({ match: { ...place, exact: true } }), [], "ready"],
    ["a place inside of one that is known waits", entry({ match: { ...place, exact: false } }), [], "open"],
    ["what is in force already is kept", entry(), [area({})], "kept"],
    ["another level is a change", entry({ level: "medium" }), [area({})], "changed"],
    ["what was withdrawn is ready in its old shape", entry(), [area({ state: "withdrawn" })], "ready"],
  ] as const)("%s", (_, one, areas, state) => {
    expect(itemsOf(reading({ entries: [one] }), areas)).toMatchObject([{ state }]);
  });

  it("names what an earlier list had and this one has not, and nothing that came from elsewhere", () => {
    const items = itemsOf(reading({}), [area({}), area({ id: "drawn-by-hand" }), area({ id: `${KEY}x` })]);
    expect(items).toMatchObject([{ key: KEY, state: "gone", province: "河南省" }]);
    expect(itemsOf(reading({ format: "kml" }), [area({})])).toEqual([]);
  });

  it("gives what is listed again after its withdrawal a new id, and what is in force none", () => {
    const withdrawn = [area({ state: "withdrawn" }), area({ id: `${KEY}-2`, state: "withdrawn" })];
    const input = (areas: Area[]) => inputOf(itemsOf(reading({ entries: [entry()] }), areas)[0], COMMON);
    expect(input(withdrawn)).toMatchObject({ id: `${KEY}-3`, level: "high", source: "通告" });
    expect(input([area({})])).not.toHaveProperty("id");
    expect(input([])).toBeNull();
  });
});

describe("shapes of a file", () => {
  const shape = (change: object) => ({
    geometry: POINT,
    where: "features[0]",
    id: null,
    name: null,
    level: null,
    problems: [],
    ...change,
  });

  it("are ready, faulty, changed or kept; without an id the server gives one", () => {
    const fault = { where: "features[1].geometry", expected: "closed" };
    const items = itemsOf(
      reading({
        format: "geojson",
        shapes: [
          shape({ name: "a" }),
          shape({ geometry: null, problems: [fault] }),
          shape({ id: "x", level: "medium" }),
          shape({ id: "x" }),
        ],
      }),
      [area({ id: "x" })],
    );
    expect(items.map(({ state }) => state)).toEqual(["ready", "broken", "changed", "kept"]);
    expect(inputOf(items[0], COMMON)).toEqual({
      level: "medium",
      datum: "wgs84",
      geometry: POINT,
      from: null,
      to: null,
      name: "a",
      source: "通告",
    });
  });
});

it("a line takes what the officer decides", () => {
  const [item] = itemsOf(reading({ entries: [entry()] }), []);
  expect(decided(item, { shape: POINT })).toMatchObject({ state: "ready", geometry: POINT });
  expect(decided(item, "left").state).toBe("left");
  expect(decided(item, undefined)).toBe(item);
});
