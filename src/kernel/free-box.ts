import { distanceMeters, metersPerLatDegree, metersPerLonDegree, MOST_METERS_PER_E6 } from "./distance.ts";
import { boundDistance, discSlackMeters } from "./near.ts";
import type { PlaceBox } from "./place-box.ts";
import { FENCE_SLOT, type World } from "./world.ts";

/**
 * Where a vehicle may go before anything can change: it stays near the areas that it is near, comes near no other, and crosses neither the fence nor a
 * gate. Most trucks near an area rest or creep; as long as one stays within the box its fixes need no area to be looked at.
 */

/** Farther is not looked for. */
const FREE_METERS_MAX = 1000;
/** What distances and discs may be wrong by, and more. */
const SLACK_METERS = 1;
/** Nearer to the 180th meridian and to the poles there is no answer. */
const LON_E6_MAX = 179_000_000;
const LAT_E6_MAX = 80_000_000;

let candidates = new Int32Array(64);
const bounds = new Float64Array(2);

/** Finds the free box round a place (1e-6 degree), by the shapes themselves. Good until the world's `version` changes. */
export function findFreeBox(world: World, lonE6: number, latE6: number, box: PlaceBox): void {
  box.setRound(lonE6, latE6, freeHalfE6(world, lonE6, latE6));
}

/** Half the side of the free box; -1 when there is none. */
function freeHalfE6(world: World, lonE6: number, latE6: number): number {
  if (Math.abs(lonE6) > LON_E6_MAX || Math.abs(latE6) > LAT_E6_MAX) return -1;
  const lon = lonE6 / 1e6;
  const lat = latE6 / 1e6;
  if (candidates.length < world.slotsMax) candidates = new Int32Array(2 * world.slotsMax);
  const north = Math.ceil((1.01e6 * FREE_METERS_MAX) / metersPerLatDegree(lat));
  const east = Math.ceil((1.01e6 * FREE_METERS_MAX) / metersPerLonDegree(Math.abs(lat) + 0.01));
  const count = world.index.candidatesBetween(lonE6 - east, latE6 - north, lonE6 + east, latE6 + north, candidates);
  let free = FREE_METERS_MAX;
  for (let i = 0; i < count && free > SLACK_METERS; i++) {
    free = Math.min(free, freeOfSlot(world, candidates[i], lon, lat, free));
  }
  // The corners are the farthest.
  return Math.floor((free - SLACK_METERS) / (MOST_METERS_PER_E6 * Math.SQRT2));
}

function freeOfSlot(world: World, slot: number, lon: number, lat: number, enough: number): number {
  if (slot < world.firstAreaSlot) {
    boundDistance(slot === FENCE_SLOT ? world.fenceLine! : world.gates[slot - 1].shape, lon, lat, bounds);
    return bounds[0];
  }
  const { shape } = world.areas[slot]!;
  const { radiusMeters } = world.rule;
  const middle = distanceMeters(lon, lat, shape.middleLon, shape.middleLat);
  const slack = discSlackMeters(middle);
  const byDisc = Math.max(
    middle - shape.outerMeters - slack - radiusMeters,
    radiusMeters - middle + shape.innerMeters - slack,
  );
  if (byDisc >= enough) return byDisc;
  boundDistance(shape, lon, lat, bounds);
  return Math.max(bounds[0] - radiusMeters, radiusMeters - bounds[1]);
}
