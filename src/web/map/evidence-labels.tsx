import { Marker, type Map as MapLibreMap } from "maplibre-gl";
import { useEffect, useSyncExternalStore } from "react";
import { useText } from "../preferences.tsx";
import type { CityClock } from "../show/instant.ts";
import { distance } from "../show/measure.ts";
import { beginsWithData, footOf } from "./features.ts";
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
    const { entered, left } = exposure;
    const name = beginsWithData(exposure) ? t.evidence.firstFix : t.evidence.entered;
    const markers = [
      label(`▸ ${name} ${clock.second(entered.time)}`, [entered.lon, entered.lat], sideOf(entered.lon, nearest)),
      label(distance(exposure.minDistanceM), middle, "top", "distance"),
    ];
    if (left !== null) {
      const text = `◂ ${t.evidence.left} ${clock.second(left.time)}`;
      // Beside the other crossing it stands on the other side.
      const side =
        Math.abs(left.lon - entered.lon) < 0.002 ? opposite(sideOf(entered.lon, nearest)) : sideOf(left.lon, nearest);
      markers.push(label(text, [left.lon, left.lat], side));
    }
    for (const marker of markers) marker.addTo(map);
    return () => {
      for (const marker of markers) marker.remove();
    };
  }, [map, evidence, clock, t]);
  return null;
}

type Anchor = "left" | "right" | "top";

/** A label stands on the side that is turned away from the nearest place. */
function sideOf(lon: number, nearest: LonLat): Anchor {
  return lon > nearest[0] ? "left" : "right";
}

function opposite(anchor: Anchor): Anchor {
  return anchor === "left" ? "right" : "left";
}

const OFFSETS: Record<Anchor, [number, number]> = { left: [10, 0], right: [-10, 0], top: [0, 9] };

function label(text: string, place: LonLat, anchor: Anchor, kind = "crossing"): Marker {
  const element = document.createElement("div");
  element.className = `evidence-label ${kind}`;
  element.textContent = text;
  return new Marker({ element, anchor, offset: OFFSETS[anchor] }).setLngLat(place);
}
