import { useQuery } from "@tanstack/react-query";
import { Map as MapLibre, Marker, NavigationControl, type StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import type { CityView } from "../../model/city.ts";
import { get } from "../../web/api/client.ts";
import { useText } from "../language.tsx";
import { usePhone } from "../phone.tsx";

/** Where my work is: the city's outlines and roads, and a mark for each open task. */
export function MapPage() {
  const t = useText();
  const { cases } = usePhone();
  const navigate = useNavigate();
  const { data: city } = useQuery({
    queryKey: ["city"],
    queryFn: () => get<CityView>("/city"),
    staleTime: Infinity,
    retry: false,
  });
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibre | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    if (city === undefined || box.current === null) return;
    const [west, south, east, north] = city.bbox;
    let made: MapLibre;
    try {
      made = new MapLibre({
        container: box.current,
        style: styleOf(city),
        bounds: [west, south, east, north],
        attributionControl: false,
      });
    } catch {
      setFailed(true);
      return;
    }
    made.addControl(new NavigationControl({ showCompass: false }));
    setMap(made);
    return () => made.remove();
  }, [city]);

  const placed = cases.filter((each) => each.outcome === null && each.position !== null);
  useEffect(() => {
    if (map === null) return;
    const marks = placed.map(({ id, position, title }) => {
      const mark = document.createElement("button");
      mark.className = "map-mark";
      mark.textContent = "▲";
      mark.ariaLabel = title[t.language];
      mark.addEventListener("click", () => void navigate(`/task/${encodeURIComponent(id)}`));
      return new Marker({ element: mark }).setLngLat([position!.lon, position!.lat]).addTo(map);
    });
    return () => marks.forEach((mark) => mark.remove());
  }, [map, placed, navigate, t]);

  if (failed) return <p className="phone-note">{t.map.failed}</p>;
  return (
    <>
      <div ref={box} className="work-map" />
      {placed.length === 0 ? <p className="phone-note map-none">{t.map.none}</p> : null}
    </>
  );
}

function styleOf(city: CityView): StyleSpecification {
  const features = (geometries: readonly object[]) => ({
    type: "geojson" as const,
    data: {
      type: "FeatureCollection" as const,
      features: geometries.map((geometry) => ({ type: "Feature" as const, properties: {}, geometry })),
    } as GeoJSON.FeatureCollection,
  });
  return {
    version: 8,
    sources: {
      counties: features(city.counties.map(({ geometry }) => geometry)),
      roads: features(city.roads.map(({ line }) => ({ type: "LineString", coordinates: line }))),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#e9ecea" } },
      { id: "land", type: "fill", source: "counties", paint: { "fill-color": "#fafaf7" } },
      { id: "lines", type: "line", source: "counties", paint: { "line-color": "#7b8891", "line-width": 1 } },
      { id: "roads", type: "line", source: "roads", paint: { "line-color": "#b3bdc4", "line-width": 2 } },
    ],
  };
}
