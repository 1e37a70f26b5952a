import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { get, send, type Page } from "../api/client.ts";

export interface Account {
  id: string;
  name: string;
  person: string | null;
  roles: string[];
  state: "active" | "blocked";
}

export interface AccountView extends Account {
  createdAt: string;
  duties: { place: string; placeName: string; slot: string }[];
  rights: string[];
  purposes: string[];
  sessions: number;
  keys: number;
}

export interface ApiKey {
  id: string;
  label: string;
  purpose: string | null;
  rights: string[];
  createdAt: string;
  expiresAt: string;
}

export interface Session {
  id: string;
  address: string;
  createdAt: string;
  seenAt: string;
}

export interface AuditNote {
  seq: number;
  at: string;
  account: string | null;
  purpose: string | null;
  kind: "read" | "search" | "write" | "sign-in";
  subject: string | null;
  shape: string;
  count: number;
  status: number;
}

export interface Verdict {
  rows: number;
  head: string;
  broken: { seq: number; why: string } | null;
}

export type AuditFilter = Record<"account" | "subject" | "purpose" | "kind" | "from" | "to", string>;

const LIST_LIMIT = 100;

export function useAccounts(begins: string, isAllowed: boolean): UseQueryResult<Page<Account>> {
  return useQuery({
    queryKey: ["accounts", "list", begins],
    queryFn: () => get<Page<Account>>("/accounts", { q: begins }),
    enabled: isAllowed,
    placeholderData: (before) => before,
  });
}

export function useAccount(id: string, isAllowed: boolean): UseQueryResult<AccountView> {
  return useQuery({
    queryKey: ["accounts", "one", id],
    queryFn: () => get<AccountView>(`/accounts/${encodeURIComponent(id)}`),
    enabled: isAllowed,
  });
}

/** Sends something about accounts, sessions or keys, and reads them anew. */
export function useDeed<Answer = unknown>(): UseMutationResult<
  Answer,
  Error,
  { method: "POST" | "DELETE"; path: string; body?: unknown }
> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ method, path, body }) => send<Answer>(method, path, body),
    onSuccess: () => {
      for (const name of ["accounts", "sessions", "keys"]) void queries.invalidateQueries({ queryKey: [name] });
    },
  });
}

export function useSessions(): UseQueryResult<Page<Session>> {
  return useQuery({ queryKey: ["sessions"], queryFn: () => get<Page<Session>>("/sessions") });
}

export function useKeysOfMine(): UseQueryResult<Page<ApiKey>> {
  return useQuery({ queryKey: ["keys"], queryFn: () => get<Page<ApiKey>>("/keys") });
}

/** Asked only when somebody asks: each page that is read is noted. */
export function useAudit(
  filter: AuditFilter,
  isAllowed: boolean,
): UseInfiniteQueryResult<InfiniteData<Page<AuditNote>, string | null>> {
  return useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => get<Page<AuditNote>>("/audit", { ...filter, limit: LIST_LIMIT, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: isAllowed,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export function useVerdict(): UseMutationResult<Verdict, Error, string | null> {
  return useMutation({ mutationFn: (known) => send<Verdict>("POST", "/audit/verify", { known }) });
}
