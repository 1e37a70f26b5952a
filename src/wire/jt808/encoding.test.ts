import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeGeneralReply, encodeGeneralReply } from "./0001-general-reply.ts";
import { decodeRegistration, encodeRegistration } from "./0100-registration.ts";
import { decodeAuthentication, encodeAuthentication } from "./0102-authentication.ts";
import {
  decodeLocationReport,
  encodeLocationReport,
  readLocationInto,
  type LocationReport,
  writeLocationFrom,
} from "./0200-location-report.ts";
import { decodeLocationAnswer, encodeLocationAnswer } from "./0201-location-answer.ts";
import { decodeWaybill, encodeWaybill } from "./0701-waybill.ts";
import { decodeDriverCard, encodeDriverCard } from "./0702-driver-card.ts";
import { decodeLocationBatch, eachLocationInBatch, encodeLocationBatch } from "./0704-location-batch.ts";
import { decodeResendParts, encodeResendParts } from "./8003-resend-parts.ts";
import { decodeRegistrationAnswer, encodeRegistrationAnswer } from "./8100-registration-answer.ts";
import {
  decodeParametersAnswer,
  decodeQueryParameters,
  decodeSetParameters,
  dwordParameter,
  encodeParametersAnswer,
  encodeQueryParameters,
  encodeSetParameters,
  textParameter,
} from "./8103-parameters.ts";
import { decodeTracking, encodeTracking } from "./8202-tracking.ts";
import { decodeAlarmConfirmation, encodeAlarmConfirmation } from "./8203-alarm-confirmation.ts";
import { decodeText, encodeText } from "./8300-text.ts";
import {
  decodeCircles,
  decodePolygon,
  decodeRectangles,
  encodeCircles,
  encodePolygon,
  encodeRectangles,
} from "./8600-areas.ts";
import { decodeAreaDeletion, encodeAreaDeletion } from "./8601-area-deletion.ts";
import { decodeRoute, encodeRoute } from "./8606-route.ts";
import { decodeJt808 } from "./decode.ts";
import { encodeMessage, FrameEncoder } from "./encoding.ts";
import { phoneField } from "./header.ts";

const timeMs = Date.UTC(2026, 4, 13, 2, 20, 30);

describe("bodies are written as the tables of the standard say", () => {
  it.each<[string, Buffer, string]>([
    ["0001", encodeGeneralReply({ replySerial: 258, replyId: 0x8103, result: 1 }), "0102 8103 01"],
    [
      "0100 of 2011",
      encodeRegistration(
        {
          provinceId: 41,
          cityId: 701,
          manufacturerId: "AB",
          terminalModel: "M1",
          terminalId: "T1",
          plateColor: 2,
          plate: "豫G12345",
        },
        "2011",
      ),
      "0029 02bd 4142000000 4d31000000000000 54310000000000 02 d4a547313233343500",
    ],
    ["0102 of 2013", encodeAuthentication({ authCode: "abc" }, "2013"), "616263"],
    [
      "0102 of 2019",
      encodeAuthentication({ authCode: "abc", imei: "123456789012345", softwareVersion: "v1" }, "2019"),
      `03 616263 313233343536373839303132333435 7631${"00".repeat(18)}`,
    ],
    [
      "0200",
      encodeLocationReport({
        latitude: 35.224375,
        longitude: 113.876364,
        altitude: 75,
        speedKmh: 60,
        direction: 270,
        timeMs,
        extras: { mileageKm: 100, analog: { ad0: 1, ad1: 2 } },
      }),
      "00000000 00000003 02197b37 06c99d8c 004b 0258 010e 260513102030 0104000003e8 2b0400020001",
    ],
    [
      "0200 south and west, below the sea",
      encodeLocationReport({ latitude: -1e-6, longitude: -2e-6, altitude: -1, timeMs, statusFlags: 0 }),
      "00000000 0000000c 00000001 00000002 ffff 0000 0000 260513102030",
    ],
    ["8100", encodeRegistrationAnswer({ replySerial: 1, result: 0, authCode: "A1" }), "0001 00 4131"],
    ["8100 refused has no code", encodeRegistrationAnswer({ replySerial: 1, result: 2, authCode: "A1" }), "0001 02"],
    ["8003 of 2013", encodeResendParts({ firstSerial: 7, missing: [2, 3] }, false), "0007 02 0002 0003"],
    ["8003 of 2019", encodeResendParts({ firstSerial: 7, missing: [2, 3] }, true), "0007 0002 0002 0003"],
    [
      "8103",
      encodeSetParameters([dwordParameter(0x29, 10), textParameter(0x83, "豫A")]),
      "02 00000029040000000a 0000008303d4a541",
    ],
    ["8106", encodeQueryParameters([0x29]), "01 00000029"],
    ["8202", encodeTracking({ intervalSec: 5, validitySec: 3600 }), "0005 00000e10"],
    ["8202 stop", encodeTracking({ intervalSec: 0, validitySec: 3600 }), "0000"],
    ["8300 of 2013", encodeText({ flags: 8, text: "请停车" }, false), "08 c7ebcda3b3b5"],
    ["8300 of 2019", encodeText({ flags: 8, text: "请停车" }, true), "08 01 c7ebcda3b3b5"],
    ["8601", encodeAreaDeletion([1, 2]), "02 00000001 00000002"],
    ["0701", encodeWaybill({ waybill: "AB" }), "00000002 4142"],
  ])("%s", (_, body, expected) => {
    expect(body.toString("hex")).toBe(expected.replaceAll(" ", ""));
  });
});

