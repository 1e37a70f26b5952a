import { useMemo } from "react";
import { Link } from "react-router";
import type { Gate } from "../../model/city.ts";
import { useGateCountsSince, useHourlyGateCounts, type GateCount, type HourCounts } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { HourBars } from "../show/hour-bars.tsx";
import { count } from "../show/measure.ts";
import { TableFile } from "../show/table-file.tsx";
import { Empty, Failed } from "../show/states.tsx";

const HOURS = 24;

/** Every gate with its passages of the day, the busiest on top. */
export function GateList() {
  const t = useText();
  const { city, clock, awaitsTime } = useDesk();
  const nowMs = useCityNow(60_000);
  const today = useGateCountsSince(clock.startOfDay(nowMs));
  const hourly = useHourlyGateCounts(nowMs, HOURS, !awaitsTime);
  const rows = useMemo(() => gateRows(city?.gates ?? [], today.data ?? []), [city, today.data]);
  const total = rows.reduce(
    (sum, row) => ({ inbound: sum.inbound + row.inbound, outbound: sum.outbound + row.outbound }),
    {
      inbound: 0,
      outbound: 0,
    },
  );
  return (
    <Panel
      title={t.gate.list}
      aside={
        <TableFile
          name={`${t.gate.list} ${clock.day(nowMs)}`}
          head={[t.gate.title, t.gate.inbound, t.gate.outbound, t.gate.total]}
          rows={() =>
            rows.map(({ gate, inbound, outbound }) => [
              t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name),
              inbound,
              outbound,
              inbound + outbound,
            ])
          }
        />
      }
      wide
      fixed
    >
      <div className="section">
        <dl className="totals">
          <Total name={`${t.gate.today} · ${t.gate.total}`} value={total.inbound + total.outbound} />
          <Total name={t.gate.inbound} value={total.inbound} />
          <Total name={t.gate.outbound} value={total.outbound} />
        </dl>
      </div>
      {today.isError && today.data === undefined ? (
        <Failed error={today.error} what={t.gate.failed} retry={() => void today.refetch()} />
      ) : null}
      {city !== undefined && city.gates.length === 0 ? <Empty title={t.gate.none} hint={t.gate.noneHint} /> : null}
      <div className="rows">
        <div className="row gate-row rows-head" aria-hidden="true">
          <span>
            {t.gate.title} {rows.length}
          </span>
          <span>{t.gate.byHour}</span>
          <span className="num">{t.gate.inbound}</span>
          <span className="num">{t.gate.outbound}</span>
          <span className="num">{t.gate.total}</span>
        </div>
        {rows.map((row) => (
          <Row key={row.gate.id} row={row} hourly={hourly} />
        ))}
      </div>
    </Panel>
  );
}

export function Total({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{count(value)}</dd>
    </div>
  );
}

interface GateRow {
  gate: Gate;
  inbound: number;
  outbound: number;
}

function Row({ row: { gate, inbound, outbound }, hourly }: { row: GateRow; hourly: readonly HourCounts[] }) {
  const t = useText();
  const name = t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name);
  const bars = hourly.map(({ fromMs, counts, failed }) => {
    const row = counts?.find((one) => one.gate === gate.id);
    return { fromMs, up: (row?.inbound ?? 0) + (row?.outbound ?? 0), label: "", tick: "", unknown: failed };
  });
  return (
    <Link className="row gate-row" to={`/gate/${encodeURIComponent(gate.id)}`}>
      <span className="name">
        <span>{name}</span>
        <small>{gate.road ?? ""}</small>
      </span>
      <HourBars hours={bars} height={30} label={t.gate.byHour} compact />
      <span className="num">{count(inbound)}</span>
      <span className="num">{count(outbound)}</span>
      <b>{count(inbound + outbound)}</b>
    </Link>
  );
}

function gateRows(gates: readonly Gate[], counts: readonly GateCount[]): GateRow[] {
  const byGate = new Map(counts.map((row) => [row.gate, row]));
  return gates
    .map((gate) => ({ gate, inbound: byGate.get(gate.id)?.inbound ?? 0, outbound: byGate.get(gate.id)?.outbound ?? 0 }))
    .toSorted((a, b) => b.inbound + b.outbound - (a.inbound + a.outbound) || (a.gate.id < b.gate.id ? -1 : 1));
}
