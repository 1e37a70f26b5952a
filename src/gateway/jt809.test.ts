import { Buffer } from "node:buffer";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bytesOf } from "../model/byte-column.ts";
import { WuxingError } from "../model/errors.ts";
import { createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import { readLocationItems } from "../wire/jt808/location-items.ts";
import { decodeJt809, type Decoded809 } from "../wire/jt809/decode.ts";
import { writeFrame809 } from "../wire/jt809/header.ts";
import { encodeLogin809, Message809Id } from "../wire/jt809/link-messages.ts";
import {
  decodeRegistration809,
  encodePositions809,
  encodeRegistration809,
  encodeVehicleMessage809,
} from "../wire/jt809/vehicle-messages.ts";
import type { TerminalMessage } from "./core.ts";
import type { IngestSink } from "./ingest-sink.ts";
import type { ForwardedTerminal, ForwardSource } from "./jt809-forward-source.ts";
import { startJt809Forwarder, type Jt809Forwarder } from "./jt809-forwarder.ts";
import { startJt809Server, type Jt809Server, type LowerPlatform } from "./jt809-server.ts";

const KEYS = { m1: 30_000_000, ia1: 20_000_000, ic1: 20_000_000 };
const PLAIN: LowerPlatform = { accessCode: 4107, userId: 42, password: "secret", version: "2011" };
const ENCIPHERED: LowerPlatform = {
  accessCode: 4108,
  userId: 43,
  password: "secret",
  version: "2019",
  cipher: { key: 256_178, keys: KEYS },
};

interface Stored {
  vehicle: string;
  timeMs: number;
  lonE6: number;
  latE6: number;
  speedKmh10: number;
  flags: number;
}

/** A sink that keeps what it is given, and can be made to refuse. */
class Shelf implements IngestSink {
  readonly stored: Stored[] = [];
  readonly items: Buffer[] = [];
  readonly #vehicles: string[] = [];
  refuses = false;

  vehicleNumber({ vehicle }: { vehicle: string }): number {
    const known = this.#vehicles.indexOf(vehicle);
    return known >= 0 ? known : this.#vehicles.push(vehicle) - 1;
  }

  async append(batch: FixBatch): Promise<void> {
    await sleep(1);
    if (this.refuses) throw new WuxingError("STORE_UNAVAILABLE");
    for (let row = 0; row < batch.length; row++) {
      this.stored.push({
        vehicle: this.#vehicles[batch.vehicle[row]],
        timeMs: batch.timeMs[row],
        lonE6: batch.lonE6[row],
        latE6: batch.latE6[row],
        speedKmh10: batch.speedKmh10[row],
        flags: batch.flags[row],
      });
      if (batch.items !== undefined) this.items.push(Buffer.from(bytesOf(batch.items, row)));
    }
  }
}

/** Fixes of three trucks in the order of storing; `add` makes more. */
class Log implements ForwardSource {
  readonly fixes: { vehicle: number; timeMs: number }[] = [];

  add(fixes: number, timeMs: number): void {
    for (let i = 0; i < fixes; i++) this.fixes.push({ vehicle: Math.floor(i / 4) % 3, timeMs: timeMs + i * 1000 });
  }

  async replay(from: number, onBatch: (batch: FixBatch, position: number) => void | Promise<void>): Promise<number> {
    for (let at = from; at < this.fixes.length; at += 10) {
      const part = this.fixes.slice(at, at + 10);
      const batch = createFixBatch(part.length);
      batch.length = part.length;
      part.forEach(({ vehicle, timeMs }, row) => {
        batch.vehicle[row] = vehicle;
        batch.timeMs[row] = timeMs;
        batch.lonE6[row] = 113_876_364 + at + row;
        batch.latE6[row] = 35_224_375;
        batch.speedKmh10[row] = 600;
      });
      await onBatch(batch, at + part.length);
    }
    return this.fixes.length;
  }

  plateOf(vehicle: number): { plate: string; plateColour: number } | undefined {
    return vehicle === 2 ? undefined : { plate: `豫G1000${vehicle}`, plateColour: 2 };
  }

  terminalOf(vehicle: number): ForwardedTerminal | undefined {
    if (vehicle === 1) return undefined;
    return { producerId: "70103", terminalModel: "WX-808-车载", terminalId: "A000012", simCode: "13900000001" };
  }
}

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).toReversed()) await part.close();
});

