import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { encodeGeneralReply } from "../wire/jt808/0001-general-reply.ts";
import { encodeLocationReport } from "../wire/jt808/0200-location-report.ts";
import { encodeLocationAnswer } from "../wire/jt808/0201-location-answer.ts";
import { encodeResendParts } from "../wire/jt808/8003-resend-parts.ts";
import {
  decodeParametersAnswer,
  decodeSetParameters,
  dwordParameter,
  encodeParametersAnswer,
  ParameterId,
} from "../wire/jt808/8103-parameters.ts";
import { decodeTracking } from "../wire/jt808/8202-tracking.ts";
import { decodeText, TextFlag } from "../wire/jt808/8300-text.ts";
import { AreaAttribute, decodeCircles, decodePolygon, decodeRectangles } from "../wire/jt808/8600-areas.ts";
import { decodeAreaDeletion } from "../wire/jt808/8601-area-deletion.ts";
import { decodeRoute } from "../wire/jt808/8606-route.ts";
import type { TrackedCommand } from "./command-desk.ts";
import {
  alarmConfirmation,
  attributesQuery,
  circlesCommand,
  deletionCommand,
  locationQuery,
  parametersQuery,
  polygonCommand,
  rectanglesCommand,
  routeCommand,
  setParameters,
  textCommand,
  trackingCommand,
  type Command,
} from "./command.ts";
import { startJt808Server, type Jt808Server } from "./jt808-server.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const PHONE = "13900000001";

let nowMs = NOW;
let sink: MemorySink;
let server: Jt808Server;
let truck: RawTerminal;
let code = "";

beforeEach(async () => {
  nowMs = NOW;
  sink = new MemorySink();
  server = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    nowMs: () => nowMs,
    sweepMs: 10,
    limits: { commandsPerTerminal: 4 },
  });
  truck = await connectTerminal(server.port, PHONE, "2019");
  code = await truck.logIn();
});
afterEach(async () => {
  truck.socket.destroy();
  await server.close();
});

/** The terminal gets `command`; `answer` says what it sends back. */
async function carryOut(
  command: Command,
  answer: (serial: number) => [number, Uint8Array],
): Promise<{ body: Buffer; done: TrackedCommand }> {
  const { finished } = server.send(PHONE, command);
  await truck.until(() => truck.of(command.messageId).length > 0);
  const { body, serial } = truck.of(command.messageId).at(-1)!;
  truck.send(...answer(serial));
  return { body, done: await finished };
}

function ok(command: Command): (serial: number) => [number, Uint8Array] {
  return (replySerial) => [0x0001, encodeGeneralReply({ replySerial, replyId: command.messageId, result: 0 })];
}

