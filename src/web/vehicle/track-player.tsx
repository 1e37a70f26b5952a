import { useEffect, useMemo, useState } from "react";
import type { Track } from "../../model/vehicle.ts";
import { useDesk } from "../desk.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { useKeys } from "../frame/use-keys.ts";
import { Chips } from "../show/chips.tsx";
import { Empty } from "../show/states.tsx";
import { SpeedChart } from "./speed-chart.tsx";
import { momentAt, type TrackStretch } from "./track-stretches.ts";

const PACES = ["60", "300", "1200"] as const;
type Pace = (typeof PACES)[number];
const TICK_MS = 50;

interface TrackPlayerProps {
  track: Track;
  stretches: readonly TrackStretch[];
  /** Instant from the page's address, ms UTC; null stands for the newest fix. */
  atMs: number | null;
  onAt: (atMs: number | null) => void;
}

/** The track in time: a slider, playback, the speed. Where the slider stands is shown on the map. */
export function TrackPlayer({ track, stretches, atMs: linkedMs, onAt }: TrackPlayerProps) {
  const t = useText();
  const { clock } = useDesk();
  const [pace, setPace] = useState<Pace>("300");
  const [playing, setPlaying] = useState(false);
  const [chosenMs, setChosenMs] = useState<number | null>(linkedMs);
  // A line of another list leads here by the page's address.
  useEffect(() => setChosenMs(linkedMs), [linkedMs]);
  const fromMs = track.timeMs[0] ?? 0;
  const toMs = track.timeMs.at(-1) ?? 0;
  const atMs = Math.min(toMs, Math.max(fromMs, chosenMs ?? toMs));
  const moment = useMemo(() => (chosenMs === null ? null : momentAt(track, atMs)), [track, chosenMs, atMs]);
  useEffect(() => scene.set({ cursor: moment?.place ?? null }), [moment]);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setChosenMs((before) => (before ?? fromMs) + TICK_MS * Number(pace)), TICK_MS);
    return () => clearInterval(timer);
  }, [playing, pace, fromMs]);
  useEffect(() => {
    if (!playing || atMs < toMs) return;
    setPlaying(false);
    setChosenMs(null);
    onAt(null);
  }, [playing, atMs, toMs, onAt]);
  const toggle = (): void => {
    if (playing) onAt(atMs);
    else if (chosenMs === null || atMs >= toMs) setChosenMs(fromMs);
    setPlaying(!playing);
  };
  useKeys({ " ": toggle });

  if (track.timeMs.length < 2) return <Empty title={t.vehicle.trackEmpty} hint={t.vehicle.trackEmptyHint} />;
  const row = momentAt(track, atMs)?.row ?? 0;
  const speed = track.speedKmh[row];
  return (
    <div className="player">
      <SpeedChart track={track} stretches={stretches} fromMs={fromMs} toMs={toMs} atMs={atMs} label={t.vehicle.speed} />
      <input
        type="range"
        min={fromMs}
        max={toMs}
        step={1000}
        value={atMs}
        aria-label={t.vehicle.slider}
        aria-valuetext={clock.full(atMs)}
        onChange={(event) => {
          setPlaying(false);
          setChosenMs(Number(event.target.value));
        }}
        onPointerUp={() => onAt(chosenMs)}
        onKeyUp={() => onAt(chosenMs)}
      />
      <div className="player-ends">
        <span>{clock.full(fromMs)}</span>
        <span>{t.vehicle.fixes(String(track.total ?? track.timeMs.length))}</span>
        <span>{clock.full(toMs)}</span>
      </div>
      <div className="player-line">
        <button
          type="button"
          onClick={toggle}
          aria-label={playing ? t.vehicle.pause : t.vehicle.play}
          title={playing ? t.vehicle.pause : t.vehicle.play}
        >
          {playing ? "❚❚" : "▶"}
        </button>
        <Chips
          label={t.vehicle.pace}
          options={PACES.map((value) => ({ value, text: `×${value}` }))}
          chosen={pace}
          onChoose={setPace}
        />
        <output>
          {clock.full(atMs)}
          {speed === null || speed === undefined ? "" : ` · ${t.map.speed(speed.toFixed(0))}`}
        </output>
      </div>
      <TrackKey />
    </div>
  );
}

/** What the track's lines mean. */
function TrackKey() {
  const t = useText();
  const line = (color: string, width: number, dash?: string) => (
    <svg width="22" height="8" aria-hidden="true">
      <path d="M1 4h20" stroke={`var(${color})`} strokeWidth={width} strokeDasharray={dash} />
    </svg>
  );
  return (
    <p className="track-key">
      <span>
        {line("--track-near", 5)} {t.vehicle.kind.near}
      </span>
      <span>
        {line("--track-outside", 2)} {t.vehicle.kind.outside}
      </span>
      <span>
        {line("--track-unknown", 2, "3 3")} {t.vehicle.kind.unknown}
      </span>
      <span>
        <svg width="12" height="12" aria-hidden="true">
          <circle cx="6" cy="6" r="4" fill="none" stroke="var(--track-parked)" strokeWidth="2.4" />
        </svg>{" "}
        {t.vehicle.kind.parked}
      </span>
    </p>
  );
}
