import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeJt808, type DecodedFrame } from "./decode.ts";

/** Frames written by hand from the tables of the standard; none comes from this project's encoder. */
const HAND_MADE: [string, string, Partial<DecodedFrame>][] = [
  [
    "a location report with the 12-byte header",
    "7e 0200 0026 013912345678 007d02  00000001 00000003 02197b37 06c99d8c 004b 0258 010e 260513102030  0104000003e8 300114 310109 e9 7e",
    {
      valid: true,
      messageId: 0x0200,
      version: "2013",
      phone: "13912345678",
      serial: 0x7e,
      bodyLength: 40,
      latitude: 35.224375,
      longitude: 113.876364,
      altitude: 75,
      speedKmh: 60,
      direction: 270,
      timeIso: "2026-05-13T02:20:30Z",
      alarmFlags: 1,
      statusFlags: 3,
      extras: { mileageKm: 100, rssi: 20, satellites: 9 },
    },
  ],
  [
    "a heartbeat with the 2019 header",
    "7e 0002 4000 01 00000000013912345678 0001 00 7e",
    { valid: true, version: "2019", phone: "13912345678", phoneRaw: "00000000013912345678", serial: 1 },
  ],
  [
    "a 2019 header without its version flag, told by the length",
    "7e 0002 0000 01 00000000013912345678 0001 00 7e",
    { valid: true, version: "2019", deviations: ["the version flag contradicts the header's length"] },
  ],
  [
    "southern and western hemisphere",
    "7e 0200 001c 013912345678 0001 00000000 0000000e 00000001 00000002 ffff 0000 0000 260513102030 00 7e",
    { valid: true, latitude: -0.000001, longitude: -0.000002, altitude: -1 },
  ],
  [
    "a time that is no date as null, never as another date",
    "7e 0200 001c 013912345678 0001 00000000 00000000 00000001 00000002 0000 0000 0000 260230102030 00 7e",
    { valid: true, timeIso: null },
  ],
  [
    "items up to one that runs past the end",
    "7e 0200 0023 013912345678 0001 00000000 00000000 00000001 00000002 0000 0000 0000 260513102030 300114 0104 0000 00 7e",
    { valid: true, latitude: 0.000001, extras: { rssi: 20 }, items: [{ id: "0x30", length: 1, hex: "14" }] },
  ],
  [
    "a general reply",
    "7e 8001 0005 013912345678 0002 0001 0200 00 00 7e",
    { valid: true, replySerial: 1, replyId: 0x0200, result: 0 },
  ],
  [
    "a GBK plate of a registration of 2013",
    "7e 0100 002d 013912345678 0001 0029 02bd 4d414b4552 4d4f44454c00000000000000000000000000 0000 54455230303031 02 d4a54731323334350000 00 7e",
    {
      valid: true,
      bodyVariant: undefined,
      version: "2013",
      plate: "豫G12345",
      plateColor: 2,
      provinceId: 41,
      cityId: 701,
    },
  ],
  [
    "an unknown message as bytes",
    "7e 0f01 0003 013912345678 0001 0a0b0c 00 7e",
    { valid: true, messageIdHex: "0x0f01", bodyHex: "0a0b0c" },
  ],
  [
    "a sub-package as bytes with its place",
    "7e 0801 2002 013912345678 0001 000a 0003 ffee 00 7e",
    { valid: true, subPackage: { total: 10, index: 3 }, bodyHex: "ffee" },
  ],
  [
    "an encrypted body as bytes",
    "7e 0200 0402 013912345678 0001 ffee 00 7e",
    { valid: true, encryption: 1, bodyHex: "ffee" },
  ],
];

/** The hand-made frame with its body length and checksum filled in. */
function completed(hex: string): string {
  const plain = Buffer.from(hex.replaceAll(/\s+/gu, ""), "hex").subarray(1, -2);
  const escapes = plain.toString("hex").match(/.{2}/gu)?.join(" ") ?? "";
  const raw = Buffer.from(escapes.replaceAll("7d 02", "7e").replaceAll("7d 01", "7d").replaceAll(" ", ""), "hex");
  const attributes = raw.readUInt16BE(2);
  const wide = (attributes & 0x4000) !== 0 || (raw[4] === 1 && raw[5] === 0);
  const header = (wide ? 17 : 12) + ((attributes & 0x2000) === 0 ? 0 : 4);
  raw.writeUInt16BE((attributes & 0xfc00) | (raw.length - header), 2);
  const sum = raw.reduce((xor, byte) => xor ^ byte, 0);
  const escaped = [...raw, sum].map((byte) =>
    byte === 0x7e ? "7d02" : byte === 0x7d ? "7d01" : byte.toString(16).padStart(2, "0"),
  );
  return `7e${escaped.join("")}7e`;
}

