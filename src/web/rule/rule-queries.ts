import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { DryRun, DryRunInput, RuleInput, RuleVersion } from "../../model/rule-version.ts";
import { get, send, type Page } from "../api/client.ts";

const KEY = ["rules"];
const runKey = (id: string | null): (string | null)[] => ["dry-run", id];
const LOOK_MS = 400;

/** Newest first. */
export function useRules(): UseQueryResult<RuleVersion[]> {
  return useQuery({ queryKey: KEY, queryFn: async () => (await get<Page<RuleVersion>>("/rules")).items });
}

export function usePublishRule(): UseMutationResult<RuleVersion, Error, RuleInput> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input) => send<RuleVersion>("POST", "/rules", input),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useStartDryRun(onStarted: (run: DryRun) => void): UseMutationResult<DryRun, Error, DryRunInput> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input) => send<DryRun>("POST", "/rules/dry-runs", input),
    onSuccess: (run) => {
      queries.setQueryData(runKey(run.id), run);
      onStarted(run);
    },
  });
}

/** A dry run, looked at until it has ended. */
export function useDryRun(id: string | null): UseQueryResult<DryRun> {
  return useQuery({
    queryKey: runKey(id),
    queryFn: () => get<DryRun>(`/rules/dry-runs/${id ?? ""}`),
    enabled: id !== null,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === "running" ? LOOK_MS : false),
  });
}

export function useCancelDryRun(): UseMutationResult<DryRun, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id) => send<DryRun>("DELETE", `/rules/dry-runs/${id}`, undefined),
    onSuccess: (run) => queries.setQueryData(runKey(run.id), run),
  });
}