/** What platforms said about vehicles beside positions. */
const told: TerminalMessage[] = [];

async function upper(sink: IngestSink, port = 0, silentMs = 20_000): Promise<Jt809Server> {
  told.length = 0;
  const server = await startJt809Server({
    host: "127.0.0.1",
    port,
    sink,
    platforms: [PLAIN, ENCIPHERED],
    silentMs,
    confirmMs: 50,
    onMessage: (message) => void told.push(message),
  });
  open.push(server);
  return server;
}

async function lower(port: number, source: ForwardSource, agreement = PLAIN): Promise<Jt809Forwarder> {
  const forwarder = await startJt809Forwarder({
    host: "127.0.0.1",
    port,
    agreement,
    subLink: { address: "127.0.0.1", host: "127.0.0.1", port: 0 },
    platformId: "41070001",
    source,
    from: 0,
    pollMs: 10,
    retryMs: 50,
    keepAliveMs: 200,
  });
  open.push(forwarder);
  return forwarder;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error(`waited 15 s for: ${what}`);
}

describe.each([
  ["2011 in the clear", PLAIN],
  ["2019 enciphered", ENCIPHERED],
])("two platforms that speak %s", (_, agreement) => {
  it("bring every fix of a plated vehicle from one to the other, old ones as supplements", async () => {
    const shelf = new Shelf();
    const log = new Log();
    const now = Math.floor(Date.now() / 1000) * 1000;
    log.add(24, now - 3_600_000);
    log.add(12, now - 20_000);
    const server = await upper(shelf);
    const forwarder = await lower(server.port, log, agreement);
    await until("24 fixes stored", () => shelf.stored.length === 24);
    await until("sub link", () => forwarder.subLink);
    await until("confirmed", () => forwarder.confirmed === 24);
    expect(server.online()).toEqual([{ accessCode: agreement.accessCode, subLink: true }]);
    expect(new Set(shelf.stored.map(({ vehicle }) => vehicle))).toEqual(new Set(["豫G10000_2", "豫G10001_2"]));
    expect(shelf.stored[0]).toMatchObject({
      lonE6: 113_876_364,
      latE6: 35_224_375,
      speedKmh10: 600,
      timeMs: now - 3_600_000,
    });
    expect(shelf.stored.filter(({ flags }) => flags === FixFlag.stored)).toHaveLength(16);
    expect(forwarder.metrics().faults).toEqual({ noPlate: 12 });
  });

  it("tell whose terminal it is, as it registered", async () => {
    const log = new Log();
    log.add(24, Date.now() - 20_000);
    const shelf = new Shelf();
    const server = await upper(shelf);
    await lower(server.port, log, agreement);
    await until("registered", () => told.length === 2 && shelf.stored.length === 16);
    const sim = agreement.version === "2019" ? "0013900000001" : "013900000001";
    const names = { platformId: "41070001", producerId: "70103", terminalModel: "WX-808-车载", terminalId: "A000012" };
    expect(told[0]).toMatchObject({ messageId: 0x1201, terminal: `jt809-${agreement.accessCode}`, vehicle: 0 });
    expect(decodeRegistration809(told[0].body)).toMatchObject({ ...names, simCode: sim });
    expect(decodeRegistration809(told[1].body)).toMatchObject({ platformId: "41070001", terminalId: "", simCode: "" });
  });

  it("go on over the sub link while the main link is down, and over the main link again", async () => {
    const shelf = new Shelf();
    const log = new Log();
    const server = await upper(shelf);
    // The main link goes over a wire that can be cut.
    const wire = await startWire(server.port);
    log.add(12, Date.now() - 60_000);
    const forwarder = await lower(wire.port, log, agreement);
    await until("both links", () => forwarder.subLink && shelf.stored.length === 8);
    wire.cut();
    await until("main link lost", () => !forwarder.loggedIn);
    log.add(12, Date.now() - 30_000);
    await until("the rest over the sub link", () => shelf.stored.length >= 16);
    expect(forwarder.loggedIn).toBe(false);
    expect(server.online()).toEqual([{ accessCode: agreement.accessCode, subLink: true }]);
    await wire.mend();
    await until("logged in anew", () => forwarder.loggedIn && forwarder.subLink);
    log.add(12, Date.now() - 10_000);
    await until("the last ones", () => new Set(shelf.stored.map(({ timeMs }) => timeMs)).size === 24);
    expect(server.online()).toHaveLength(1);
    await until("confirmed", () => forwarder.confirmed >= 16);
  });

  it("what a broken link had taken and nobody confirmed is sent again", async () => {
    const shelf = new Shelf();
    const log = new Log();
    const server = await upper(shelf);
    const wire = await startWire(server.port, { swallowsAfterBytes: 2000 });
    log.add(60, Date.now() - 60_000);
    const forwarder = await lower(wire.port, log, { ...agreement });
    await until("all sent", () => forwarder.sent >= 40);
    wire.cut();
    await wire.mend();
    await until("all stored", () => new Set(shelf.stored.map(({ timeMs }) => timeMs)).size === 40);
    await until("confirmed", () => forwarder.confirmed > 0);
    expect(server.metrics().fixes).toBeGreaterThanOrEqual(40);
  });

  it("go on where they were after the link broke", async () => {
    const shelf = new Shelf();
    const log = new Log();
    log.add(20, Date.now() - 60_000);
    const first = await upper(shelf);
    const { port } = first;
    const forwarder = await lower(port, log, agreement);
    await until("the first fixes", () => forwarder.sent === 16);
    await first.close();
    log.add(8, Date.now() - 10_000);
    await until("logged out", () => !forwarder.loggedIn);
    await upper(shelf, port);
    const fixes = (): Set<string> => new Set(shelf.stored.map(({ vehicle, timeMs }) => `${vehicle} ${timeMs}`));
    await until("the rest", () => fixes().size >= 24);
    expect(fixes().size).toBe(24);
  });
});

