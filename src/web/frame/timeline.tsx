import { useMemo } from "react";
import { HOUR_MS, useHourlyGateCounts, useRecentLocks } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { HourBars, type HourBar } from "../show/hour-bars.tsx";
import { count } from "../show/measure.ts";

const HOURS = 24;

/** Passages and locks of the last 24 hours, under the map. */
export function Timeline() {
  const t = useText();
  const { clock } = useDesk();
  const nowMs = useCityNow(60_000);
  const hourly = useHourlyGateCounts(nowMs, HOURS);
  const { data: locks } = useRecentLocks();
  const hours = useMemo(
    () =>
      hourly.map(({ fromMs, counts, failed }): HourBar => {
        const passages = (counts ?? []).reduce((sum, row) => sum + row.inbound + row.outbound, 0);
        const marks = (locks?.items ?? []).filter(({ lockedAt }) => {
          const at = Date.parse(lockedAt);
          return at >= fromMs && at < fromMs + HOUR_MS;
        }).length;
        const hour = `${clock.minute(fromMs)}–${clock.minute(fromMs + HOUR_MS)}`;
        return {
          fromMs,
          up: passages,
          marks,
          tick: clock.minute(fromMs).slice(0, 2),
          label: failed ? `${hour}  ${t.timeline.failed}` : t.timeline.at(hour, count(passages), count(marks)),
          unknown: failed,
        };
      }),
    [hourly, locks, clock, t],
  );
  return (
    <section className="timeline" aria-label={t.timeline.title}>
      <div className="timeline-name">
        <b>{t.timeline.title}</b>
        <span>
          <i className="key-passages" /> {t.timeline.passages} {count(hours.reduce((sum, { up }) => sum + up, 0))}
        </span>
        <span>
          <i className="key-locks" /> {t.timeline.locks}{" "}
          {count(hours.reduce((sum, { marks }) => sum + (marks ?? 0), 0))}
        </span>
      </div>
      <HourBars hours={hours} height={46} label={t.timeline.title} />
    </section>
  );
}
