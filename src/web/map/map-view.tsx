import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useNavigate } from "react-router";
import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";
import type { CityView } from "../../model/city.ts";
import { useAreas, useGateCountsSince, useOpenLocks } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { usePreferences } from "../preferences.tsx";
import { NOTHING } from "./base-style.ts";
import { CityMap, type Hit } from "./city-map.ts";
import {
  areaFeatures,
  areaNameFeatures,
  draftFeatures,
  evidenceFeatures,
  gateFeatures,
  reachFeatures,
  trackFeatures,
} from "./features.ts";
import { ClusterLabels } from "./cluster-labels.ts";
import { CopyLink } from "./copy-link.tsx";
import { EvidenceLabels } from "./evidence-labels.tsx";
import { HoverLabel } from "./hover-label.tsx";
import { Legend } from "./legend.tsx";
import type { Fleet } from "./fleet.ts";
import { PlaceLines } from "./place-lines.ts";
import { PlateLabels } from "./plate-labels.ts";
import { replay, useReplay } from "./replay.ts";
import { scene } from "./scene.ts";
import { useViewAddress } from "./use-view-address.ts";

/** The live map with everything on it. Loaded after the frame stands; the pages reach it through `scene`. */
export function MapView({ city }: { city: CityView }) {
  const { live, clock } = useDesk();
  const { t, theme, language } = usePreferences();
  const replaying = useReplay().atMs !== null;
  const navigate = useNavigate();
  const goTo = useRef(navigate);
  // Its identity changes with the address; the map stays.
  useEffect(() => {
    goTo.current = navigate;
  });
  const container = useRef<HTMLDivElement>(null);
  const labels = useRef<HTMLDivElement>(null);
  const [cityMap, setCityMap] = useState<CityMap | null>(null);
  const [failed, setFailed] = useState(false);
  const [hover, setHover] = useState<{ hit: Hit; at: { x: number; y: number } }>({ hit: null, at: { x: 0, y: 0 } });

  useEffect(() => {
    const shownFleet = (): Fleet => (replay.get().atMs === null ? live.fleet : replay.fleet);
    const plates = new PlateLabels(labels.current!, shownFleet);
    const numbers = new ClusterLabels(labels.current!);
    let made: CityMap | null = null;
    try {
      made = new CityMap({
        container: container.current!,
        city,
        theme,
        fleet: shownFleet,
        cityNowMs: () => replay.get().atMs ?? live.cityNowMs(),
        onClick: (hit, place) => {
          if (scene.onPlace !== null) scene.onPlace(place);
          else if (hit !== null) void goTo.current(`/${hit.kind}/${encodeURIComponent(hit.id)}`);
          else scene.onGround?.(place);
        },
        onHover: (hit, at) => setHover(scene.onPlace === null ? { hit, at } : { hit: null, at }),
        onFrame: () => {
          plates.place(made!.map, scene.get().vehicle);
          numbers.place(made!.map, made!.clusters);
        },
      });
    } catch {
      setFailed(true);
      return () => plates.clear();
    }
    const opened = made;
    setCityMap(opened);
    Object.assign(window, { wuxingMap: opened });
    const resize = new ResizeObserver(() => opened.map.resize());
    resize.observe(container.current!);
    scene.setMap(opened.map);
    const unfocus = scene.onFocus((focus) => opened.focus(focus));
    return () => {
      resize.disconnect();
      scene.setMap(null);
      unfocus();
      plates.clear();
      numbers.clear();
      opened.remove();
      setCityMap(null);
    };
    // A new theme is handed over below; the map itself stays.
  }, [city, live]);

  useEffect(() => cityMap?.setTheme(theme), [cityMap, theme]);
  useMapData(cityMap, city, language);
  usePlaceLines(cityMap);
  useViewAddress(cityMap);

  if (failed) {
    return (
      <div className="map-failed" role="alert">
        <strong>{t.map.failed}</strong>
        <p>{t.map.failedHint}</p>
      </div>
    );
  }
  return (
    <div className="map-view">
      <div ref={container} className="map-canvas" role="application" aria-label={t.map.label} />
      <div ref={labels} className="map-labels" aria-hidden="true" />
      {cityMap === null ? null : <EvidenceLabels map={cityMap.map} clock={clock} />}
      <HoverLabel hit={hover.hit} at={hover.at} fleet={replaying ? replay.fleet : live.fleet} />
      <Legend />
      <button type="button" className="map-whole" onClick={() => cityMap?.wholeCity()}>
        {t.map.wholeCity}
      </button>
      {cityMap === null ? null : <CopyLink cityMap={cityMap} />}
    </div>
  );
}

/** Townships, communities and grids of what is in view, by zoom; without a register of places none. */
function usePlaceLines(cityMap: CityMap | null): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (cityMap === null) return;
    const lines = new PlaceLines(queries);
    const draw = async (): Promise<void> => {
      const found = await lines.within(cityMap.map).catch(() => NOTHING);
      if (found !== null) cityMap.setData("places", found);
    };
    const onMove = (): void => void draw();
    onMove();
    cityMap.map.on("moveend", onMove);
    return () => void cityMap.map.off("moveend", onMove);
  }, [cityMap, queries]);
}

/** Keeps the map's sources at what the pages and the server say. */
function useMapData(cityMap: CityMap | null, city: CityView, language: "zh" | "en"): void {
  const { clock } = useDesk();
  const dayStart = clock.startOfDay(useCityNow(60_000));
  const { data: areas } = useAreas();
  const { data: counts } = useGateCountsSince(dayStart);
  const { data: locks } = useOpenLocks();
  const { vehicle, track, evidence, cursor, area, gate, draft, found, grids } = useSyncExternalStore(
    scene.subscribe,
    scene.get,
  );

  useEffect(() => {
    if (cityMap === null || areas === undefined) return;
    cityMap.setData("areas", areaFeatures(areas, area));
    cityMap.setData("areaNames", areaNameFeatures(areas, area));
    cityMap.setData("reach", reachFeatures(areas, area));
  }, [cityMap, areas, area]);
  useEffect(() => {
    cityMap?.setData("gateMarks", gateFeatures(city, counts ?? [], language, gate));
  }, [cityMap, city, counts, language, gate]);
  useEffect(() => cityMap?.setData("track", trackFeatures(track)), [cityMap, track]);
  useEffect(() => cityMap?.setData("evidence", evidenceFeatures(evidence, cursor)), [cityMap, evidence, cursor]);
  useEffect(() => cityMap?.setData("draft", draftFeatures(draft, found)), [cityMap, draft, found]);
  useEffect(() => cityMap?.setData("grids", grids ?? NOTHING), [cityMap, grids]);
  useEffect(() => cityMap?.select(vehicle), [cityMap, vehicle, locks]);
}
