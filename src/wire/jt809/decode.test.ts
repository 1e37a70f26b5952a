import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { printable } from "../jt808/decode.ts";
import { OctetReader } from "../octets.ts";
import { applyCipher809 } from "./cipher.ts";
import { decodeJt809 } from "./decode.ts";
import { readPosition809 } from "./position.ts";

const FRAMES = "../shared/data/jt809/frames.json";
const PARTS = "../shared/data/jt809/parts.json";

interface RecordedPosition {
  timeIso: string;
  longitude: number;
  latitude: number;
  speedKmh: number;
  direction: number;
  altitude: number;
  statusFlags: number;
  alarmFlags: number;
}

interface RecordedFrame {
  name: string;
  hex: string;
  version: "2011" | "2019";
  valid: boolean;
  encryption?: { M1: number; IA1: number; IC1: number };
  derived: {
    messageId: number;
    serial: number;
    length: number;
    gnssCenterId: number;
    encrypted: number;
    encryptKey: number;
    sendTime?: string;
    plate?: string;
    plateColor?: number;
    subId?: number;
    terminalId?: string;
    simCode?: string;
    position?: RecordedPosition;
    positions?: RecordedPosition[];
    userId?: number;
    password?: string;
    downLinkIp?: string;
    decryptedBodyHex?: string;
  };
}

interface RecordedPart {
  name: string;
  part: string;
  hex: string;
  version: "2011" | "2019";
  key?: number;
  encryption?: { M1: number; IA1: number; IC1: number };
  expect: RecordedPosition & { cipherHex?: string; coordinatesProcessed?: number };
}

/** A position report of 2011 for 测A00001, written by hand from the tables: 60 km/h at 113.876364, 35.224375. */
const HAND_MADE =
  "5b 0000005a02 00000007 1200 0000abcd 010000 00 00000000 b2e2413030303031 00000000000000000000000000 02 1202 00000024" +
  " 00 0d05 07ea 0a1402 06c99d8c 02197b37 003c 003b 00000064 010e 004b 00000003 00000001 ";

describe("decodeJt809", () => {
  it("reads a position of 2011 whose length field 5A is escaped, longitude first, in whole km/h", () => {
    expect(decodeJt809(closed(HAND_MADE))).toMatchObject({
      valid: true,
      messageId: 0x1200,
      messageIdHex: "0x1200",
      version: "2011",
      serial: 7,
      accessCode: 0xabcd,
      plate: "测A00001",
      plateColour: 2,
      subIdHex: "0x1202",
      timeIso: "2026-05-13T02:20:02Z",
      longitude: 113.876364,
      latitude: 35.224375,
      speedKmh: 60,
      direction: 270,
      altitude: 75,
      statusFlags: 3,
      alarmFlags: 1,
    });
  });

  it.each([
    ["zz", "not hexadecimal"],
    ["5b00", "not delimited by 5b..5d"],
    ["5b5a035d", "5a or 5e followed by neither 01 nor 02"],
    ["5b00005d", "too short (2 bytes after unescaping)"],
    [closed(HAND_MADE).replace("b2e2", "b2e3"), "crc: frame says"],
  ])("says why %s is no frame", (hex, reason) => {
    expect(decodeJt809(hex)).toMatchObject({ valid: false, reason: expect.stringContaining(reason) });
  });

  it("keeps an enciphered body as bytes when the keys are not known", () => {
    const frame = closed(HAND_MADE.replace("010000 00 00000000", "010000 01 00000001"));
    expect(decodeJt809(frame)).toMatchObject({ valid: true, encrypted: true, bodyHex: expect.any(String) });
  });
});

