import {
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseMutationResult,
} from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { TerminalStatus, TerminalView } from "../../model/terminal.ts";
import { get, send, type Page } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { useMe } from "../session/use-me.ts";

const LIST_LIMIT = 100;
const REFRESH_MS = 15_000;

export function useTerminals(
  status: TerminalStatus,
  q: string,
): UseInfiniteQueryResult<InfiniteData<Page<TerminalView>, string | null>> {
  return useInfiniteQuery({
    queryKey: ["terminals", status, q],
    queryFn: ({ pageParam }) =>
      get<Page<TerminalView>>("/terminals", { status, q, limit: LIST_LIMIT, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH_MS,
  });
}

/** How many terminals wait to be let in; null while that is not known, and for whoever cannot let them in. */
export function useWaitingTerminals(): number | null {
  const { live } = useDesk();
  const mayAdmit = useMe().data?.rights.includes("terminals") === true;
  const waiting = useSyncExternalStore(live.subscribe, () => live.get().status?.terminalsWaiting ?? null);
  return mayAdmit ? waiting : null;
}

/** Asks for the list anew as soon as the server says that another number waits. */
export function useNewcomers(waiting: number | null): void {
  const queries = useQueryClient();
  const before = useRef(waiting);
  useEffect(() => {
    if (before.current !== null && before.current !== waiting)
      void queries.invalidateQueries({ queryKey: ["terminals"] });
    before.current = waiting;
  }, [queries, waiting]);
}

/** What can be done about a terminal. */
export type TerminalDeed = "accept" | "refuse" | "revoke-code";

/** Decides about a terminal, and answers it as it is then. */
export function useTerminalDeed(): UseMutationResult<TerminalView, Error, { phone: string; deed: TerminalDeed }> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ phone, deed }) =>
      send<TerminalView>("POST", `/terminals/${encodeURIComponent(phone)}/${deed}`, undefined),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["terminals"] }),
  });
}
