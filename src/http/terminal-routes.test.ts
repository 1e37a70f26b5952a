import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startJt808Server, type Jt808Server } from "../gateway/jt808-server.ts";
import { encodeGeneralReply } from "../wire/jt808/0001-general-reply.ts";
import { decodeText } from "../wire/jt808/8300-text.ts";
import { decodeCircles, decodePolygon } from "../wire/jt808/8600-areas.ts";
import { answerErrors } from "./error-answer.ts";
import { terminalRoutes } from "./terminal-routes.ts";

const PHONE = "13900000001";
const VEHICLE = "豫G12345_2";

let gateway: Jt808Server;
let app: FastifyInstance;
let truck: RawTerminal;

beforeEach(async () => {
  gateway = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink: new MemorySink(),
    secret: "a secret of these tests",
    policy: { admission: "listed" },
  });
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(terminalRoutes(gateway));
  truck = await connectTerminal(gateway.port, PHONE);
});
afterEach(async () => {
  truck.socket.destroy();
  await app.close();
  await gateway.close();
});

async function call(method: "GET" | "POST", url: string, payload?: object): Promise<{ status: number; body: unknown }> {
  const response = await app.inject({ method, url, ...(payload !== undefined && { payload }) });
  return { status: response.statusCode, body: response.json() };
}

const commandsUrl = `/vehicles/${encodeURIComponent(VEHICLE)}/commands`;

describe("terminals over the API", () => {
  it("wait in a list, are let in by a person, refused again, and revoked", async () => {
    await truck.register();
    expect((await call("GET", "/terminals?status=waiting")).body).toMatchObject({
      items: [
        { phone: PHONE, vehicle: VEHICLE, status: "waiting", online: false, manufacturer: "WXTST", model: "RAW" },
      ],
      next: null,
    });
    expect((await call("POST", `/terminals/${PHONE}/accept`)).body).toMatchObject({ status: "accepted" });
    const code = await truck.logIn();
    expect((await call("GET", "/terminals")).body).toMatchObject({ items: [{ status: "accepted", online: true }] });
    expect((await call("POST", `/terminals/${PHONE}/revoke-code`)).status).toBe(200);
    await truck.until(() => truck.closed);
    truck = await connectTerminal(gateway.port, PHONE);
    expect(await truck.authenticate(code)).toBe(1);
    expect((await call("POST", `/terminals/${PHONE}/refuse`)).body).toMatchObject({ status: "refused" });
    expect(await call("POST", "/terminals/1/accept")).toMatchObject({
      status: 404,
      body: { code: "VEHICLE_NOT_FOUND" },
    });
  });

  it("say since when they wait, however often they ask, and from where", async () => {
    await truck.register();
    type Asked = { items: { registeredAt: string; firstRegisteredAt: string; address: string }[] };
    const [first] = ((await call("GET", "/terminals")).body as Asked).items;
    await truck.until(() => Date.now() > Date.parse(first.registeredAt));
    await truck.register();
    const [again] = ((await call("GET", "/terminals")).body as Asked).items;
    expect(first.address).toBe("127.0.0.1");
    expect(again.firstRegisteredAt).toBe(first.firstRegisteredAt);
    expect(Date.parse(again.registeredAt)).toBeGreaterThan(Date.parse(first.registeredAt));
    expect(gateway.waitingTerminals()).toBe(1);
    await call("POST", `/terminals/${PHONE}/accept`);
    expect(gateway.waitingTerminals()).toBe(0);
  });

  it("are found by a part of number, plate or id", async () => {
    await truck.register({ terminalId: "AB77" });
    for (const part of ["0000001", "g12345", "豫G·123", "ab7"])
      expect((await call("GET", `/terminals?q=${encodeURIComponent(part)}`)).body).toMatchObject({
        items: [{ phone: PHONE }],
      });
    expect((await call("GET", "/terminals?q=ab8")).body).toEqual({ items: [], next: null });
  });

  it("leave no page incomplete when some are decided on between two pages", async () => {
    for (const phone of ["1", "2", "3", "4"]) {
      truck.socket.destroy();
      truck = await connectTerminal(gateway.port, phone);
      await truck.register();
    }
    const first = (await call("GET", "/terminals?status=waiting&limit=2")).body as { next: string };
    await call("POST", "/terminals/1/accept");
    await call("POST", "/terminals/2/refuse");
    expect((await call("GET", `/terminals?status=waiting&limit=2&cursor=${first.next}`)).body).toMatchObject({
      items: [{ phone: "3" }, { phone: "4" }],
      next: null,
    });
  });

  it("come page by page", async () => {
    for (const phone of ["1", "2", "3"]) {
      truck.phone = phone;
      truck.socket.destroy();
      truck = await connectTerminal(gateway.port, phone);
      await truck.register();
    }
    const first = (await call("GET", "/terminals?limit=2")).body as { items: { phone: string }[]; next: string };
    const second = (await call("GET", `/terminals?limit=2&cursor=${first.next}`)).body;
    expect(first.items.map(({ phone }) => phone)).toEqual(["1", "2"]);
    expect(second).toMatchObject({ items: [{ phone: "3" }], next: null });
    expect((await call("GET", "/terminals?cursor=x")).status).toBe(400);
  });
});