describe("a message", () => {
  it("becomes one frame with its phone padded and the 2019 flag set", () => {
    const [frame] = encodeMessage({
      messageId: 0x0002,
      version: "2019",
      phone: "13912345678",
      serial: 1,
      body: Buffer.alloc(0),
    });
    expect(frame.toString("hex")).toBe("7e0002400001000000000139123456780001727e");
    expect(decodeJt808(frame)).toMatchObject({ valid: true, version: "2019", phone: "13912345678" });
  });

  it("longer than 1023 bytes becomes sub-packages with serials that count on and wrap", () => {
    const body = Buffer.alloc(2500, 0x5a);
    const frames = encodeMessage({ messageId: 0x0801, version: "2013", phone: "13912345678", serial: 0xffff, body });
    const decoded = frames.map((frame) => decodeJt808(frame));
    expect(decoded.map(({ serial }) => serial)).toEqual([0xffff, 0, 1]);
    expect(decoded.map(({ subPackage }) => subPackage)).toEqual([1, 2, 3].map((index) => ({ total: 3, index })));
    expect(decoded.map(({ bodyHex }) => bodyHex).join("")).toBe(body.toString("hex"));
  });

  it("refuses a phone that does not fit", () => {
    expect(() => phoneField("1234567890123", 6)).toThrow(RangeError);
    expect(() => phoneField("12345x", 6)).toThrow(RangeError);
  });
});

describe("the frame encoder", () => {
  it("collects general replies and frames in one buffer", () => {
    const encoder = new FrameEncoder(16);
    const phone = phoneField("13912345678", 6);
    encoder.generalReply(0x8001, phone, 1, 0x7e7d, 0x0200, 0);
    encoder.frame(0x8100, phone, 2, encodeRegistrationAnswer({ replySerial: 9, result: 0, authCode: "code" }));
    const bytes = encoder.take();
    const second = bytes.indexOf("7e7e", 0, "hex") + 1;
    expect(decodeJt808(bytes.subarray(0, second))).toMatchObject({ valid: true, replySerial: 0x7e7d, replyId: 0x0200 });
    expect(decodeJt808(bytes.subarray(second))).toMatchObject({ valid: true, replySerial: 9, authCode: "code" });
    expect(encoder.take()).toHaveLength(0);
  });
});

describe("a location in columns", () => {
  const columns = {
    timeMs: new Float64Array(2),
    lonE6: new Int32Array(2),
    latE6: new Int32Array(2),
    speedKmh10: new Uint16Array(2),
    headingDeg: new Uint16Array(2),
    altitudeM: new Int16Array(2),
    status: new Uint32Array(2),
    alarm: new Uint32Array(2),
  };

  it("is what the report says, without objects in between, and writes back to the same bytes", () => {
    const body = encodeLocationReport({
      latitude: -35.1,
      longitude: 113.9,
      altitude: -154,
      speedKmh: 61.3,
      direction: 359,
      timeMs,
      alarmFlags: 0x8000_0001,
    });
    expect(readLocationInto(body, 0, body.length, columns, 1)).toBe(true);
    expect(columns.latE6[1]).toBe(-35_100_000);
    expect(columns.lonE6[1]).toBe(113_900_000);
    expect(columns.altitudeM[1]).toBe(-154);
    expect(columns.speedKmh10[1]).toBe(613);
    expect(columns.timeMs[1]).toBe(timeMs);
    expect(columns.alarm[1]).toBe(0x8000_0001);
    const again = Buffer.alloc(28);
    writeLocationFrom(columns, 1, again, 0);
    expect(again.equals(body)).toBe(true);
  });

  it("of a magnitude beyond 32 bits stays out of range and does not wrap", () => {
    const body = encodeLocationReport({ latitude: 0, longitude: 0, timeMs });
    body.fill(0xff, 8, 16);
    readLocationInto(body, 0, body.length, columns, 0);
    expect(columns.latE6[0]).toBe(0x7fff_ffff);
    expect(columns.lonE6[0]).toBe(0x7fff_ffff);
  });

  it("is not there in fewer than 28 bytes", () => {
    expect(readLocationInto(Buffer.alloc(27), 0, 27, columns, 0)).toBe(false);
  });
});

