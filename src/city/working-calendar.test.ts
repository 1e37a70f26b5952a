import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CALENDAR_DEFAULT, WorkingCalendar } from "./working-calendar.ts";

/**
 * Days off and make-up days as the General Office of the State Council published them: 国办发明电 〔2021〕11, 〔2022〕16, 〔2023〕7,
 * 〔2024〕12, 〔2025〕7. Days off are given with their first and last day.
 */
const PUBLISHED: Record<string, { off: [string, string][]; work: string[] }> = {
  "2022": {
    off: [
      ["01-01", "01-03"],
      ["01-31", "02-06"],
      ["04-03", "04-05"],
      ["04-30", "05-04"],
      ["06-03", "06-05"],
      ["09-10", "09-12"],
      ["10-01", "10-07"],
    ],
    work: ["01-29", "01-30", "04-02", "04-24", "05-07", "10-08", "10-09"],
  },
  "2023": {
    off: [
      ["01-01", "01-02"],
      ["01-21", "01-27"],
      ["04-05", "04-05"],
      ["04-29", "05-03"],
      ["06-22", "06-24"],
      ["09-29", "10-06"],
    ],
    work: ["01-28", "01-29", "04-23", "05-06", "06-25", "10-07", "10-08"],
  },
  "2024": {
    off: [
      ["01-01", "01-01"],
      ["02-10", "02-17"],
      ["04-04", "04-06"],
      ["05-01", "05-05"],
      ["06-08", "06-10"],
      ["09-15", "09-17"],
      ["10-01", "10-07"],
    ],
    work: ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
  },
  "2025": {
    off: [
      ["01-01", "01-01"],
      ["01-28", "02-04"],
      ["04-04", "04-06"],
      ["05-01", "05-05"],
      ["05-31", "06-02"],
      ["10-01", "10-08"],
    ],
    work: ["01-26", "02-08", "04-27", "09-28", "10-11"],
  },
  "2026": {
    off: [
      ["01-01", "01-03"],
      ["02-15", "02-23"],
      ["04-04", "04-06"],
      ["05-01", "05-05"],
      ["06-19", "06-21"],
      ["09-25", "09-27"],
      ["10-01", "10-07"],
    ],
    work: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
  },
};
const HOUR = 3_600_000;
const calendar = new WorkingCalendar();
const beijing = (text: string): number => Date.parse(`${text}+08:00`);

