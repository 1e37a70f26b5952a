import { AreaIndex } from "../src/kernel/area-index.ts";
import { distanceToShape } from "../src/kernel/distance.ts";
import { compileShape, type Shape } from "../src/kernel/shape.ts";
import { randomOf } from "./seeded-city.ts";

/** An area of the benchmark: a star-shaped polygon of 5 to 200 corners, 100 to 1,200 m from its middle. */
export interface CountryArea {
  /** Closed ring, degrees, longitude first. */
  ring: [number, number][];
  shape: Shape;
}

/** Fixes of all vehicles in the order of arrival. */
export interface CountryFixes {
  length: number;
  vehicles: number;
  vehicle: Uint32Array;
  timeMs: Float64Array;
  lonE6: Int32Array;
  latE6: Int32Array;
}

/** West, south, east, north of the country, degrees. */
const COUNTRY = [75, 19, 133, 52] as const;
const STEP_MS = 30_000;
const BEGIN_MS = Date.UTC(2021, 10, 6);
const NEAR_METERS = 2000;
const METERS_PER_DEGREE = 111_320;

/** Areas anywhere in a box as large as China; half of them in 300 clusters, as outbreaks are. */
export function seededAreas(count: number, seed: number): CountryArea[] {
  const random = randomOf(seed);
  const clusters = Array.from({ length: 300 }, () => anywhere(random));
  return Array.from({ length: count }, (_, i): CountryArea => {
    let [lon, lat] = anywhere(random);
    if (i % 2 === 0) {
      const [clusterLon, clusterLat] = clusters[Math.floor(random() * clusters.length)];
      lon = clusterLon + (random() - 0.5) * 0.6;
      lat = clusterLat + (random() - 0.5) * 0.5;
    }
    const corners = 5 + Math.floor(random() ** 2 * 196);
    const meters = 100 + random() ** 2 * 1100;
    const ring = Array.from({ length: corners }, (_corner, corner): [number, number] => {
      const angle = (2 * Math.PI * corner) / corners;
      const reach = meters * (0.6 + 0.4 * random());
      return [
        lon + (Math.cos(angle) * reach) / (METERS_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
        lat + (Math.sin(angle) * reach) / METERS_PER_DEGREE,
      ];
    });
    ring.push(ring[0]);
    return { ring, shape: compileShape({ type: "Polygon", coordinates: [ring] }) };
  });
}

/**
 * Vehicles that drive at up to 25 m/s or rest with a noise of some 5 m, a fix every 30 s. `shareNear` of them are within 2 km of an area and stay about
 * there; the others begin anywhere else. In every step each vehicle sends once, in an order that is another one each time.
 */
export function seededFixes(
  areas: readonly CountryArea[],
  { vehicles, fixes, shareNear, seed }: { vehicles: number; fixes: number; shareNear: number; seed: number },
): CountryFixes {
  const random = randomOf(seed);
  const index = new AreaIndex();
  for (const [slot, { shape }] of areas.entries()) index.add(slot, shape, 3 * NEAR_METERS);
  const slots = new Int32Array(areas.length);
  const lon = new Float64Array(vehicles);
  const lat = new Float64Array(vehicles);
  const stepLon = new Float64Array(vehicles);
  const stepLat = new Float64Array(vehicles);
  for (let vehicle = 0; vehicle < vehicles; vehicle++) {
    const isNear = random() < shareNear;
    let place = anywhere(random);
    while (!isNear && index.candidates(e6(place[0]), e6(place[1]), e6(place[0]), e6(place[1]), slots) > 0) {
      place = anywhere(random);
    }
    if (isNear) place = besides(areas[Math.floor(random() * areas.length)], random);
    [lon[vehicle], lat[vehicle]] = place;
    if (random() < 0.5) continue;
    // Those near an area creep about, so that they stay near it; the others drive on.
    const meters = (isNear ? 1 : 25) * random() * (STEP_MS / 1000);
    const angle = random() * 2 * Math.PI;
    stepLon[vehicle] = (Math.cos(angle) * meters) / (METERS_PER_DEGREE * Math.cos((place[1] * Math.PI) / 180));
    stepLat[vehicle] = (Math.sin(angle) * meters) / METERS_PER_DEGREE;
  }
  const out: CountryFixes = {
    length: fixes,
    vehicles,
    vehicle: new Uint32Array(fixes),
    timeMs: new Float64Array(fixes),
    lonE6: new Int32Array(fixes),
    latE6: new Int32Array(fixes),
  };
  const order = Uint32Array.from({ length: vehicles }, (_, vehicle) => vehicle);
  for (let i = vehicles - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  for (let row = 0; row < fixes; row++) {
    const at = row % vehicles;
    const step = (row - at) / vehicles;
    const vehicle = order[(at + step * 7919) % vehicles];
    out.vehicle[row] = vehicle;
    out.timeMs[row] = BEGIN_MS + step * STEP_MS + (vehicle % 30) * 1000;
    out.lonE6[row] = e6(lon[vehicle] + step * stepLon[vehicle]) + Math.floor((random() - 0.5) * 100);
    out.latE6[row] = e6(lat[vehicle] + step * stepLat[vehicle]) + Math.floor((random() - 0.5) * 90);
  }
  return out;
}

/** The share of the fixes that lie within 2 km of an area, measured on one of 50. */
export function measuredShareNear(areas: readonly CountryArea[], fixes: CountryFixes): number {
  const index = new AreaIndex();
  for (const [slot, { shape }] of areas.entries()) index.add(slot, shape, NEAR_METERS);
  const slots = new Int32Array(areas.length);
  let asked = 0;
  let near = 0;
  for (let row = 0; row < fixes.length; row += 49) {
    const lonE6 = fixes.lonE6[row];
    const latE6 = fixes.latE6[row];
    const found = slots.subarray(0, index.candidates(lonE6, latE6, lonE6, latE6, slots));
    asked++;
    if (found.some((slot) => distanceToShape(areas[slot].shape, lonE6 / 1e6, latE6 / 1e6) <= NEAR_METERS)) near++;
  }
  return near / asked;
}

function anywhere(random: () => number): [number, number] {
  const [west, south, east, north] = COUNTRY;
  return [west + random() * (east - west), south + random() * (north - south)];
}

/** A place at most some 2 km from a corner of the area. */
function besides({ ring }: CountryArea, random: () => number): [number, number] {
  const [lon, lat] = ring[Math.floor(random() * ring.length)];
  const meters = 1900 * Math.sqrt(random());
  const angle = random() * 2 * Math.PI;
  return [
    lon + (Math.cos(angle) * meters) / (METERS_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
    lat + (Math.sin(angle) * meters) / METERS_PER_DEGREE,
  ];
}

function e6(degrees: number): number {
  return Math.round(degrees * 1e6);
}