describe("a batch of locations", () => {
  const reports = [1, 2, 3].map((latitude) => ({ latitude, longitude: 113, timeMs }));

  it("is walked without objects, entry by entry", () => {
    const body = encodeLocationBatch(1, reports);
    const at: number[] = [];
    expect(eachLocationInBatch(body, 0, body.length, (start) => at.push(body.readUInt32BE(start + 8)))).toBe(3);
    expect(at).toEqual([1e6, 2e6, 3e6]);
  });

  it("that announces more than it has gives what it has and says so", () => {
    const body = encodeLocationBatch(1, reports);
    body.writeUInt16BE(5, 0);
    const batch = decodeLocationBatch(body);
    expect(batch.positions).toHaveLength(3);
    expect(batch.fault).toBe("5 reports were announced, 3 are here");
    expect(eachLocationInBatch(body, 0, body.length, () => {})).toBe(-4);
  });

  it("that announces fewer than it has gives all of them and says so", () => {
    const body = encodeLocationBatch(1, reports);
    body.writeUInt16BE(1, 0);
    const batch = decodeLocationBatch(body);
    expect(batch.positions.map(({ latitude }) => latitude)).toEqual([1, 2, 3]);
    expect(batch.fault).toBe("1 reports were announced, 3 are here");
    const at: number[] = [];
    expect(eachLocationInBatch(body, 0, body.length, (start) => at.push(body.readUInt32BE(start + 8)))).toBe(-4);
    expect(at).toEqual([1e6, 2e6, 3e6]);
  });

  it("with bytes behind it that are no reports leaves them out and says so", () => {
    const body = Buffer.concat([
      encodeLocationBatch(1, reports),
      encodeLocationBatch(1, [reports[0]]).subarray(3),
      Buffer.of(7),
    ]);
    const batch = decodeLocationBatch(body);
    expect(batch.positions).toHaveLength(3);
    expect(batch.fault).toBe("31 bytes follow the last report");
    expect(eachLocationInBatch(body, 0, body.length, () => {})).toBe(-4);
  });
});

const framesPath = new URL("../../../../shared/data/jt808/frames.json", import.meta.url);