describe.skipIf(!existsSync(FRAMES))("decodeJt809 on the frames of other implementations (../shared)", () => {
  const frames: RecordedFrame[] = existsSync(FRAMES) ? JSON.parse(readFileSync(FRAMES, "utf8")) : [];
  it.each(frames.map((frame) => [frame.name, frame] as const))(
    "agrees with the independent decode of %s",
    (_, frame) => {
      const { derived } = frame;
      const keys = frame.encryption;
      const decoded = decodeJt809(frame.hex, keys && { m1: keys.M1, ia1: keys.IA1, ic1: keys.IC1 });
      expect(decoded.valid).toBe(frame.valid);
      expect(decoded).toMatchObject({
        messageId: derived.messageId,
        serial: derived.serial,
        length: derived.length,
        accessCode: derived.gnssCenterId,
        key: derived.encryptKey,
        ...(frame.valid ? { version: frame.version } : {}),
        ...(derived.sendTime === undefined ? {} : { sentIso: derived.sendTime }),
        ...(derived.messageId === 0x1200 && derived.plate !== undefined
          ? { plate: derived.plate, plateColour: derived.plateColor, subId: derived.subId }
          : {}),
        ...(derived.simCode === undefined ? {} : { simCode: derived.simCode }),
        ...(derived.userId === undefined ? {} : { userId: derived.userId, password: derived.password }),
        ...(derived.downLinkIp === undefined ? {} : { downLinkIp: derived.downLinkIp }),
      });
      if (derived.position !== undefined) expectPosition(decoded, derived.position);
      derived.positions?.forEach((position, i) => expectPosition(decoded.positions![i], position));
      expect(decoded.positions?.length).toBe(derived.positions?.length);
    },
  );

  it("finds at least 40 frames, 8 of them enciphered and read", () => {
    expect(frames.length).toBeGreaterThanOrEqual(40);
    expect(frames.filter((frame) => frame.derived.decryptedBodyHex !== undefined).length).toBeGreaterThanOrEqual(7);
  });

  const parts: RecordedPart[] = existsSync(PARTS) ? JSON.parse(readFileSync(PARTS, "utf8")) : [];
  const records = parts.filter((part) => part.encryption === undefined);
  const ciphers = parts.filter((part) => part.encryption !== undefined);

  it.each(records)("reads the record of $name", (part) => {
    const position = readPosition809(new OctetReader(Buffer.from(part.hex, "hex")), part.version);
    expectPosition(printable(position), part.expect);
    expect(position.coordinatesProcessed).toBe(part.expect.coordinatesProcessed === 1);
  });

  it.each(ciphers)("enciphers as $name", ({ hex, key, encryption, expect: expected }) => {
    const bytes = Buffer.from(hex, "hex");
    applyCipher809(bytes, key!, { m1: encryption!.M1, ia1: encryption!.IA1, ic1: encryption!.IC1 });
    expect(bytes.toString("hex")).toBe(expected.cipherHex);
  });
});

function expectPosition(
  decoded: { longitude?: unknown; latitude?: unknown; speedKmh?: unknown } | undefined,
  recorded: RecordedPosition,
): void {
  expect(decoded).toMatchObject({
    timeIso: recorded.timeIso,
    direction: recorded.direction,
    altitude: recorded.altitude,
    statusFlags: recorded.statusFlags,
    alarmFlags: recorded.alarmFlags,
  });
  expect(decoded?.longitude).toBeCloseTo(recorded.longitude, 6);
  expect(decoded?.latitude).toBeCloseTo(recorded.latitude, 6);
  expect(decoded?.speedKmh).toBeCloseTo(recorded.speedKmh, 1);
}

/** Hex digits with the sum, computed bit by bit here, and the closing delimiter. */
function closed(opened: string): string {
  const escaped = Buffer.from(opened.replaceAll(/\s+/gu, ""), "hex").subarray(1);
  const hex = escaped.toString("hex").replaceAll(/(..)(..)?/gu, (pair) => pair);
  const plain = Buffer.from(hex.replaceAll(/^((?:..)*?)5a02/gu, "$15a"), "hex");
  let crc = 0xffff;
  for (const byte of plain) {
    for (let bit = 7; bit >= 0; bit--) {
      const feedback = ((crc >>> 15) & 1) ^ ((byte >>> bit) & 1);
      crc = ((crc << 1) & 0xffff) ^ (feedback === 1 ? 0x1021 : 0);
    }
  }
  return `${opened}${crc.toString(16).padStart(4, "0")}5d`;
}
