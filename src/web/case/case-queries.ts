import {
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { z } from "zod";
import type { caseCountsSchema, CaseStory, CaseSummary } from "../../model/case.ts";
import { get, type Page } from "../api/client.ts";

export type CaseCounts = z.infer<typeof caseCountsSchema>;

/** Which cases a list shows. */
export const VIEWS = ["open", "mine", "overdue", "closed"] as const;
export type View = (typeof VIEWS)[number];

const REFRESH_MS = 10_000;
const LIST_LIMIT = 100;
const QUERY_OF: Record<View, Record<string, string>> = {
  open: {},
  mine: { mine: "true" },
  overdue: { overdue: "true" },
  closed: { closed: "true" },
};

export function queryOf(view: View, state: string | null): Record<string, string> {
  return { ...QUERY_OF[view], ...(state === null ? {} : { state }) };
}

export function useCases(
  view: View,
  state: string | null,
): UseInfiniteQueryResult<InfiniteData<Page<CaseSummary>, string | null>> {
  return useInfiniteQuery({
    queryKey: ["cases", view, state],
    queryFn: ({ pageParam }) =>
      get<Page<CaseSummary>>("/cases", { ...queryOf(view, state), limit: LIST_LIMIT, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH_MS,
  });
}

export function useCaseStory(id: string): UseQueryResult<CaseStory> {
  return useQuery({
    queryKey: ["case", id],
    queryFn: () => get<CaseStory>(`/cases/${encodeURIComponent(id)}`),
    refetchInterval: REFRESH_MS,
  });
}

export function useCaseCounts(place: string | undefined): UseQueryResult<CaseCounts> {
  return useQuery({
    queryKey: ["case-counts", place],
    queryFn: () => get<CaseCounts>("/cases/counts", { place }),
    enabled: place !== undefined,
    refetchInterval: REFRESH_MS,
  });
}
