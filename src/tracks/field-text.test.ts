import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNumber, readTimeMs } from "./field-text.ts";

const number = (text: string): number => readNumber(Buffer.from(text), 0, Buffer.byteLength(text));
const time = (text: string): number => readTimeMs(Buffer.from(text), 0, Buffer.byteLength(text));

describe("a number in a text file", () => {
  it("reads as the engine reads it", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 20 }),
        (value, digits) => {
          for (const text of [String(value), (value % 1e6).toFixed(digits)]) expect(number(text)).toBe(Number(text));
        },
      ),
    );
  });

  it.each(["", " ", "-", ".", "1,5", "0x10", "1e", "NaN", "Infinity", "12 3", "1.2.3", "1".repeat(65)])(
    "refuses %j",
    (text) => {
      expect(number(text)).toBeNaN();
    },
  );

  it.each([
    ["+1.5", 1.5],
    ["-.5", -0.5],
    ["116.23228600000002", 116.23228600000002],
    [" 7 ", 7],
    ["1e3", 1000],
  ])("reads %j", (text, value) => {
    expect(number(text)).toBe(value);
  });
});

describe("a time in a text file", () => {
  it("reads every instant that ISO 8601 writes with Z", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => {
          expect(time(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  it.each([
    ["2022-05-01T08:00:00+08:00", "2022-05-01T00:00:00.000Z"],
    ["2022-05-01 08:00:00+0800", "2022-05-01T00:00:00.000Z"],
    ["2022-05-01T08:00:00.5-0330", "2022-05-01T11:30:00.500Z"],
    ["2022-05-01T08:00:00,25+08", "2022-05-01T00:00:00.250Z"],
    ["2022-05-01T00:00:00.123456789Z", "2022-05-01T00:00:00.123Z"],
    ["1651363200123", "2022-05-01T00:00:00.123Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ])("reads %s", (text, instant) => {
    expect(new Date(time(text)).toISOString()).toBe(instant);
  });

  it.each([
    ["no zone", "2022-05-01T08:00:00.000"],
    ["a date alone", "2022-05-01"],
    ["epoch seconds", "1651363200"],
    ["29 February of a common year", "2022-02-29T00:00:00Z"],
    ["month 13", "2022-13-01T00:00:00Z"],
    ["hour 24", "2022-05-01T24:00:00Z"],
    ["second 60", "2022-05-01T00:00:60Z"],
    ["an empty fraction", "2022-05-01T00:00:00.Z"],
    ["something behind it", "2022-05-01T00:00:00Zx"],
    ["an offset cut short", "2022-05-01T00:00:00+8"],
    ["words", "yesterday at noon, or so"],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(time(text)).toBeNaN();
  });
});