describe("a vehicle's commands over the API", () => {
  beforeEach(async () => {
    await truck.register();
    await gateway.decide(PHONE, "accepted");
    await truck.logIn();
  });

  it("are sent, tracked to their answer, and seen", async () => {
    const given = await call("POST", commandsUrl, { kind: "text", text: "请靠边停车", urgent: true });
    expect(given).toMatchObject({ status: 200, body: { message: "0x8300", state: "sent", attempts: 1, result: null } });
    await truck.until(() => truck.of(0x8300).length === 1);
    const { body, serial: replySerial } = truck.of(0x8300)[0];
    expect(decodeText(body, false).text).toBe("请靠边停车");
    truck.send(0x0001, encodeGeneralReply({ replySerial, replyId: 0x8300, result: 0 }));
    await truck.until(() => gateway.metrics().waitingCommands === 0);
    expect((await call("GET", commandsUrl)).body).toMatchObject({
      items: [{ state: "done", result: 0, answer: null }],
    });
  });

  it("may ask for a position, parameters or tracking", async () => {
    for (const input of [
      { kind: "position" },
      { kind: "parameters" },
      { kind: "tracking", intervalSec: 5 },
      { kind: "tracking", intervalSec: 0 },
    ])
      expect((await call("POST", commandsUrl, input)).status).toBe(200);
    const { items } = (await call("GET", commandsUrl)).body as { items: { message: string; state: string }[] };
    expect(items.map(({ message }) => message)).toEqual(["0x8202", "0x8202", "0x8104", "0x8201"]);
    expect(items.map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting", "sent"]);
  });

  it("may give it areas, routes and parameters, and take them back", async () => {
    const square = { west: 113.8, south: 35.2, east: 114, north: 35.4 };
    const sent: [input: object, message: string][] = [
      [{ kind: "circles", circles: [{ id: 7, name: "西街", lon: 113.9, lat: 35.3, radiusM: 1000 }] }, "0x8600"],
      [{ kind: "delete", what: "circles", ids: [7] }, "0x8601"],
      [{ kind: "rectangles", action: "replace", rectangles: [{ id: 1, ...square }] }, "0x8602"],
      [{ kind: "delete", what: "rectangles" }, "0x8603"],
      [
        {
          kind: "polygon",
          id: 2,
          tellPlatform: ["enter"],
          tellDriver: [],
          speed: { maxKmh: 40, seconds: 10 },
          points: [
            [113.9, 35.3],
            [114, 35.3],
            [114, 35.4],
          ],
        },
        "0x8604",
      ],
      [{ kind: "delete", what: "polygons" }, "0x8605"],
      [
        {
          kind: "route",
          id: 3,
          points: [
            { lon: 113.9, lat: 35.3, widthM: 50 },
            { lon: 114, lat: 35.3, widthM: 50 },
          ],
        },
        "0x8606",
      ],
      [{ kind: "delete", what: "routes" }, "0x8607"],
      [{ kind: "set-parameters", defaultIntervalSeconds: 10, heartbeatSeconds: 60 }, "0x8103"],
    ];
    for (const [input, message] of sent) {
      expect(await call("POST", commandsUrl, input)).toMatchObject({ status: 200, body: { message } });
      const id = Number(message);
      await truck.until(() => truck.of(id).length === 1);
      const { serial: replySerial } = truck.of(id)[0];
      truck.send(0x0001, encodeGeneralReply({ replySerial, replyId: id, result: 0 }));
      await truck.until(() => gateway.metrics().waitingCommands === 0);
    }
    const [circle] = decodeCircles(truck.of(0x8600)[0].body, false).circles;
    expect(circle).toMatchObject({ areaId: 7, longitude: 113.9, latitude: 35.3, radiusMeters: 1000, attributes: 0x3c });
    const polygon = decodePolygon(truck.of(0x8604)[0].body, false);
    expect(polygon).toMatchObject({ attributes: 0x0a, speed: { maxKmh: 40, seconds: 10 } });
    expect(polygon.points[0]).toEqual([35.3, 113.9]);
  });

  it("are refused with what was wrong", async () => {
    const inverted = { id: 1, west: 114, south: 35.2, east: 113, north: 35.4 };
    expect((await call("POST", commandsUrl, { kind: "rectangles", rectangles: [inverted] })).status).toBe(400);
    expect((await call("POST", commandsUrl, { kind: "set-parameters" })).status).toBe(400);
    expect((await call("POST", `${commandsUrl}?validSec=0`, { kind: "position" })).status).toBe(400);
    expect(await call("POST", commandsUrl, { kind: "text", text: "字".repeat(600) })).toMatchObject({
      status: 400,
      body: { code: "INPUT_INVALID", problems: [{ where: "body.text" }] },
    });
    expect((await call("POST", commandsUrl, { kind: "stop-the-engine" })).status).toBe(400);
    expect((await call("POST", "/vehicles/none/commands", { kind: "position" })).status).toBe(404);
  });
});
