import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HomeInput } from "../model/home.ts";
import { placeOperationInputSchema, type PlaceChange } from "../model/place.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { fillPlaces } from "./place-folder.ts";
import { Places } from "./places.ts";
import { cells, middle, squareCity } from "./square-city-for-tests.ts";

const START = "2025-01-01T00:00:00Z";
const MARCH = "2025-03-01T00:00:00Z";
const DEMO = "demo/xinxiang";
const ms = (instant: string): number => Date.parse(instant);

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let places: Places;

beforeAll(async () => {
  database = await openTestDatabase();
}, 240_000);
afterAll(() => database.close());

/** So many residents and one device in a cell, in its western or its eastern half. */
function live(column: number, row: number, half: -1 | 1, residents: number): HomeInput[] {
  const [lon, lat] = middle(column, row);
  const at = { lon: lon + half * 0.0025, lat, datum: "wgs84" as const };
  const name = `${column}${row}${half}`;
  return [
    ...Array.from({ length: residents }, (_, i): HomeInput => ({ kind: "resident", id: `r${name}-${i}`, ...at })),
    { kind: "device", id: `d${name}`, ...at },
  ];
}

/** `what from>to count`, in the order of the texts. */
function flows(moves: readonly { what: string; from: string; to: string | null; count: number }[]): string[] {
  return moves.map(({ what, from, to, count }) => `${what} ${from}>${to} ${count}`).toSorted();
}

