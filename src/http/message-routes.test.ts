import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startJt808Server, type Jt808Server } from "../gateway/jt808-server.ts";
import { MessageKeeper, type MessageStore } from "../gateway/message-keeper.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { TerminalMessages } from "../store/terminal-messages.ts";
import { encodeWaybill } from "../wire/jt808/0701-waybill.ts";
import { encodeRegistration809 } from "../wire/jt809/vehicle-messages.ts";
import { answerErrors } from "./error-answer.ts";
import { messageRoutes } from "./message-routes.ts";

let database: Database;
let gateway: Jt808Server;
let app: FastifyInstance;
let truck: RawTerminal;
let store: MessageStore;

beforeAll(async () => {
  database = await openTestDatabase();
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(messageRoutes(new TerminalMessages(database.kysely)));
});
afterAll(async () => {
  await app.close();
  await database.close();
});
beforeEach(async () => {
  await database.kysely.deleteFrom("terminal_message").execute();
  store = new TerminalMessages(database.kysely);
  const keeper = new MessageKeeper({ keep: (rows) => store.keep(rows) }, () => "豫G12345_2");
  const sink = new MemorySink();
  gateway = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    onMessage: (message) => keeper.keep(message),
  });
  truck = await connectTerminal(gateway.port, "13900000001");
  await truck.logIn();
});
afterEach(async () => {
  truck.socket.destroy();
  await gateway.close();
});

async function messages(query = ""): Promise<any> {
  const response = await app.inject({
    method: "GET",
    url: `/vehicles/${encodeURIComponent("豫G12345_2")}/messages${query}`,
  });
  return response.json();
}

describe("what a terminal says beside its positions", () => {
  it("is on disk when it is answered, understood where it can be, and kept as bytes where not", async () => {
    expect(await truck.resultOf(truck.send(0x0701, encodeWaybill({ waybill: "煤 32 吨" })))).toBe(0);
    expect(await truck.resultOf(truck.send(0x0f01, Buffer.from("7e017d02", "hex")))).toBe(3);
    const card = Buffer.concat([Buffer.from("02260301120000", "hex")]);
    expect(await truck.resultOf(truck.send(0x0702, card))).toBe(0);
    const { items } = await messages();
    expect(items).toMatchObject([
      { message: "0x0702", name: "driver's card", fields: { cardStatus: 2, timeMs: Date.UTC(2026, 2, 1, 4) } },
      { message: "0x0f01", name: null, fields: null, body: "7e017d02", terminal: "13900000001" },
      { message: "0x0701", name: "waybill", fields: { waybill: "煤 32 吨" } },
    ]);
    expect((await messages("?message=0x0701")).items).toHaveLength(1);
    const first = await messages("?limit=2");
    expect((await messages(`?limit=2&cursor=${first.next}`)).items).toMatchObject([{ message: "0x0701" }]);
  });

  it("is not answered when it could not be stored, and counted", async () => {
    store = { keep: () => Promise.reject(new Error("no room on the disk")) };
    const serial = truck.send(0x0701, encodeWaybill({ waybill: "煤" }));
    await truck.until(() => gateway.metrics().faults["messageNotStored"] === 1);
    await truck.resultOf(truck.send(0x0002));
    expect(truck.of(0x8001).some(({ body }) => body.readUInt16BE(0) === serial)).toBe(false);
    expect((await messages()).items).toEqual([]);
  });
});

it("a vehicle's registration by another platform (JT/T 809) is understood, and other messages of platforms are bytes", async () => {
  const registration = { platformId: "41070001", producerId: "70103", terminalModel: "WX-808", terminalId: "A000012" };
  const common = {
    terminal: "jt809-4107",
    vehicle: "豫G12345_2",
    receivedMs: Date.UTC(2026, 2, 1, 4),
    wideHeader: false,
  };
  const body = encodeRegistration809({ ...registration, simCode: "013900000001" }, "2011").toString("hex");
  await store.keep([{ ...common, messageId: 0x1201, body }]);
  // In JT/T 808 this number is an authentication's; a platform's message is not read as one.
  await store.keep([{ ...common, messageId: 0x0102, body: "41424344" }]);
  expect((await messages()).items).toMatchObject([
    { message: "0x0102", name: null, fields: null, body: "41424344" },
    { message: "0x1201", name: "vehicle registration", fields: { ...registration, simCode: "013900000001" } },
  ]);
});

it("messages past their time are deleted", async () => {
  await truck.resultOf(truck.send(0x0701, encodeWaybill({ waybill: "煤" })));
  const kept = new TerminalMessages(database.kysely);
  await kept.prune(Date.now() - 60_000);
  expect((await messages()).items).toHaveLength(1);
  await kept.prune(Date.now() + 60_000);
  expect((await messages()).items).toEqual([]);
});
