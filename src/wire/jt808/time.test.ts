import { describe, expect, it } from "vitest";
import { readTimeMs, timeField } from "./time.ts";

const hex = (timeMs: number): string => Buffer.from(timeField(timeMs)).toString("hex");
const read = (digits: string): number => readTimeMs(Buffer.from(digits, "hex"), 0);

describe("a time of JT/T 808", () => {
  it("is eight hours ahead of UTC", () => {
    expect(hex(Date.UTC(2026, 4, 13, 2, 20, 30))).toBe("260513102030");
    expect(hex(Date.UTC(2025, 11, 31, 16, 0, 0))).toBe("260101000000");
    expect(read("260101000000")).toBe(Date.UTC(2025, 11, 31, 16));
  });

  it("is written and read as the calendar says on every day of the century", () => {
    for (let timeMs = Date.UTC(2000, 0, 1); timeMs < Date.UTC(2099, 11, 31); timeMs += 86_400_000 - 1000) {
      const iso = new Date(timeMs + 8 * 3_600_000).toISOString();
      const digits = `${iso.slice(2, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}${iso.slice(11, 19).replaceAll(":", "")}`;
      const written = hex(timeMs);
      if (written !== digits || read(written) !== timeMs) throw new Error(`${iso} is written ${written}`);
    }
    expect(hex(Date.UTC(2024, 1, 28, 16))).toBe("240229000000");
  });

  it.each(["260013102030", "261313102030", "260500102030", "260532102030", "260230102030", "250229102030"])(
    "%s is no date",
    (digits) => expect(read(digits)).toBeNaN(),
  );

  it.each(["260513242030", "260513106030", "260513102060", "2605131020fa", "ff0513102030"])("%s is no time", (digits) =>
    expect(read(digits)).toBeNaN(),
  );
});
