import type { Exposure } from "../../model/finding.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { DWELL_MS, type TrackStretch } from "./track-stretches.ts";

interface StayBarProps {
  exposure: Exposure;
  stretches: readonly TrackStretch[];
  nowMs: number;
}

/** The stay as a bar with the ten-minute mark; hatched where presence is inferred from parking. */
export function StayBar({ exposure, stretches, nowMs }: StayBarProps) {
  const t = useText();
  const { clock } = useDesk();
  const startMs = Date.parse(exposure.start);
  const endMs = exposure.end === null ? startMs + exposure.durationS * 1000 : Date.parse(exposure.end);
  const lengthMs = Math.max(endMs - startMs, DWELL_MS);
  const percent = (instantMs: number): number => Math.min(100, Math.max(0, ((instantMs - startMs) / lengthMs) * 100));
  const exposedMs = Date.parse(exposure.exposedAt);
  const guesses = stretches.filter(({ kind, fromMs, toMs }) => kind === "parked" && toMs > startMs && fromMs < endMs);
  return (
    <div className="stay">
      <div className="stay-bar">
        <i className="before" style={{ width: `${percent(exposedMs)}%` }} />
        <i
          className="after"
          style={{ left: `${percent(exposedMs)}%`, width: `${percent(endMs) - percent(exposedMs)}%` }}
        />
        {guesses.map(({ fromMs, toMs }) => (
          <i
            key={fromMs}
            className="guess"
            title={t.vehicle.kind.parked}
            style={{ left: `${percent(fromMs)}%`, width: `${percent(toMs) - percent(fromMs)}%` }}
          />
        ))}
        <div className="stay-tick" style={{ left: `${percent(exposedMs)}%` }}>
          <span>
            {t.evidence.tenMinutes} · {clock.second(exposure.exposedAt)}
          </span>
        </div>
      </div>
      <div className="stay-ends">
        <span>{clock.full(startMs, nowMs)}</span>
        <span>{exposure.end === null ? t.evidence.open : clock.full(endMs, nowMs)}</span>
      </div>
    </div>
  );
}
