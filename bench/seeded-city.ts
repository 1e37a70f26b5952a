import { createFixBatch, type FixBatch } from "../src/model/fix.ts";

/**
 * Vehicles that drive and rest in a seeded city: each has some places among the city's sites, drives from one to the
 * next at 25 to 80 km/h and rests there for 10 min to 4 h; a fix every 30 s, with a noise of some 5 m, received up to
 * 2 s later. About 45 % of the fixes are of driving vehicles.
 */
export interface SeededCity {
  vehicles: number;
  /** Steps of 30 s. */
  steps: number;
  /** Longitude and latitude in 1e-6 degree, alternating. */
  sites: Float64Array;
  /** The next step: one fix of every vehicle, in a batch that is reused. */
  next(): FixBatch;
}

export const STEP_MS = 30_000;
export const BEGIN_MS = Date.UTC(2021, 10, 6);
/** Yards, markets, works and villages: some two in the reach of an area, more in the middle of a town. */
const SITES = 4000;
/** A prime, so that a stride visits each vehicle once. */
const STRIDE = 7919;
const LON_METERS = 91_200;
const LAT_METERS = 111_000;

export function seededCity(vehicles: number, steps: number, seed: number): SeededCity {
  const random = randomOf(seed);
  const sites = new Float64Array(2 * SITES);
  for (let site = 0; site < SITES; site++) {
    // Twelve towns in 130 km by 110 km, more sites near their middles.
    const town = site % 12;
    const angle = random() * 2 * Math.PI;
    const meters = 15_000 * random();
    sites[2 * site] = 113.4e6 + ((town % 4) + 0.5) * 0.35e6 + ((Math.cos(angle) * meters) / LON_METERS) * 1e6;
    sites[2 * site + 1] =
      34.9e6 + (Math.floor(town / 4) + 0.5) * 0.33e6 + ((Math.sin(angle) * meters) / LAT_METERS) * 1e6;
  }
  const lon = new Float64Array(vehicles);
  const lat = new Float64Array(vehicles);
  const goal = new Uint16Array(vehicles);
  const speedKmh = new Float64Array(vehicles);
  const headingDeg = new Uint16Array(vehicles);
  const restSteps = new Uint16Array(vehicles);
  for (let vehicle = 0; vehicle < vehicles; vehicle++) {
    const site = Math.floor(random() * SITES);
    lon[vehicle] = sites[2 * site];
    lat[vehicle] = sites[2 * site + 1];
    restSteps[vehicle] = Math.floor(random() * 480);
  }
  const batch = createFixBatch(vehicles);
  batch.length = vehicles;
  let step = 0;

  const depart = (vehicle: number): void => {
    // Mostly within the own and the neighbouring towns.
    const home = vehicle % SITES;
    goal[vehicle] = (home + Math.floor(random() ** 3 * SITES)) % SITES;
    speedKmh[vehicle] = 25 + random() * 55;
  };
  const drive = (vehicle: number): void => {
    const dx = ((sites[2 * goal[vehicle]] - lon[vehicle]) / 1e6) * LON_METERS;
    const dy = ((sites[2 * goal[vehicle] + 1] - lat[vehicle]) / 1e6) * LAT_METERS;
    const left = Math.hypot(dx, dy);
    const way = (speedKmh[vehicle] / 3.6) * (STEP_MS / 1000) * (0.7 + 0.6 * random());
    const share = left <= way ? 1 : way / left;
    lon[vehicle] += ((dx * share) / LON_METERS) * 1e6;
    lat[vehicle] += ((dy * share) / LAT_METERS) * 1e6;
    headingDeg[vehicle] = Math.floor(((Math.atan2(dx, dy) * 180) / Math.PI + 360) % 360);
    if (share === 1) restSteps[vehicle] = 20 + Math.floor(random() ** 2 * 460);
  };

  return {
    vehicles,
    steps,
    sites,
    next() {
      // The order in which they come is another one in each step.
      const shift = Math.floor(random() * vehicles);
      for (let row = 0; row < vehicles; row++) {
        const vehicle = (row * STRIDE + shift) % vehicles;
        const isResting = restSteps[vehicle] > 0;
        if (!isResting) drive(vehicle);
        else if (--restSteps[vehicle] === 0) depart(vehicle);
        const timeMs = BEGIN_MS + step * STEP_MS + (vehicle % 30) * 1000;
        batch.vehicle[row] = vehicle;
        batch.timeMs[row] = timeMs;
        batch.lonE6[row] = Math.round(lon[vehicle] + (random() - 0.5) * 100);
        batch.latE6[row] = Math.round(lat[vehicle] + (random() - 0.5) * 90);
        batch.speedKmh10[row] = isResting ? 0 : Math.round(speedKmh[vehicle] * (9 + 2 * random()));
        batch.headingDeg[row] = headingDeg[vehicle];
        batch.altitudeM[row] = 70 + Math.floor(random() * 4);
        batch.status[row] = isResting ? 2 : 3;
        batch.receivedMs[row] = timeMs + Math.floor(random() * 2000);
      }
      step++;
      return batch;
    },
  };
}

/** Repeatable numbers in [0, 1): mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
