import { Marker, type Map as MapLibreMap } from "maplibre-gl";
import { useEffect, useSyncExternalStore } from "react";
import { useText } from "../preferences.tsx";
import type { CityClock } from "../show/instant.ts";
import { distance } from "../show/measure.ts";
import { footOf } from "./features.ts";
import type { LonLat } from "./plane.ts";
import { scene } from "./scene.ts";

/** The instants of the two crossings and the least distance, written where they happened. */
export function EvidenceLabels({ map, clock }: { map: MapLibreMap; clock: CityClock }) {
  const t = useText();
  const { evidence } = useSyncExternalStore(scene.subscribe, scene.get);
  useEffect(() => {
    if (evidence === null) return;
    const { exposure } = evidence;
    const foot = footOf(evidence);
    const nearest: LonLat = [exposure.nearest.lon, exposure.nearest.lat];
    const middle: LonLat = foot === null ? nearest : [(nearest[0] + foot[0]) / 2, (nearest[1] + foot[1]) / 2];
    const markers = [
      label(
        `▸ ${t.evidence.entered} ${clock.second(exposure.entered.time)}`,
        [exposure.entered.lon, exposure.entered.lat],
        "right",
      ),
      label(distance(exposure.minDistanceM), middle, "left", "distance"),
    ];
    if (exposure.left !== null) {
      markers.push(
        label(
          `◂ ${t.evidence.left} ${clock.second(exposure.left.time)}`,
          [exposure.left.lon, exposure.left.lat],
          "left",
        ),
      );
    }
    for (const marker of markers) marker.addTo(map);
    return () => {
      for (const marker of markers) marker.remove();
    };
  }, [map, evidence, clock, t]);
  return null;
}

function label(text: string, place: LonLat, anchor: "left" | "right", kind = "crossing"): Marker {
  const element = document.createElement("div");
  element.className = `evidence-label ${kind}`;
  element.textContent = text;
  return new Marker({ element, anchor, offset: [anchor === "left" ? 10 : -10, 0] }).setLngLat(place);
}