describe("1. An operation on places: residents and devices are re-homed by their point, and who loses and gains is told", () => {
  beforeEach(async () => {
    await sql`truncate place_operation, person, home cascade`.execute(database.kysely);
    places = await Places.open(database.kysely, { now: () => ms(START) });
    await places.execute({ id: "first", effectiveAt: START, reason: "the city begins", changes: squareCity() });
    await places.homes.put([...live(0, 0, -1, 3), ...live(0, 0, 1, 5), ...live(1, 0, -1, 2), ...live(1, 0, 1, 7)]);
    const persons = ["p1", "p2"].map((id) => ({ id, name: `name ${id}` }));
    await places.duties.assign(
      [
        { place: "g00", slot: "head", person: "p1", fromMs: ms(START), toMs: Infinity },
        { place: "X", slot: "desk", person: "p2", fromMs: ms(START), toMs: Infinity },
      ],
      { persons },
    );
  });

  const counts = (place: string, at: string): Promise<object> => places.homes.countAt(place, ms(at));
  const west = cells(0, 0, 0.5, 1);
  const east = cells(0.5, 0, 1, 1);
  const split: PlaceChange = {
    op: "split",
    place: "g00",
    parts: [
      { id: "g00w", name: "west", geometry: west, carryDuties: true },
      { id: "g00e", name: "east", geometry: east, carryDuties: false },
    ],
  };
  const input = (change: PlaceChange) => ({ effectiveAt: MARCH, reason: "a decision", changes: [change] });

  test("a split: the preview counts them from the old to the new grids, and names whom it concerns; then it is so, from that day on", async () => {
    const before = await places.preview(input(split));
    expect(flows(before.rehomed)).toEqual([
      "device g00>g00e 1",
      "device g00>g00w 1",
      "resident g00>g00e 5",
      "resident g00>g00w 3",
    ]);
    const balance = new Map(before.balance.map((row) => [row.place, row]));
    expect(balance.get("g00")).toMatchObject({
      name: "name of g00",
      persons: [{ id: "p1", name: "name p1" }],
      loses: [
        { what: "resident", count: 8 },
        { what: "device", count: 2 },
      ],
      gains: [],
    });
    // The head goes on with the western part; the eastern one has nobody yet, and the city's desk is told.
    expect(balance.get("g00w")).toMatchObject({
      name: "west",
      persons: [{ id: "p1", name: "name p1" }],
      gains: [{ count: 3 }, { count: 1 }],
    });
    expect(balance.get("g00e")).toMatchObject({ persons: [{ id: "p2" }], gains: [{ count: 5 }, { count: 1 }] });
    expect(await counts("g00", MARCH)).toEqual({ resident: 8, device: 2 });

    const { id, preview } = await places.execute(input(split));
    expect(preview.rehomed).toEqual(before.rehomed);
    expect(await counts("g00", START)).toEqual({ resident: 8, device: 2 });
    expect(await counts("g00e", MARCH)).toEqual({ resident: 5, device: 1 });
    expect(await counts("g00w", MARCH)).toEqual({ resident: 3, device: 1 });
    expect(await counts("X", MARCH)).toEqual({ resident: 17, device: 4 });
    await expect(counts("g00", MARCH)).rejects.toMatchObject({ code: "PLACE_NOT_FOUND" });
    // After a restart too; and taken back before its date, everybody is where they were.
    places = await Places.open(database.kysely, { now: () => ms(START) });
    expect(await counts("g00e", MARCH)).toEqual({ resident: 5, device: 1 });
    await places.undo(id, ms(START));
    expect(await counts("g00", MARCH)).toEqual({ resident: 8, device: 2 });
  });

  test("a merge: all of both go to the new grid", async () => {
    const { rehomed, balance } = await places.preview(
      input({
        op: "merge",
        places: ["g00", "g10"],
        into: { id: "g0", name: "both", carryDutiesOf: ["g00"] },
      }),
    );
    expect(flows(rehomed)).toEqual(["device g00>g0 2", "device g10>g0 2", "resident g00>g0 8", "resident g10>g0 9"]);
    expect(balance[0]).toMatchObject({
      place: "g0",
      persons: [{ id: "p1", name: "name p1" }],
      gains: [{ what: "resident", count: 17 }, {}],
    });
  });

  test("a re-cut: only who lives on the ground that changes hands; neighbours that are not touched keep theirs", async () => {
    const changes: PlaceChange[] = [
      { op: "recut", place: "g00", geometry: cells(0, 0, 1.5, 1) },
      { op: "recut", place: "g10", geometry: cells(1.5, 0, 2, 1) },
    ];
    const { rehomed, balance } = await places.preview({ effectiveAt: MARCH, reason: "a decision", changes });
    expect(flows(rehomed)).toEqual(["device g10>g00 1", "resident g10>g00 2"]);
    expect(balance.map(({ place, persons }) => `${place} ${persons.map(({ id }) => id).join()}`)).toEqual([
      "g00 p1",
      "g10 p2",
    ]);
  });

  test("a police district is cut anew: residents change theirs there, and nothing in the civil tree", async () => {
    const district = (id: string, from: number, to: number): PlaceChange => ({
      op: "create",
      id,
      tree: "police",
      kind: "district",
      name: id,
      parent: "P",
      geometry: cells(from, 0, to, 4),
    });
    const top: PlaceChange = { op: "create", id: "P", tree: "police", kind: "city", name: "P", parent: null };
    const begin = [top, district("P1", 0, 1), district("P2", 1, 8)];
    await places.execute({ effectiveAt: START, reason: "police", changes: begin });
    const { rehomed } = await places.preview({
      effectiveAt: MARCH,
      reason: "police",
      changes: [
        { op: "recut", place: "P1", geometry: cells(0, 0, 2, 4) },
        { op: "recut", place: "P2", geometry: cells(2, 0, 8, 4) },
      ],
    });
    expect(flows(rehomed)).toEqual(["device P2>P1 2", "resident P2>P1 9"]);
  });

  test("each home is judged by itself, kept once, moved, and removed", async () => {
    const [lon, lat] = middle(5, 2);
    const home = { kind: "resident" as const, datum: "wgs84" as const };
    expect(
      await places.homes.put([
        { ...home, id: "new", lon, lat },
        { ...home, id: "new", lon, lat: lat + 0.001 },
        { ...home, id: "far", lon: 100, lat },
        live(0, 0, -1, 1)[0],
        { kind: "device", id: "d00-1", gone: true },
        { kind: "device", id: "nobody", gone: true },
      ]),
    ).toEqual({
      accepted: 1,
      unchanged: 1,
      gone: 1,
      rejected: 1,
      problems: [{ where: "homes[2]", value: `100 ${lat}`, expected: "a point in the city" }],
    });
    expect(await counts("g52", START)).toEqual({ resident: 1, device: 0 });
    expect(await counts("g00", START)).toEqual({ resident: 8, device: 1 });
    // The same place in another datum is half a kilometre off.
    await places.homes.put([{ kind: "resident", id: "g", lon, lat, datum: "gcj02" }]);
    const { rows } = await sql<{ lon: number }>`select lon_e6 as lon from home where id = 'g'`.execute(database.kysely);
    expect(Math.abs(rows[0].lon - lon * 1e6)).toBeGreaterThan(1000);
  });
});

