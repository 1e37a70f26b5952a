import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { useNavigate } from "react-router";
import type { CaseSummary } from "../../model/case.ts";
import { useKeys } from "../frame/use-keys.ts";
import { useText } from "../preferences.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import type { useCases } from "./case-queries.ts";
import { CaseRow } from "./case-row.tsx";
import { useHeld } from "./use-held.ts";

const ROW = 58;
/** So long after a key or a movement a hand is on the list, ms. */
const HAND_MS = 6000;
const keyOf = ({ id }: CaseSummary): string => id;

/** The cases of a list: keys go through it, and what comes in does not move it under the hand. */
export function CaseRows({ query }: { query: ReturnType<typeof useCases> }) {
  const t = useText();
  const navigate = useNavigate();
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const all = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const scroller = useRef<HTMLDivElement>(null);
  const hand = useHand(scroller);
  const { items, waiting, release } = useHeld(all, keyOf, hand.isOn);
  const [chosen, setChosen] = useState<string | null>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => items[index]!.id,
    overscan: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= items.length - 20 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const step = (by: number): void => {
    if (items.length === 0) return;
    hand.put();
    const at = items.findIndex(({ id }) => id === chosen);
    const next = at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by));
    setChosen(items[next]!.id);
    virtualizer.scrollToIndex(next);
  };
  useKeys(
    {
      j: () => step(1),
      k: () => step(-1),
      ...(chosen === null ? {} : { Enter: () => void navigate(`/case/${encodeURIComponent(chosen)}`) }),
    },
    true,
  );
  if (data === undefined)
    return isError ? (
      <Failed error={error} what={t.cases.failed} retry={() => void refetch()} />
    ) : (
      <Loading rows={10} />
    );
  if (items.length === 0) return <Empty title={t.cases.empty} hint={t.cases.emptyHint} />;
  return (
    <>
      {waiting === 0 ? null : (
        <button type="button" className="case-waiting" onClick={release}>
          {t.cases.waiting(waiting)}
        </button>
      )}
      <div className="rows" ref={scroller} tabIndex={-1}>
        <ul className="rows-all" style={{ height: virtualizer.getTotalSize() }}>
          {rows.map(({ key, index, start }) => (
            <li
              key={key}
              className="rows-one"
              data-index={index}
              ref={virtualizer.measureElement}
              style={{ transform: `translateY(${start}px)` }}
            >
              <CaseRow of={items[index]!} chosen={items[index]!.id === chosen} />
            </li>
          ))}
        </ul>
        {isFetchingNextPage ? <Loading rows={2} label={t.states.loading} /> : null}
      </div>
    </>
  );
}

/** Whether somebody has just moved over the list or gone through it by keys. */
function useHand(list: RefObject<HTMLElement | null>): { isOn: boolean; put: () => void } {
  const [isOn, setOn] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const put = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOn(false), HAND_MS);
    setOn(true);
  }, []);
  useEffect(() => {
    const onMove = ({ target }: Event): void => {
      if (list.current?.contains(target as Node) === true) put();
    };
    document.addEventListener("pointermove", onMove);
    document.addEventListener("wheel", onMove, { passive: true });
    return () => {
      document.removeEventListener("pointermove", onMove);
      document.removeEventListener("wheel", onMove);
      clearTimeout(timer.current);
    };
  }, [list, put]);
  return { isOn, put };
}
