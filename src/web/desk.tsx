import { createContext, use, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import type { CityView } from "../model/city.ts";
import type { Live, LiveState } from "./api/live.ts";
import { useCity } from "./api/queries.ts";
import { useMe } from "./session/use-me.ts";
import { useReads } from "./session/use-reads.ts";
import { usePreferences } from "./preferences.tsx";
import { CityClock } from "./show/instant.ts";

interface Desk {
  live: Live;
  city: CityView | undefined;
  cityFailed: boolean;
  /** The city's name in the chosen language. */
  cityName: string;
  clock: CityClock;
  /** Whether city time is still to be told: until then `live.cityNowMs` answers the wall clock's. */
  awaitsTime: boolean;
}

const DeskContext = createContext<Desk | null>(null);

/** What every part of the console needs: the live line to the server, the city and its clock. */
export function DeskProvider({ live, children }: { live: Live; children: ReactNode }) {
  const { language } = usePreferences();
  const hasDesk = useMe().data?.rights.includes("watch") === true;
  const reads = useReads("track");
  // Without a purpose nobody's way is told; what time it is in the city and how the system is concerns nobody.
  useEffect(() => {
    if (!hasDesk || reads === undefined) return undefined;
    return reads ? live.start() : live.poll();
  }, [live, hasDesk, reads]);
  const isTold = useSyncExternalStore(live.subscribe, () => live.get().status !== null);
  const awaitsTime = hasDesk && !isTold;
  const { data: city, isError } = useCity();
  const timeZone = city?.timeZone ?? "Asia/Shanghai";
  const clock = useMemo(() => new CityClock(timeZone), [timeZone]);
  const cityName = city === undefined ? "" : language === "zh" ? city.name : city.nameEn;
  const value = useMemo(
    () => ({ live, city, cityFailed: isError && city === undefined, cityName, clock, awaitsTime }),
    [live, city, isError, cityName, clock, awaitsTime],
  );
  return <DeskContext value={value}>{children}</DeskContext>;
}

export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (desk === null) throw new Error("the desk is read outside its provider");
  return desk;
}

/** The live state; the component is drawn anew when it changes. */
export function useLive(): LiveState {
  const { live } = useDesk();
  return useSyncExternalStore(live.subscribe, live.get);
}

/** City time, ms UTC, as of the last word of the server (about once a second), cut to `stepMs`. */
export function useCityNow(stepMs = 1000): number {
  const { live } = useDesk();
  return useSyncExternalStore(live.subscribe, () => Math.floor(live.cityNowMs() / stepMs) * stepMs);
}
