import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { NavigationType, useLocation, useNavigate, useNavigationType } from "react-router";
import { useDesk } from "../desk.tsx";
import { usePreferences } from "../preferences.tsx";
import type { CityMap } from "./city-map.ts";
import { hiddenLayers, useHiddenLayers } from "./hidden-layers.ts";
import { replay, useReplay } from "./replay.ts";
import { scene } from "./scene.ts";
import { readViewAddress, withViewAddress, type ViewAddress } from "./view-address.ts";

/** Nothing is replayed nearer to now than this, ms. */
const BEHIND_NOW_MS = 60_000;
/** A slider that is dragged is written down when it rests, ms. */
const REST_MS = 400;

/** Keeps the page's address and the map at one: a link, and the way back and forward, show the view that was there. */
export function useViewAddress(cityMap: CityMap | null): void {
  const { live } = useDesk();
  const { themeChoice } = usePreferences();
  const { pathname, search, key } = useLocation();
  const isComing = useNavigationType() === NavigationType.Pop;
  const hidden = useHiddenLayers();
  const { atMs, playing } = useReplay();
  const write = useAddressWriter();

  // From the address to the map: when a link is opened, and on the way back and forward.
  useEffect(() => {
    if (cityMap === null || !isComing) return;
    const { view, hidden: named, thenMs } = readViewAddress(search);
    hiddenLayers.set(named);
    if (view === null) scene.release();
    else {
      scene.hold();
      cityMap.show(view);
    }
    if (thenMs !== null) replay.seek(thenMs, () => live.cityNowMs() - BEHIND_NOW_MS);
    else if (replay.get().atMs !== null) replay.end();
  }, [cityMap, key]);

  // From the map to the address: where somebody has moved it by hand. What a page brings into view, the page does again.
  useEffect(() => {
    if (cityMap === null) return;
    const onMoved = (event: { originalEvent?: unknown }): void => {
      if (event.originalEvent !== undefined) write({ view: cityMap.view() });
    };
    const release = (): void => scene.release();
    cityMap.map.on("moveend", onMoved);
    for (const name of ["pointerdown", "keydown", "wheel"]) addEventListener(name, release, { capture: true });
    return () => {
      cityMap.map.off("moveend", onMoved);
      for (const name of ["pointerdown", "keydown", "wheel"]) removeEventListener(name, release, { capture: true });
    };
  }, [cityMap, write]);
  useEffect(() => {
    if (cityMap !== null) cityMap.setHidden(hidden);
    write({ hidden });
  }, [cityMap, hidden, pathname, write]);
  useEffect(() => {
    if (playing || cityMap === null) return;
    const timer = setTimeout(() => write({ thenMs: atMs }), REST_MS);
    return () => clearTimeout(timer);
  }, [cityMap, atMs, playing, pathname, write]);
  // A link's theme holds until whoever opened it chooses one.
  const first = useRef(themeChoice);
  useEffect(() => {
    if (themeChoice !== first.current) write({ theme: null });
  }, [themeChoice, write]);
}

/** Changes what the address says of the map, in place: the way back stays as long as it was. */
function useAddressWriter(): (change: Partial<ViewAddress>) => void {
  const navigate = useNavigate();
  const current = useRef(navigate);
  useLayoutEffect(() => {
    current.current = navigate;
  });
  return useCallback((change) => {
    // The browser's own address: two changes may come before the page is drawn anew.
    const { pathname, search: before } = globalThis.location;
    const after = withViewAddress(before, { ...readViewAddress(before), ...change });
    const isSame = new URLSearchParams(before).toString() === new URLSearchParams(after).toString();
    if (!isSame) void current.current({ pathname, search: after }, { replace: true });
  }, []);
}
