import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { connect as connectSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startMqttServer, type MqttLimits, type MqttServer } from "./mqtt-server.ts";
import { PositionIntake } from "./position-intake.ts";
import { addSource, readSourceKeys, type SourceKeys } from "./source-keys.ts";

const TIME = "2022-05-10T02:00:00Z";
const fix = (vehicle: string, lon = 113.9): object => ({ vehicle, time: TIME, lon, lat: 35.3, speed: 40 });

let sources: SourceKeys;
let key: string;
let etcKey: string;
let sink: MemorySink;
let server: MqttServer;
let clients: MqttClient[];

beforeAll(async () => {
  const path = join(await mkdtemp(join(tmpdir(), "wuxing-mqtt-")), "sources.json");
  key = await addSource(path, "phones", "wgs84");
  etcKey = await addSource(path, "toll", "wgs84", ["etc"]);
  sources = await readSourceKeys(path);
});
beforeEach(async () => {
  clients = [];
  await start();
});
afterEach(async () => {
  for (const client of clients) client.end(true);
  await server.close();
});

async function start(limits: Partial<MqttLimits> = {}): Promise<void> {
  sink = new MemorySink();
  const intake = new PositionIntake(sink);
  server = await startMqttServer({ host: "127.0.0.1", port: 0, sources, intake, limits, sweepMs: 10 });
}

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const who = { username: "phones", password: key, reconnectPeriod: 0 };
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.port}`, { ...who, ...options }, false);
  client.on("error", () => {});
  clients.push(client);
  return client;
}

function closeOf(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once("close", resolve));
}

function publish(client: MqttClient, topic: string, message: unknown, qos: 0 | 1 | 2 = 1): Promise<unknown> {
  return client.publishAsync(topic, typeof message === "string" ? message : JSON.stringify(message), { qos });
}

describe.each([4, 5] as const)("MQTT, version %i of its protocol", (protocolVersion) => {
  it("OwnTracks and fixes are stored, whatever their quality of service", async () => {
    const client = await connect({ protocolVersion });
    const location = { _type: "location", lat: 35.3, lon: 113.9, tst: 1_652_148_000, vel: 40, tid: "k9" };
    await publish(client, "owntracks/anna/phone-1", location);
    await publish(client, "owntracks/anna/phone-1", { _type: "lwt", tst: 1_652_148_000 });
    await publish(client, "wuxing/fixes/phones", { fixes: [fix("bus-1"), fix("bus-2", 113.8)] }, 2);
    const point = { type: "Point", coordinates: [113.7, 35.3] };
    await publish(client, "wuxing/fixes/phones", {
      type: "Feature",
      geometry: point,
      properties: { vehicle: "bus-3", time: TIME },
    });
    await publish(client, "wuxing/fixes/phones", { fixes: [fix("bus-4")] }, 0);
    const ms = Date.parse(TIME);
    await expect.poll(() => sink.fixesOf("bus-4"), { timeout: 60_000 }).toEqual([[ms, 113_900_000, 35_300_000]]);
    expect(sink.fixesOf("phone-1")).toEqual([[1_652_148_000_000, 113_900_000, 35_300_000]]);
    expect(sink.fixesOf("bus-2")).toEqual([[ms, 113_800_000, 35_300_000]]);
    expect(sink.fixesOf("bus-3")).toEqual([[ms, 113_700_000, 35_300_000]]);
    expect(server.metrics()).toMatchObject({ fixes: 5, refused: {}, connections: 1 });
  });

  it("is acknowledged when it is durable, not before", async () => {
    sink.delayMs = 150;
    const client = await connect({ protocolVersion });
    const before = performance.now();
    await publish(client, "wuxing/fixes/phones", { fixes: [fix("bus-1")] });
    expect(performance.now() - before).toBeGreaterThan(149);
    expect(sink.length).toBe(1);
  });

  it("is not acknowledged when it could not be stored, and comes again on the next connection", async () => {
    sink.failures = 1;
    const client = await connect({ protocolVersion, reconnectPeriod: 20, clean: false, clientId: "k" });
    await publish(client, "wuxing/fixes/phones", { fixes: [fix("bus-1")] });
    expect(sink.length).toBe(1);
    expect(server.metrics()).toMatchObject({ refused: { notStored: 1 }, closed: { notStored: 1 } });
  });

  it("lets in nobody without the key that belongs to the name", async () => {
    for (const wrong of [{ password: "wrong" }, { username: "toll" }, { username: "toll", password: etcKey }]) {
      await expect(connect({ protocolVersion, ...wrong })).rejects.toThrow(/refused|authorized|password/iu);
    }
    expect(server.metrics().refused).toEqual({ credentials: 3 });
  });

  it("subscriptions are refused, and nobody gets what another sends", async () => {
    const [one, two] = [await connect({ protocolVersion }), await connect({ protocolVersion })];
    const got: string[] = [];
    two.on("message", (topic) => got.push(topic));
    const outcome = await two.subscribeAsync("#").then(
      (granted) => granted[0]?.qos ?? 128,
      () => 128,
    );
    expect(outcome).toBeGreaterThanOrEqual(128);
    await publish(one, "wuxing/fixes/phones", { fixes: [fix("bus-1")] });
    await sleep(30);
    expect(got).toEqual([]);
    expect(server.metrics().refused).toEqual({ subscription: 1 });
  });

  it("the same client on a second connection wins", async () => {
    const first = await connect({ protocolVersion, clientId: "phone" });
    const closed = closeOf(first);
    const second = await connect({ protocolVersion, clientId: "phone" });
    await closed;
    await publish(second, "wuxing/fixes/phones", { fixes: [fix("bus-1")] });
    expect(server.metrics()).toMatchObject({ closed: { takenOver: 1 }, connections: 1 });
  });

  it.each([
    ["another source's topic", "wuxing/fixes/toll", { fixes: [] }, "source"],
    ["an unknown topic", "home/kitchen", { fixes: [] }, "topic"],
    ["what is no JSON", "wuxing/fixes/phones", "{", "json"],
    ["what holds no positions", "wuxing/fixes/phones", { hello: 1 }, "payload"],
    ["a position out of range", "wuxing/fixes/phones", { fixes: [{ ...fix("a"), lat: 99 }] }, "position"],
  ])("refuses %s, under a name", async (_, topic, message, reason) => {
    const client = await connect({ protocolVersion });
    const sent = publish(client, topic, message);
    if (protocolVersion === 5) await expect(sent).rejects.toThrow(/Publish error/u);
    else await sent;
    expect(server.metrics().refused).toEqual({ [reason]: 1 });
    expect(sink.length).toBe(0);
    expect(client.connected).toBe(true);
  });
});

it("a client of MQTT 5 is told what was wrong with an item", async () => {
  const client = await connect({ protocolVersion: 5 });
  const answers: unknown[] = [];
  client.on("packetreceive", (packet) => packet.cmd === "puback" && answers.push(packet.properties));
  await publish(client, "wuxing/fixes/phones", { fixes: [fix("bus-1"), { ...fix("bus-2"), lat: 99 }] });
  expect(answers).toEqual([
    { reasonString: expect.stringMatching(/^1 taken, 1 refused; fixes\[1\]\.lat: expected /u) },
  ]);
});

describe("a hostile peer", () => {
  async function raw(bytes: Buffer): Promise<Socket> {
    const socket = connectSocket({ host: "127.0.0.1", port: server.port });
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "connect");
    socket.write(bytes);
    return socket;
  }

  it.each([
    ["random bytes", Buffer.from("474554202f20485454502f312e310d0a", "hex"), ["protocol", "malformed", "tooLarge"]],
    ["a packet before CONNECT", Buffer.from("c000", "hex"), ["protocol"]],
    ["a giant length", Buffer.concat([Buffer.from("10ffffff7f", "hex"), Buffer.alloc(8192)]), ["tooLarge"]],
  ])("with %s is closed", async (_, bytes, reasons) => {
    const socket = await raw(bytes);
    await once(socket, "close");
    expect(reasons).toContain(Object.keys(server.metrics().closed)[0]);
  });

  it("that says nothing, or too little, is closed", async () => {
    await server.close();
    await start({ connectMs: 50 });
    const socket = await raw(Buffer.from("10", "hex"));
    await once(socket, "close");
    expect(server.metrics().closed).toEqual({ unauthenticated: 1 });
  });

  it("that sends a message larger than allowed is closed, and one that opens too many connections is not let in", async () => {
    await server.close();
    await start({ packetBytes: 5000, connectionsPerAddress: 2 });
    const client = await connect({ protocolVersion: 4 });
    const closed = closeOf(client);
    client.publish("wuxing/fixes/phones", "x".repeat(200_000));
    await closed;
    expect(server.metrics().closed["tooLarge"]).toBe(1);
    const sockets = [await raw(Buffer.alloc(0)), await raw(Buffer.alloc(0)), await raw(Buffer.alloc(0))];
    await expect
      .poll(() => server.metrics().closed["connectionsPerAddress"], { timeout: 60_000 })
      .toBeGreaterThanOrEqual(1);
    for (const socket of sockets) socket.destroy();
  });

  it("that falls silent is closed after one and a half keep-alives", async () => {
    const client = await connect({ protocolVersion: 4, keepalive: 1, reschedulePings: false });
    const closed = closeOf(client);
    // The client's own timer is stopped: it beats no more.
    (client as unknown as { keepaliveManager?: { destroy(): void } }).keepaliveManager?.destroy();
    await closed;
    expect(server.metrics().closed).toMatchObject({ idle: 1 });
  });
});