describe("1. The demo's map: 4,507 grids become 4,995", () => {
  test(
    "every resident and device goes to the grid at its point, and the preview says how many from where to where",
    { timeout: 120_000 },
    async () => {
      await sql`truncate place_operation, person, home cascade`.execute(database.kysely);
      const folder = mkdtempSync(join(tmpdir(), "wuxing-homes-"));
      const city = JSON.parse(readFileSync(join(DEMO, "city.json"), "utf8")) as Record<string, Record<string, string>>;
      delete city["places"]["operations"];
      delete city["teams"];
      writeFileSync(join(folder, "places.geojson"), readFileSync(join(DEMO, "places.geojson")));
      writeFileSync(join(folder, "city.json"), JSON.stringify(city));
      const operations = placeOperationInputSchema
        .array()
        .parse(JSON.parse(readFileSync(join(DEMO, "place-operations.json"), "utf8")));
      const { effectiveAt } = operations[0];
      const beforeMs = ms(effectiveAt) - 1;
      const afterMs = ms(effectiveAt);
      places = await Places.open(database.kysely, { now: () => beforeMs });
      await fillPlaces(places, folder);
      expect(places.history.leavesAt("civil", beforeMs)).toHaveLength(4507);

      // Thirty thousand points all over the city, as a low-discrepancy sequence puts them; two residents and a device at each.
      const homes: HomeInput[] = [];
      for (let n = 0; homes.length < 90_000 && n < 200_000; n++) {
        const lon = Math.round((113.4 + ((n * 0.618_033_9) % 1) * 1.55) * 1e6) / 1e6;
        const lat = Math.round((34.9 + ((n * 0.754_877_6) % 1) * 0.92) * 1e6) / 1e6;
        if (places.findGridAt(lon, lat, beforeMs) === undefined) continue;
        const at = { lon, lat, datum: "wgs84" as const };
        for (const [kind, id] of [
          ["resident", `a${n}`],
          ["resident", `b${n}`],
          ["device", `c${n}`],
        ] as const)
          homes.push({ kind, id, ...at });
      }
      expect(await places.homes.put(homes)).toMatchObject({ accepted: homes.length, rejected: 0 });

      const whole = { effectiveAt, reason: "all at once", changes: operations.flatMap(({ changes }) => changes) };
      const preview = await places.preview(whole);
      await places.execute(whole);
      expect(places.history.leavesAt("civil", afterMs)).toHaveLength(4995);
      // What the map itself says of every point, before and after.
      const expected = new Map<string, number>();
      for (const home of homes) {
        if (!("lon" in home)) continue;
        const from = places.findGridAt(home.lon, home.lat, beforeMs)!;
        const to = places.findGridAt(home.lon, home.lat, afterMs)!;
        if (from === to) continue;
        const key = `${home.kind} ${from}>${to}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
      }
      expect(expected.size).toBeGreaterThan(500);
      expect(flows(preview.rehomed)).toEqual([...expected].map(([key, count]) => `${key} ${count}`).toSorted());
      const lost = preview.balance.flatMap(({ loses }) => loses).reduce((sum, { count }) => sum + count, 0);
      const won = preview.balance.flatMap(({ gains }) => gains).reduce((sum, { count }) => sum + count, 0);
      const moved = [...expected.values()].reduce((sum, count) => sum + count, 0);
      expect([lost, won]).toEqual([moved, moved]);
    },
  );
});
