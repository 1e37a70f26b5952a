import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFieldKey, FieldCipher } from "../../access/field-cipher.ts";
import { readAs } from "../../access/read-as.ts";
import { placesForTests } from "../../cases/case-city-for-tests.ts";
import type { PlaceFinder } from "../../cases/ports.ts";
import { arrivalInputSchema, type ArrivalInput } from "../../model/arrival.ts";
import { openTestDatabase } from "../../store/database-for-tests.ts";
import { ArrivalRegister } from "./arrivals.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 3, 8, 2);
const iso = (ms: number): string => new Date(ms).toISOString();
const CARRIER = { kind: "enterprise", name: "某物流公司" } as const;
/** The grid is west of 114 degrees. */
const PLACES: PlaceFinder = {
  ...placesForTests,
  findGridAt: (lon) => (lon < 114 ? "g" : undefined),
};

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let nowMs: number;
let register: ArrivalRegister;

beforeAll(async () => {
  database = await openTestDatabase();
}, 240_000);
afterAll(() => database.close());
beforeEach(async () => {
  await sql`truncate arrival`.execute(database.kysely);
  nowMs = START_MS;
  register = new ArrivalRegister({
    kysely: database.kysely,
    cipher: new FieldCipher([createFieldKey("aes-256-gcm", "k1")]),
    places: PLACES,
    cityPlace: "1",
    now: () => nowMs,
  });
});

const input = (more: Partial<ArrivalInput> = {}): ArrivalInput =>
  arrivalInputSchema.parse({
    id: "d1",
    plate: "豫g 12345",
    plateColour: 2,
    destination: { lon: 113.9, lat: 35.3, address: "平原路 1 号" },
    arriveAt: iso(START_MS + 2 * HOUR_MS),
    cargo: "蔬菜",
    contact: "139 0000 0001",
    ...more,
  });
const seenBy = (...paths: string[]) =>
  readAs(database.kysely, { paths, person: null }, (role) => register.list(role, {}));

describe("8. A lock opens a case at the grid of the declared destination: declarations", () => {
  test("each value stands with its source and its time; what is said again keeps its stamp, what differs gets another", async () => {
    expect(await register.declare(input(), CARRIER)).toEqual({ isNew: true, place: "g" });
    expect(await register.declare(input(), CARRIER)).toEqual({ isNew: false, place: "g" });
    nowMs += HOUR_MS;
    await register.declare(input({ cargo: "蔬菜和水果" }), CARRIER);
    const [arrival] = (await seenBy("1/11/")).items;
    expect(arrival).toMatchObject({
      vehicle: "豫G12345_2",
      place: "g",
      destination: { value: { address: "平原路 1 号" }, source: CARRIER, at: iso(START_MS) },
      arriveAt: { value: iso(START_MS + 2 * HOUR_MS), at: iso(START_MS) },
      cargo: { value: "蔬菜和水果", at: iso(START_MS + HOUR_MS) },
      contact: { value: true, at: iso(START_MS) },
    });
  });

  test("the telephone number is ciphertext in the database, and read only by who may see the declaration", async () => {
    await register.declare(input(), CARRIER);
    const { rows } = await sql<{ all: string }>`select arrival::text as all from arrival`.execute(database.kysely);
    expect(rows[0].all).not.toContain("0000 0001");
    const as =
      (...paths: string[]) =>
      (run: Parameters<typeof readAs<boolean>>[2]) =>
        readAs(database.kysely, { paths, person: null }, run);
    expect(await register.contact(as("1/11/"), "d1")).toBe("139 0000 0001");
    await expect(register.contact(as("1/12/"), "d1")).rejects.toMatchObject({ code: "ARRIVAL_NOT_FOUND" });
    const inRole = readAs(database.kysely, { paths: ["1/"], person: null }, (role) =>
      role.selectFrom("arrival").select("contact").execute(),
    );
    await expect(inRole).rejects.toThrow(/permission denied/);
  });

  test("it is seen where it leads to, one that leads outside by the city; nobody else's id is taken over", async () => {
    await register.declare(input(), CARRIER);
    await register.declare(
      input({ id: "d2", destination: { lon: 114.5, lat: 35, datum: "wgs84", address: "开封" } }),
      CARRIER,
    );
    const ids = async (...paths: string[]): Promise<string[]> => (await seenBy(...paths)).items.map(({ id }) => id);
    expect(await ids("1/11/111/1111/g/")).toEqual(["d1"]);
    expect(await ids("1/")).toEqual(["d2", "d1"]);
    expect(await ids("1/12/")).toEqual([]);
    await expect(register.declare(input(), { kind: "enterprise", name: "另一家" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  test("a place that does not exist and a time that is long over are refused", async () => {
    for (const wrong of [
      { destination: { place: "nowhere" } },
      { arriveAt: iso(START_MS - 25 * HOUR_MS) },
      { arriveAt: iso(START_MS + 31 * 24 * HOUR_MS) },
    ])
      await expect(register.declare(input(wrong), CARRIER)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test("what cases ask: the latest first, with its span; at its end it is deleted", async () => {
    await register.declare(input(), CARRIER);
    nowMs += HOUR_MS;
    await register.declare(input({ id: "d2", destination: { place: "11" } }), { kind: "driver", name: "豫G12345" });
    const found = (await register.destinationsOf(["豫G12345_2", "豫G2_2"])).get("豫G12345_2");
    expect(found).toMatchObject([
      { arrival: "d2", place: "11", source: { zh: "司机本人" }, saidMs: START_MS + HOUR_MS },
      {
        arrival: "d1",
        place: "g",
        text: "平原路 1 号",
        fromMs: START_MS - 22 * HOUR_MS,
        toMs: START_MS + 26 * HOUR_MS,
      },
    ]);
    expect(await register.prune()).toBe(0);
    nowMs = START_MS + 26 * HOUR_MS;
    expect((await seenBy("1/")).items).toEqual([]);
    expect(await register.prune()).toBe(2);
    expect(await database.kysely.selectFrom("arrival").select("id").execute()).toEqual([]);
  });
});