describe("3. The working calendar is the State Council's, with make-up days, nights and local overrides", () => {
  test.each(Object.keys(PUBLISHED))("every day of %s is off or at work as published", (year) => {
    const { off, work } = PUBLISHED[year];
    const wrong: string[] = [];
    for (let day = Date.parse(`${year}-01-01`); day < Date.parse(`${Number(year) + 1}-01-01`); day += 24 * HOUR) {
      const date = new Date(day).toISOString().slice(0, 10);
      const monthDay = date.slice(5);
      const isOff = off.some(([from, to]) => monthDay >= from && monthDay <= to);
      const weekday = new Date(day).getUTCDay();
      const expected = work.includes(monthDay) || (!isOff && weekday >= 1 && weekday <= 5);
      if (calendar.isWorkingDay(date) !== expected) wrong.push(date);
    }
    expect(wrong).toEqual([]);
  });

  test("two hours that begin before a long holiday end on the make-up day behind it", () => {
    // 30 September 2022 is a Friday; 1 to 7 October are off, 8 October (Saturday) is worked.
    expect(calendar.add(beijing("2022-09-30T17:30:00"), 2 * HOUR)).toBe(beijing("2022-10-08T09:30:00"));
    expect(calendar.between(beijing("2022-09-30T17:30:00"), beijing("2022-10-08T09:30:00"))).toBe(2 * HOUR);
  });

  test("fifteen minutes from the middle of lunch begin when lunch is over", () => {
    expect(calendar.add(beijing("2026-03-04T12:40:00"), HOUR / 4)).toBe(beijing("2026-03-04T14:15:00"));
  });

  test("a whole year has eight hours for each of its published working days", () => {
    const days = Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2025, 0, 1 + i)).toISOString().slice(0, 10));
    const worked = days.filter((date) => calendar.isWorkingDay(date)).length;
    expect(worked).toBe(248);
    expect(calendar.between(beijing("2025-01-01T00:00:00"), beijing("2026-01-01T00:00:00"))).toBe(worked * 8 * HOUR);
  });

  test("night runs over midnight", () => {
    const nights = ["21:59:59", "22:00:00", "03:00:00", "06:59:59", "07:00:00"].map((clock) =>
      calendar.isNight(beijing(`2026-03-04T${clock}`)),
    );
    expect(nights).toEqual([false, true, true, true, false]);
  });

  test("a local override closes a working day, opens a Sunday, and gives a day other hours", () => {
    const local = new WorkingCalendar({
      ...CALENDAR_DEFAULT,
      overrides: [
        { from: "2026-03-04", to: "2026-03-05", working: false, note: "全员核酸" },
        { from: "2026-03-08", working: true },
        { from: "2026-03-09", working: true, spans: [{ from: "00:00", to: "24:00" }] },
      ],
    });
    expect(["04", "05", "06", "07", "08"].map((day) => local.isWorkingDay(`2026-03-${day}`))).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(local.between(beijing("2026-03-09T00:00:00"), beijing("2026-03-10T00:00:00"))).toBe(24 * HOUR);
    expect(local.add(beijing("2026-03-03T18:00:00"), HOUR)).toBe(beijing("2026-03-06T09:00:00"));
  });

  test("a season has hours of its own", () => {
    const summer = new WorkingCalendar({
      ...CALENDAR_DEFAULT,
      hours: [
        { season: { from: "06-01", to: "09-30" }, spans: [{ from: "15:00", to: "18:00" }] },
        ...CALENDAR_DEFAULT.hours,
      ],
    });
    expect(summer.isWorking(beijing("2026-07-01T10:00:00"))).toBe(false);
    expect(summer.isWorking(beijing("2026-10-12T10:00:00"))).toBe(true);
  });

  test("spans that overlap are refused with their place", () => {
    const spans = [
      { from: "08:00", to: "12:00" },
      { from: "11:00", to: "15:00" },
    ];
    expect(() => new WorkingCalendar({ ...CALENDAR_DEFAULT, hours: [{ spans }] })).toThrow(
      expect.objectContaining({
        code: "CITY_INVALID",
        problems: [expect.objectContaining({ where: "hours[0].spans[1]" })],
      }),
    );
  });

  test("adding and then asking for the time between gives back what was added", () => {
    const from = fc.integer({ min: beijing("2004-01-02T00:00:00"), max: beijing("2050-01-01T00:00:00") });
    fc.assert(
      fc.property(from, fc.integer({ min: 0, max: 2000 * 8 * HOUR }), (fromMs, workingMs) => {
        const toMs = calendar.add(fromMs, workingMs);
        expect(calendar.between(fromMs, toMs)).toBe(workingMs);
        // It is the first such instant: a millisecond earlier less has passed.
        if (workingMs > 0) expect(calendar.between(fromMs, toMs - 1)).toBe(workingMs - 1);
      }),
      { numRuns: 2000 },
    );
  });

  test("the time between is the count of working minutes, minute by minute", () => {
    const from = fc.integer({ min: beijing("2022-01-01T00:00:00"), max: beijing("2026-12-01T00:00:00") });
    fc.assert(
      fc.property(from, fc.integer({ min: 1, max: 14 * 24 * 60 }), (fromMs, minutes) => {
        const start = Math.floor(fromMs / 60_000) * 60_000;
        let worked = 0;
        for (let i = 0; i < minutes; i++) if (calendar.isWorking(start + i * 60_000)) worked++;
        expect(calendar.between(start, start + minutes * 60_000)).toBe(worked * 60_000);
      }),
      { numRuns: 50 },
    );
  });

  test("time outside the table is refused", () => {
    expect(() => calendar.add(Date.UTC(2003, 0, 1), 1)).toThrow(RangeError);
    expect(() => calendar.add(Date.UTC(2026, 0, 1), -1)).toThrow(RangeError);
  });
});
