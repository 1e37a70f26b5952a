import { useQueries, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import type { DutyStory, Roster, Slot } from "../../model/duty.ts";
import { get } from "../api/client.ts";
import { usePreferences } from "../preferences.tsx";

const REFRESH_MS = 15_000;

export function useRoster(place: string, at: string | null): UseQueryResult<Roster> {
  return useQuery({
    queryKey: ["roster", place, at],
    queryFn: () => get<Roster>(`/places/${encodeURIComponent(place)}/duties`, { at }),
    refetchInterval: at === null ? REFRESH_MS : false,
  });
}

/** Names of everybody who serves at some places now, or stands in there, by identity. */
export function useNamesAt(places: readonly string[]): ReadonlyMap<string, string> {
  return useQueries({
    queries: places.map((place) => ({
      queryKey: ["roster", place, null],
      queryFn: () => get<Roster>(`/places/${encodeURIComponent(place)}/duties`),
      staleTime: REFRESH_MS,
    })),
    combine: (results) =>
      new Map(
        results
          .flatMap(({ data }) => data?.holders ?? [])
          .flatMap((holder) => [holder, ...holder.substitutes])
          .map(({ person, name }) => [person, name]),
      ),
  });
}

export function useDutyStory(place: string): UseQueryResult<DutyStory[]> {
  return useQuery({
    queryKey: ["duty-story", place],
    queryFn: async () => (await get<{ items: DutyStory[] }>(`/places/${encodeURIComponent(place)}/duty-story`)).items,
  });
}

export function useSlots(): Slot[] {
  const { data } = useQuery({
    queryKey: ["slots"],
    queryFn: async () => (await get<{ items: Slot[] }>("/slots")).items,
    staleTime: Infinity,
  });
  return data ?? [];
}

/** Has everything that shows duties read anew. */
export function useDutiesChanged(): () => void {
  const queries = useQueryClient();
  return () =>
    void queries.invalidateQueries({
      predicate: ({ queryKey }) =>
        ["roster", "duty-story", "places-load", "addressee", "case", "me"].includes(queryKey[0] as string),
    });
}

/** The city's own name of a slot. */
export function useSlotName(): (slot: string) => string {
  const { language, t } = usePreferences();
  const slots = useSlots();
  return (slot) =>
    slots.find(({ id }) => id === slot)?.[language] ?? t.session.slots[slot as keyof typeof t.session.slots] ?? slot;
}
