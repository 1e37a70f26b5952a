import { Buffer } from "node:buffer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { encodeRegistration, REGISTRATION } from "../wire/jt808/0100-registration.ts";
import { encodeLocationReport, type LocationReportInput } from "../wire/jt808/0200-location-report.ts";
import { encodeWaybill } from "../wire/jt808/0701-waybill.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { startJt808Server, type Jt808Server } from "./jt808-server.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const HOUR_MS = 3_600_000;
const PHONE = "13900000001";
const FIXED = 2;
const SOUTH = 4;
const WEST = 8;

let sink: MemorySink;
let server: Jt808Server;
let truck: RawTerminal;

beforeEach(async () => {
  sink = new MemorySink();
  server = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    nowMs: () => NOW,
  });
  truck = await connectTerminal(server.port, PHONE, "2013");
  await truck.logIn();
});
afterEach(async () => {
  truck.socket.destroy();
  await server.close();
});

function reportOf(changes: Partial<LocationReportInput>): Buffer {
  return encodeLocationReport({ latitude: 35.303, longitude: 113.9268, timeMs: NOW, ...changes });
}

/** A report whose status word is `status`, hemispheres included. */
function withStatus(report: Buffer, status: number): Buffer {
  report.writeUInt32BE(status, 4);
  return report;
}

const plain = reportOf({ extras: { mileageKm: 12, fuelL: 3, overspeedAlarm: { areaType: 0 } } });

/** What the terminal sends, and under which names it is counted. Every one of them is answered `ok`. */
const DEVIATIONS: [string, number, Buffer, Record<string, number>][] = [
  ["nothing of a report as the standard has it", 0x0200, plain, {}],
  ["items that break off", 0x0200, Buffer.concat([plain, Buffer.from("eb10000c", "hex")]), { itemsCutShort: 1 }],
  ["a byte after the last item", 0x0200, Buffer.concat([plain, Buffer.of(1)]), { itemsCutShort: 1 }],
  [
    "a standard item of another length",
    0x0200,
    reportOf({ items: [{ id: 0x02, value: Buffer.of(7) }] }),
    { itemLength: 1 },
  ],
  ["a vendor's item as nothing", 0x0200, reportOf({ items: [{ id: 0xe1, value: Buffer.of(7) }] }), {}],
  ["0/0 that is said to be a place", 0x0200, reportOf({ latitude: 0, longitude: 0 }), { zeroPlace: 1 }],
  ["0/0 that is said to be none as nothing", 0x0200, withStatus(reportOf({ latitude: 0, longitude: 0 }), 1), {}],
  ["a place that is said to be none", 0x0200, withStatus(reportOf({}), 1), { placeNotFixed: 1 }],
  ["the hemispheres' bits in China", 0x0200, withStatus(reportOf({}), FIXED | SOUTH | WEST), { hemisphere: 1 }],
  [
    "a truck south of the equator, and not in China's longitudes, as nothing",
    0x0200,
    reportOf({ latitude: -23.5, longitude: -46.6 }),
    {},
  ],
  [
    "longitude and latitude exchanged",
    0x0200,
    reportOf({ latitude: 113.9268, longitude: 35.303 }),
    { placeSwapped: 1 },
  ],
  ["a clock in UTC", 0x0200, reportOf({ timeMs: NOW - 8 * HOUR_MS - 30_000 }), { clockInUtc: 1 }],
  ["what comes late as nothing", 0x0200, reportOf({ timeMs: NOW - 5 * HOUR_MS }), {}],
  [
    "what was kept for eight hours as nothing",
    0x0704,
    encodeLocationBatch(1, [{ latitude: 35.3, longitude: 113.9, timeMs: NOW - 8 * HOUR_MS }]),
    {},
  ],
  ["a position's answer without a serial", 0x0201, reportOf({}), { answerWithoutSerial: 1 }],
  ["a heartbeat with a body", 0x0002, Buffer.alloc(17), { heartbeatBody: 1 }],
  ["a heartbeat of another id", 0x0506, Buffer.alloc(0), { heartbeatId: 1 }],
  [
    "attributes with a maker of 11 bytes",
    0x0107,
    Buffer.concat([Buffer.alloc(2 + 11 + 30 + 30 + 10), Buffer.from("0131013200ff", "hex")]),
    { wideMaker: 1 },
  ],
  ["a waybill as the standard has it as nothing", 0x0701, encodeWaybill({ waybill: "煤 30 吨" }), {}],
  ["a waybill without its length", 0x0701, Buffer.from("MD,SET CONFIG OK!"), { waybillLength: 1 }],
];

describe("a deviation of a real terminal is accepted and counted", () => {
  it.each(DEVIATIONS)("%s", async (_, messageId, body, counted) => {
    expect(await truck.resultOf(truck.send(messageId, body))).toBe(0);
    expect(server.metrics()).toMatchObject({ deviations: counted, faults: {} });
    expect(server.metrics().deviations).toEqual(counted);
  });

  it("parts whose serials have gaps", async () => {
    const batch = encodeLocationBatch(
      1,
      Array.from({ length: 50 }, (_, i) => ({ latitude: 35.3, longitude: 113.9, timeMs: NOW - 1000 * i })),
    );
    const first = truck.frames(0x0704, batch);
    truck.socket.write(Buffer.concat(first));
    await truck.until(() => sink.length === 50);
    expect(server.metrics().deviations).toEqual({});
    const [one, two] = [truck.frames(0x0704, batch), truck.frames(0x0704, batch)];
    truck.socket.write(Buffer.concat([one[0], ...two.slice(1)]));
    await truck.until(() => sink.length === 100);
    expect(server.metrics().deviations).toEqual({ partSerials: 1 });
  });

  it("a number with digits above 9, as of packed identities", async () => {
    const other = await connectTerminal(server.port, "4eb6fb4af2c1", "2013");
    expect((await other.register()).result).toBe(0);
    expect(server.metrics().deviations).toEqual({ phoneDigits: 1 });
    other.socket.destroy();
  });

  it("a plate in UTF-8, and a registration of 2013 behind a header of 2019", async () => {
    const registration = { provinceId: 41, cityId: 700, manufacturerId: "M", terminalModel: "T", terminalId: "1" };
    const start = encodeRegistration({ ...registration, plateColor: 2, plate: "" }, "2013");
    const other = await connectTerminal(server.port, "13900000002", "2019");
    other.send(REGISTRATION, Buffer.concat([start, Buffer.from("豫G54321")]));
    await other.until(() => other.of(0x8100).length === 1);
    expect(server.terminals().map(({ plate }) => plate)).toEqual(["豫G12345", "豫G54321"]);
    expect(server.metrics().deviations).toEqual({ utf8Plate: 1, registrationEdition: 1 });
    other.socket.destroy();
  });
});