/** A wire between two ports that can be cut; `swallowsAfterBytes`: what is sent upwards beyond that many bytes gets lost on it. */
async function startWire(
  port: number,
  { swallowsAfterBytes = Infinity }: { swallowsAfterBytes?: number } = {},
): Promise<{ port: number; cut(): void; mend(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let own = 0;
  let swallows = swallowsAfterBytes;
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port });
    let carried = 0;
    near.on("data", (chunk: Buffer) => {
      carried += chunk.length;
      if (carried <= swallows) far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => void near.write(chunk));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  const mend = (): Promise<void> => new Promise((resolve) => server.listen({ port: own, host: "127.0.0.1" }, resolve));
  await mend();
  own = (server.address() as AddressInfo).port;
  const cut = (): void => {
    swallows = Infinity;
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  open.push({ close: cut });
  return { port: own, cut, mend };
}

/** A peer made of bytes: sends frames and decodes what comes back. */
function rawPeer(port: number): { socket: Socket; heard: Decoded809[]; say(messageId: number, body: Buffer): void } {
  const socket = connect({ host: "127.0.0.1", port });
  const heard: Decoded809[] = [];
  socket.on("error", () => {});
  let waiting = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let end = waiting.indexOf(0x5d); end >= 0; end = waiting.indexOf(0x5d)) {
      heard.push(decodeJt809(waiting.subarray(0, end + 1).toString("hex")));
      waiting = waiting.subarray(end + 1);
    }
  });
  open.push({ close: () => void socket.destroy() });
  return {
    socket,
    heard,
    say: (messageId, body) =>
      void socket.write(writeFrame809({ messageId, serial: 1, accessCode: 4107, version: "2011", body })),
  };
}

const LOGIN = { userId: 42, password: "secret", downLinkIp: "127.0.0.1", downLinkPort: 0 };

