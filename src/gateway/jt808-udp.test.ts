import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import { decodeGeneralReply } from "../wire/jt808/0001-general-reply.ts";
import { encodeRegistration } from "../wire/jt808/0100-registration.ts";
import { encodeLocationReport } from "../wire/jt808/0200-location-report.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { decodeRegistrationAnswer } from "../wire/jt808/8100-registration-answer.ts";
import { encodeMessage } from "../wire/jt808/encoding.ts";
import { FrameReader } from "../wire/jt808/framing.ts";
import { createFrameHeader, readHeader } from "../wire/jt808/header.ts";
import { startJt808Server, type Jt808Server, type Jt808ServerOptions } from "./jt808-server.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const PLACE = { latitude: 35.303, longitude: 113.9268 };

let nowMs = NOW;
let sink: MemorySink;
let server: Jt808Server;
const trucks: Truck[] = [];

beforeEach(async () => {
  nowMs = NOW;
  sink = new MemorySink();
  server = await start();
});
afterEach(async () => {
  for (const one of trucks.splice(0)) one.socket.close();
  await server.close();
});

function start(options: Partial<Jt808ServerOptions> = {}): Promise<Jt808Server> {
  const secret = "a secret of these tests";
  return startJt808Server({
    host: "127.0.0.1",
    port: 0,
    udpPort: 0,
    sink,
    secret,
    nowMs: () => nowMs,
    sweepMs: 20,
    ...options,
  });
}

/** A terminal that speaks datagrams. */
class Truck {
  readonly socket: Socket = createSocket("udp4");
  readonly received: { messageId: number; body: Buffer; datagram: number }[] = [];
  readonly phone: string;
  datagrams = 0;
  largestDatagram = 0;
  #serial = 0;

  constructor(phone: string) {
    this.phone = phone;
    const header = createFrameHeader();
    this.socket.on("message", (datagram) => {
      this.datagrams++;
      this.largestDatagram = Math.max(this.largestDatagram, datagram.length);
      const reader = new FrameReader({
        onFrame: (bytes, from, to) => {
          if (!readHeader(bytes, from, to, header)) throw new Error("a header that is none");
          const body = Buffer.from(bytes.subarray(header.bodyStart, header.bodyEnd));
          this.received.push({ messageId: header.messageId, body, datagram: this.datagrams });
        },
        onFault: (fault) => {
          throw new Error(fault);
        },
      });
      reader.push(datagram);
    });
  }

