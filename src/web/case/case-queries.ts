import {
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { z } from "zod";
import type { caseCountsSchema, CaseStory, CaseSummary, CaseTypeView } from "../../model/case.ts";
import { get, type Page } from "../api/client.ts";

export type CaseCounts = z.infer<typeof caseCountsSchema>;

/** Which cases a list shows. */
export const VIEWS = ["open", "mine", "soon", "overdue", "closed"] as const;
export type View = (typeof VIEWS)[number];

export interface CaseQuery {
  view: View;
  state: string | null;
  type: string | null;
  place: string | null;
}

const REFRESH_MS = 10_000;
const LIST_LIMIT = 100;
/** What is nearly late, minutes. */
const SOON_MIN = 30;
const QUERY_OF: Record<View, Record<string, string>> = {
  open: {},
  mine: { mine: "true" },
  soon: { dueWithin: String(SOON_MIN) },
  overdue: { overdue: "true" },
  closed: { closed: "true" },
};

export function queryOf({ view, state, type, place }: CaseQuery): Record<string, string | null> {
  return { ...QUERY_OF[view], state, type, place };
}

export function useCases(
  query: CaseQuery,
  limit = LIST_LIMIT,
): UseInfiniteQueryResult<InfiniteData<Page<CaseSummary>, string | null>> {
  return useInfiniteQuery({
    queryKey: ["cases", query, limit],
    queryFn: ({ pageParam }) => get<Page<CaseSummary>>("/cases", { ...queryOf(query), limit, cursor: pageParam }),
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

export function useCaseTypes(): CaseTypeView[] {
  const { data } = useQuery({
    queryKey: ["case-types"],
    queryFn: async () => (await get<Page<CaseTypeView>>("/case-types")).items,
    staleTime: Infinity,
  });
  return data ?? [];
}
