import { Link, Navigate, useNavigate, useParams } from "react-router";
import "./report.css";
import "../show/export-button.css";
import { reportKindSchema, type Report, type ReportKind } from "../../model/report.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { Failed, Loading } from "../show/states.tsx";
import { useReport } from "./report-queries.ts";
import { CaseSection } from "./case-section.tsx";
import { AreaSection, ExposureSection, IntakeSection, LockSection, PassageSection } from "./report-sections.tsx";

const DAY_MS = 86_400_000;
const STEP = { day: 1, week: 7 };

/** `/reports`: today's, by the city's clock. */
export function ReportsToday() {
  const t = useText();
  const { clock, live, awaitsTime } = useDesk();
  useCityNow(60_000);
  if (awaitsTime) {
    return (
      <Panel title={t.report.title} wide>
        <Loading rows={10} />
      </Panel>
    );
  }
  const nowMs = live.cityNowMs();
  return <Navigate to={`/reports/day/${clock.day(nowMs)}`} replace />;
}

/** A day's or a week's report as a page; the same as a file by its links. */
export function ReportPanel() {
  const t = useText();
  const params = useParams();
  const kind: ReportKind = reportKindSchema.options.find((one) => one === params["kind"]) ?? "day";
  const date = params["date"] ?? "";
  const { data: report, isError, isPlaceholderData, error, refetch } = useReport(kind, date);
  return (
    <Panel title={t.report.title} aside={<Files kind={kind} date={date} />} wide>
      <Period kind={kind} date={date} report={isPlaceholderData ? undefined : report} />
      {report === undefined ? (
        isError ? (
          <Failed error={error} what={t.report.failed} retry={() => void refetch()} />
        ) : (
          <Loading rows={10} />
        )
      ) : (
        <div className="report" aria-busy={isPlaceholderData}>
          <LockSection report={report} />
          <ExposureSection report={report} />
          <PassageSection report={report} />
          <IntakeSection report={report} />
          <AreaSection report={report} />
          <CaseSection report={report} />
        </div>
      )}
    </Panel>
  );
}

function Files({ kind, date }: { kind: ReportKind; date: string }) {
  const t = useText();
  const address = (format: string): string => `/api/v1/reports/${kind}/${date}?format=${format}&lang=${t.language}`;
  return (
    <span className="export" role="group" aria-label={t.exporting.label}>
      <a href={address("pdf")} download title={t.report.pdfHint}>
        {t.report.pdf}
      </a>
      <a href={address("xlsx")} download title={t.report.xlsxHint}>
        XLSX
      </a>
    </span>
  );
}

/** Which period it is, and the way to the one before and after. */
function Period({ kind, date, report }: { kind: ReportKind; date: string; report: Report | undefined }) {
  const t = useText();
  const navigate = useNavigate();
  const { clock, live } = useDesk();
  const today = clock.day(live.cityNowMs());
  const moved = (days: number): string => {
    const ms = Date.parse(`${date}T00:00:00Z`) + days * DAY_MS;
    return Number.isNaN(ms) ? today : new Date(ms).toISOString().slice(0, 10);
  };
  const shown =
    report === undefined || report.kind === "day"
      ? null
      : t.report.weekOf(report.date, clock.day(Date.parse(report.to) - DAY_MS / 2));
  return (
    <div className="report-period">
      <Chips
        label={t.report.title}
        options={reportKindSchema.options.map((value) => ({ value, text: t.report.kind[value] }))}
        chosen={kind}
        onChoose={(value) => void navigate(`/reports/${value}/${date}`)}
      />
      <nav aria-label={t.report.date}>
        <Link to={`/reports/${kind}/${moved(-STEP[kind])}`} aria-label={t.report.before} title={t.report.before}>
          ‹
        </Link>
        <input
          type="date"
          aria-label={t.report.date}
          value={date}
          max={today}
          onChange={(event) => {
            if (event.target.value !== "") void navigate(`/reports/${kind}/${event.target.value}`);
          }}
        />
        <Link to={`/reports/${kind}/${moved(STEP[kind])}`} aria-label={t.report.after} title={t.report.after}>
          ›
        </Link>
        <Link to={`/reports/${kind}/${today}`}>{t.report.today}</Link>
      </nav>
      {shown === null ? null : <span>{shown}</span>}
      {report === undefined || report.over ? null : (
        <p className="muted">{t.report.notOver(clock.full(report.madeAt))}</p>
      )}
    </div>
  );
}
