import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillPlaces } from "../src/city/place-folder.ts";
import { areaOf, polygonsOf } from "../src/city/place-shape.ts";
import { Places } from "../src/city/places.ts";
import { loadCity } from "../src/city/city.ts";
import { distanceToShape } from "../src/kernel/distance.ts";
import { compileShape } from "../src/kernel/shape.ts";
import type { PlaceGeometry } from "../src/model/place.ts";
import { openTestDatabase } from "../src/store/database-for-tests.ts";

const BEFORE = Date.parse("2025-02-01T00:00:00+08:00");
const NOW = Date.parse("2026-11-24T08:00:00Z");
const INSTANTS = ["2025-01-01", "2025-03-01", "2025-04-01", "2025-05-01", "2027-01-01"];

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let places: Places;

beforeAll(async () => {
  database = await openTestDatabase();
  places = await Places.open(database.kysely);
  await fillPlaces(places, "demo/xinxiang");
}, 120_000);
afterAll(() => database.close());

describe("1. Places: 4,507 grids of the demo's map become 4,995 within months", () => {
  it("has so many grids, below 12 counties, 170 townships and 3,825 communities", () => {
    expect(places.history.leavesAt("civil", BEFORE)).toHaveLength(4507);
    expect(places.history.leavesAt("civil", NOW)).toHaveLength(4995);
    const kinds = places.history.subtreeAt("410700", NOW).map(({ kind }) => kind);
    expect(["county", "township", "community"].map((kind) => kinds.filter((each) => each === kind).length)).toEqual([
      12, 170, 3825,
    ]);
  });

  it("is a partition of the city at every instant", () => {
    for (const day of INSTANTS) {
      const atMs = Date.parse(`${day}T00:00:00+08:00`);
      expect(places.check("civil", atMs)).toEqual([]);
      expect(places.check("civil", atMs - 1)).toEqual([]);
    }
  });

  it("has the city's fence as its outline, within two metres", async () => {
    const { fence } = await loadCity("demo/xinxiang", { startMs: 0 });
    const city = places.history.getVersion("410700", NOW).shape;
    const border = compileShape({ type: "MultiLineString", coordinates: polygonsOf(city.geometry).flat() });
    const corners = polygonsOf(fence as PlaceGeometry).flat(2);
    expect(Math.max(...corners.map(([lon, lat]) => distanceToShape(border, lon, lat)))).toBeLessThan(2);
    expect(city.areaM2 / areaOf(fence as PlaceGeometry)).toBeCloseTo(1, 5);
    // Zhengzhou.
    expect(places.findGridAt(113.65, 34.75, NOW)).toBeUndefined();
  });

  it("answers which grid a point is in, on a date, in less than 20 µs", () => {
    const [west, south, east, north] = [113.39, 34.9, 114.98, 35.83];
    places.findGridAt(west, south, NOW);
    const rounds = [0, 1, 2].map(() => {
      const startMs = performance.now();
      let inside = 0;
      for (let n = 0; n < 20_000; n++) {
        const lon = west + ((n * 0.618_033_9) % 1) * (east - west);
        const lat = south + ((n * 0.754_877_6) % 1) * (north - south);
        if (places.findGridAt(lon, lat, n % 2 === 0 ? NOW : BEFORE) !== undefined) inside++;
      }
      expect(inside).toBeGreaterThan(9000);
      return (performance.now() - startMs) / 20;
    });
    expect(Math.min(...rounds)).toBeLessThan(20);
  });

  it("has a team for each grid, some slots vacant, some people on leave, and desks above", () => {
    const grids = places.history.leavesAt("civil", NOW);
    const members = grids.map(({ id }) => places.duties.find(id, "member", NOW));
    const up = members.filter(({ wentUp }) => wentUp);
    expect(up.length).toBeGreaterThan(50);
    expect(up.length).toBeLessThan(400);
    expect(up.every(({ slot, persons }) => slot === "desk" && persons.length > 0)).toBe(true);
    expect(members.every(({ persons }) => persons.length > 0)).toBe(true);
    const rosters = grids.slice(0, 500).map(({ id }) => places.duties.roster(id, NOW));
    expect(
      rosters.some(({ holders }) => holders.some(({ onLeave, substitutes }) => onLeave && substitutes.length > 0)),
    ).toBe(true);
    expect(rosters.every(({ holders }) => holders.every(({ name }) => /^\p{Script=Han}{2,3}$/u.test(name)))).toBe(true);
  });

  it("is the same after a restart, and is not filled twice", async () => {
    const again = await Places.open(database.kysely);
    await fillPlaces(again, "demo/xinxiang");
    expect([...again.history.all()].length).toBe([...places.history.all()].length);
    for (const { id, path, shape } of places.history.leavesAt("civil", NOW)) {
      const version = again.history.getVersion(id, NOW);
      expect([version.path, version.shape.id]).toEqual([path, shape.id]);
    }
    expect(await again.operations(10)).toHaveLength(4);
  });
});
