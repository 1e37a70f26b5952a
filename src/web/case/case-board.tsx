import { Link } from "react-router";
import type { CaseTypeView } from "../../model/case.ts";
import { useText } from "../preferences.tsx";
import { Failed, Loading } from "../show/states.tsx";
import { useCases, type CaseCounts, type CaseQuery } from "./case-queries.ts";
import { CaseLimit } from "./case-row.tsx";

/** So many of a column are drawn; the list has the rest. */
const COLUMN_MAX = 20;

interface CaseBoardProps {
  type: CaseTypeView;
  query: CaseQuery;
  counts: CaseCounts | undefined;
  /** The list that holds all of one state. */
  addressOf: (state: string) => string;
}

/** Open work of a type by state, the most urgent on top of each column, with what is late and what was raised. */
export function CaseBoard({ type, query, counts, addressOf }: CaseBoardProps) {
  return (
    <div className="board">
      {type.states
        .filter(({ end }) => !end)
        .map(({ state, label }) => (
          <Column
            key={state}
            label={label}
            query={{ ...query, type: type.id, state }}
            count={counts?.states.find((each) => each.type === type.id && each.state === state)}
            address={addressOf(state)}
          />
        ))}
    </div>
  );
}

interface ColumnProps {
  label: { zh: string; en: string };
  query: CaseQuery;
  count: CaseCounts["states"][number] | undefined;
  address: string;
}

function Column({ label, query, count, address }: ColumnProps) {
  const t = useText();
  const { data, isError, error, refetch } = useCases(query, COLUMN_MAX);
  const items = data?.pages[0]?.items ?? [];
  const isWhole = (data?.pages[0]?.next ?? null) === null;
  return (
    <section className={data !== undefined && items.length === 0 ? "board-column none" : "board-column"}>
      <h2>
        <Link to={address}>{label[t.language]}</Link>{" "}
        <b>{data !== undefined && isWhole ? items.length : (count?.count ?? "…")}</b>
        {(count?.overdue ?? 0) > 0 ? <em>▲ {count!.overdue}</em> : null}
      </h2>
      {isError ? (
        <Failed error={error} what={t.cases.failed} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading rows={3} />
      ) : (
        <ul>
          {items.map((each) => (
            <li key={each.id}>
              <Link
                className={each.overdue ? "board-card over" : "board-card"}
                to={`/case/${encodeURIComponent(each.id)}`}
              >
                <b>{each.title[t.language]}</b>
                <small>{each.placeName.split(/[ ·]+/).at(-1)}</small>
                <small className="limit-text">
                  <CaseLimit of={each} />
                  {each.level > 0 ? <b className="raised"> {t.cases.raised(each.level)}</b> : null}
                </small>
                {each.takenByName === null ? null : <small>{each.takenByName}</small>}
              </Link>
            </li>
          ))}
          {isWhole ? null : (
            <li>
              <Link to={address}>{t.cases.all}</Link>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}