describe("commands to a terminal", () => {
  it("0x8202 asks for a report every 5 s for an hour", async () => {
    const command = trackingCommand({ intervalSec: 5, validitySec: 3600 });
    const { body, done } = await carryOut(command, ok(command));
    expect(decodeTracking(body)).toEqual({ intervalSec: 5, validitySec: 3600 });
    expect(done).toMatchObject({ state: "done", result: 0, attempts: 1, terminal: PHONE, messageId: 0x8202 });
    expect(server.commandsOf(PHONE)).toEqual([done]);
    expect(server.metrics()).toMatchObject({ waitingCommands: 0, commands: { sent: 1, done: 1 } });
  });

  it("0x8300 shows a text to the driver", async () => {
    const command = textCommand({
      flags: TextFlag.urgent | TextFlag.readOut,
      textType: 1,
      text: "请驶离管控区域,车辆已锁定",
    });
    const { body, done } = await carryOut(command, ok(command));
    expect(decodeText(body, true)).toEqual({ flags: 9, textType: 1, text: "请驶离管控区域,车辆已锁定" });
    expect(done.state).toBe("done");
    expect(() => textCommand({ flags: 0, text: "字".repeat(513) })).toThrow(RangeError);
  });

  it("0x8103 sets parameters, 0x8104 and 0x8106 read them", async () => {
    const parameters = [dwordParameter(ParameterId.defaultIntervalSeconds, 10)];
    const set = setParameters(parameters);
    const { body } = await carryOut(set, ok(set));
    expect(decodeSetParameters(body).parameters).toMatchObject([{ id: 0x29, value: Buffer.from("0000000a", "hex") }]);
    for (const query of [parametersQuery(), parametersQuery([0x29])]) {
      const { done } = await carryOut(query, (serial) => [0x0104, encodeParametersAnswer(serial, parameters)]);
      expect(done.state).toBe("done");
      expect(decodeParametersAnswer(done.answer ?? Buffer.alloc(0)).parameters).toMatchObject([{ id: 0x29 }]);
    }
  });

  it("0x8201 asks for a position, which is stored as well", async () => {
    const report = { latitude: 35.3, longitude: 113.9, timeMs: NOW };
    const { done } = await carryOut(locationQuery(), (serial) => [0x0201, encodeLocationAnswer(serial, report)]);
    expect(done).toMatchObject({ state: "done", result: 0 });
    await truck.until(() => sink.length === 1);
  });

  it("0x8201 is answered by a terminal of 2011, whose answer names no serial", async () => {
    truck.socket.destroy();
    truck = await connectTerminal(server.port, PHONE, "2011");
    await truck.logIn();
    const report = { latitude: 35.3, longitude: 113.9, timeMs: NOW };
    const { done } = await carryOut(locationQuery(), () => [0x0201, encodeLocationReport(report)]);
    expect(done).toMatchObject({ state: "done", result: 0, attempts: 1 });
    expect(done.answer).toEqual(encodeLocationReport(report));
    await truck.until(() => sink.length === 1);
  });

  it("0x8107 asks what the terminal is", async () => {
    const { done } = await carryOut(attributesQuery(), () => [0x0107, Buffer.alloc(40)]);
    expect(done.answer).toHaveLength(40);
  });

  it("0x8203 confirms an alarm", async () => {
    const command = alarmConfirmation({ alarmSerial: 0, alarmType: 1 << 20 });
    expect((await carryOut(command, ok(command))).done.state).toBe("done");
  });

  it("0x8600 to 0x8607 give it areas and a route, and take them back", async () => {
    const area = {
      areaId: 7,
      attributes: AreaAttribute.enterToDriver | AreaAttribute.enterToPlatform,
      areaName: "西街",
    };
    const circle = { ...area, latitude: 35.3, longitude: 113.9, radiusMeters: 1000 };
    const circles = circlesCommand(1, [circle]);
    expect(decodeCircles((await carryOut(circles, ok(circles))).body, true)).toEqual({ action: 1, circles: [circle] });

    const rectangle = {
      ...area,
      topLeft: [35.4, 113.8] as [number, number],
      bottomRight: [35.2, 114] as [number, number],
    };
    const rectangles = rectanglesCommand(0, [rectangle]);
    expect(decodeRectangles((await carryOut(rectangles, ok(rectangles))).body, true).rectangles).toEqual([rectangle]);

    const points: [number, number][] = [
      [35.3, 113.9],
      [35.4, 113.9],
      [35.35, 114],
    ];
    const polygon = polygonCommand({ ...area, points });
    expect(decodePolygon((await carryOut(polygon, ok(polygon))).body, true)).toEqual({ ...area, points });

    const route = {
      routeId: 3,
      attributes: 0,
      areaName: "绕行",
      points: [{ pointId: 1, segmentId: 1, latitude: 35.3, longitude: 113.9, widthMeters: 50 }],
    };
    const routed = routeCommand(route);
    expect(decodeRoute((await carryOut(routed, ok(routed))).body, true)).toEqual(route);

    for (const messageId of [0x8601, 0x8603, 0x8605, 0x8607]) {
      const deletion = deletionCommand(messageId, [7, 3]);
      expect(decodeAreaDeletion((await carryOut(deletion, ok(deletion))).body)).toEqual({ areaIds: [7, 3] });
    }
    expect(server.metrics().commands["done"]).toBe(8);
  });

  it("are in parts when they are long, and sent again when the terminal misses parts", async () => {
    const points = Array.from({ length: 200 }, (_, i): [number, number] => [35 + i / 1000, 113]);
    const command = polygonCommand({ areaId: 1, attributes: 0, points });
    const { finished } = server.send(PHONE, command);
    await truck.until(() => truck.of(0x8604).length === 2);
    const [first, second] = truck.of(0x8604);
    expect([first.packageTotal, first.packageIndex, second.packageIndex]).toEqual([2, 1, 2]);
    expect(decodePolygon(Buffer.concat([first.body, second.body]), true).points).toHaveLength(200);
    truck.send(0x0005, encodeResendParts({ firstSerial: first.serial, missing: [2] }, true));
    await truck.until(() => truck.of(0x8604).length === 4);
    expect(truck.of(0x8604).map(({ serial }) => serial)).toEqual([0, 1, 0, 1].map((at) => first.serial + at));
    // Some terminals answer with the serial of the last part.
    truck.send(0x0001, encodeGeneralReply({ replySerial: second.serial, replyId: 0x8604, result: 0 }));
    expect((await finished).state).toBe("done");
  });
});

