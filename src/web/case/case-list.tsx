import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { CaseSummary } from "../../model/case.ts";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { CaseBoard } from "./case-board.tsx";
import {
  queryOf,
  useCaseCounts,
  useCases,
  useCaseTypes,
  VIEWS,
  type CaseCounts,
  type CaseQuery,
  type View,
} from "./case-queries.ts";
import { CaseRow, casePath } from "./case-row.tsx";
import { PlacePicker } from "./place-picker.tsx";
import "./case.css";

const SHAPES = ["list", "board"] as const;

/** Work by urgency, the first to run out on top, or by state; what is shown is the address. */
export function CaseList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const query: CaseQuery = {
    view: VIEWS.find((one) => one === search.get("view")) ?? "open",
    state: search.get("state"),
    type: search.get("type"),
    place: search.get("place"),
  };
  const { view, state, type, place } = query;
  const isBoard = search.get("as") === "board" && view !== "closed";
  const { data: me } = useMe();
  const types = useCaseTypes();
  const { data: counts } = useCaseCounts(place ?? me?.duties[0]?.place);
  const options = useMemo(() => VIEWS.map((value) => ({ value, text: t.cases.views[value] })), [t]);
  const addressWith = (change: Record<string, string | null>): string => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(change))
      if (value === null) next.delete(name);
      else next.set(name, value);
    return `?${next.toString()}`;
  };
  const set = (change: Record<string, string | null>): void =>
    setSearch(new URLSearchParams(addressWith(change)), { replace: true });
  return (
    <Panel
      title={t.cases.list}
      aside={<ExportButton path="/cases" query={queryOf(query)} />}
      wide={isBoard ? "board" : true}
      fixed
    >
      <div className="filter">
        <Chips<View>
          label={t.cases.list}
          options={options}
          chosen={view}
          onChoose={(value) => set({ view: value === "open" ? null : value, state: null })}
        />
        <span className="push">
          <Chips
            label={t.cases.as}
            options={SHAPES.map((value) => ({ value, text: t.cases.shapes[value] }))}
            chosen={isBoard ? "board" : "list"}
            onChoose={(value) => set({ as: value === "list" ? null : value, state: null })}
          />
        </span>
        <PlacePicker place={place} onChoose={(value) => set({ place: value })} />
        <label className="as-of">
          {t.cases.type}
          <select value={type ?? ""} onChange={(event) => set({ type: event.target.value || null, state: null })}>
            <option value="">{t.grids.all}</option>
            {types.map(({ id, label }) => (
              <option key={id} value={id}>
                {label[t.language]}
              </option>
            ))}
          </select>
        </label>
      </div>
      {view === "closed" ? <Outcomes counts={counts?.outcomes ?? []} /> : null}
      {view === "open" && !isBoard ? (
        <States counts={counts} type={type} state={state} onState={(value) => set({ state: value })} types={types} />
      ) : null}
      {isBoard ? (
        <div className="scrolled">
          {types
            .filter(({ id }) => type === null || id === type)
            .map((each) => (
              <section key={each.id} aria-label={each.label[t.language]}>
                <h2 className="board-type">{each.label[t.language]}</h2>
                <CaseBoard
                  type={each}
                  query={query}
                  counts={view === "open" ? counts : undefined}
                  addressOf={(one) => addressWith({ as: null, type: each.id, state: one })}
                />
              </section>
            ))}
          {types.length === 0 ? <Empty title={t.cases.empty} /> : null}
        </div>
      ) : (
        <Cases key={JSON.stringify(query)} query={query} />
      )}
    </Panel>
  );
}

function Cases({ query }: { query: CaseQuery }) {
  const t = useText();
  return (
    <RowList
      query={useCases(query)}
      what={t.cases.failed}
      rowHeight={58}
      keyOf={({ id }: CaseSummary) => id}
      pathOf={casePath}
      empty={<Empty title={t.cases.empty} hint={t.cases.emptyHints[query.view]} />}
    >
      {(each, isChosen) => <CaseRow of={each} isChosen={isChosen} />}
    </RowList>
  );
}

interface StatesProps {
  counts: CaseCounts | undefined;
  type: string | null;
  state: string | null;
  types: ReturnType<typeof useCaseTypes>;
  onState: (state: string | null) => void;
}

/** How many stand in each state, and how many of them are late; one of them is the filter. */
function States({ counts, type, state, types, onState }: StatesProps) {
  const t = useText();
  const shown = (counts?.states ?? []).filter((each) => type === null || each.type === type);
  const labelOf = (each: (typeof shown)[number]): string =>
    types.find(({ id }) => id === each.type)?.states.find((one) => one.state === each.state)?.label[t.language] ??
    each.state;
  return (
    <ul className="case-states" aria-label={t.cases.byState}>
      {shown.map((each) => (
        <li key={`${each.type} ${each.state}`}>
          <button
            type="button"
            aria-pressed={each.state === state}
            onClick={() => onState(each.state === state ? null : each.state)}
          >
            <b>{each.count}</b> {labelOf(each)}
            {each.overdue > 0 ? <em>▲ {each.overdue}</em> : null}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Closed is not solved: what was said by who closed, and what by whom it concerns. */
function Outcomes({ counts }: { counts: CaseCounts["outcomes"] }) {
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
