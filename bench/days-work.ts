import { pointToPolygonDistance } from "@turf/point-to-polygon-distance";
import Flatbush from "flatbush";
import type { CountryArea, CountryFixes } from "./seeded-country.ts";

const RADIUS_METERS = 800;
const DWELL_MS = 600_000;

/**
 * What a good engineer writes in a day: an R-tree over the areas' padded boxes, the distance from each fix to the polygons that it finds, a Map of who is near what
 * since when. It compares single points, forgets what lies between them, and knows no gap, no outlier and no late fix.
 */
export class DaysWork {
  readonly #areas: readonly CountryArea[];
  readonly #tree: Flatbush;
  readonly #since = new Map<string, number>();
  readonly #nearOf = new Map<number, number[]>();
  exposures = 0;

  constructor(areas: readonly CountryArea[]) {
    this.#areas = areas;
    this.#tree = new Flatbush(areas.length);
    for (const { shape } of areas) {
      const latPad = RADIUS_METERS / 110_500;
      const lonPad = latPad / Math.cos((shape.north * Math.PI) / 180);
      this.#tree.add(shape.west - lonPad, shape.south - latPad, shape.east + lonPad, shape.north + latPad);
    }
    this.#tree.finish();
  }

  /** Matches the rows from `from` to `to` (exclusive). */
  run({ vehicle, timeMs, lonE6, latE6 }: CountryFixes, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const lon = lonE6[row] / 1e6;
      const lat = latE6[row] / 1e6;
      const found = this.#tree.search(lon, lat, lon, lat);
      const before = this.#nearOf.get(vehicle[row]);
      if (found.length === 0 && before === undefined) continue;
      const near = found.filter((area) => {
        const polygon = { type: "Polygon" as const, coordinates: [this.#areas[area].ring] };
        return pointToPolygonDistance([lon, lat], polygon, { units: "meters" }) <= RADIUS_METERS;
      });
      for (const area of before ?? []) if (!near.includes(area)) this.#since.delete(`${vehicle[row]} ${area}`);
      for (const area of near) {
        const key = `${vehicle[row]} ${area}`;
        const since = this.#since.get(key);
        if (since === undefined) this.#since.set(key, timeMs[row]);
        else if (timeMs[row] - since >= DWELL_MS) this.exposures++;
      }
      if (near.length > 0) this.#nearOf.set(vehicle[row], near);
      else this.#nearOf.delete(vehicle[row]);
    }
  }
}
