import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countResults } from "../gateway/etc-intake.ts";
import { addSource, readSourceKeys } from "../gateway/source-keys.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { createEtcQueries } from "../store/etc-queries.ts";
import { EtcStore } from "../store/etc-store.ts";
import { answerErrors } from "./error-answer.ts";
import { etcRoutes } from "./etc-routes.ts";

let database: Database;
let app: FastifyInstance;
let key: string;
let fixesKey: string;
let kept = 0;
const results = countResults([]);

beforeAll(async () => {
  database = await openTestDatabase();
  const path = join(await mkdtemp(join(tmpdir(), "wuxing-etc-")), "sources.json");
  key = await addSource(path, "toll", "wgs84", ["etc"]);
  fixesKey = await addSource(path, "buses", "wgs84");
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(
    etcRoutes({
      sources: await readSourceKeys(path),
      keeper: new EtcStore(database.kysely),
      onKept: () => void kept++,
      queries: createEtcQueries(database.kysely, 300_000),
      results,
      gates: new Set(["west"]),
    }),
  );
});
afterAll(async () => {
  await app.close();
  await database.close();
});

async function post(
  payload: object | string,
  { colours = "etc", bearer = key, type = "application/json" } = {},
): Promise<{ status: number; body: any }> {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": type };
  const response = await app.inject({ method: "POST", url: `/etc/passages?colours=${colours}`, headers, payload });
  return { status: response.statusCode, body: response.json() };
}

async function get(url: string): Promise<{ status: number; body: any }> {
  const response = await app.inject({ method: "GET", url });
  return { status: response.statusCode, body: response.json() };
}

const item = {
  transaction: "G0001-1",
  plate: "豫G12345",
  plateColour: 1,
  vehicleClass: 14,
  axles: 4,
  weightKg: 21_340,
  gantry: "G000441001",
  lane: "01",
  direction: "up",
  time: "2022-05-10T02:13:05+08:00",
};

