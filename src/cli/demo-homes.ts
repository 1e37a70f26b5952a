import { boxOf } from "../city/partition.ts";
import type { PlaceDesk } from "../http/place-routes.ts";
import type { HomeInput } from "../model/home.ts";
import { Random } from "../simulate/random.ts";

const SEED = 1024;
const HOUSES = 2;
const RESIDENTS_MAX = 3;
/** A point in the box of a grid lies in the grid itself more often than not. */
const TRIES = 20;

/** Invented residents and devices of the demo, two houses in each grid, once. */
export async function fillDemoHomes({ places }: Pick<PlaceDesk, "places">, atMs: number): Promise<void> {
  const city = places.history.topsAt("civil", atMs)[0];
  if (city === undefined || (await places.homes.countAt(city.id, atMs)).resident > 0) return;
  const random = new Random(SEED);
  const homes: HomeInput[] = [];
  for (const { id, shape } of places.history.leavesAt("civil", atMs)) {
    const [west, south, east, north] = boxOf(shape.geometry);
    let houses = 0;
    for (let i = 0; i < TRIES && houses < HOUSES; i++) {
      const at = { lon: random.between(west, east), lat: random.between(south, north), datum: "wgs84" as const };
      if (places.findGridAt(at.lon, at.lat, atMs) !== id) continue;
      houses++;
      if (houses === 1) homes.push({ kind: "device", id: `dev-${id}`, ...at });
      for (let n = 1 + random.below(RESIDENTS_MAX); n > 0; n--)
        homes.push({ kind: "resident", id: `res-${id}-${houses}-${n}`, ...at });
    }
  }
  await places.homes.put(homes);
}
