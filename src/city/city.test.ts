import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WuxingError, type Problem } from "../model/errors.ts";
import { loadCity, viewCity } from "./city.ts";

const DEMO = "demo/xinxiang";
const startMs = Date.UTC(2026, 0, 1);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-city-"));
  await cp(DEMO, dir, { recursive: true });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

async function change(file: string, edit: (content: any) => unknown): Promise<void> {
  const content: unknown = JSON.parse(await readFile(join(dir, file), "utf8"));
  await writeFile(join(dir, file), JSON.stringify(edit(content) ?? content));
}

async function problemsOf(options = { startMs }): Promise<readonly Problem[]> {
  const error = await loadCity(dir, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WuxingError);
  expect(error).toMatchObject({ code: "CITY_INVALID" });
  return (error as WuxingError).problems;
}

describe("a city's folder", () => {
  test("is read whole, in WGS-84", async () => {
    const city = await loadCity(dir, { startMs });
    expect(city).toMatchObject({ id: "xinxiang", name: "新乡市", timeZone: "Asia/Shanghai" });
    expect(city.counties.map(({ name }) => name)).toContain("长垣市");
    expect(city.counties).toHaveLength(12);
    expect(city.gates).toHaveLength(19);
    expect(city.areas.length).toBeGreaterThanOrEqual(6);
    // GCJ-02 113.8779, 35.2096 (a corner of 红旗区 in the file) lies 0.0062 west and 0.0011 south of it, in WGS-84.
    const raw = JSON.parse(await readFile(join(dir, "counties.geojson"), "utf8"));
    const [rawLon, rawLat] = raw.features[0].geometry.coordinates[0][0];
    const [lon, lat] = (city.counties[0].geometry.coordinates as number[][][])[0][0];
    expect(rawLon - lon).toBeGreaterThan(0.005);
    expect(rawLon - lon).toBeLessThan(0.007);
    expect(rawLat - lat).toBeGreaterThan(-0.001);
    expect(rawLat - lat).toBeLessThan(0.001);
  });

  test("gives areas with hours from the start of simulated time their instants", async () => {
    const { areas } = await loadCity(dir, { startMs });
    expect(areas.find(({ id }) => id === "HZ-DM-06")?.from).toBe("2026-01-01T03:00:00.000Z");
    expect(areas.find(({ id }) => id === "KF-LT-07")?.to).toBe("2026-01-01T20:00:00.000Z");
  });

  test("gives the console a view of it", async () => {
    const view = viewCity(await loadCity(dir, { startMs }), null);
    expect(view.bbox[0]).toBeCloseTo(113.376, 2);
    expect(view.roads[0]?.line.length).toBeGreaterThan(50);
    expect(view.tiles).toBeNull();
  });

  test("without roads, stops, areas and fleet is still a city", async () => {
    await change("city.json", ({ areas: _a, roads: _r, stops: _s, fleet: _f, ...rest }) => rest);
    expect(await loadCity(dir)).toMatchObject({ areas: [], roads: [], stops: [], deadZones: [], fleet: null });
  });
});

describe("a fault is named with file, path, value and what was expected", () => {
  test.each<[what: string, file: string, edit: (content: any) => unknown, where: string, expected: RegExp]>([
    ["an unknown datum", "city.json", (c) => void (c.fence.datum = "cgcs"), "city.json: fence.datum", /wgs84/],
    ["no datum", "city.json", (c) => void delete c.gates.datum, "city.json: gates.datum", /wgs84/],
    ["a word that means nothing", "city.json", (c) => void (c.gate = 1), "city.json", /gate/],
    [
      "a file that is not there",
      "city.json",
      (c) => void (c.gates.file = "none.geojson"),
      "none.geojson",
      /can be read/,
    ],
    ["no collection", "gates.geojson", () => ({ type: "Feature" }), "gates.geojson: type", /FeatureCollection/],
    [
      "a gate without an id",
      "gates.geojson",
      (c) => void delete c.features[3].properties.id,
      "gates.geojson: features[3].properties.id",
      /string/,
    ],
    [
      "a gate's id given twice",
      "gates.geojson",
      (c) => void (c.features[1].properties.id = c.features[0].properties.id),
      "gates.geojson: features[1].properties.id",
      /of its own/,
    ],
    [
      "a gate that is a polygon",
      "gates.geojson",
      (c) => void (c.features[2].geometry = { type: "Point", coordinates: [113.9, 35.2] }),
      "gates.geojson: features[2].geometry.type",
      /LineString/,
    ],
    [
      "a gate drawn the wrong way round",
      "gates.geojson",
      ({ features: [{ geometry }] }) => void (geometry.coordinates = geometry.coordinates.toReversed()),
      "gates.geojson: features[0].geometry",
      /from its left to its right/,
    ],
    [
      "a gate of another city",
      "gates.geojson",
      (c) =>
        void (c.features[0].geometry.coordinates = [
          [113, 34],
          [113.001, 34],
        ]),
      "gates.geojson: features[0].geometry",
      /from the fence/,
    ],
    [
      "an unclosed ring",
      "fence.geojson",
      (c) => void c.features[0].geometry.coordinates[0].pop(),
      "fence.geojson: features[0].geometry.coordinates[0]",
      /./,
    ],
    [
      "a latitude in the place of a longitude",
      "counties.geojson",
      ({ features: [{ geometry }] }) => void (geometry.coordinates[0][5] = geometry.coordinates[0][5].toReversed()),
      "counties.geojson: features[0].geometry.coordinates[0][5]",
      /./,
    ],
    [
      "an area that ends before it begins",
      "areas.geojson",
      (c) => void Object.assign(c.features[0].properties, { fromHours: 5, toHours: 4 }),
      "areas.geojson: features[0].properties.to",
      /later than from/,
    ],
    [
      "an unknown level",
      "areas.geojson",
      (c) => void (c.features[0].properties.level = "low"),
      "areas.geojson: features[0].properties.level",
      /medium/,
    ],
    ["a fleet of nobody", "fleet.json", (c) => void (c.trucks = 0), "fleet.json: trucks", /1/],
  ])("%s", async (_, file, edit, where, expected) => {
    await change(file, edit);
    const problems = await problemsOf();
    expect(problems.map((problem) => problem.where).join("\n")).toContain(where);
    expect(problems.find((problem) => problem.where.startsWith(where))?.expected).toMatch(expected);
  });

  test("several at once", async () => {
    await change("gates.geojson", (c) => void delete c.features[0].properties.id);
    await change("areas.geojson", (c) => void (c.features[0].properties.level = "low"));
    await writeFile(join(dir, "fleet.json"), "{ not json");
    const files = (await problemsOf()).map(({ where }) => where.split(":")[0]);
    expect(new Set(files)).toEqual(new Set(["gates.geojson", "areas.geojson", "fleet.json"]));
  });

  test("hours where time is not simulated", async () => {
    const problems = await problemsOf({} as never);
    expect(problems[0]?.expected).toMatch(/simulated time/);
  });

  test("a folder that is not there", async () => {
    await expect(loadCity(join(dir, "nowhere"))).rejects.toMatchObject({
      code: "CITY_INVALID",
      problems: [{ where: "city.json" }],
    });
  });
});
