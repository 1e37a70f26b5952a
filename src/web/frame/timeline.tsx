import { useMemo, useState } from "react";
import { HOUR_MS, useHourlyGateCounts, useRecentLocks } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { replay, useReplay } from "../map/replay.ts";
import { useText } from "../preferences.tsx";
import { HourBars, type HourBar } from "../show/hour-bars.tsx";
import { count } from "../show/measure.ts";

const HOURS = 24;

/** Passages and locks of the last 24 hours, under the map. */
export function Timeline() {
  const t = useText();
  const { clock, awaitsTime } = useDesk();
  const nowMs = useCityNow(60_000);
  const hourly = useHourlyGateCounts(nowMs, HOURS, !awaitsTime);
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
      <div className="timeline-bars">
        <HourBars hours={hours} height={46} label={t.timeline.title} />
        <ReplaySlider hours={hours} />
      </div>
    </section>
  );
}

const STEP_MS = 60_000;

/** Lies over the bars: dragged, or moved by the arrow keys, the map shows that instant; at its right end it shows now. */
function ReplaySlider({ hours }: { hours: readonly HourBar[] }) {
  const t = useText();
  const { clock, live, awaitsTime } = useDesk();
  const { atMs } = useReplay();
  const nowMs = useCityNow(STEP_MS);
  const [pointed, setPointed] = useState<number | null>(null);
  const fromMs = hours[0]!.fromMs;
  const toMs = hours.at(-1)!.fromMs + HOUR_MS;
  const value = Math.min(toMs, Math.max(fromMs, atMs ?? nowMs));
  return (
    <input
      type="range"
      className={atMs === null ? "replay-slider" : "replay-slider on"}
      min={fromMs}
      max={toMs}
      step={STEP_MS}
      value={value}
      disabled={awaitsTime}
      title={`${pointed === null ? "" : `${hours[pointed]?.label ?? ""}\n`}${t.replay.start}`}
      onPointerMove={({ nativeEvent, currentTarget }) =>
        setPointed(Math.floor((nativeEvent.offsetX / currentTarget.clientWidth) * hours.length))
      }
      aria-label={t.replay.at}
      aria-valuetext={atMs === null ? t.replay.live : clock.full(atMs)}
      onChange={(event) => replay.seek(Number(event.target.value), () => live.cityNowMs() - STEP_MS)}
    />
  );
}