describe.skipIf(!existsSync(framesPath))("bodies of real frames (../shared) are written back byte for byte", () => {
  const rewrite: Record<string, (body: Buffer, wide: boolean) => Buffer> = {
    "0x0001": (body) => encodeGeneralReply(decodeGeneralReply(body)),
    "0x8001": (body) => encodeGeneralReply(decodeGeneralReply(body)),
    "0x0200": (body) => encodeLocationReport(withoutExtras(decodeLocationReport(body))),
    "0x0704": (body) => {
      const batch = decodeLocationBatch(body);
      return encodeLocationBatch(
        batch.locationType,
        batch.positions.map((report) => withoutExtras(report)),
      );
    },
    "0x8103": (body) => encodeSetParameters(decodeSetParameters(body).parameters),
    "0x8106": (body) => encodeQueryParameters(decodeQueryParameters(body).parameterIds),
    "0x0104": (body) => {
      const { replySerial, parameters } = decodeParametersAnswer(body);
      return encodeParametersAnswer(replySerial, parameters);
    },
    "0x8202": (body) => encodeTracking(decodeTracking(body)),
    "0x8203": (body) => encodeAlarmConfirmation(decodeAlarmConfirmation(body)),
    "0x8300": (body, wide) => encodeText(decodeText(body, wide), wide),
    "0x8600": (body, wide) => {
      const { action, circles } = decodeCircles(body, wide);
      return encodeCircles(action, circles, wide);
    },
    "0x8602": (body, wide) => {
      const { action, rectangles } = decodeRectangles(body, wide);
      return encodeRectangles(action, rectangles, wide);
    },
    "0x8604": (body, wide) => encodePolygon(decodePolygon(body, wide), wide),
    "0x8601": (body) => encodeAreaDeletion(decodeAreaDeletion(body).areaIds),
    "0x8606": (body, wide) => encodeRoute(decodeRoute(body, wide), wide),
    "0x8003": (body, wide) => encodeResendParts(decodeResendParts(body), wide),
    "0x0005": (body, wide) => encodeResendParts(decodeResendParts(body), wide),
    "0x8100": (body) => encodeRegistrationAnswer(decodeRegistrationAnswer(body)),
    "0x0102": (body, wide) => encodeAuthentication(decodeAuthentication(body, wide), wide ? "2019" : "2013"),
  };
  const frames: { hex: string; valid: boolean; derived: Record<string, unknown> }[] = existsSync(framesPath)
    ? JSON.parse(readFileSync(framesPath, "utf8"))
    : [];

  it.each(Object.keys(rewrite))("%s", (id) => {
    let count = 0;
    for (const { hex, valid } of frames) {
      const decoded = decodeJt808(hex);
      const faulty = decoded.bodyFault ?? decoded.itemsFault ?? decoded["fault"];
      if (!valid || decoded.messageIdHex !== id || decoded.subPackage || decoded.encryption || faulty !== undefined)
        continue;
      if (decoded.positions?.some((position) => position.itemsFault !== undefined) === true) continue;
      const body = bodyOf(hex);
      const wide = decoded.version === "2019";
      // Some devices add bytes behind the last field.
      const written = rewrite[id](body, wide).toString("hex");
      expect(body.toString("hex").slice(0, written.length)).toBe(written);
      count++;
    }
    expect(count).toBeGreaterThan(0);
  });
});

describe("what is written is read", () => {
  it("registrations of every edition", () => {
    const registration = {
      provinceId: 41,
      cityId: 701,
      manufacturerId: "WX",
      terminalModel: "M1",
      terminalId: "T1",
      plateColor: 2,
      plate: "豫G12345",
    };
    for (const version of ["2011", "2013", "2019"] as const) {
      const body = encodeRegistration(registration, version);
      expect(decodeRegistration(body, version === "2019")).toEqual({ ...registration, version });
    }
  });

  it("driver's cards", () => {
    const card = {
      cardStatus: 1,
      timeMs,
      cardResult: 0,
      driver: "张三",
      certificate: "410700001",
      issuer: "新乡市交通运输局",
      validTo: "2028-06-30",
      identityNumber: "410700199001010011",
    };
    expect(decodeDriverCard(encodeDriverCard(card))).toEqual(card);
    expect(decodeDriverCard(encodeDriverCard({ cardStatus: 2, timeMs }))).toEqual({ cardStatus: 2, timeMs });
  });

  it("location answers, with the reply serial and in the layout of 2011 without it", () => {
    const report = { latitude: 35, longitude: 113, timeMs, extras: { satellites: 9 } };
    expect(decodeLocationAnswer(encodeLocationAnswer(77, report))).toMatchObject({ replySerial: 77, latitude: 35 });
    expect(decodeLocationAnswer(encodeLocationReport(report))).toMatchObject({ latitude: 35, longitude: 113 });
  });

  it("waybills, and as plain text when the length does not fit", () => {
    expect(decodeWaybill(encodeWaybill({ waybill: "运单 7" }))).toEqual({ waybill: "运单 7" });
    expect(decodeWaybill(Buffer.from("MD,SET OK"))).toEqual({ waybill: "MD,SET OK" });
  });

  it("a text in UTF-8 as well, because some devices send it, and a GBK plate that happens to be valid UTF-8 as GBK", () => {
    expect(decodeText(Buffer.concat([Buffer.of(1), Buffer.from("豫G12345")]), false).text).toBe("豫G12345");
    expect(decodeText(Buffer.from("01d4a5473132333435", "hex"), false).text).toBe("豫G12345");
  });
});

/** So that the raw items are written, not those that the extras would make. */
function withoutExtras(report: LocationReport): LocationReport {
  return { ...report, extras: {} };
}

function bodyOf(hex: string): Buffer {
  const raw = Buffer.from(hex, "hex").subarray(1, -1);
  const plain: number[] = [];
  for (let i = 0; i < raw.length; i++) plain.push(raw[i] === 0x7d ? (raw[++i] === 2 ? 0x7e : 0x7d) : raw[i]);
  const stated = ((plain[2] << 8) | plain[3]) & 0x3ff;
  return Buffer.from(plain.slice(plain.length - 1 - stated, -1));
}
