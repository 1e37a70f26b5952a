import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { ApiError, get } from "../api/client.ts";

/** Who sits here, as `/me` says it. */
export interface Me {
  account: string;
  name: string;
  person: string | null;
  duties: { place: string; placeName: string; placeKind: string; slot: string }[];
  rights: string[];
  purposes: { id: string; zh: string; en: string; classes: string[] }[];
  purpose: string | null;
  /** When the purpose ends, ISO 8601; null when it was not chosen in this session. */
  purposeUntil?: string | null;
  /** Nobody has signed in: the demo takes this browser for its duty officer. */
  isDemo: boolean;
}

export interface DemoAccount {
  account: string;
  password: string;
  zh: string;
  en: string;
}

export const ME_KEY = ["me"] as const;

/** Null when nobody is signed in. */
export function useMe(): UseQueryResult<Me | null> {
  return useQuery({
    queryKey: ME_KEY,
    queryFn: () =>
      get<Me>("/me").catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }),
    staleTime: 60_000,
    refetchInterval: 300_000,
  });
}

export interface SignInOptions {
  demo: DemoAccount[];
  /** Whether there is an identity provider to sign in by. */
  openId: boolean;
}

export function useSignInOptions(): SignInOptions {
  const { data } = useQuery({
    queryKey: ["session-options"],
    queryFn: () => get<SignInOptions>("/session/options"),
    staleTime: Infinity,
  });
  return data ?? { demo: [], openId: false };
}
