import { useEffect } from "react";
import { useParams, useSearchParams } from "react-router";
import { HOUR_MS, useGateCountsSince, useHourlyGateCounts } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { HourBars, type HourBar } from "../show/hour-bars.tsx";
import { Empty } from "../show/states.tsx";
import { Total } from "./gate-list.tsx";
import { GatePassages, type PassagesShown } from "./gate-passages.tsx";

const HOURS = 24;

/** One gate: its day by hour and direction, and who passed; a click on an hour answers "who passed between two and three". */
export function GatePanel() {
  const t = useText();
  const { id = "" } = useParams();
  const { city, clock, awaitsTime } = useDesk();
  const [search, setSearch] = useSearchParams();
  const gate = city?.gates.find((one) => one.id === id);
  const nowMs = useCityNow(60_000);
  const today = useGateCountsSince(clock.startOfDay(nowMs));
  const hourly = useHourlyGateCounts(nowMs, HOURS, !awaitsTime);
  const hour = instantIn(search, "hour");
  const shown: PassagesShown = {
    fromMs: hour ?? instantIn(search, "from"),
    toMs: hour === null ? instantIn(search, "to") : hour + HOUR_MS,
    view: search.get("view") === "queue" ? "queue" : "passages",
  };
  const show = (change: Partial<PassagesShown>): void => {
    const { fromMs, toMs, view } = { ...shown, ...change };
    const next = new URLSearchParams();
    // An hour of the chart stays that hour while only the view changes.
    if (hour !== null && fromMs === shown.fromMs && toMs === shown.toMs) next.set("hour", new Date(hour).toISOString());
    else {
      if (fromMs !== null) next.set("from", new Date(fromMs).toISOString());
      if (toMs !== null) next.set("to", new Date(toMs).toISOString());
    }
    if (view === "queue") next.set("view", view);
    setSearch(next, { replace: true });
  };
  useEffect(() => {
    scene.set({ gate: id });
    return () => scene.set({ gate: null });
  }, [id]);
  useEffect(() => {
    if (gate !== undefined) scene.focus({ place: gate.line[0]!, zoom: 11.5 });
  }, [gate]);

  if (city !== undefined && gate === undefined) {
    return (
      <Panel title={t.gate.title}>
        <Empty title={t.gate.notFound} hint={id} />
      </Panel>
    );
  }
  const counts = today.data?.find((row) => row.gate === id) ?? { inbound: 0, outbound: 0 };
  const bars = hourly.map(({ fromMs, counts: all, failed }): HourBar => {
    const row = all?.find((one) => one.gate === id);
    const [inbound, outbound] = [row?.inbound ?? 0, row?.outbound ?? 0];
    const span = `${clock.minute(fromMs)}–${clock.minute(fromMs + HOUR_MS)}`;
    return {
      fromMs,
      up: inbound,
      down: outbound,
      tick: clock.minute(fromMs).slice(0, 2),
      label: failed
        ? `${span} ${t.gate.failed}`
        : `${span}  ${t.gate.inbound} ${inbound} · ${t.gate.outbound} ${outbound}`,
      unknown: failed,
    };
  });
  const name = gate === undefined ? "" : t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name);
  return (
    <Panel title={name} wide fixed>
      <div className="section">
        {gate?.road === undefined ? null : <p className="muted">{gate.road}</p>}
        <dl className="totals">
          <Total name={`${t.gate.today} · ${t.gate.total}`} value={counts.inbound + counts.outbound} />
          <Total name={t.gate.inbound} value={counts.inbound} />
          <Total name={t.gate.outbound} value={counts.outbound} />
        </dl>
      </div>
      <div className="section">
        <p className="chart-key">
          <span>{t.gate.byHour}</span>
          <span>
            <i className="key-passages" /> {t.gate.inbound} ↑
          </span>
          <span>
            <i className="key-outbound" /> {t.gate.outbound} ↓
          </span>
        </p>
        <HourBars
          hours={bars}
          height={96}
          label={t.gate.byHour}
          chosenMs={hour}
          onChoose={(fromMs) =>
            setSearch(fromMs === hour ? {} : { hour: new Date(fromMs).toISOString() }, { replace: true })
          }
        />
      </div>
      <GatePassages gate={id} shown={shown} onShow={show} />
    </Panel>
  );
}

/** An instant of the page's address, ms UTC. */
function instantIn(search: URLSearchParams, name: string): number | null {
  const instantMs = Date.parse(search.get(name) ?? "");
  return Number.isNaN(instantMs) ? null : instantMs;
}
