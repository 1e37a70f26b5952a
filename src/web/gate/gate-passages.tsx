import { useState } from "react";
import type { GateFinding, GateVisit } from "../../model/etc.ts";
import { HOUR_MS } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { Plate } from "../show/plate.tsx";
import { RowLink } from "../show/row-link.tsx";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { useGateDisagreements, useGateVisits, type GateSpan } from "./gate-queries.ts";

/** Which passages are shown; what the page's address holds of it. */
export interface PassagesShown {
  fromMs: number | null;
  toMs: number | null;
  view: "passages" | "queue";
}

interface GatePassagesProps {
  gate: string;
  shown: PassagesShown;
  onShow: (change: Partial<PassagesShown>) => void;
}

const DIRECTIONS = ["", "inbound", "outbound"] as const;

/** Who passed in a span, by GPS, toll record or both; and the passages that only one of the two saw. */
export function GatePassages({ gate, shown, onShow }: GatePassagesProps) {
  const t = useText();
  const { clock } = useDesk();
  const nowMs = useCityNow(60_000);
  const [direction, setDirection] = useState<(typeof DIRECTIONS)[number]>("");
  const { fromMs, toMs, view } = shown;
  const span: GateSpan = { fromMs, toMs };
  const all = fromMs === null && toMs === null;
  const title =
    view === "queue"
      ? t.etc.queue
      : fromMs !== null && toMs !== null
        ? t.gate.passedIn(clock.short(fromMs, nowMs), clock.short(toMs, fromMs))
        : t.gate.passages;
  return (
    <>
      <div className="filter">
        <Chips
          label={t.gate.passages}
          options={[
            { value: "passages", text: t.gate.passages },
            { value: "queue", text: t.etc.title },
          ]}
          chosen={view}
          onChoose={(next) => onShow({ view: next })}
        />
        {view === "passages" ? (
          <Chips
            label={t.gate.direction}
            options={DIRECTIONS.map((value) => ({ value, text: value === "" ? t.passed.all : t.gate[value] }))}
            chosen={direction}
            onChoose={setDirection}
          />
        ) : null}
        <span className="push">
          <ExportButton
            path={`/gates/${encodeURIComponent(gate)}/${view === "passages" ? "passages" : "disagreements"}`}
            query={{ ...(view === "passages" && { direction }), ...queryOf(span) }}
          />
        </span>
        <SpanForm key={`${fromMs} ${toMs}`} span={span} onAsk={(asked) => onShow(asked)} />
        <strong>{title}</strong>
        {all ? (
          <small className="muted push">{t.gate.hourHint}</small>
        ) : (
          <button type="button" className="link push" onClick={() => onShow({ fromMs: null, toMs: null })}>
            {t.gate.allHours}
          </button>
        )}
      </div>
      {view === "passages" ? (
        <Visits gate={gate} span={span} direction={direction} />
      ) : (
        <Disagreements gate={gate} span={span} />
      )}
    </>
  );
}

/** "Who passed between two and three": the two instants, as the city's clock shows them. */
function SpanForm({ span, onAsk }: { span: GateSpan; onAsk: (span: GateSpan) => void }) {
  const t = useText();
  const { clock, live } = useDesk();
  const local = (instant: number | null): string => (instant === null ? "" : clock.local(instant).slice(0, 16));
  const [from, setFrom] = useState(local(span.fromMs));
  const [to, setTo] = useState(local(span.toMs));
  const [fromMs, toMs] = [from, to].map((text) => (text === "" ? null : clock.instantOf(text)));
  const wrong = typeof fromMs === "number" && typeof toMs === "number" && toMs <= fromMs;
  return (
    <form
      className="span-form"
      aria-label={t.passed.title}
      title={t.passed.hint}
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) onAsk({ fromMs: fromMs ?? null, toMs: toMs ?? null });
      }}
    >
      <label>
        {t.passed.from}
        <input
          type="datetime-local"
          value={from}
          max={local(live.cityNowMs() + HOUR_MS)}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        {t.passed.to}
        <input type="datetime-local" value={to} aria-invalid={wrong} onChange={(event) => setTo(event.target.value)} />
      </label>
      <button type="submit" className="plain" disabled={wrong}>
        {t.passed.ask}
      </button>
      {wrong ? <small className="bad">{t.passed.wrong}</small> : null}
    </form>
  );
}

function Visits({ gate, span, direction }: { gate: string; span: GateSpan; direction: string }) {
  const t = useText();
  const { clock, live } = useDesk();
  const query = useGateVisits(gate, span, direction);
  const all = span.fromMs === null && span.toMs === null;
  return (
    <RowList
      query={query}
      what={t.gate.passagesFailed}
      rowHeight={37}
      keyOf={(visit: GateVisit) => visit.passage ?? visit.etc[0] ?? `${visit.vehicle}${visit.time}`}
      pathOf={instantPath}
      empty={<Empty title={all ? t.gate.passagesEmpty : t.gate.passedNone} hint={t.gate.passagesEmptyHint} />}
    >
      {({ vehicle, direction: way, time, seenBy }, isChosen) => (
        <Passage
          isChosen={isChosen}
          vehicle={vehicle}
          time={time}
          clockText={clock.full(time, live.cityNowMs())}
          way={way}
          mark={t.etc.seen[seenBy]}
        />
      )}
    </RowList>
  );
}

function Disagreements({ gate, span }: { gate: string; span: GateSpan }) {
  const t = useText();
  const { clock, live } = useDesk();
  const query = useGateDisagreements(gate, span);
  return (
    <RowList
      query={query}
      what={t.gate.passagesFailed}
      rowHeight={37}
      keyOf={(finding: GateFinding) => finding.id}
      pathOf={instantPath}
      empty={<Empty title={t.etc.none} hint={t.etc.noneHint} />}
    >
      {({ vehicle, direction, time, kind }, isChosen) => (
        <Passage
          isChosen={isChosen}
          vehicle={vehicle}
          time={time}
          clockText={clock.full(time, live.cityNowMs())}
          way={direction}
          mark={kind === "gps-silent" ? t.etc.gpsSilent : t.etc.etcMissing}
        />
      )}
    </RowList>
  );
}

interface PassageProps {
  vehicle: string;
  time: string;
  clockText: string;
  way: "inbound" | "outbound";
  mark: string;
  isChosen: boolean;
}

/** The vehicle at that instant. */
function instantPath({ vehicle, time }: { vehicle: string; time: string }): string {
  return `/vehicle/${encodeURIComponent(vehicle)}?at=${encodeURIComponent(time)}`;
}

function Passage({ vehicle, time, clockText, way, mark, isChosen }: PassageProps) {
  const t = useText();
  return (
    <RowLink className="passage-row" to={instantPath({ vehicle, time })} isChosen={isChosen}>
      <span>{clockText}</span>
      <span>
        {way === "inbound" ? "↑" : "↓"} {t.gate[way]}
      </span>
      <Plate vehicle={vehicle} />
      <small className="end">{mark}</small>
    </RowLink>
  );
}

function queryOf({ fromMs, toMs }: GateSpan): { from?: string; to?: string } {
  return {
    ...(fromMs === null ? {} : { from: new Date(fromMs).toISOString() }),
    ...(toMs === null ? {} : { to: new Date(toMs).toISOString() }),
  };
}
