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

beforeEach(async () => {
  const path = join(await mkdtemp(join(tmpdir(), "wuxing-fixes-")), "sources.json");
  key = await addSource(path, "phones", "wgs84");
  sink = new MemorySink();
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(fixRoutes({ sources: await readSourceKeys(path), intake: new PositionIntake(sink) }));
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
