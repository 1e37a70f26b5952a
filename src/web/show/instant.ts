import type { Text } from "../text/zh.ts";

type TimeParts = Record<"year" | "month" | "day" | "hour" | "minute" | "second", string>;

/** Times as the city's clock shows them: 24 h, in the city's time zone. Input is ms UTC or ISO 8601. */
export class CityClock {
  readonly timeZone: string;
  readonly #parts: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.timeZone = timeZone;
    this.#parts = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** `06:12` */
  minute(instant: number | string): string {
    const { hour, minute } = this.#read(instant);
    return `${hour}:${minute}`;
  }

  /** `06:12:04` */
  second(instant: number | string): string {
    const { hour, minute, second } = this.#read(instant);
    return `${hour}:${minute}:${second}`;
  }

  /** `2026-11-24` */
  day(instant: number | string): string {
    const { year, month, day } = this.#read(instant);
    return `${year}-${month}-${day}`;
  }

  /** `11-24 06:12:04`, or without the date when it is the day of `nowMs`. */
  full(instant: number | string, nowMs?: number): string {
    const { month, day } = this.#read(instant);
    const time = this.second(instant);
    return nowMs !== undefined && this.day(instant) === this.day(nowMs) ? time : `${month}-${day} ${time}`;
  }

  /** `06:12`, or `11-23 06:12` on another day than that of `nowMs`. */
  short(instant: number | string, nowMs: number): string {
    const { month, day } = this.#read(instant);
    const time = this.minute(instant);
    return this.day(instant) === this.day(nowMs) ? time : `${month}-${day} ${time}`;
  }

  /** `2026-11-24T06:12:04`, as a field for date and time holds it. */
  local(instant: number | string): string {
    return `${this.day(instant)}T${this.second(instant)}`;
  }

  /** The instant that the city's clock shows as `local` (`2026-11-24T06:12` or with seconds), ms UTC. */
  instantOf(local: string): number {
    const asUtcMs = Date.parse(`${local}Z`);
    // Twice, since the offset to be taken off is that of the answer.
    const firstMs = asUtcMs - this.#offsetMs(asUtcMs);
    return asUtcMs - this.#offsetMs(firstMs);
  }

  #offsetMs(instantMs: number): number {
    return Date.parse(`${this.local(instantMs)}Z`) - Math.floor(instantMs / 1000) * 1000;
  }

  /** The instant at which the day of `nowMs` began, ms UTC. */
  startOfDay(nowMs: number): number {
    const { hour, minute, second } = this.#read(nowMs);
    return Math.floor(nowMs / 1000) * 1000 - ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  }

  #read(instant: number | string): TimeParts {
    const parts = this.#parts.formatToParts(typeof instant === "string" ? Date.parse(instant) : instant);
    return Object.fromEntries(parts.map(({ type, value }) => [type, value])) as unknown as TimeParts;
  }
}

/** `14 分 20 秒`, `3 小时 5 分`: two units at most. */
export function span(ms: number, t: Text): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 60) return t.units.second(seconds);
  if (minutes < 60) return seconds % 60 === 0 ? t.units.minute(minutes) : t.units.minuteSecond(minutes, seconds % 60);
  if (hours < 24) return t.units.hourMinute(hours, minutes % 60);
  return t.units.dayHour(Math.floor(hours / 24), hours % 24);
}

/** A span in which seconds no longer matter: `3 分`. */
export function roughSpan(ms: number, t: Text): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 1 || minutes >= 60 ? span(ms, t) : t.units.minute(minutes);
}
