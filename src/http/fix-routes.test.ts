import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import { PositionIntake } from "../gateway/position-intake.ts";
import { addSource, readSourceKeys } from "../gateway/source-keys.ts";
import { answerErrors } from "./error-answer.ts";
import { fixRoutes } from "./fix-routes.ts";

const MS = Date.UTC(2022, 4, 10, 3);

let app: FastifyInstance;
let sink: MemorySink;
let key: string;
let intake: PositionIntake;

beforeEach(async () => {
  const path = join(await mkdtemp(join(tmpdir(), "wuxing-fixes-")), "sources.json");
  key = await addSource(path, "phones", "wgs84");
  sink = new MemorySink();
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  intake = new PositionIntake(sink, { underWayMax: 5 });
  await app.register(fixRoutes({ sources: await readSourceKeys(path), intake }));
});
afterEach(() => app.close());

describe("a phone tracker's position", () => {
  const query = `id=phone-1&lat=35.3&lon=114&timestamp=${MS / 1000}&speed=10`;
  const json = (coords: object): object => ({
    device_id: "phone-1",
    location: { timestamp: new Date(MS).toISOString(), coords: { latitude: 35.3, longitude: 114, ...coords } },
  });
  it.each<[string, "GET" | "POST", string, string | object | undefined, string | undefined, number]>([
    ["in the query of a GET", "GET", query, undefined, undefined, 185],
    ["in the query of a POST", "POST", query, undefined, undefined, 185],
    ["as a form", "POST", "", query, "application/x-www-form-urlencoded", 185],
    ["as Traccar Client's JSON", "POST", "", json({ speed: 10, heading: 90 }), "application/json", 360],
    [
      "as Traccar Client's JSON without a speed",
      "POST",
      "",
      json({ speed: -1, heading: -1 }),
      "application/json",
      0xffff,
    ],
  ])("%s is stored", async (_, method, given, payload, type, speedKmh10) => {
    const response = await app.inject({
      method,
      url: `/fixes/osmand?key=${key}&${given}`,
      headers: type === undefined ? {} : { "content-type": type },
      ...(payload === undefined ? {} : { payload }),
    });
    expect(response.json()).toEqual({ accepted: 1, rejected: [] });
    expect(sink.fixesOf("phone-1")).toEqual([[MS, 114_000_000, 35_300_000]]);
    expect(sink.batches[0].speedKmh10[0]).toBe(speedKmh10);
  });

  it("that is wrong is named by its field", async () => {
    const response = await app.inject({
      method: "POST",
      url: `/fixes/osmand?key=${key}`,
      payload: json({ latitude: 135 }),
    });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ problems: [{ where: "location.coords.latitude", value: "135" }] });
    expect(sink.length).toBe(0);
  });
});

describe("positions that wait for the disk", () => {
  const fixes = (count: number, from: number): object => ({
    fixes: Array.from({ length: count }, (_, i) => ({
      vehicle: "bus-1",
      time: MS + 1000 * (from + i),
      lon: 114,
      lat: 35.3,
    })),
  });
  const post = (payload: object) => app.inject({ method: "POST", url: `/fixes?key=${key}`, payload });

  it("are bounded: what is too much is refused whole, to be sent again, and nothing of what was taken is lost", async () => {
    const disk = Promise.withResolvers<void>();
    const append = sink.append.bind(sink);
    sink.append = async (batch) => {
      await disk.promise;
      await append(batch);
    };
    const first = post(fixes(4, 0));
    await expect.poll(() => intake.underWay, { timeout: 60_000 }).toBe(4);
    const refused = await post(fixes(2, 4));
    expect(refused.statusCode).toBe(503);
    expect(refused.json()).toMatchObject({ code: "OVERLOADED" });
    disk.resolve();
    expect((await first).json()).toEqual({ accepted: 4, rejected: [] });
    expect((await post(fixes(2, 4))).json()).toEqual({ accepted: 2, rejected: [] });
    expect(sink.fixesOf("bus-1").map(([timeMs]) => timeMs)).toEqual([0, 1, 2, 3, 4, 5].map((i) => MS + 1000 * i));
  });

  it("and are more than the bound in one message are taken when nothing else waits", async () => {
    expect((await post(fixes(9, 0))).json()).toEqual({ accepted: 9, rejected: [] });
  });
});
