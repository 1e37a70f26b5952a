import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, type ReactNode } from "react";
import type { Page } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { Failed, Loading } from "./states.tsx";

interface RowListProps<Item> {
  query: UseInfiniteQueryResult<InfiniteData<Page<Item>, string | null>>;
  /** What could not be read, if it could not. */
  what: string;
  rowHeight: number;
  keyOf: (item: Item) => string;
  empty: ReactNode;
  head?: ReactNode;
  children: (item: Item) => ReactNode;
}

/** A list of any length: only what is seen is drawn, the next page is asked for when its end comes near. */
export function RowList<Item>({ query, what, rowHeight, keyOf, empty, head, children }: RowListProps<Item>) {
  const t = useText();
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(items[index]!),
    overscan: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= items.length - 20 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (data === undefined)
    return isError ? <Failed error={error} what={what} retry={() => void refetch()} /> : <Loading rows={10} />;
  if (items.length === 0) return <>{empty}</>;
  return (
    <div className="rows" ref={scroller} tabIndex={-1}>
      {head}
      <ul className="rows-all" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ key, index, start }) => (
          <li
            key={key}
            className="rows-one"
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
          >
            {children(items[index]!)}
          </li>
        ))}
      </ul>
      {isFetchingNextPage ? <Loading rows={2} label={t.states.loading} /> : null}
    </div>
  );
}
