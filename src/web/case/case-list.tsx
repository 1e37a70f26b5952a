import { useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import type { CaseSummary } from "../../model/case.ts";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { roughSpan } from "../show/instant.ts";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { queryOf, useCaseCounts, useCases, VIEWS } from "./case-queries.ts";
import "./case.css";

/** Work by urgency: the first to run out on top, with how many stand in each state. */
export function CaseList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const view = VIEWS.find((one) => one === search.get("view")) ?? "open";
  const state = search.get("state");
  const query = useCases(view, state);
  const { data: me } = useMe();
  const { data: counts } = useCaseCounts(me?.duties[0]?.place);
  const options = useMemo(() => VIEWS.map((value) => ({ value, text: t.cases.views[value] })), [t]);
  return (
    <Panel title={t.cases.list} aside={<ExportButton path="/cases" query={queryOf(view, state)} />} wide fixed>
      <div className="filter">
        <Chips
          label={t.cases.list}
          options={options}
          chosen={view}
          onChoose={(value) => setSearch({ view: value }, { replace: true })}
        />
      </div>
      {view === "closed" ? <Outcomes counts={counts?.outcomes ?? []} /> : null}
      {view === "open" ? (
        <ul className="case-states" aria-label={t.cases.byState}>
          {(counts?.states ?? []).map((each) => (
            <li key={`${each.type} ${each.state}`}>
              <button
                type="button"
                aria-pressed={each.state === state}
                onClick={() => setSearch(each.state === state ? {} : { state: each.state }, { replace: true })}
              >
                <b>{each.count}</b> {t.cases.states[each.state as keyof typeof t.cases.states] ?? each.state}
                {each.overdue > 0 ? <em>▲ {each.overdue}</em> : null}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <RowList
        query={query}
        what={t.cases.failed}
        rowHeight={74}
        keyOf={(item: CaseSummary) => item.id}
        empty={<Empty title={t.cases.empty} hint={t.cases.emptyHint} />}
      >
        {(item) => <Row of={item} />}
      </RowList>
    </Panel>
  );
}

function Row({ of }: { of: CaseSummary }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const leftMs = of.dueAt === null ? null : Date.parse(of.dueAt) - nowMs;
  return (
    <Link
      className={leftMs !== null && leftMs < 0 ? "row case-row over" : "row case-row"}
      to={`/case/${encodeURIComponent(of.id)}`}
    >
      <span>
        <b>{of.title[t.language]}</b>
        <br />
        <small>{of.placeName}</small>
      </span>
      <span className="end">
        {of.outcome === null ? of.stateLabel[t.language] : t.cases.outcomes[of.outcome]}
        <br />
        <small>
          {of.outcome !== null
            ? t.cases.confirmations[of.confirmation]
            : leftMs === null
              ? clock.full(of.openedAt, nowMs)
              : leftMs < 0
                ? `▲ ${t.cases.over(roughSpan(-leftMs, t))}`
                : t.cases.left(roughSpan(leftMs, t))}
        </small>
        <br />
        <small>{of.takenByName ?? t.cases.free}</small>
      </span>
    </Link>
  );
}

/** Closed is not solved: what was said by who closed, and what by whom it concerns. */
function Outcomes({ counts }: { counts: readonly { outcome: string; confirmation: string; count: number }[] }) {
  const t = useText();
  if (counts.length === 0) return null;
  return (
    <table className="outcomes">
      <thead>
        <tr>
          <th>{t.cases.outcome}</th>
          {(["confirmed", "contested", "none"] as const).map((each) => (
            <th key={each}>{t.cases.confirmations[each]}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {(["resolved", "unresolved", "unfounded", "duplicate"] as const).map((outcome) => (
          <tr key={outcome}>
            <td>{t.cases.outcomes[outcome]}</td>
            {(["confirmed", "contested", "none"] as const).map((confirmation) => (
              <td key={confirmation}>
                {counts.find((each) => each.outcome === outcome && each.confirmation === confirmation)?.count ?? 0}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
