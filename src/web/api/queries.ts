import {
  useInfiniteQuery,
  useQueries,
  useQuery,
  type UseInfiniteQueryResult,
  type InfiniteData,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { Area } from "../../model/area.ts";
import type { CityView } from "../../model/city.ts";
import type { Exposure, Lock, Passage } from "../../model/finding.ts";
import type { Status } from "../../model/status.ts";
import type { Track, Vehicle } from "../../model/vehicle.ts";
import { get, type Page } from "./client.ts";
import { keys } from "./keys.ts";

export const HOUR_MS = 3_600_000;
/** The desk holds this many open locks at once; more than any desk can look at. */
const OPEN_LOCKS_MAX = 1000;
const LIST_LIMIT = 100;

export interface GateCount {
  gate: string;
  inbound: number;
  outbound: number;
}

export function useCity(): UseQueryResult<CityView> {
  return useQuery({ queryKey: keys.city, queryFn: () => get<CityView>("/city"), staleTime: Infinity });
}

export function useAreas(): UseQueryResult<Area[]> {
  return useQuery({
    queryKey: keys.areas,
    queryFn: async () => (await get<Page<Area>>("/areas", { limit: 1000 })).items,
  });
}

export function useArea(id: string): UseQueryResult<Area> {
  return useQuery({ queryKey: keys.area(id), queryFn: () => get<Area>(`/areas/${encodeURIComponent(id)}`) });
}

/** Every version of an area, newest first; asked for anew when there is a newer one. */
export function useAreaVersions(id: string, version: number): UseQueryResult<Page<Area>> {
  return useQuery({
    queryKey: keys.areaVersions(id, version),
    queryFn: () => get<Page<Area>>(`/areas/${encodeURIComponent(id)}/versions`),
  });
}

/** The answer of `/status`: the stream's status and what is being worked on. */
export interface SystemStatus extends Status {
  watch: {
    fixes: number;
    fixesAside: number;
    fixesLate: number;
    rematchQueue: number;
    rematches: number;
    ledgerQueue: number;
    retro: { area: string; vehicles: number; done: number }[];
  };
  figures: { locks: Record<Lock["state"], number>; exposures: number; areas: number };
}

export function useSystem(): UseQueryResult<SystemStatus> {
  return useQuery({
    queryKey: keys.system,
    queryFn: () => get<SystemStatus>("/status"),
    refetchInterval: 2000,
    staleTime: 1000,
  });
}

/** Every lock that waits for a person: live and in review. */
export function useOpenLocks(): UseQueryResult<Lock[]> {
  return useQuery({
    queryKey: keys.openLocks,
    queryFn: async () => {
      const pages = await Promise.all(
        ["review", "live"].map((state) => get<Page<Lock>>("/locks", { state, limit: OPEN_LOCKS_MAX })),
      );
      return pages.flatMap(({ items }) => items);
    },
  });
}

export function useLock(id: string): UseQueryResult<Lock> {
  return useQuery({ queryKey: keys.lock(id), queryFn: () => get<Lock>(`/locks/${encodeURIComponent(id)}`) });
}

export function useVehicle(id: string): UseQueryResult<Vehicle> {
  return useQuery({
    queryKey: keys.vehicle(id),
    queryFn: () => get<Vehicle>(`/vehicles/${encodeURIComponent(id)}`),
    refetchInterval: 5000,
  });
}

export function useVehicleLocks(vehicle: string): UseQueryResult<Page<Lock>> {
  return useQuery({
    queryKey: keys.vehicleLocks(vehicle),
    queryFn: () => get<Page<Lock>>("/locks", { vehicle, limit: LIST_LIMIT }),
  });
}

export function useVehicleExposures(vehicle: string, enabled = true): UseQueryResult<Page<Exposure>> {
  return useQuery({
    queryKey: keys.vehicleExposures(vehicle),
    queryFn: () => get<Page<Exposure>>("/exposures", { vehicle, limit: LIST_LIMIT }),
    staleTime: 60_000,
    enabled,
  });
}

export function useAreaExposures(area: string): UseQueryResult<Page<Exposure>> {
  return useQuery({
    queryKey: keys.areaExposures(area),
    queryFn: () => get<Page<Exposure>>("/exposures", { area, limit: LIST_LIMIT }),
    refetchInterval: 10_000,
  });
}

export function useVehiclePassages(vehicle: string): UseQueryResult<Page<Passage>> {
  return useQuery({
    queryKey: keys.vehiclePassages(vehicle),
    queryFn: () => get<Page<Passage>>("/passages", { vehicle, limit: LIST_LIMIT }),
  });
}

/** A vehicle's track from an instant on; asked for again while it grows. */
export function useTrack(vehicle: string, fromMs: number): UseQueryResult<Track> {
  return useQuery({
    queryKey: keys.track(vehicle, fromMs),
    queryFn: () =>
      get<Track>(`/vehicles/${encodeURIComponent(vehicle)}/track`, {
        from: new Date(fromMs).toISOString(),
        limit: 20_000,
      }),
    refetchInterval: 10_000,
    placeholderData: (previous) => previous,
  });
}

export function useVehicles(
  q: string,
  state: string,
): UseInfiniteQueryResult<InfiniteData<Page<Vehicle>, string | null>> {
  return useInfiniteQuery({
    queryKey: keys.vehicles(q, state),
    queryFn: ({ pageParam }) => get<Page<Vehicle>>("/vehicles", { q, state, limit: LIST_LIMIT, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  });
}

export function useLockList(state: string): UseInfiniteQueryResult<InfiniteData<Page<Lock>, string | null>> {
  return useInfiniteQuery({
    queryKey: [...keys.lockList, state],
    queryFn: ({ pageParam }) => get<Page<Lock>>("/locks", { state, limit: LIST_LIMIT, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/** The newest locks in any state. */
export function useRecentLocks(): UseQueryResult<Page<Lock>> {
  return useQuery({
    queryKey: [...keys.lockList, "recent"],
    queryFn: () => get<Page<Lock>>("/locks", { limit: OPEN_LOCKS_MAX }),
    staleTime: 5000,
  });
}

/** The newest exposures, open and closed. */
export function useRecentExposures(): UseQueryResult<Page<Exposure>> {
  return useQuery({
    queryKey: ["exposures", "recent"],
    queryFn: () => get<Page<Exposure>>("/exposures", { limit: 300 }),
    refetchInterval: 60_000,
  });
}

/** Counts by gate from an instant until now. */
export function useGateCountsSince(fromMs: number): UseQueryResult<GateCount[]> {
  return useQuery({
    queryKey: [...keys.gateCountsNow, fromMs],
    queryFn: () => gateCounts(fromMs, null),
    placeholderData: (previous) => previous,
    refetchInterval: 10_000,
  });
}

export interface HourCounts {
  fromMs: number;
  counts: GateCount[] | undefined;
  failed: boolean;
}

/** So long after its end an hour still grows by what comes late, ms. */
const SETTLES_MS = 600_000;

/**
 * Counts by gate for each of the `hours` hours up to the one that `nowMs` is in. An hour that is over is asked for once, or once
 * more after ten minutes for what came late. `isTold`: city time is known; by the wall clock another's hours would be taken for over.
 */
export function useHourlyGateCounts(nowMs: number, hours: number, isTold: boolean): HourCounts[] {
  const thisHour = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const starts = Array.from({ length: hours }, (_, index) => thisHour - (hours - 1 - index) * HOUR_MS);
  return useQueries({
    queries: starts.map((fromMs) => {
      const over = fromMs + HOUR_MS + SETTLES_MS <= nowMs;
      return {
        queryKey: over ? keys.gateCounts(fromMs, fromMs + HOUR_MS) : [...keys.gateCountsNow, "hour", fromMs],
        queryFn: () => gateCounts(fromMs, fromMs + HOUR_MS),
        enabled: isTold,
        staleTime: over ? 600_000 : 5000,
        refetchInterval: over ? 600_000 : 10_000,
      };
    }),
    combine: (results) =>
      results.map(({ data, isError }, index) => ({ fromMs: starts[index]!, counts: data, failed: isError })),
  });
}

async function gateCounts(fromMs: number, toMs: number | null): Promise<GateCount[]> {
  const to = toMs === null ? undefined : new Date(toMs).toISOString();
  return (await get<Page<GateCount>>("/gates/counts", { from: new Date(fromMs).toISOString(), to })).items;
}
