import { describe, expect, it } from "vitest";
import { en } from "../text/en.ts";
import { zh } from "../text/zh.ts";
import { CityClock, roughSpan, span } from "./instant.ts";
import { listed } from "./listed.ts";
import { count, distance, plateOf } from "./measure.ts";

describe("times", () => {
  const clock = new CityClock("Asia/Shanghai");

  it("are those of the city's clock, 24 hours", () => {
    expect(clock.second("2026-11-24T16:05:09.000Z")).toBe("00:05:09");
    expect(clock.minute(Date.parse("2026-11-24T03:05:09Z"))).toBe("11:05");
    expect(clock.day("2026-11-24T16:05:09.000Z")).toBe("2026-11-25");
  });

  it("carry their date on another day than today", () => {
    const now = Date.parse("2026-11-24T03:05:09Z");
    expect(clock.short("2026-11-24T02:00:00Z", now)).toBe("10:00");
    expect(clock.short("2026-11-23T02:00:00Z", now)).toBe("11-23 10:00");
  });

  it("begin the day at the city's midnight", () => {
    expect(clock.startOfDay(Date.parse("2026-11-24T03:05:09.123Z"))).toBe(Date.parse("2026-11-23T16:00:00Z"));
  });

  it("are taken from a field as the city's clock shows them", () => {
    expect(clock.instantOf("2026-11-24T06:12")).toBe(Date.parse("2026-11-23T22:12:00Z"));
    const berlin = new CityClock("Europe/Berlin");
    for (const local of ["2026-10-25T00:30:00", "2026-10-25T04:30:00", "2026-03-29T01:59:00", "2026-03-29T03:00:00"]) {
      expect(berlin.local(berlin.instantOf(local))).toBe(local);
    }
  });

  it("span at most two units", () => {
    expect(span(860_000, zh)).toBe("14 分 20 秒");
    expect(span(42_000, zh)).toBe("42 秒");
    expect(span(11_100_000, en)).toBe("3 h 5 min");
    expect(roughSpan(200_000, zh)).toBe("3 分");
  });
});

describe("measures", () => {
  it("are metres under a kilometre", () => {
    expect([0.4, 612.3, 999.4, 999.6, 12_340].map(distance)).toEqual(["0 m", "612 m", "999 m", "1.00 km", "12.3 km"]);
    expect(count(12345)).toBe("12,345");
  });
});

describe("a vehicle's id", () => {
  it.each([
    ["豫G12345_2", { text: "豫G·12345", colour: 2 }],
    ["豫GD12345_94", { text: "豫G·D12345", colour: 94 }],
    ["LFNA4LDA8CTX12345", { text: "LFNA4LDA8CTX12345", colour: null }],
    ["@13912345678", { text: "@13912345678", colour: null }],
  ])("%s is shown as its plate", (id, shown) => {
    expect(plateOf(id)).toEqual(shown);
  });
});

describe("names in a row", () => {
  it("are joined as each language joins them", () => {
    expect(listed(["甲", "乙", "丙"], zh)).toBe("甲、乙、丙");
    expect(listed(["Ann", "Bo", "Cy"], en)).toBe("Ann, Bo, Cy");
    expect(listed(["甲"], zh)).toBe("甲");
    expect(listed([], en)).toBe("");
  });
});
