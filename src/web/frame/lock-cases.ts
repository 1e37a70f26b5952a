import { useQuery } from "@tanstack/react-query";
import type { CaseSummary } from "../../model/case.ts";
import { get, type Page } from "../api/client.ts";

const REFRESH_MS = 10_000;
/** As many as open locks are held. */
const CASES_MAX = 1000;
const NONE: ReadonlyMap<string, CaseSummary> = new Map();

/** The open cases by their locks; none while they cannot be read: a card then goes by the desk's own clock. */
export function useLockCases(): ReadonlyMap<string, CaseSummary> {
  const { data } = useQuery({
    queryKey: ["cases", "of-locks"],
    queryFn: async () => (await get<Page<CaseSummary>>("/cases", { limit: CASES_MAX })).items,
    select: byLock,
    refetchInterval: REFRESH_MS,
  });
  return data ?? NONE;
}

function byLock(cases: readonly CaseSummary[]): ReadonlyMap<string, CaseSummary> {
  return new Map(cases.flatMap((one) => (one.lock === null ? [] : [[one.lock, one] as const])));
}
