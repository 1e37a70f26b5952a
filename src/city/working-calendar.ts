import { readFileSync } from "node:fs";
import { WuxingError, type Problem } from "../model/errors.ts";
import type { CalendarFile } from "../model/calendar.ts";

const DAY_MS = 86_400_000;
/** China has one time, UTC+8, without summer time since 1991. */
const BEIJING_MS = 8 * 3_600_000;
/** The table begins with the first year of which the holidays are known, and ends far behind any deadline. */
const FIRST_DAY = Date.UTC(2004, 0, 1) / DAY_MS;
const END_DAY = Date.UTC(2061, 0, 1) / DAY_MS;

/** Hours that hold where a city gives none: the State Council's eight-hour day, and nights from ten to seven. */
export const CALENDAR_DEFAULT: CalendarFile = {
  hours: [
    {
      spans: [
        { from: "08:30", to: "12:00" },
        { from: "14:00", to: "18:30" },
      ],
    },
  ],
  night: { from: "22:00", to: "07:00" },
  overrides: [],
};

/** Spans of a day as ms from its start, ascending, apart: start, end, start, end … */
type DaySpans = readonly number[];

/**
 * Working time of a city: the State Council's holidays and make-up days (调休, npm `chinese-days`), the city's hours,
 * and its dated overrides. A table of days with running sums is made once, so that both questions cost a search.
 * Instants are ms UTC, days and hours are Beijing's. Behind the last year that the State Council has published, weekends
 * alone are off until it has; `holidaysKnownTo` says where that is.
 */
export class WorkingCalendar {
  /** The last year whose holidays are published. */
  readonly holidaysKnownTo: number;
  readonly #spans: DaySpans[] = [];
  /** Working ms before each day of the table, and behind the last one. */
  readonly #before: Float64Array;
  readonly #nightFromMs: number;
  readonly #nightToMs: number;

  /** @throws WuxingError CITY_INVALID when spans are not ascending or a period ends before it begins */
  constructor(file: CalendarFile = CALENDAR_DEFAULT) {
    const problems = checkCalendar(file);
    if (problems.length > 0) throw new WuxingError("CITY_INVALID", "calendar", problems);
    this.#nightFromMs = clockMs(file.night.from);
    this.#nightToMs = clockMs(file.night.to);
    const published = readPublishedDays();
    this.holidaysKnownTo = Math.max(...Object.keys(published.holidays).map((date) => Number(date.slice(0, 4))));
    const overrides = overridesByDay(file);
    const hours = file.hours.map(({ season, spans }) => ({ season, spans: spansOf(spans) }));
    this.#before = new Float64Array(END_DAY - FIRST_DAY + 1);
    for (let day = FIRST_DAY; day < END_DAY; day++) {
      const date = dateOf(day);
      const override = overrides.get(date);
      const works = override?.working ?? isPublishedWorkday(published, date, day);
      const usual = hours.find(({ season }) => season === undefined || holds(season, date.slice(5)));
      const spans = works ? (override?.spans ?? usual?.spans ?? []) : [];
      this.#spans.push(spans);
      const at = day - FIRST_DAY;
      this.#before[at + 1] = this.#before[at]! + lengthOf(spans);
    }
  }

  /** Whether a day (`YYYY-MM-DD`) has working hours. @throws RangeError outside 2004 to 2060 */
  isWorkingDay(date: string): boolean {
    return this.#spans[this.#row(Date.parse(`${date}T00:00:00Z`))]!.length > 0;
  }

  /** Whether an instant lies inside working hours. */
  isWorking(atMs: number): boolean {
    const local = atMs + BEIJING_MS;
    const row = this.#row(local);
    const clock = local - (row + FIRST_DAY) * DAY_MS;
    const spans = this.#spans[row]!;
    for (let i = 0; i < spans.length; i += 2) if (clock >= spans[i]! && clock < spans[i + 1]!) return true;
    return false;
  }

  /** Whether an instant lies in the night hours, in which people are not to be disturbed. */
  isNight(atMs: number): boolean {
    const clock = (((atMs + BEIJING_MS) % DAY_MS) + DAY_MS) % DAY_MS;
    return this.#nightFromMs <= this.#nightToMs
      ? clock >= this.#nightFromMs && clock < this.#nightToMs
      : clock >= this.#nightFromMs || clock < this.#nightToMs;
  }

