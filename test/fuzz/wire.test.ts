import { describe, expect, it } from "vitest";
import { fuzz } from "./wire.ts";

describe("hostile input", () => {
  it("is taken or counted under a name, whatever it is, and leaves nothing behind", async () => {
    const { inputs, frames, faults, faults809 } = await fuzz(30_000, 7, false);
    expect(frames).toBeGreaterThan(inputs / 4);
    expect(Object.keys(faults)).toEqual(
      expect.arrayContaining(["checksum", "badEscape", "danglingEscape", "tooShort", "tooLong", "bodyLength"]),
    );
    expect(Object.keys(faults)).toEqual(expect.arrayContaining(["malformedBody", "partIndex", "unknownMessage"]));
    expect(Object.keys(faults809)).toEqual(expect.arrayContaining(["crc", "unclosed", "badEscape", "tooShort"]));
  });

  it("is the same for the same seed", async () => {
    expect(await fuzz(3000, 3, false)).toEqual(await fuzz(3000, 3, false));
  });
});