describe("the upper platform", () => {
  it.each([
    ["an unknown user", { ...LOGIN, userId: 99 }, 3],
    ["a wrong password", { ...LOGIN, password: "wrong" }, 4],
    ["a user with another access code", { ...LOGIN, userId: 43 }, 2],
  ])("refuses %s and closes", async (_, login, result) => {
    const server = await upper(new Shelf());
    const peer = rawPeer(server.port);
    peer.say(Message809Id.login, encodeLogin809(login, "2011"));
    await until("closed", () => peer.socket.closed);
    expect(peer.heard).toMatchObject([{ messageId: 0x1002, result }]);
  });

  it("takes nothing before a login, and says why it closed a peer that sends garbage", async () => {
    const shelf = new Shelf();
    const server = await upper(shelf);
    const peer = rawPeer(server.port);
    const data = encodePositions809([{ longitude: 113.9, latitude: 35.3, timeMs: Date.now() }], "2011", false);
    peer.say(Message809Id.vehicles, encodeVehicleMessage809({ plate: "豫G1", plateColour: 2, subId: 0x1202, data }));
    for (let i = 0; i < 60; i++) peer.socket.write(Buffer.from("5b0102035d", "hex"));
    await until("closed", () => peer.socket.closed);
    expect(shelf.stored).toEqual([]);
    expect(server.metrics()).toMatchObject({ faults: { notLoggedIn: 1 }, closed: { faults: 1 } });
  });

  it("hands on what stands beside a position: mileage and recorder's speed of 2011", async () => {
    const shelf = new Shelf();
    const server = await upper(shelf);
    const peer = rawPeer(server.port);
    peer.say(Message809Id.login, encodeLogin809(LOGIN, "2011"));
    await until("logged in", () => server.online().length === 1);
    const data = encodePositions809([{ longitude: 113.9, latitude: 35.3, timeMs: Date.now() }], "2011", false);
    data.writeUInt16BE(61, 18);
    data.writeUInt32BE(123_456, 20);
    peer.say(Message809Id.vehicles, encodeVehicleMessage809({ plate: "豫G1", plateColour: 2, subId: 0x1202, data }));
    await until("stored", () => shelf.items.length === 1);
    expect(readLocationItems(shelf.items[0], 0, shelf.items[0].length).extras).toEqual({
      mileageKm: 123_456,
      recorderSpeedKmh: 61,
    });
  });

  it("keeps a registration once, another one again, and what it does not know of a vehicle as bytes", async () => {
    const server = await upper(new Shelf());
    const peer = rawPeer(server.port);
    peer.say(Message809Id.login, encodeLogin809(LOGIN, "2011"));
    await until("logged in", () => server.online().length === 1);
    const registration = { platformId: "P", producerId: "M", terminalModel: "T", terminalId: "1", simCode: "1" };
    const say = (subId: number, data: Buffer): void =>
      peer.say(Message809Id.vehicles, encodeVehicleMessage809({ plate: "豫G1", plateColour: 2, subId, data }));
    const first = encodeRegistration809(registration, "2011");
    const second = encodeRegistration809({ ...registration, terminalId: "2" }, "2011");
    for (const data of [first, first, second, second]) say(0x1201, data);
    say(0x120a, Buffer.from("d5c5c8fd", "hex"));
    await until("kept", () => told.length === 3);
    expect(told.map(({ messageId, body }) => [messageId, body.toString("hex")])).toEqual([
      [0x1201, first.toString("hex")],
      [0x1201, second.toString("hex")],
      [0x120a, "d5c5c8fd"],
    ]);
    expect(server.metrics().faults).toEqual({ unknownSubMessage: 1 });
  });

  it("confirms nothing that could not be stored", async () => {
    const shelf = new Shelf();
    shelf.refuses = true;
    const server = await upper(shelf);
    const peer = rawPeer(server.port);
    peer.say(Message809Id.login, encodeLogin809(LOGIN, "2011"));
    await until("logged in", () => server.online().length === 1);
    const data = encodePositions809([{ longitude: 113.9, latitude: 35.3, timeMs: Date.now() }], "2011", false);
    const message = encodeVehicleMessage809({ plate: "豫G1", plateColour: 2, subId: 0x1202, data });
    peer.say(Message809Id.vehicles, message);
    await until("refused by the store", () => server.metrics().faults["notStored"] === 1);
    shelf.refuses = false;
    peer.say(Message809Id.vehicles, message);
    await until("confirmed", () => peer.heard.some(({ messageId }) => messageId === 0x9101));
    expect(peer.heard.filter(({ messageId }) => messageId === 0x9101)).toMatchObject([{ count: 1 }]);
  });

  it("closes a link that has been silent, and lets the second link of a platform win", async () => {
    const server = await upper(new Shelf(), 0, 1000);
    const first = rawPeer(server.port);
    first.say(Message809Id.login, encodeLogin809(LOGIN, "2011"));
    await until("first in", () => server.online().length === 1);
    const second = rawPeer(server.port);
    second.say(Message809Id.login, encodeLogin809(LOGIN, "2011"));
    await until("first closed", () => first.socket.closed);
    expect(server.online()).toHaveLength(1);
    await until("silent", () => second.socket.closed);
    expect(server.metrics().closed).toMatchObject({ replaced: 1, silent: 1 });
  });

  it("says when its port is in use", async () => {
    const { port } = await upper(new Shelf());
    await expect(upper(new Shelf(), port)).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
});
