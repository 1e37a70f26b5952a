import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { encodeLocationReport } from "../wire/jt808/0200-location-report.ts";
import { encodeLocationAnswer } from "../wire/jt808/0201-location-answer.ts";
import { encodeWaybill } from "../wire/jt808/0701-waybill.ts";
import { CardStatus, decodeDriverCard, encodeDriverCard } from "../wire/jt808/0702-driver-card.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { decodeMediaAnswer } from "../wire/jt808/0800-media-event.ts";
import { decodeResendParts } from "../wire/jt808/8003-resend-parts.ts";
import type { TerminalMessage } from "./core.ts";
import { startJt808Server, type Jt808Server, type Jt808ServerOptions } from "./jt808-server.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const PLACE = { latitude: 35.303, longitude: 113.9268 };

let nowMs = NOW;
let sink: MemorySink;
let server: Jt808Server;
let truck: RawTerminal;
const passedOn: TerminalMessage[] = [];

beforeEach(async () => {
  nowMs = NOW;
  passedOn.length = 0;
  sink = new MemorySink();
  await start();
});
afterEach(stop);

async function start(options: Partial<Jt808ServerOptions> = {}, version: "2013" | "2019" = "2013"): Promise<void> {
  server = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    nowMs: () => nowMs,
    sweepMs: 20,
    onMessage: (message) => void passedOn.push(message),
    ...options,
  });
  truck = await connectTerminal(server.port, "13900000001", version);
  await truck.logIn();
}

async function stop(): Promise<void> {
  truck.socket.destroy();
  await server.close();
}

