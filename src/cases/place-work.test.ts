import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { WuxingError } from "../model/errors.ts";
import { deskForTests, openForTests, placesForTests } from "./case-city-for-tests.ts";
import { countBelow, countMoves, rehomeCases, rehomeFrom, type ChangingPlaces } from "./place-work.ts";
import type { PlaceFinder } from "./ports.ts";

const NOW_MS = Date.UTC(2026, 2, 2, 1);
let database: Awaited<ReturnType<typeof openTestDatabase>>;

beforeAll(async () => {
  database = await openTestDatabase();
}, 240_000);
afterAll(() => database.close());

describe("work by place", () => {
  test("is counted below places, and moves on when its place is not there any more, taken or not", async () => {
    const { kysely } = database;
    let after: PlaceFinder = placesForTests;
    const desk = deskForTests(kysely, () => NOW_MS, {
      places: {
        findGridAt: (...at) => after.findGridAt(...at),
        getPath: (...of) => after.getPath(...of),
        nameOf: (id) => id,
      },
    });
    for (const id of ["c1", "c2"]) await openForTests(desk, "inspection", id, NOW_MS);
    const paths = ["1/", "1/11/", "1/12/", "1/1/"];
    const counted = await countBelow(kysely, paths, NOW_MS + 48 * 3_600_000);
    expect(counted.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: "1/", open: 2, overdue: 2 },
      { path: "1/1/", open: 0, overdue: 0 },
      { path: "1/11/", open: 2, overdue: 2 },
      { path: "1/12/", open: 0, overdue: 0 },
    ]);
    const changing = (): ChangingPlaces => ({ ...after, recutBetween: () => [] });
    expect(await rehomeCases(kysely, desk, changing(), NOW_MS)).toBe(0);
    const reshaping = {
      effectiveMs: NOW_MS,
      places: ["g", "h"],
      trees: ["civil" as const],
      box: [0, 0, 1, 1] as const,
      leafBefore: () => "g",
      leafAfter: () => "h",
      pathAfter: (place: string) => (place === "1111" ? "1/11/111/1111/" : undefined),
    };
    expect(await countMoves(kysely, reshaping)).toEqual([{ what: "case", from: "g", to: "1111", count: 2 }]);

    // The grid is closed; nobody knows where the cases' subjects are: they go to the community above.
    after = {
      ...placesForTests,
      getPath: (place, atMs) => {
        if (place === "g") throw new WuxingError("PLACE_NOT_FOUND", place);
        return placesForTests.getPath(place, atMs);
      },
    };
    await kysely.updateTable("work_case").set({ taken_by: "wang" }).where("id", "=", "c2").execute();
    expect(await rehomeCases(kysely, desk, changing(), NOW_MS)).toBe(2);
    expect(await desk.get("c1")).toMatchObject({ place: "1111", path: "1/11/111/1111/", version: 2, slot: "desk" });
    expect(await desk.get("c2")).toMatchObject({ place: "1111", taken_by: "wang" });
    expect(await rehomeCases(kysely, desk, changing(), NOW_MS)).toBe(0);
    const left = await kysely.selectFrom("case_entry").select("path").where("kind", "=", "moved").execute();
    expect(left.map(({ path }) => path)).toEqual(["1/11/111/1111/g/", "1/11/111/1111/g/"]);
  });

  test("1. a re-cut grid keeps the work on its ground; what lies on ground that it lost goes along, once, also after a stop", async () => {
    const { kysely } = database;
    const recutMs = NOW_MS + 3_600_000;
    let nowMs = NOW_MS;
    // Until then everything east of 114.1 is the grid g's, afterwards only what lies east of 114.2; west of it is h.
    const finder: ChangingPlaces = {
      findGridAt: (lon, _lat, atMs) => (lon > (atMs < recutMs ? 114.1 : 114.2) ? "g" : "h"),
      getPath: (place) => (place === "h" ? "1/11/111/1111/h/" : placesForTests.getPath(place, nowMs)),
      nameOf: (id) => id,
      recutBetween: (afterMs, upToMs) => (afterMs < recutMs && recutMs <= upToMs ? ["g", "h"] : []),
    };
    const desk = deskForTests(kysely, () => nowMs, { places: finder });
    const spots = { kept: 114.3, lost: 114.15, elsewhere: 113.9 };
    for (const [id, lon] of Object.entries(spots)) {
      await openForTests(desk, "inspection", id, nowMs);
      await desk.move(id, "g", { lon, lat: 35, time: new Date(nowMs).toISOString() }, {});
    }
    const reshaping = {
      effectiveMs: recutMs,
      places: ["g", "h"],
      trees: ["civil" as const],
      box: [113, 34, 115, 36] as const,
      leafBefore: (_tree: string, lon: number) => finder.findGridAt(lon, 35, recutMs - 1),
      leafAfter: (_tree: string, lon: number) => finder.findGridAt(lon, 35, recutMs),
      pathAfter: (place: string) => finder.getPath(place, recutMs),
    };
    expect(await countMoves(kysely, reshaping)).toEqual([{ what: "case", from: "g", to: "h", count: 1 }]);
    await kysely.transaction().execute((transaction) => rehomeFrom(transaction, recutMs));
    expect(await rehomeCases(kysely, desk, finder, nowMs)).toBe(0);
    // The program was down when the operation took effect.
    nowMs = recutMs + 86_400_000;
    expect(await rehomeCases(kysely, desk, finder, nowMs)).toBe(1);
    const placeOf = async (id: string): Promise<string> => (await desk.get(id)).place;
    expect([await placeOf("kept"), await placeOf("lost"), await placeOf("elsewhere")]).toEqual(["g", "h", "g"]);
    // What comes to the grid later is not judged by what was before.
    await desk.move("lost", "g", { lon: 114.15, lat: 35, time: new Date(nowMs).toISOString() }, {}, true);
    expect(await rehomeCases(kysely, desk, finder, nowMs + 60_000)).toBe(0);
    // An operation that is dated back is looked at again.
    await kysely.transaction().execute((transaction) => rehomeFrom(transaction, recutMs));
    expect(await rehomeCases(kysely, desk, finder, nowMs + 120_000)).toBe(1);
  });
});