describe("a command", () => {
  const tracking = trackingCommand({ intervalSec: 5, validitySec: 3600 });

  it("that the terminal refuses says with which result", async () => {
    const { done } = await carryOut(tracking, (replySerial) => [
      0x0001,
      encodeGeneralReply({ replySerial, replyId: 0x8202, result: 3 }),
    ]);
    expect(done).toMatchObject({ state: "refused", result: 3 });
  });

  it("is repeated with growing waits, with the same serial, and given up after the last", async () => {
    const { finished, tracked } = server.send(PHONE, tracking);
    await truck.until(() => truck.of(0x8202).length === 1);
    for (const [waitMs, sent] of [
      [10_000, 2],
      [20_000, 3],
      [60_000, 4],
    ]) {
      nowMs += waitMs - 1000;
      await sleep(40);
      expect(truck.of(0x8202)).toHaveLength(sent - 1);
      nowMs += 1001;
      await truck.until(() => truck.of(0x8202).length === sent);
    }
    expect(tracked).toMatchObject({ state: "sent", attempts: 4 });
    await truck.resultOf(truck.send(0x0002));
    nowMs += 240_001;
    expect((await finished).state).toBe("unanswered");
    expect(new Set(truck.of(0x8202).map(({ serial }) => serial)).size).toBe(1);
  });

  it("waits for a terminal that is away, and is sent at its next log-in", async () => {
    truck.socket.destroy();
    await truck.until(() => !server.isOnline(PHONE));
    const { tracked, finished } = server.send(PHONE, tracking);
    expect(tracked.state).toBe("waiting");
    truck = await connectTerminal(server.port, PHONE, "2019");
    expect(await truck.authenticate(code)).toBe(0);
    await truck.until(() => truck.of(0x8202).length === 1);
    truck.send(...ok(tracking)(truck.of(0x8202)[0].serial));
    expect(await finished).toMatchObject({ state: "done", attempts: 1 });
  });

  it("that is no longer valid at the next log-in is not sent", async () => {
    truck.socket.destroy();
    await truck.until(() => !server.isOnline(PHONE));
    const { finished } = server.send(PHONE, { ...tracking, validUntilMs: NOW + 1000 });
    nowMs += 1000;
    expect((await finished).state).toBe("expired");
    truck = await connectTerminal(server.port, PHONE, "2019");
    await truck.authenticate(code);
    await truck.resultOf(truck.send(0x0002));
    expect(truck.of(0x8202)).toHaveLength(0);
  });

  it("under way when the connection breaks is sent again on the next one", async () => {
    const { finished } = server.send(PHONE, tracking);
    await truck.until(() => truck.of(0x8202).length === 1);
    truck.socket.destroy();
    await truck.until(() => !server.isOnline(PHONE));
    truck = await connectTerminal(server.port, PHONE, "2019");
    await truck.authenticate(code);
    await truck.until(() => truck.of(0x8202).length === 1);
    truck.send(...ok(tracking)(truck.of(0x8202)[0].serial));
    expect((await finished).state).toBe("done");
  });

  it("waits until the one before it is answered; too many are refused", async () => {
    const first = server.send(PHONE, tracking);
    const second = server.send(PHONE, textCommand({ flags: 0, text: "一路平安" }));
    await truck.until(() => truck.of(0x8202).length === 1);
    await sleep(30);
    expect(truck.of(0x8300)).toHaveLength(0);
    expect(server.commandsOf(PHONE).map(({ state }) => state)).toEqual(["sent", "waiting"]);
    truck.send(...ok(tracking)(truck.of(0x8202)[0].serial));
    expect((await first.finished).state).toBe("done");
    await truck.until(() => truck.of(0x8300).length === 1);
    for (let i = 0; i < 3; i++) server.send(PHONE, tracking);
    expect(() => server.send(PHONE, tracking)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    await server.close();
    expect((await second.finished).state).toBe("cancelled");
  });

  it("is not ended by an answer to something else", async () => {
    const { tracked } = server.send(PHONE, tracking);
    await truck.until(() => truck.of(0x8202).length === 1);
    const { serial } = truck.of(0x8202)[0];
    truck.send(0x0001, encodeGeneralReply({ replySerial: serial + 1, replyId: 0x8202, result: 0 }));
    truck.send(0x0001, encodeGeneralReply({ replySerial: serial, replyId: 0x8300, result: 0 }));
    await truck.resultOf(truck.send(0x0002));
    expect(tracked.state).toBe("sent");
  });
});
