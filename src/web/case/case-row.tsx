import type { CaseSummary } from "../../model/case.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";
import { RowLink } from "../show/row-link.tsx";

export function casePath({ id }: CaseSummary): string {
  return `/case/${encodeURIComponent(id)}`;
}

/** A case in a list: what, where, what is next and by whom, until when; over its limit it has a mark, not only another colour. */
export function CaseRow({ of, isChosen }: { of: CaseSummary; isChosen: boolean }) {
  const t = useText();
  const isOver = useLeft(of) < 0;
  return (
    <RowLink className={isOver ? "case-row over" : "case-row"} to={casePath(of)} isChosen={isChosen}>
      <span>
        <b>{of.title[t.language]}</b>
        <br />
        <small>{of.placeName}</small>
      </span>
      <span className="end">
        {of.outcome === null ? of.stateLabel[t.language] : t.cases.outcomes[of.outcome]}
        <br />
        <small>
          <CaseLimit of={of} />
          {of.level > 0 && of.outcome === null ? <b className="raised"> {t.cases.raised(of.level)}</b> : null}
        </small>
        {of.takenByName === null ? null : (
          <>
            <br />
            <small>{of.takenByName}</small>
          </>
        )}
      </span>
    </RowLink>
  );
}

/** How long is left until the next limit; of a closed case what whoever is concerned says. */
export function CaseLimit({ of }: { of: CaseSummary }) {
  const t = useText();
  const { clock, live } = useDesk();
  const leftMs = useLeft(of);
  if (of.outcome !== null) return t.cases.confirmations[of.confirmation];
  if (!Number.isFinite(leftMs)) return clock.full(of.openedAt, live.cityNowMs());
  return leftMs < 0 ? `▲ ${t.cases.over(roughSpan(-leftMs, t))}` : t.cases.left(roughSpan(leftMs, t));
}

/** ms until the clock that runs out first; infinite where none runs. */
function useLeft({ dueAt }: CaseSummary): number {
  const { live } = useDesk();
  return dueAt === null ? Infinity : Date.parse(dueAt) - live.cityNowMs();
}
