import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame809, FrameReader809, MAX_CONTENT_BYTES, unescape809, type FrameFault809 } from "./framing.ts";

function read(chunks: readonly Buffer[]): { frames: string[]; faults: FrameFault809[]; reader: FrameReader809 } {
  const frames: string[] = [];
  const faults: FrameFault809[] = [];
  const reader = new FrameReader809({
    onFrame: (plain) => frames.push(plain.toString("hex")),
    onFault: (fault) => faults.push(fault),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, faults, reader };
}

const plainArbitrary = fc
  .array(fc.oneof(fc.constantFrom(0x5a, 0x5b, 0x5d, 0x5e, 1, 2), fc.nat(255)), { minLength: 22, maxLength: 200 })
  .map((bytes) => Buffer.from(bytes));

describe("FrameReader809", () => {
  it("finds every frame that was written, whatever the chunks", () => {
    fc.assert(
      fc.property(
        fc.array(plainArbitrary, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 64 }),
        (plains, size) => {
          const stream = Buffer.concat(plains.map((plain) => frame809(plain)));
          const chunks: Buffer[] = [];
          for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
          expect(read(chunks)).toMatchObject({ frames: plains.map((plain) => plain.toString("hex")), faults: [] });
        },
      ),
    );
  });

  it("goes on after garbage, a bad sum, a bad escape and a frame that never closed", () => {
    const good = frame809(Buffer.alloc(30, 7));
    const badSum = Buffer.from(good);
    badSum[5] ^= 1;
    const stream = Buffer.concat([
      Buffer.from("garbage"),
      badSum,
      Buffer.from([0x5b, 0x5a, 0x09, 0x5d]),
      Buffer.from([0x5b, 1, 2, 3]),
      good,
    ]);
    const { frames, faults, reader } = read([stream]);
    expect(faults).toEqual(["crc", "badEscape", "unclosed"]);
    expect(frames).toEqual(["07".repeat(30)]);
    expect(reader.skippedBytes).toBe(7);
  });

  it("lets go of content without end", () => {
    const { faults, frames } = read([
      Buffer.from([0x5b]),
      ...Array.from({ length: 40 }, () => Buffer.alloc(MAX_CONTENT_BYTES / 8, 1)),
      frame809(Buffer.alloc(30, 7)),
    ]);
    expect(faults).toEqual(["tooLong"]);
    expect(frames).toEqual(["07".repeat(30)]);
  });

  it("takes 5A 02 and 5E 02 as the escapes themselves", () => {
    expect(unescape809(Buffer.from("5a015a025e015e02", "hex"))).toEqual(Buffer.from("5b5a5d5e", "hex"));
    expect(unescape809(Buffer.from("5a", "hex"))).toBeUndefined();
  });
});