describe("toll records over HTTP", () => {
  it("are kept once, each with its answer", async () => {
    const second = { ...item, transaction: "G0001-2", plate: "豫G12345_1", plateColour: undefined };
    expect(await post({ passages: [item, second] })).toEqual({
      status: 200,
      body: {
        accepted: 2,
        known: 0,
        conflict: 0,
        rejected: 0,
        items: [
          { transaction: "G0001-1", result: "accepted" },
          { transaction: "G0001-2", result: "accepted" },
        ],
      },
    });
    expect(kept).toBe(1);
    expect(results).toEqual({ accepted: 2, known: 0, conflict: 0, rejected: 0 });
    const again = await post({ passages: [item, { ...item, axles: 6 }] });
    expect(again.body).toMatchObject({
      accepted: 0,
      known: 1,
      conflict: 1,
      items: [{ result: "known" }, { result: "conflict", problem: { where: "transaction", value: "G0001-1" } }],
    });
    const { body } = await get(`/etc/passages?vehicle=${encodeURIComponent("豫G12345_2")}`);
    expect(body.items).toHaveLength(2);
    expect(body.items).toContainEqual({
      id: expect.any(String),
      source: "toll",
      transaction: "G0001-1",
      vehicle: "豫G12345_2",
      plate: "豫G12345",
      plateColour: 2,
      vehicleClass: 14,
      axles: 4,
      weightKg: 21_340,
      facility: { kind: "gantry", id: "G000441001" },
      lane: "01",
      roadDirection: "up",
      time: "2022-05-09T18:13:05.000Z",
      receivedAt: expect.any(String),
      gate: null,
      direction: null,
    });
  });

  it("come as CSV, with empty fields for what is not given", async () => {
    const csv = `\u{FEFF}transaction,plate,plateColour,vehicleClass,axles,weightKg,station,gantry,lane,direction,time\r
C-1,"豫A00001",2,,,,S12,,3,entry,2022-05-10T02:13:05Z\r
C-2,豫A00002,2,13,3,18000.5,S12,,3,entry,1652148785000\r
C-3,豫A00003,2,13,3,18000.5,,,3,entry,2022-05-10T02:13:05Z\r
`;
    const { body } = await post(csv, { colours: "jt415", type: "text/csv" });
    expect(body).toMatchObject({
      accepted: 2,
      rejected: 1,
      items: [
        { transaction: "C-1", result: "accepted" },
        { transaction: "C-2", result: "accepted" },
        { transaction: "C-3", result: "rejected", problem: { where: "passages[2].station" } },
      ],
    });
    const { items } = (await get("/etc/passages?source=toll&from=2022-05-10T02:00:00Z&to=2022-05-10T03:00:00Z")).body;
    expect(items.map((each: { vehicle: string; weightKg: number | null }) => [each.vehicle, each.weightKg])).toEqual(
      expect.arrayContaining([
        ["豫A00001_2", null],
        ["豫A00002_2", 18_000.5],
      ]),
    );
  });

  it.each([
    [{ plate: "默A00000" }, "plate"],
    [{ plateColour: 8 }, "plateColour"],
    [{ plateColour: "yellow" }, "plateColour"],
    [{ vehicleClass: 5 }, "vehicleClass"],
    [{ station: "S1" }, "gantry"],
    [{ time: "2022-05-10 02:13:05" }, "time"],
    [{ time: Date.now() + 180_000 }, "time"],
    [{ transaction: "" }, "transaction"],
    [{ weightKg: -1 }, "weightKg"],
  ])("with %j are refused with the field that is wrong, and nothing else with them", async (wrong, field) => {
    const transaction = `W-${field}-${JSON.stringify(wrong).length}`;
    const good = { ...item, transaction };
    const { body } = await post({ passages: [{ ...item, transaction: "bad", ...wrong }, good] });
    expect(body).toMatchObject({
      accepted: 1,
      rejected: 1,
      items: [
        { result: "rejected", problem: { where: `passages[0].${field}`, expected: expect.any(String) } },
        { transaction, result: "accepted" },
      ],
    });
  });

  it.each([
    [0, "etc", 1],
    [1, "etc", 2],
    [4, "etc", 94],
    [5, "etc", 93],
    [11, "etc", 5],
    [2, "jt415", 2],
  ])("colour %d of %s is %d of JT/T 415", async (plateColour, colours, expected) => {
    const transaction = `K-${plateColour}-${colours}`;
    const plate = `豫K${plateColour}${colours}`;
    await post({ passages: [{ ...item, transaction, plate, plateColour }] }, { colours });
    expect((await get(`/etc/passages?vehicle=${encodeURIComponent(`${plate}_${expected}`)}`)).body.items).toHaveLength(
      1,
    );
  });

  it("are refused whole without a key for them, a declared code of colours, or any item", async () => {
    expect((await post({ passages: [item] }, { bearer: "wrong" })).status).toBe(401);
    expect(await post({ passages: [item] }, { bearer: fixesKey })).toMatchObject({
      status: 401,
      body: { code: "KEY_INVALID", detail: "the key of buses is not for etc" },
    });
    expect((await post({ passages: [item] }, { colours: "" })).status).toBe(400);
    expect((await post({ passages: [] })).status).toBe(400);
    expect(await post('a,b\n"1', { type: "text/csv" })).toMatchObject({ status: 400, body: { code: "INPUT_INVALID" } });
  });

  it("are asked for by gates that there are", async () => {
    expect((await get("/gates/west/disagreements")).body).toEqual({ items: [], next: null });
    expect((await get("/gates/-/disagreements?kind=gps-silent")).status).toBe(200);
    expect((await get("/gates/west/passages?from=2022-05-10T02:00:00Z&to=2022-05-10T03:00:00Z")).status).toBe(200);
    expect(await get("/gates/nowhere/passages")).toMatchObject({ status: 404, body: { code: "GATE_NOT_FOUND" } });
  });
});
