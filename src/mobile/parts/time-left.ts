import type { Text } from "../text/zh.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/** How a clock stands at `nowMs`: time left or time over, in words, and how much of its span is used (0 to 1). */
export function describeClock(t: Text, dueAt: string | null, nowMs: number): { text: string; over: boolean } {
  if (dueAt === null) return { text: t.work.noLimit, over: false };
  const left = Date.parse(dueAt) - nowMs;
  const over = left < 0;
  const text = describeSpan(t, Math.abs(left));
  return { text: over ? t.work.over(text) : t.work.left(text), over };
}

/** A span in the two units that matter. A started minute counts as one, so that "0 left" is never said. */
export function describeSpan(t: Text, ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
  if (minutes < 60) return t.minutes(minutes);
  if (minutes < DAY_MINUTES) return t.hours(Math.floor(minutes / 60), minutes % 60);
  return t.days(Math.floor(minutes / DAY_MINUTES), Math.floor((minutes % DAY_MINUTES) / 60));
}

/** Metres as people say them: `350 m`, `1.2 km`. */
export function describeMeters(meters: number): string {
  return meters < 1000 ? `${Math.round(meters)} m` : `${(meters / 1000).toFixed(1)} km`;
}
