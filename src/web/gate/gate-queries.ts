import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import type { GateFinding, GateVisit } from "../../model/etc.ts";
import { get, type Page } from "../api/client.ts";
import { keys } from "../api/keys.ts";

/** ms UTC, null where it is open. */
export interface GateSpan {
  fromMs: number | null;
  toMs: number | null;
}

type Pages<Item> = UseInfiniteQueryResult<InfiniteData<Page<Item>, string | null>>;
const LIST_LIMIT = 100;

/** Who passed a gate, each passage once, newest first. */
export function useGateVisits(gate: string, span: GateSpan, direction: string): Pages<GateVisit> {
  return useGatePages<GateVisit>("passages", gate, span, { direction });
}

/** Passages that only GPS or only a toll record knows, newest first. */
export function useGateDisagreements(gate: string, span: GateSpan): Pages<GateFinding> {
  return useGatePages<GateFinding>("disagreements", gate, span, {});
}

function useGatePages<Item>(
  what: string,
  gate: string,
  { fromMs, toMs }: GateSpan,
  more: Record<string, string>,
): Pages<Item> {
  const from = fromMs === null ? null : new Date(fromMs).toISOString();
  const to = toMs === null ? null : new Date(toMs).toISOString();
  return useInfiniteQuery({
    queryKey: [...keys.gatePassages(gate), what, from, to, more],
    queryFn: ({ pageParam }) =>
      get<Page<Item>>(`/gates/${encodeURIComponent(gate)}/${what}`, {
        from,
        to,
        ...more,
        limit: LIST_LIMIT,
        cursor: pageParam,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  });
}
