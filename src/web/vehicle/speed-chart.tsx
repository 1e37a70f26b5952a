import { useMemo } from "react";
import type { Track } from "../../model/vehicle.ts";
import type { TrackStretch } from "./track-stretches.ts";

interface SpeedChartProps {
  track: Track;
  stretches: readonly TrackStretch[];
  fromMs: number;
  toMs: number;
  atMs: number;
  label: string;
}

const WIDTH = 1000;
const HEIGHT = 100;
/** More points than pixels tell nothing. */
const POINTS_MAX = 800;
const SHADED: Partial<Record<TrackStretch["kind"], string>> = { near: "near", unknown: "gap", parked: "parked" };

/** Speed over time, on a ground shaded by what the track was there. */
export function SpeedChart({ track, stretches, fromMs, toMs, atMs, label }: SpeedChartProps) {
  const x = (instantMs: number): number => ((instantMs - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH;
  const { path, top } = useMemo(() => speedPath(track, fromMs, toMs), [track, fromMs, toMs]);
  return (
    <svg
      className="speed-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label} 0–${top} km/h`}
    >
      {stretches.map(({ kind, fromMs: start, toMs: end }) =>
        SHADED[kind] === undefined ? null : (
          <rect
            key={`${start}`}
            className={SHADED[kind]}
            x={x(start)}
            y={0}
            width={Math.max(1, x(end) - x(start))}
            height={HEIGHT}
          />
        ),
      )}
      <path className="speed" d={path} />
      <line className="at" x1={x(atMs)} x2={x(atMs)} y1={0} y2={HEIGHT} />
    </svg>
  );
}

function speedPath(track: Track, fromMs: number, toMs: number): { path: string; top: number } {
  const step = Math.max(1, Math.ceil(track.timeMs.length / POINTS_MAX));
  const top = Math.max(60, Math.ceil(Math.max(0, ...track.speedKmh.map((speed) => speed ?? 0)) / 20) * 20);
  let path = "";
  let open = false;
  let beforeMs = -Infinity;
  for (let row = 0; row < track.timeMs.length; row += step) {
    const speed = track.speedKmh[row];
    const timeMs = track.timeMs[row]!;
    if (speed === null || speed === undefined) {
      open = false;
      continue;
    }
    const gap = timeMs - beforeMs > 300_000 * step;
    const x = (((timeMs - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH).toFixed(1);
    path += `${open && !gap ? "L" : "M"}${x} ${(HEIGHT - (speed / top) * (HEIGHT - 6)).toFixed(1)}`;
    open = true;
    beforeMs = timeMs;
  }
  return { path, top };
}
