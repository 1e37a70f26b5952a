import { Link } from "react-router";
import type { Report } from "../../model/report.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { Total } from "../gate/gate-list.tsx";
import { useText } from "../preferences.tsx";
import { HourBars, type HourBar } from "../show/hour-bars.tsx";
import { span } from "../show/instant.ts";
import { count } from "../show/measure.ts";
import { ReportTable } from "./report-table.tsx";

interface SectionProps {
  report: Report;
}

const HOUR_MS = 3_600_000;

export function LockSection({ report: { locks } }: SectionProps) {
  const t = useText();
  const r = t.report;
  return (
    <Section title={t.lock.title}>
      <dl className="totals four">
        <Total name={r.opened} value={locks.opened} />
        <Total name={r.released} value={locks.released} />
        <Total name={r.expired} value={locks.expired} />
        <Total name={r.open} value={locks.open} />
      </dl>
      <p className="report-line">
        {r.toRelease}
        {": "}
        {locks.toRelease === null ? (
          <span className="muted">{r.noRelease}</span>
        ) : (
          <>
            {r.median} <b>{span(locks.toRelease.medianS * 1000, t)}</b> · {r.longest}{" "}
            <b>{span(locks.toRelease.longestS * 1000, t)}</b>
          </>
        )}
      </p>
    </Section>
  );
}

export function ExposureSection({ report: { exposures } }: SectionProps) {
  const t = useText();
  const r = t.report;
  const { observed, inferred, vehicles, areas } = exposures;
  return (
    <Section title={r.exposures}>
      <p className="muted report-line">{r.exposuresNote}</p>
      <ReportTable
        label={r.exposures}
        head={[r.area, r.level, r.observed, r.inferred, r.vehicles]}
        rows={areas.map((area) => ({
          key: area.area,
          cells: [
            <Link key="name" to={`/area/${encodeURIComponent(area.area)}`}>
              {area.name}
            </Link>,
            t.level[area.level],
            area.observed,
            area.inferred,
            area.vehicles,
          ],
        }))}
        foot={[r.all, "", observed, inferred, vehicles]}
        empty={r.noExposures}
      />
    </Section>
  );
}

export function PassageSection({ report }: SectionProps) {
  const t = useText();
  const r = t.report;
  const { city, clock } = useDesk();
  const { inbound, outbound, gates, parts } = report.passages;
  const bars = parts.map((part): HourBar => {
    const fromMs = Date.parse(part.from);
    const shown =
      report.kind === "day"
        ? `${clock.minute(fromMs)}–${clock.minute(fromMs + HOUR_MS)}`
        : clock.day(fromMs).slice("2026-".length);
    return {
      fromMs,
      up: part.inbound,
      down: part.outbound,
      // Every third hour has its tick, every day of a week.
      tick: report.kind === "day" ? clock.minute(fromMs).slice(0, 2) : "0",
      label: r.part(shown, count(part.inbound), count(part.outbound)),
    };
  });
  const nameOf = (id: string): string => {
    const gate = city?.gates.find((one) => one.id === id);
    return gate === undefined ? id : t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name);
  };
  return (
    <Section title={r.passages} aside={<small className="muted">{r.chart[report.kind]}</small>}>
      {report.passages.kept ? null : <p className="muted">{r.passagesDeleted}</p>}
      <HourBars
        hours={bars}
        height={64}
        label={`${r.passages} · ${r.chart[report.kind]}`}
        compact={report.kind === "week"}
      />
      {report.kind === "day" ? null : (
        <div className="report-days" aria-hidden="true">
          {parts.map(({ from }) => (
            <span key={from}>{clock.day(from).slice("2026-".length)}</span>
          ))}
        </div>
      )}
      <ReportTable
        label={r.passages}
        head={[r.gate, t.gate.inbound, t.gate.outbound, r.all]}
        rows={gates.map((row) => ({
          key: row.gate,
          cells: [
            <Link key="name" to={`/gate/${encodeURIComponent(row.gate)}`}>
              {nameOf(row.gate)}
            </Link>,
            row.inbound,
            row.outbound,
            row.inbound + row.outbound,
          ],
        }))}
        foot={[r.all, inbound, outbound, inbound + outbound]}
        empty={r.noPassages}
      />
    </Section>
  );
}

export function IntakeSection({ report: { intake, late } }: SectionProps) {
  const t = useText();
  const r = t.report;
  const { clock } = useDesk();
  return (
    <Section
      title={r.intake}
      aside={<small className="muted">{intake === null ? r.notCounted : r.since(clock.full(intake.since))}</small>}
    >
      {intake === null ? null : (
        <dl className="totals four">
          <Total name={r.fixes} value={intake.fixes} />
          <Total name={r.late} value={intake.late} />
          <Total name={r.aside} value={intake.aside} />
          <Total name={r.frames} value={intake.frames} />
        </dl>
      )}
      <p className="report-line">
        {r.lateFindings}: {r.lateOpened} <b>{count(late.opened)}</b> · {r.lateRevised} <b>{count(late.revised)}</b> ·{" "}
        {r.lateWithdrawn} <b>{count(late.withdrawn)}</b>
      </p>
      {intake === null ? null : (
        <ReportTable
          label={r.rejected}
          head={[r.rejected, r.count]}
          rows={intake.rejected.map(({ reason, count: number }) => ({ key: reason, cells: [reason, number] }))}
          empty={r.noRejected}
        />
      )}
    </Section>
  );
}

export function AreaSection({ report: { areas } }: SectionProps) {
  const t = useText();
  const r = t.report;
  const { clock } = useDesk();
  return (
    <Section title={r.areas}>
      <p className="report-line">
        {r.change.published} <b>{count(areas.published)}</b> · {r.change.edited} <b>{count(areas.edited)}</b> ·{" "}
        {r.change.withdrawn} <b>{count(areas.withdrawn)}</b>
      </p>
      {areas.list.length === 0 ? (
        <p className="muted report-line">{r.noAreas}</p>
      ) : (
        <ul className="report-changes">
          {areas.list.map((area) => (
            <li key={`${area.at}${area.id}${area.change}`}>
              <time dateTime={area.at}>{clock.full(area.at)}</time> {r.change[area.change]}{" "}
              <Link to={`/area/${encodeURIComponent(area.id)}`}>{area.name}</Link> <small>{t.level[area.level]}</small>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
