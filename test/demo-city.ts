import { loadCity, type City } from "../src/city/city.ts";
import type { FleetTiming } from "../src/simulate/fleet-timing.ts";
import { planTiming } from "../src/simulate/fleet-timing.ts";

/** A morning; simulated time begins twelve hours earlier. */
export const NOW_MS = Date.UTC(2026, 2, 1, 2);

/** The demo's city with the areas' times of a simulation that starts at `NOW_MS`. */
export async function loadDemo(seed = 1): Promise<{ city: City; timing: FleetTiming }> {
  const timing = planTiming(NOW_MS, { seed });
  return { city: await loadCity("demo/xinxiang", { startMs: timing.startMs }), timing };
}
