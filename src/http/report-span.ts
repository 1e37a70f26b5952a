import { WuxingError } from "../model/errors.ts";
import type { ReportKind } from "../model/report.ts";

const DAY_MS = 86_400_000;
const DAYS = { day: 1, week: 7 };
const PARTS_MS = { day: 3_600_000, week: DAY_MS };

/** A report's period: instants in ms UTC, `date` its first day. */
export interface ReportSpan {
  date: string;
  fromMs: number;
  toMs: number;
  partMs: number;
}

/**
 * The day, or the week from Monday, that a date (`YYYY-MM-DD` of the city's clock) lies in.
 * @throws INPUT_INVALID for a date that the calendar does not have
 */
export function reportSpan(kind: ReportKind, date: string, timeZone: string): ReportSpan {
  const givenMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(givenMs) || new Date(givenMs).toISOString().slice(0, 10) !== date) {
    throw new WuxingError("INPUT_INVALID", undefined, [
      { where: "params.date", value: date, expected: "a day, YYYY-MM-DD" },
    ]);
  }
  // Monday is the first day: of 1970-01-01, a Thursday, it is the third after.
  const back = kind === "day" ? 0 : (Math.floor(givenMs / DAY_MS) + 3) % 7;
  const firstMs = givenMs - back * DAY_MS;
  return {
    date: new Date(firstMs).toISOString().slice(0, 10),
    fromMs: midnight(firstMs, timeZone),
    toMs: midnight(firstMs + DAYS[kind] * DAY_MS, timeZone),
    partMs: PARTS_MS[kind],
  };
}

/** The day that the city's clock shows at an instant. */
export function cityDay(instantMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(instantMs);
}

/** When the city's day begins whose midnight, read as UTC, is `dayMs`. */
function midnight(dayMs: number, timeZone: string): number {
  const first = dayMs - offsetMs(dayMs, timeZone);
  return dayMs - offsetMs(first, timeZone);
}

function offsetMs(instantMs: number, timeZone: string): number {
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${clock.format(instantMs).replace(" ", "T")}Z`) - instantMs;
}
