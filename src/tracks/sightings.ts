import { distanceToShape, metersPerLatDegree, metersPerLonDegree } from "../kernel/distance.ts";
import { compileShape, type KernelGeometry } from "../kernel/shape.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { PlaceTrack, TrackStore } from "./track-port.ts";
import type { BoxE6 } from "./visits.ts";

/** A vehicle's usable fixes near an area: how many, from when to when (ms UTC), and how near. */
export interface VehicleSighting {
  vehicle: number;
  firstMs: number;
  lastMs: number;
  fixes: number;
  leastMeters: number;
}

/** Degrees of latitude beyond which a box of some metres would be the whole way round. */
const LATITUDE_MAX = 89;

/**
 * The vehicles with a usable fix within `withinMeters` of a geometry (0: in it) in `[fromMs, toMs)`, ascending by
 * number. By fixes alone, exactly, not by the way between them: an answer for people; exposures are decided by the kernel.
 */
export async function sightingsNear(
  store: Pick<TrackStore, "stretchesIn" | "eachStretch">,
  geometry: KernelGeometry,
  withinMeters: number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<VehicleSighting[]> {
  const shape = compileShape(geometry);
  const stretches = await store.stretchesIn([boxAround(geometry, withinMeters)], fromMs, toMs, 0);
  const found = new Map<number, VehicleSighting>();
  await store.eachStretch(stretches, (vehicle, track) => {
    const seen = found.get(vehicle) ?? { vehicle, firstMs: Infinity, lastMs: 0, fixes: 0, leastMeters: Infinity };
    addFixes(seen, track, (lon, lat) => distanceToShape(shape, lon, lat), { withinMeters, fromMs, toMs });
    if (seen.fixes > 0) found.set(vehicle, seen);
  });
  return [...found.values()];
}

function addFixes(
  seen: VehicleSighting,
  { length, timeMs, lonE6, latE6, flags }: PlaceTrack,
  distance: (lon: number, lat: number) => number,
  { withinMeters, fromMs, toMs }: { withinMeters: number; fromMs: number; toMs: number },
): void {
  for (let row = 0; row < length; row++) {
    if ((flags[row] & FIX_UNUSABLE) !== 0 || timeMs[row] < fromMs || timeMs[row] >= toMs) continue;
    const meters = distance(lonE6[row] / 1e6, latE6[row] / 1e6);
    if (meters > withinMeters) continue;
    seen.fixes++;
    seen.firstMs = Math.min(seen.firstMs, timeMs[row]);
    seen.lastMs = Math.max(seen.lastMs, timeMs[row]);
    seen.leastMeters = Math.min(seen.leastMeters, meters);
  }
}

/** A box (1e-6 degree) that holds every place within the distance. */
function boxAround({ coordinates }: KernelGeometry, meters: number): BoxE6 {
  const bounds: [number, number, number, number] = [180, 90, -180, -90];
  const visit = (each: unknown): void => {
    const list = each as unknown[];
    if (typeof list[0] !== "number") return list.forEach(visit);
    const [lon, lat] = list as [number, number];
    bounds[0] = Math.min(bounds[0], lon);
    bounds[1] = Math.min(bounds[1], lat);
    bounds[2] = Math.max(bounds[2], lon);
    bounds[3] = Math.max(bounds[3], lat);
  };
  visit(coordinates);
  const [west, south, east, north] = bounds;
  // Some more than the distance at any latitude of the box.
  const furthest = Math.min(LATITUDE_MAX, Math.max(Math.abs(south), Math.abs(north)) + meters / 110_000);
  const [dx, dy] = [(1.01 * meters) / metersPerLonDegree(furthest), (1.01 * meters) / metersPerLatDegree(0)];
  return [
    Math.max(-180e6, Math.floor((west - dx) * 1e6)),
    Math.max(-90e6, Math.floor((south - dy) * 1e6)),
    Math.min(180e6, Math.ceil((east + dx) * 1e6)),
    Math.min(90e6, Math.ceil((north + dy) * 1e6)),
  ];
}
