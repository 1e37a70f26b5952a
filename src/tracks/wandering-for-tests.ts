import { createFixBatch, type FixBatch } from "../model/fix.ts";

export const START = Date.UTC(2021, 10, 6);
export const VEHICLES = 60;
const FIXES = 2000;

/** Repeatable numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Vehicles that wander over some 20 km, rest, fall silent and jump; sorted by vehicle and time. */
export function wandering(random: () => number): FixBatch {
  const all = createFixBatch(VEHICLES * FIXES);
  for (let vehicle = 0; vehicle < VEHICLES; vehicle++) {
    let [timeMs, lon, lat, speed] = [START + Math.floor(random() * 3_600_000), random() * 2e5, random() * 2e5, 3000];
    for (let index = 0; index < FIXES; index++) {
      timeMs += random() < 0.01 ? 7_200_000 : 30_000;
      if (random() < 0.05) speed = random() < 0.6 ? 0 : 4000;
      lon = Math.min(2e5, Math.max(0, lon + (random() - 0.5) * 2 * speed));
      lat = Math.min(2e5, Math.max(0, lat + (random() - 0.5) * 2 * speed));
      const row = all.length++;
      all.vehicle[row] = vehicle;
      all.timeMs[row] = timeMs;
      all.receivedMs[row] = timeMs;
      all.lonE6[row] = 113_800_000 + Math.round(random() < 0.01 ? random() * 2e5 : lon);
      all.latE6[row] = 35_000_000 + Math.round(lat);
    }
  }
  return all;
}
