import { HOUR_MS } from "../api/queries.ts";

/** How many in the last hour, and how many in the hour before it. */
export interface Trend {
  hour: number;
  before: number;
}

/** @param instants ISO 8601, in any order */
export function trendOf(instants: readonly string[], nowMs: number): Trend {
  const trend = { hour: 0, before: 0 };
  for (const instant of instants) {
    const agoMs = nowMs - Date.parse(instant);
    if (agoMs < HOUR_MS) trend.hour++;
    else if (agoMs < 2 * HOUR_MS) trend.before++;
  }
  return trend;
}
