import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { WuxingError } from "../model/errors.ts";
import { deskForTests, openForTests, placesForTests } from "./case-city-for-tests.ts";
import { countAtPlaces, countBelow, rehomeCases } from "./place-work.ts";
import type { PlaceFinder } from "./ports.ts";

const NOW_MS = Date.UTC(2026, 2, 2, 1);
let database: Awaited<ReturnType<typeof openTestDatabase>>;

beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
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
    expect(await countAtPlaces(kysely, ["g", "h"])).toEqual([{ what: "case", place: "g", count: 2 }]);
    expect(await rehomeCases(kysely, desk, after, NOW_MS)).toBe(0);

    // The grid is closed; nobody knows where the cases' subjects are: they go to the community above.
    after = {
      ...placesForTests,
      getPath: (place, atMs) => {
        if (place === "g") throw new WuxingError("PLACE_NOT_FOUND", place);
        return placesForTests.getPath(place, atMs);
      },
    };
    await kysely.updateTable("work_case").set({ taken_by: "wang" }).where("id", "=", "c2").execute();
    expect(await rehomeCases(kysely, desk, after, NOW_MS)).toBe(2);
    expect(await desk.get("c1")).toMatchObject({ place: "1111", path: "1/11/111/1111/", version: 2, slot: "desk" });
    expect(await desk.get("c2")).toMatchObject({ place: "1111", taken_by: "wang" });
    expect(await rehomeCases(kysely, desk, after, NOW_MS)).toBe(0);
    const left = await kysely.selectFrom("case_entry").select("path").where("kind", "=", "moved").execute();
    expect(left.map(({ path }) => path)).toEqual(["1/11/111/1111/g/", "1/11/111/1111/g/"]);
  });
});