describe("decodeJt808 reads", () => {
  it.each(HAND_MADE)("%s", (_, hex, expected) => {
    expect(decodeJt808(completed(hex))).toMatchObject(
      Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
    );
  });
});

describe("decodeJt808 refuses and says why", () => {
  it.each([
    ["7e0002zz7e", "not hexadecimal"],
    ["0002000001391234567800017d", "not delimited by 7e..7e"],
    ["7e", "not delimited by 7e..7e"],
    ["7e01017e", "too short (2 bytes after unescaping)"],
    ["7e0002007e01391234567800017e", "delimiter inside the frame"],
    ["7e0002000001391234567800017d037e", "0x7d followed by neither 01 nor 02"],
    ["7e000200000139123456780001ff7e", "checksum: frame says ff, computed 33"],
    ["7e000200070139123456780001347e", "body length: header says 7, frame has 0"],
  ])("%s", (hex, reason) => {
    expect(decodeJt808(hex)).toMatchObject({ valid: false, reason });
  });
});

const shared = fileURLToPath(new URL("../../../../shared/", import.meta.url));

describe.skipIf(!existsSync(join(shared, "data/jt808/frames.json")))("frames of real devices (../shared)", () => {
  it("decode to what the comparison expects, all of them", () => {
    const framesPath = join(shared, "data/jt808/frames.json");
    const frames: { hex: string }[] = JSON.parse(readFileSync(framesPath, "utf8"));
    const folder = mkdtempSync(join(tmpdir(), "wuxing-decode-"));
    try {
      const answers = join(folder, "decoded.ndjson");
      writeFileSync(answers, frames.map(({ hex }) => JSON.stringify(decodeJt808(hex))).join("\n"));
      const comparison = join(shared, "tools/check-decoding.mjs");
      const report = execFileSync(process.execPath, [comparison, framesPath, answers], { encoding: "utf8" });
      expect(report).toContain(`${frames.length} frames, ${frames.length} right, 0 wrong`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("say the same in every further field that the independent decode has", () => {
    const frames: { hex: string; valid: boolean; derived: Derived }[] = JSON.parse(
      readFileSync(join(shared, "data/jt808/frames.json"), "utf8"),
    );
    const fields = ["phoneRaw", "plateColor", "provinceId", "cityId", "authCode", "replySerial", "replyId", "result"];
    fields.push("flags", "text", "textType", "intervalSec", "validitySec", "imei", "softwareVersion", "mediaId");
    fields.push("channelId", "cardStatus", "cardResult", "items", "extras");
    const differences: string[] = [];
    let compared = 0;
    for (const { hex, valid, derived } of frames) {
      if (!valid || derived["bodyError"] !== undefined) continue;
      const decoded = decodeJt808(hex);
      for (const field of fields) {
        if (derived[field] === undefined) continue;
        compared++;
        const wanted = comparable(field, derived[field]);
        // The independent decode knows fewer items: what it knows has to agree.
        const got = comparable(field, field === "extras" ? pick(decoded.extras, derived.extras) : decoded[field]);
        if (wanted !== got) differences.push(`${hex} ${field}: ${got} instead of ${wanted}`);
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(900);
  });
});

interface Derived {
  extras?: object;
  items?: { truncated?: true }[];
  [field: string]: unknown;
}

function comparable(field: string, value: unknown): string {
  if (field === "items" && Array.isArray(value)) return JSON.stringify(value.filter((item) => !item.truncated));
  return JSON.stringify(typeof value === "string" ? value.trimEnd() : value);
}

function pick(from: object | undefined, keys: object | undefined): object {
  const wanted = Object.keys(keys ?? {});
  return Object.fromEntries(wanted.flatMap((key) => Object.entries(from ?? {}).filter(([name]) => name === key)));
}