  /**
   * The first instant at which `workingMs` of working time have passed since `fromMs`; `fromMs` itself for 0.
   * @throws RangeError for a negative time, or outside 2004 to 2060
   */
  add(fromMs: number, workingMs: number): number {
    if (!(workingMs >= 0)) throw new RangeError(`working time of ${workingMs} ms, expected 0 or more`);
    if (workingMs === 0) return fromMs;
    const target = this.#workedMs(fromMs) + workingMs;
    const last = this.#before.length - 1;
    if (target > this.#before[last]!)
      throw new RangeError(`${workingMs} ms of working time from ${fromMs}: after 2060`);
    // The first day behind which `target` is reached.
    let [low, high] = [0, last - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#before[middle + 1]! >= target) high = middle;
      else low = middle + 1;
    }
    let rest = target - this.#before[low]!;
    const spans = this.#spans[low]!;
    let at = 0;
    while (rest > spans[at + 1]! - spans[at]!) {
      rest -= spans[at + 1]! - spans[at]!;
      at += 2;
    }
    return (low + FIRST_DAY) * DAY_MS + spans[at]! + rest - BEIJING_MS;
  }

  /** Working time from `fromMs` to `toMs`, ms; 0 when `toMs` is not later. @throws RangeError outside 2004 to 2060 */
  between(fromMs: number, toMs: number): number {
    return toMs <= fromMs ? 0 : this.#workedMs(toMs) - this.#workedMs(fromMs);
  }

  /** Working time from the table's beginning to an instant. */
  #workedMs(atMs: number): number {
    const local = atMs + BEIJING_MS;
    const row = this.#row(local);
    const clock = local - (row + FIRST_DAY) * DAY_MS;
    const spans = this.#spans[row]!;
    let worked = this.#before[row]!;
    for (let i = 0; i < spans.length && spans[i]! < clock; i += 2) worked += Math.min(clock, spans[i + 1]!) - spans[i]!;
    return worked;
  }

  #row(localMs: number): number {
    const row = Math.floor(localMs / DAY_MS) - FIRST_DAY;
    if (!(row >= 0 && row < this.#spans.length)) throw new RangeError(`${localMs} ms: expected 2004 to 2060`);
    return row;
  }
}

function checkCalendar(file: CalendarFile): Problem[] {
  const problems: Problem[] = [];
  const checkSpans = (where: string, spans: readonly { from: string; to: string }[]): void => {
    let end = -1;
    for (const [i, { from, to }] of spans.entries()) {
      if (clockMs(from) <= end || clockMs(to) <= clockMs(from)) {
        const expected = "spans that ascend, apart from each other, each with an end behind its start";
        problems.push({ where: `${where}[${i}]`, value: `${from} to ${to}`, expected });
      }
      end = clockMs(to);
    }
  };
  for (const [i, { spans }] of file.hours.entries()) checkSpans(`hours[${i}].spans`, spans);
  for (const [i, { from, to, spans }] of file.overrides.entries()) {
    if (spans !== undefined) checkSpans(`overrides[${i}].spans`, spans);
    if (to !== undefined && to < from) {
      problems.push({ where: `overrides[${i}].to`, value: to, expected: `a day not before ${from}` });
    }
  }
  return problems;
}

function overridesByDay(file: CalendarFile): Map<string, { working: boolean; spans?: DaySpans }> {
  const byDay = new Map<string, { working: boolean; spans?: DaySpans }>();
  for (const { from, to, working, spans } of file.overrides) {
    const [first, last] = [from, to ?? from].map((date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS) as [
      number,
      number,
    ];
    for (let day = Math.max(first, FIRST_DAY); day <= Math.min(last, END_DAY - 1); day++) {
      byDay.set(dateOf(day), { working, ...(spans === undefined ? {} : { spans: spansOf(spans) }) });
    }
  }
  return byDay;
}

/** Days off and make-up days since 2004, `YYYY-MM-DD`, as the State Council published them. */
interface PublishedDays {
  holidays: Record<string, string>;
  workdays: Record<string, string>;
}

/** The package's list, not its functions: those make a local date for every question. */
function readPublishedDays(): PublishedDays {
  const path = new URL(import.meta.resolve("chinese-days/dist/chinese-days.json"));
  return JSON.parse(readFileSync(path, "utf8")) as PublishedDays;
}

function isPublishedWorkday({ holidays, workdays }: PublishedDays, date: string, day: number): boolean {
  if (date in workdays) return true;
  const weekday = (day + 4) % 7;
  return weekday >= 1 && weekday <= 5 && !(date in holidays);
}

function spansOf(spans: readonly { from: string; to: string }[]): DaySpans {
  return spans.flatMap(({ from, to }) => [clockMs(from), clockMs(to)]);
}

function lengthOf(spans: DaySpans): number {
  let sum = 0;
  for (let i = 0; i < spans.length; i += 2) sum += spans[i + 1]! - spans[i]!;
  return sum;
}

/** Whether a season holds a day, both as `MM-DD`; a season may run over the turn of the year. */
function holds({ from, to }: { from: string; to: string }, day: string): boolean {
  return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

function clockMs(clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number) as [number, number];
  return (hours * 60 + minutes) * 60_000;
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
