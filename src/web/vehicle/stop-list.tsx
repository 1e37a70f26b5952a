import { useMemo } from "react";
import type { Track } from "../../model/vehicle.ts";
import { useDesk } from "../desk.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { span } from "../show/instant.ts";
import { TableFile } from "../show/table-file.tsx";
import { trackStops, type TrackStop } from "./track-stops.ts";
import type { TrackStretch } from "./track-stretches.ts";

interface StopListProps {
  vehicle: string;
  track: Track;
  stretches: readonly TrackStretch[];
  onAt: (atMs: number) => void;
}

/** Newest first; a line leads to its instant on the track and to its place on the map. */
export function StopList({ vehicle, track, stretches, onAt }: StopListProps) {
  const t = useText();
  const { clock, live } = useDesk();
  const stops = useMemo(() => trackStops(track).toReversed(), [track]);
  const gaps = stops.filter(({ kind }) => kind === "gap").length;
  const nowMs = live.cityNowMs();
  return (
    <details className="stops">
      <summary>
        {t.stops.title} · {stops.length === 0 ? t.stops.none : t.stops.count(stops.length - gaps, gaps)}
      </summary>
      {stops.length === 0 ? null : (
        <>
          <TableFile
            name={`${t.stops.title} ${vehicle}`}
            head={[t.preview.from, t.passed.to, t.stops.title, t.evidence.duration, t.evidence.lon, t.evidence.lat]}
            rows={() =>
              stops.map(({ kind, fromMs, toMs, place }) => [
                clock.full(fromMs),
                clock.full(toMs),
                t.stops[kind],
                span(toMs - fromMs, t),
                place[0],
                place[1],
              ])
            }
          />
          <table className="lines">
            <tbody>
              {stops.map((stop) => (
                <tr key={`${stop.kind}${stop.fromMs}`}>
                  <td>
                    <button
                      type="button"
                      className="link"
                      title={t.stops.go}
                      onClick={() => {
                        onAt(stop.fromMs);
                        scene.focus({ place: stop.place, zoom: 13.5 });
                      }}
                    >
                      {clock.short(stop.fromMs, nowMs)}–{clock.minute(stop.toMs)}
                    </button>
                  </td>
                  <td>
                    {t.stops[stop.kind]}
                    {isNear(stop, stretches) ? <b> · {t.stops.near}</b> : null}
                  </td>
                  <td className="num">{span(stop.toMs - stop.fromMs, t)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </details>
  );
}

function isNear(stop: TrackStop, stretches: readonly TrackStretch[]): boolean {
  if (stop.kind === "gap") return false;
  return stretches.some(({ kind, fromMs, toMs }) => kind === "near" && fromMs < stop.toMs && toMs > stop.fromMs);
}
