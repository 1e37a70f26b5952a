import { useDesk } from "../desk.tsx";
import { replay, REPLAY_PACES, useReplay } from "../map/replay.ts";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { count } from "../show/measure.ts";

/** Says over the map that what is seen is the past, which instant of it, and leads back to now. */
export function ReplayBar() {
  const t = useText();
  const { clock } = useDesk();
  const { atMs, playing, pace, vehicles, complete, loading, failed } = useReplay();
  if (atMs === null) return null;
  return (
    <section className="replay-bar" aria-label={t.replay.title}>
      <p>
        <b>{t.replay.title}</b>
        <output>
          {clock.day(atMs)} {clock.second(atMs)}
        </output>
        <small role="status">
          {failed !== null
            ? `△ ${t.replay.failed}`
            : vehicles === null
              ? t.replay.loading
              : `${t.replay.vehicles(count(vehicles))}${complete ? "" : ` · ${t.replay.cut(count(vehicles))}`}${loading ? " …" : ""}`}
        </small>
      </p>
      <div className="replay-acts">
        <button type="button" className="plain" onClick={() => replay.play(!playing)}>
          {playing ? `❚❚ ${t.replay.pause}` : `▶ ${t.replay.play}`}
        </button>
        <Chips
          label={t.replay.pace}
          options={REPLAY_PACES.map((value) => ({ value, text: `×${value}` }))}
          chosen={pace}
          onChoose={(next) => replay.setPace(next)}
        />
        <button type="button" className="primary" onClick={() => replay.end()}>
          {t.replay.live}
        </button>
      </div>
      <small>{t.replay.note}</small>
    </section>
  );
}
