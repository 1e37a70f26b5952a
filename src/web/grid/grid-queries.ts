import { useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { z } from "zod";
import type { PlaceKind, placeSchema, placeWithShapeSchema } from "../../model/place.ts";
import { get } from "../api/client.ts";

export interface PlaceLoad {
  id: string;
  name: string;
  kind: PlaceKind;
  leaves: number;
  vacant: number;
  open: number | null;
  overdue: number | null;
}

export type ShapedPlace = z.infer<typeof placeWithShapeSchema>;
export type PlaceView = ShapedPlace & { above: z.infer<typeof placeSchema>[] };

const REFRESH_MS = 15_000;
/** Places change by dated operations, not by the minute, ms. */
const FRESH_MS = 600_000;

/** Which places a page is about: those right below one, or all of a kind; as of an instant, now when null. */
export interface Below {
  place: string | null;
  kind: PlaceKind | null;
  at: string | null;
}

const queryOf = ({ place, kind, at }: Below): Record<string, string | null> => ({ parent: place, kind, at });

export function usePlaceLoad(below: Below): UseQueryResult<PlaceLoad[]> {
  return useQuery({
    queryKey: ["places-load", below.place, below.kind, below.at],
    queryFn: async () => (await get<{ items: PlaceLoad[] }>("/places/load", queryOf(below))).items,
    refetchInterval: below.at === null ? REFRESH_MS : false,
    placeholderData: (before, query) => (query?.queryKey[1] === below.place ? before : undefined),
  });
}

export function useOutlines(below: Below): UseQueryResult<ShapedPlace[]> {
  return useQuery({
    queryKey: ["places-outlines", below.place, below.kind, below.at],
    queryFn: async () => (await get<{ items: ShapedPlace[] }>("/places/outlines", queryOf(below))).items,
    staleTime: FRESH_MS,
  });
}

/** A place with its outline and what lies above it. */
export function usePlace(place: string | null, at: string | null): UseQueryResult<PlaceView> {
  return useQuery({ ...placeQuery(place ?? "", at), enabled: place !== null });
}

/** Several places; those that are there, in the order of their ids. */
export function usePlaces(ids: readonly string[]): { places: PlaceView[]; error: unknown } {
  return useQueries({
    queries: ids.map((id) => placeQuery(id, null)),
    combine: (results) => ({
      places: results.flatMap(({ data }) => (data === undefined ? [] : [data])),
      error: results.find(({ isError }) => isError)?.error ?? null,
    }),
  });
}

function placeQuery(place: string, at: string | null) {
  return {
    queryKey: ["place", place, at],
    queryFn: () => get<PlaceView>(`/places/${encodeURIComponent(place)}`, { at }),
    staleTime: 60_000,
    retry: false,
  };
}

/** The leaf at a position and what lies above it, from the top. */
export function placeAt(
  lon: number,
  lat: number,
): Promise<{ place: z.infer<typeof placeSchema> | null; above: z.infer<typeof placeSchema>[] }> {
  return get("/places/at", { lon, lat });
}

/** Every grid of the city by identity and name, without its outline. */
export const allGrids = {
  queryKey: ["all-grids"],
  queryFn: () => get<{ items: PlaceLoad[] }>("/places/load", { kind: "grid" }),
  staleTime: 60_000,
};

/** Identities for new places below another; none that was ever given. */
export async function freeIds(parent: string, count: number): Promise<string[]> {
  return (await get<{ ids: string[] }>("/places/free-ids", { parent, count })).ids;
}
