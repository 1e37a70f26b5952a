import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo, type ReactNode } from "react";
import type { Page } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { Rows, type RowsProps } from "./rows.tsx";
import { Failed, Loading } from "./states.tsx";

interface RowListProps<Item> extends Omit<RowsProps<Item>, "items" | "onEnd" | "foot"> {
  query: UseInfiniteQueryResult<InfiniteData<Page<Item>, string | null>>;
  /** What could not be read, if it could not. */
  what: string;
  empty: ReactNode;
}

/** A list of any length: the next page is asked for when its end comes near. */
export function RowList<Item>({ query, what, empty, ...rows }: RowListProps<Item>) {
  const t = useText();
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (data === undefined)
    return isError ? <Failed error={error} what={what} retry={() => void refetch()} /> : <Loading rows={10} />;
  if (items.length === 0) return <>{empty}</>;
  const foot = isFetchingNextPage ? <Loading rows={2} label={t.states.loading} /> : null;
  return <Rows {...rows} items={items} onEnd={onEnd} foot={foot} />;
}
