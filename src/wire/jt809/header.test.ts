import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OctetReader } from "../octets.ts";
import { FrameReader809 } from "./framing.ts";
import { readMessage809, writeFrame809, type Message809 } from "./header.ts";
import { decodeLogin809, decodeReceivedCount809, encodeLogin809, encodeReceivedCount809 } from "./link-messages.ts";
import {
  decodePositions809,
  decodeRegistration809,
  decodeVehicleMessage809,
  encodePositions809,
  encodeRegistration809,
  encodeVehicleMessage809,
} from "./vehicle-messages.ts";

const KEYS = { m1: 30_000_000, ia1: 20_000_000, ic1: 20_000_000 };
const NOON_MS = Date.UTC(2026, 4, 13, 4, 0, 0);

function plainOf(frame: Buffer): Buffer {
  const found: Buffer[] = [];
  new FrameReader809({ onFrame: (plain) => found.push(plain), onFault: () => {} }).push(frame);
  return found[0];
}

function roundTrip(options: Parameters<typeof writeFrame809>[0]): Message809 {
  return readMessage809(plainOf(writeFrame809(options)), { version: options.version, keys: KEYS });
}

describe.each(["2011", "2019"] as const)("a message of %s", (version) => {
  const common = { messageId: 0x1200, serial: 4_000_000_000, accessCode: 123_456, version, sentMs: NOON_MS };

  it("comes back with its header, and its body deciphered", () => {
    const body = Buffer.from("0123456789abcdef5a5b5d5e", "hex");
    const { header, body: read } = roundTrip({ ...common, body, key: 256_178, keys: KEYS });
    expect(read.toString("hex")).toBe(body.toString("hex"));
    expect(header).toMatchObject({
      serial: 4_000_000_000,
      accessCode: 123_456,
      encrypted: true,
      key: 256_178,
      version,
    });
    expect(header.sentMs).toBe(version === "2019" ? NOON_MS : undefined);
  });

  it("carries a login with the address to dial back", () => {
    const login = { userId: 42, password: "secret", downLinkIp: "127.0.0.1", downLinkPort: 8809 };
    const { body } = roundTrip({ ...common, messageId: 0x1001, body: encodeLogin809(login, version) });
    expect(body.length).toBe(version === "2011" ? 46 : 50);
    expect(decodeLogin809(body)).toEqual(version === "2011" ? login : { ...login, accessCode: 0 });
  });

  it("carries a registration and a supplement of three positions", () => {
    const registration = {
      platformId: "41070001",
      producerId: "70504",
      terminalModel: "T-1",
      ...(version === "2019" ? { imei: "123456789012345" } : {}),
      terminalId: "A1B2C3D",
      simCode: "013912345678",
    };
    expect(decodeRegistration809(encodeRegistration809(registration, version))).toEqual(registration);
    const positions = [0, 1, 2].map((i) => ({
      latitude: [35.2, 35.201, 35.202][i],
      longitude: [113.8, 113.799, 113.798][i],
      altitude: 75,
      speedKmh: 60 + i,
      direction: 270,
      timeMs: NOON_MS + i * 1000,
      statusFlags: 3,
      alarmFlags: 1,
    }));
    const data = encodePositions809(positions, version, true);
    const envelope = decodeVehicleMessage809(
      roundTrip({
        ...common,
        body: encodeVehicleMessage809({ plate: "豫G12345", plateColour: 93, subId: 0x1203, data }),
      }).body,
    );
    expect(envelope).toMatchObject({ plate: "豫G12345", plateColour: 93, subId: 0x1203, statedLength: data.length });
    const read = decodePositions809(0x1203, envelope.data, version);
    expect(read).toMatchObject(positions);
    expect(new Set(read.map((position) => position.layout))).toEqual(new Set([version]));
  });
});

it("counts a time_t in milliseconds as what it is", () => {
  const span = { count: 7, startMs: NOON_MS, endMs: NOON_MS + 60_000 };
  const body = encodeReceivedCount809(span);
  expect(decodeReceivedCount809(body)).toEqual(span);
  const inMilliseconds = Buffer.from(body);
  inMilliseconds.writeBigUInt64BE(BigInt(NOON_MS), 4);
  expect(decodeReceivedCount809(inMilliseconds).startMs).toBe(NOON_MS);
  expect(new OctetReader(body).u32()).toBe(7);
});

const FRAMES = "../shared/data/jt809/frames.json";

describe.skipIf(!existsSync(FRAMES))("the frames of other implementations (../shared)", () => {
  it("are written back byte for byte when their envelope is read and written", () => {
    const frames: { hex: string; valid: boolean; version: "2011" | "2019" }[] = JSON.parse(
      readFileSync(FRAMES, "utf8"),
    );
    let same = 0;
    for (const { hex, version } of frames.filter((frame) => frame.valid)) {
      const plain = plainOf(Buffer.from(hex, "hex"));
      const { header, body } = readMessage809(plain, { version });
      if (header.versionRaw !== "010000" || header.encrypted) continue;
      const written = writeFrame809({ ...header, version, body, key: header.key, sentMs: header.sentMs ?? 0 });
      expect(written.toString("hex")).toBe(hex);
      same++;
    }
    expect(same).toBeGreaterThanOrEqual(9);
  });
});
