import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeLocationBatch } from "./0704-location-batch.ts";
import { createJt808Decoder } from "./decode-joined.ts";
import { encodeMessage } from "./encoding.ts";

const timeMs = Date.UTC(2026, 2, 1, 4);
const reports = Array.from({ length: 90 }, (_, i) => ({ latitude: 35.3, longitude: 113.9, timeMs: timeMs + 1000 * i }));
const partsOf = (phone: string): Buffer[] =>
  encodeMessage({ messageId: 0x0704, version: "2019", phone, serial: 7, body: encodeLocationBatch(1, reports) });

describe("a decoder of frames in a row", () => {
  it("gives the last part that comes the whole message, whatever the order, and each terminal its own", () => {
    const decode = createJt808Decoder();
    const [one, other] = [partsOf("13900000001"), partsOf("13900000002")];
    const answers = [one[2], other[0], one[0], other[1], one[1], other[2]].map((frame) => decode(frame));
    expect(answers.map(({ whole }) => whole?.positions?.length)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      90,
      90,
    ]);
    expect(answers[4]).toMatchObject({ subPackage: { total: 3, index: 2 }, whole: { count: 90, locationType: 1 } });
    expect(answers[4].whole?.positions?.[89]).toMatchObject({ timeIso: "2026-03-01T04:01:29Z", latitude: 35.3 });
  });

  it("says what is wrong with a whole message, and takes a frame that is none as decodeJt808 does", () => {
    const decode = createJt808Decoder();
    const [first, second] = encodeMessage({
      messageId: 0x0107,
      version: "2013",
      phone: "1",
      serial: 0,
      body: Buffer.alloc(1100, 0xff),
    });
    expect(decode(first)).not.toHaveProperty("whole");
    expect(decode(second)).toMatchObject({ whole: { bodyFault: expect.any(String), bodyHex: expect.any(String) } });
    expect(decode("7e7e")).toMatchObject({ valid: false });
  });
});

const framesPath = new URL("../../../../shared/data/jt808/frames.json", import.meta.url);

describe.skipIf(!existsSync(framesPath))("parts of a real device (../shared)", () => {
  it("are joined although the serials between them are missing: all parameters of a terminal", () => {
    const frames: { hex: string; derived: { messageId?: number; subpackaged?: boolean } }[] = JSON.parse(
      readFileSync(framesPath, "utf8"),
    );
    const decode = createJt808Decoder();
    const parts = frames.filter(({ derived }) => derived.messageId === 0x0104 && derived.subpackaged === true);
    const answers = parts.map(({ hex }) => decode(hex));
    expect(answers.map(({ serial }) => serial)).toEqual([1233, 1250]);
    const parameters = answers[1].whole?.["parameters"];
    expect(parameters).toHaveLength(0x6b);
    // The server's address, as the terminal was set up.
    expect(parameters).toContainEqual({ id: 0x13, value: Buffer.from("222.184.26.22").toString("hex") });
  });
});
