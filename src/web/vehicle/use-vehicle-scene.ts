import { useEffect, useMemo } from "react";
import type { Area } from "../../model/area.ts";
import type { Exposure } from "../../model/finding.ts";
import type { Track } from "../../model/vehicle.ts";
import { useAreas, useTrack } from "../api/queries.ts";
import { bboxOf, type LonLat } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { trackStretches, type TrackStretch } from "./track-stretches.ts";

interface VehicleScene {
  track: Track | undefined;
  stretches: readonly TrackStretch[];
  failed: unknown;
  retry: () => void;
  areas: readonly Area[];
}

const NONE: readonly Area[] = [];

/**
 * Draws one vehicle on the map while its page is open: the track from an instant on, and the evidence of one exposure. Brings the
 * evidence into view when another one is drawn.
 */
export function useVehicleScene(vehicle: string, fromMs: number, drawn: Exposure | null): VehicleScene {
  const { data: track, isError, error, refetch } = useTrack(vehicle, fromMs);
  const { data: known } = useAreas();
  const areas = known ?? NONE;
  const stretches = useMemo(
    () =>
      track === undefined
        ? []
        : trackStretches(
            track,
            areas.filter(({ state }) => state === "published"),
          ),
    [track, areas],
  );
  useEffect(() => {
    scene.set({ vehicle });
    return () => scene.set({ vehicle: null, track: [], evidence: null, cursor: null });
  }, [vehicle]);
  useEffect(() => scene.set({ track: [...stretches] }), [stretches]);
  useEffect(() => {
    const area = drawn === null ? null : (areas.find(({ id }) => id === drawn.area) ?? null);
    scene.set({ evidence: drawn === null ? null : { exposure: drawn, area } });
  }, [drawn, areas]);
  useEffect(() => {
    if (drawn !== null) focusEvidence(drawn);
  }, [drawn?.id]);
  return {
    track,
    stretches,
    failed: isError && track === undefined ? error : null,
    retry: () => void refetch(),
    areas,
  };
}

/** Brings the stay's crossings, its nearest place and some way around them into view. */
export function focusEvidence(exposure: Exposure): void {
  const places: LonLat[] = [exposure.entered, exposure.left, exposure.nearest]
    .filter((place) => place !== null)
    .map(({ lon, lat }) => [lon, lat]);
  const [west, south, east, north] = bboxOf(places);
  const margin = 0.008;
  scene.focus({ bbox: [west - margin, south - margin, east + margin, north + margin] });
}

/** Brings a whole track into view. */
export function focusTrack(track: Track): void {
  if (track.lonE6.length === 0) return;
  scene.focus({ bbox: bboxOf(track.lonE6.map((lon, row) => [lon / 1e6, track.latE6[row]! / 1e6])) });
}