  frame(messageId: number, body: Uint8Array = new Uint8Array(0)): Buffer {
    const frames = encodeMessage({ messageId, version: "2013", phone: this.phone, serial: this.#serial++, body });
    return Buffer.concat(frames);
  }

  async send(bytes: Buffer): Promise<void> {
    await new Promise((resolve) => this.socket.send(bytes, server.udpPort, "127.0.0.1", resolve));
  }

  results(messageId: number): number[] {
    const replies = this.received.filter((message) => message.messageId === 0x8001);
    return replies.flatMap(({ body }) => {
      const { replyId, result } = decodeGeneralReply(body);
      return replyId === messageId ? [result] : [];
    });
  }

  async logIn(): Promise<void> {
    await this.send(this.frame(0x0100, encodeRegistration(REGISTERED, "2013")));
    await until(() => this.received.some(({ messageId }) => messageId === 0x8100));
    const { authCode = "" } = decodeRegistrationAnswer(this.received.at(-1)!.body);
    await this.send(this.frame(0x0102, Buffer.from(authCode)));
    await until(() => this.results(0x0102).at(-1) === 0);
  }
}

const REGISTERED = {
  provinceId: 41,
  cityId: 700,
  manufacturerId: "WXTST",
  terminalModel: "UDP",
  terminalId: "1",
  plateColor: 2,
  plate: "豫G12345",
};

async function truck(phone = "13900000001"): Promise<Truck> {
  const made = new Truck(phone);
  made.socket.bind(0, "127.0.0.1");
  await once(made.socket, "listening");
  trucks.push(made);
  return made;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within 25 s: ${isTrue.toString()}`);
    await sleep(5);
  }
}

function report(timeMs: number): Buffer {
  return encodeLocationReport({ ...PLACE, timeMs });
}

describe("JT/T 808 over UDP", () => {
  it("registers, authenticates, reports and logs out; several frames may share a datagram", async () => {
    const one = await truck();
    await one.logIn();
    await one.send(
      Buffer.concat([one.frame(0x0002), one.frame(0x0200, report(NOW)), one.frame(0x0200, report(NOW + 1))]),
    );
    await until(() => one.results(0x0200).length === 2);
    expect(one.results(0x0002)).toEqual([0]);
    expect(sink.fixesOf("豫G12345_2").length).toBeGreaterThan(0);
    expect(server.metrics()).toMatchObject({ connections: 1, sessions: 1 });
    await one.send(one.frame(0x0003));
    await until(() => server.metrics().sessions === 0);
    expect(server.metrics()).toMatchObject({ connections: 0, closed: { loggedOut: 1 } });
  });

  it("joins parts that come in datagrams of their own", async () => {
    const one = await truck();
    await one.logIn();
    const reports = Array.from({ length: 60 }, (_, i) => ({ ...PLACE, timeMs: NOW - 1000 * i }));
    const body = encodeLocationBatch(1, reports);
    const frames = encodeMessage({ messageId: 0x0704, version: "2013", phone: one.phone, serial: 50, body });
    for (const frame of frames) await one.send(frame);
    await until(() => one.results(0x0704).length === frames.length);
    expect(sink.fixesOf("豫G12345_2")).toHaveLength(60);
  });

  it("goes on from another port of the same address, as routers make it happen, and answers there", async () => {
    const before = await truck();
    await before.logIn();
    const after = await truck();
    await after.send(after.frame(0x0200, report(NOW)));
    await until(() => after.results(0x0200).length === 1);
    expect(after.results(0x0200)).toEqual([0]);
    expect(server.metrics()).toMatchObject({ sessions: 1, connections: 1, closed: { replaced: 1 } });
  });

  it("takes no position before the terminal has authenticated", async () => {
    const one = await truck();
    await one.send(one.frame(0x0200, report(NOW)));
    await until(() => one.results(0x0200).length === 1);
    expect(one.results(0x0200)).toEqual([1]);
    expect(sink.length).toBe(0);
  });

  it("does not go on with half a frame in the next datagram, and counts it", async () => {
    const one = await truck();
    await one.logIn();
    const frame = one.frame(0x0200, report(NOW));
    await one.send(frame.subarray(0, 30));
    await one.send(frame.subarray(30));
    await one.send(one.frame(0x0002));
    await until(() => one.results(0x0002).length === 1);
    expect(one.results(0x0200)).toEqual([]);
    expect(server.metrics().faults["unfinishedFrame"]).toBe(1);
  });

  it("makes no peer of garbage, and no more peers than its limit", async () => {
    await server.close();
    server = await start({ limits: { udpPeers: 2 } });
    const scanner = await truck("9");
    await scanner.send(Buffer.from("\u0000\u0001version.bind and so on"));
    await scanner.send(Buffer.alloc(0));
    await (await truck("1")).logIn();
    await (await truck("2")).logIn();
    const third = await truck("3");
    await third.send(third.frame(0x0002));
    await until(() => server.metrics().closed["udpPeers"] === 1);
    expect(server.metrics().connections).toBe(2);
    expect(server.metrics().bytesOutsideFrames).toBeGreaterThan(20);
    nowMs += 301_000;
    await until(() => server.metrics().connections === 0);
    expect(server.metrics().closed).toEqual({ udpPeers: 1, idle: 2 });
  });

  it("leaves datagrams out while the store is behind, and acknowledges none of them", async () => {
    await server.close();
    server = await start({ limits: { unacknowledgedFixesPerConnection: 10 } });
    const one = await truck();
    await one.logIn();
    sink.delayMs = 200;
    for (let i = 0; i < 30; i++) await one.send(one.frame(0x0200, report(NOW - 1000 * i)));
    await until(() => (server.metrics().faults["datagramDropped"] ?? 0) > 0);
    await until(() => server.metrics().fixes > 0 && server.metrics().unacknowledgedFixes === 0);
    const { fixesStored, faults } = server.metrics();
    expect(fixesStored + (faults["datagramDropped"] ?? 0)).toBe(30);
    await until(() => one.results(0x0200).length === fixesStored);
    await one.send(one.frame(0x0200, report(NOW + 1000)));
    await until(() => one.results(0x0200).length === fixesStored + 1);
  });

  it("sends many answers in datagrams of at most 1200 bytes, each of whole frames", async () => {
    const one = await truck();
    await one.logIn();
    const beats = Array.from({ length: 200 }, () => one.frame(0x0002));
    await one.send(Buffer.concat(beats));
    await until(() => one.results(0x0002).length === 200);
    expect(one.largestDatagram).toBeLessThanOrEqual(1200);
    expect(one.largestDatagram).toBeGreaterThan(1000);
  });

  it("says when its port is taken", async () => {
    const options = { host: "127.0.0.1", port: 0, udpPort: server.udpPort, sink, secret: "0123456789abcdef" };
    await expect(startJt808Server(options)).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
});
