import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Link } from "react-router";
import { useText } from "../preferences.tsx";
import type { PlaceLoad } from "./grid-queries.ts";

const ROW = 34;

/** Places with their load; five thousand of them are as light as ten. */
export function LoadRows({ rows }: { rows: readonly PlaceLoad[] }) {
  const t = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]!.id,
    overscan: 12,
  });
  return (
    <>
      <div className="load-row head" aria-hidden="true">
        <span>{t.grids.place}</span>
        <span>{t.grids.grids}</span>
        <span>{t.grids.open}</span>
        <span>{t.grids.overdue}</span>
        <span>{t.grids.vacant}</span>
      </div>
      <div className="rows" ref={scroller} tabIndex={-1}>
        <ul className="rows-all" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ key, index, start }) => {
            const { id, name, leaves, open, overdue, vacant } = rows[index]!;
            const late = (overdue ?? 0) > 0;
            return (
              <li key={key} className="rows-one" style={{ transform: `translateY(${start}px)` }}>
                <Link className="load-row" to={`/grids?place=${encodeURIComponent(id)}`}>
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
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}