describe("messages of a terminal", () => {
  it("0x0200 with every kind of additional item is a position; what is not known of it harms nothing", async () => {
    const items = [
      { id: 0x01, value: Buffer.from("00000064", "hex") },
      { id: 0x04, value: Buffer.from("0007", "hex") },
      { id: 0x11, value: Buffer.from("0100000009", "hex") },
      { id: 0xeb, value: Buffer.from("000c00b2898604ffffffffffffff", "hex") },
      { id: 0x77, value: Buffer.alloc(255, 0x7e) },
    ];
    expect(await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW, items }))).toBe(0);
    const cutShort = Buffer.concat([
      encodeLocationReport({ ...PLACE, timeMs: NOW + 1000 }),
      Buffer.from("01ff00", "hex"),
    ]);
    expect(await truck.resultOf(truck.send(0x0200, cutShort))).toBe(0);
    expect(sink.length).toBe(2);
  });

  it("0x0200 shorter than its fixed fields is answered 'bad message' and counted", async () => {
    expect(await truck.resultOf(truck.send(0x0200, Buffer.alloc(27)))).toBe(2);
    expect(server.metrics().faults).toEqual({ malformedBody: 1 });
  });

  it("0x0201 is a position too, with and without a reply serial", async () => {
    const report = { ...PLACE, timeMs: NOW - 1000 };
    expect(await truck.resultOf(truck.send(0x0201, encodeLocationAnswer(9, report)))).toBe(0);
    const of2011 = encodeLocationReport({ ...PLACE, timeMs: NOW });
    expect(await truck.resultOf(truck.send(0x0201, of2011))).toBe(0);
    expect(sink.fixesOf("豫G12345_2").map(([timeMs]) => timeMs)).toEqual([NOW - 1000, NOW]);
  });

  it("0x0704 with a wrong count keeps what can be read, and says that it deviates", async () => {
    const body = encodeLocationBatch(
      0,
      [NOW - 2000, NOW - 1000].map((timeMs) => ({ ...PLACE, timeMs })),
    );
    body.writeUInt16BE(5, 0);
    expect(await truck.resultOf(truck.send(0x0704, body))).toBe(0);
    expect(sink.length).toBe(2);
    expect(server.metrics().deviations).toEqual({ batchCount: 1 });
    body.writeUInt16BE(1, 0);
    expect(await truck.resultOf(truck.send(0x0704, body))).toBe(0);
    expect(sink.length).toBe(4);
    expect(server.metrics().deviations).toEqual({ batchCount: 2 });
    expect(await truck.resultOf(truck.send(0x0704, Buffer.from("000501ffff", "hex")))).toBe(2);
  });

  it("0x0704 in parts is joined in any order, and every part is acknowledged when all of it is durable", async () => {
    const reports = Array.from({ length: 200 }, (_, i) => ({ ...PLACE, timeMs: NOW - 1000 * (200 - i) }));
    const frames = truck.frames(0x0704, encodeLocationBatch(1, reports));
    expect(frames.length).toBe(6);
    const before = truck.replies().length;
    for (const at of [3, 0, 5, 1, 0, 4]) truck.socket.write(frames[at]);
    await truck.resultOf(truck.send(0x0002));
    expect(truck.replies().length).toBe(before + 1);
    truck.socket.write(frames[2]);
    await truck.until(() => truck.replies().length === before + 7);
    expect(sink.fixesOf("豫G12345_2")).toHaveLength(200);
    expect(sink.batches).toHaveLength(1);
    expect(server.metrics()).toMatchObject({ reassemblyBytes: 0, faults: {} });
  });

  it("missing parts are asked for (0x8003) once, and given up later", async () => {
    const reports = Array.from({ length: 90 }, (_, i) => ({ ...PLACE, timeMs: NOW - 1000 * i }));
    const frames = truck.frames(0x0704, encodeLocationBatch(1, reports));
    truck.socket.write(frames[0]);
    truck.socket.write(frames[2]);
    await truck.until(() => server.metrics().reassemblyBytes > 1000);
    nowMs += 11_000;
    await truck.until(() => truck.of(0x8003).length === 1);
    const asked = decodeResendParts(truck.of(0x8003)[0].body);
    expect(asked.missing).toEqual([2]);
    nowMs += 61_000;
    await truck.until(() => server.metrics().faults["partsExpired"] === 1);
    expect(server.metrics().reassemblyBytes).toBe(0);
    expect(truck.of(0x8003)).toHaveLength(1);
  });

  it("0x0702 and 0x0701 are passed on whole and answered", async () => {
    const card = {
      cardStatus: CardStatus.inserted,
      timeMs: NOW,
      cardResult: 0,
      driver: "张三",
      certificate: "410700199001011234",
    };
    expect(await truck.resultOf(truck.send(0x0702, encodeDriverCard(card)))).toBe(0);
    expect(await truck.resultOf(truck.send(0x0701, encodeWaybill({ waybill: "运单 7:煤 30 吨" })))).toBe(0);
    expect(passedOn.map(({ messageId }) => messageId)).toEqual([0x0702, 0x0701]);
    expect(decodeDriverCard(passedOn[0].body)).toMatchObject({ driver: "张三", certificate: "410700199001011234" });
    expect(passedOn[0]).toMatchObject({ terminal: "13900000001", receivedMs: NOW, wideHeader: false });
  });

  it("a picture in parts (0x0801) is answered part by part, and at its end by 0x8800", async () => {
    const picture = Buffer.concat([
      Buffer.from("0000002a00000101", "hex"),
      encodeLocationReport({ ...PLACE, timeMs: NOW }),
      Buffer.alloc(5000, 0x7d),
    ]);
    const frames = truck.frames(0x0801, picture);
    const before = truck.replies().length;
    for (const [at, frame] of frames.entries()) {
      truck.socket.write(frame);
      await truck.until(() => truck.replies().length === before + at + 1);
    }
    await truck.until(() => truck.of(0x8800).length === 1);
    expect(decodeMediaAnswer(truck.of(0x8800)[0].body)).toEqual({ mediaId: 42, missing: [] });
    expect(passedOn.map(({ body }) => body.equals(picture))).toEqual([true]);
  });

  it("0x0004 is answered with the server's time, in UTC", async () => {
    truck.send(0x0004);
    await truck.until(() => truck.of(0x8004).length === 1);
    expect(truck.of(0x8004)[0].body.toString("hex")).toBe("260301040000");
  });

  it("heartbeats with a body and those with another id are heartbeats", async () => {
    expect(await truck.resultOf(truck.send(0x0002, Buffer.alloc(17)))).toBe(0);
    expect(await truck.resultOf(truck.send(0x0506))).toBe(0);
  });

  it("an unknown message is kept as bytes, answered 'not supported', and ends nothing", async () => {
    const body = Buffer.from("7e7d00ff", "hex");
    expect(await truck.resultOf(truck.send(0x0f01, body))).toBe(3);
    expect(passedOn).toMatchObject([{ messageId: 0x0f01 }]);
    expect(passedOn[0].body.equals(body)).toBe(true);
    expect(await truck.resultOf(truck.send(0x0002))).toBe(0);
    expect(server.metrics()).toMatchObject({ faults: { unknownMessage: 1 }, messages: { unknown: 1 } });
  });

  it("an enciphered body is refused and counted", async () => {
    const [frame] = truck.frames(0x0002);
    // Attributes with bit 10 set, and the checksum that follows.
    frame[3] ^= 0x04;
    frame[frame.length - 2] ^= 0x04;
    truck.socket.write(frame);
    await truck.until(() => truck.replies().some(({ result }) => result === 3));
    expect(server.metrics().faults).toEqual({ encrypted: 1 });
  });

  it("a header of 2019 without its flag, and one of 2013 with it, are understood and counted", async () => {
    await stop();
    await start({}, "2019");
    const [frame] = truck.frames(0x0002);
    const before = truck.replies().length;
    frame[3] ^= 0x40;
    frame[frame.length - 2] ^= 0x40;
    truck.socket.write(frame);
    await truck.until(() => truck.replies().length === before + 1);
    expect(server.metrics().deviations).toEqual({ versionFlag: 1 });
  });
});

describe("the stream", () => {
  it("may come byte by byte or many frames at once; answers come in order", async () => {
    const frames = Array.from({ length: 50 }, () => truck.frames(0x0002)[0]);
    const before = truck.replies().length;
    const bytes = Buffer.concat(frames);
    for (let at = 0; at < 200; at++) truck.socket.write(bytes.subarray(at, at + 1));
    truck.socket.write(bytes.subarray(200));
    await truck.until(() => truck.replies().length === before + 50);
    const serials = truck
      .replies()
      .slice(before)
      .map(({ replySerial }) => replySerial);
    expect(serials).toEqual(Array.from({ length: 50 }, (_, i) => serials[0] + i));
  });
});
