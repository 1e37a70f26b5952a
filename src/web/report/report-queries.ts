import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { Report, ReportKind } from "../../model/report.ts";
import { get } from "../api/client.ts";

const REFRESH_MS = 30_000;

/** A report; one that is not over yet is asked for again while it is looked at. */
export function useReport(kind: ReportKind, date: string): UseQueryResult<Report> {
  return useQuery({
    queryKey: ["report", kind, date],
    queryFn: () => get<Report>(`/reports/${kind}/${date}`),
    enabled: date !== "",
    refetchInterval: ({ state }) => (state.data?.over === true ? false : REFRESH_MS),
    placeholderData: keepPreviousData,
  });
}
