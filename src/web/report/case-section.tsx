import type { Report } from "../../model/report.ts";
import { Section } from "../frame/panel.tsx";
import { Total } from "../gate/gate-list.tsx";
import { useText } from "../preferences.tsx";
import { Empty } from "../show/states.tsx";
import { ReportTable } from "./report-table.tsx";

/** Cases by what whoever closed them said, and beside it what those concerned said: one is never taken for the other. */
export function CaseSection({ report: { cases } }: { report: Report }) {
  const t = useText();
  const r = t.report;
  if (cases === null) {
    return (
      <Section title={r.cases}>
        <Empty title={r.noCases} hint={r.noCasesHint} />
      </Section>
    );
  }
  const { outcomes, confirmations } = cases;
  return (
    <Section title={r.cases}>
      <dl className="totals">
        <Total name={r.caseOpened} value={cases.opened} />
        <Total name={r.caseClosed} value={cases.closed} />
        <Total name={r.open} value={cases.open} />
      </dl>
      <ReportTable
        label={r.outcomes}
        head={[r.outcomes, r.count]}
        rows={(["resolved", "unresolved", "unfounded", "duplicate"] as const).map((name) => ({
          key: name,
          cells: [r.outcome[name], outcomes[name]],
        }))}
        empty=""
      />
      <ReportTable
        label={r.confirmations}
        head={[r.confirmations, r.count]}
        rows={(["confirmed", "contested", "none"] as const).map((name) => ({
          key: name,
          cells: [r.confirmation[name], confirmations[name]],
        }))}
        empty=""
      />
      <p className="muted report-line">{r.silence}</p>
    </Section>
  );
}
