import { Link } from "react-router";
import { useText } from "../preferences.tsx";
import { Rows } from "../show/rows.tsx";
import type { PlaceLoad } from "./grid-queries.ts";

const ROW = 34;

function placePath({ id }: PlaceLoad): string {
  return `/grids?place=${encodeURIComponent(id)}`;
}

/** Places with their load; five thousand of them are as light as ten. */
export function LoadRows({ rows }: { rows: readonly PlaceLoad[] }) {
  const t = useText();
  return (
    <>
      <div className="load-row head" aria-hidden="true">
        <span>{t.grids.place}</span>
        <span>{t.grids.grids}</span>
        <span>{t.grids.open}</span>
        <span>{t.grids.overdue}</span>
        <span>{t.grids.vacant}</span>
      </div>
      <Rows items={rows} rowHeight={ROW} keyOf={({ id }) => id} pathOf={placePath}>
        {(load, isChosen) => <LoadRow of={load} isChosen={isChosen} />}
      </Rows>
    </>
  );
}

function LoadRow({ of, isChosen }: { of: PlaceLoad; isChosen: boolean }) {
  const t = useText();
  const { name, leaves, open, overdue, vacant } = of;
  const late = (overdue ?? 0) > 0;
  return (
    <Link
      className={isChosen ? "load-row chosen" : "load-row"}
      to={placePath(of)}
      aria-current={isChosen ? "true" : undefined}
    >
      <b>{name}</b>
      <span aria-label={`${t.grids.grids} ${leaves}`}>{leaves}</span>
      <span aria-label={`${t.grids.open} ${open ?? "–"}`}>{open ?? "–"}</span>
      <span className={late ? "late" : ""} aria-label={`${t.grids.overdue} ${overdue ?? "–"}`}>
        {late ? `▲ ${overdue}` : (overdue ?? "–")}
      </span>
      <span className={vacant > 0 ? "vacant" : ""} aria-label={`${t.grids.vacant} ${vacant}`}>
        {vacant > 0 ? `○ ${vacant}` : "0"}
      </span>
    </Link>
  );
}
