import type { PlaceKind } from "../../model/place.ts";
import type { PlaceLoad, ShapedPlace } from "./grid-queries.ts";
import { middleOf } from "./split-shape.ts";

/** From how much open work on a place of a kind is filled one step darker: what a grid bears is little for a county. */
export const STEPS: Record<PlaceKind, readonly [number, number, number, number]> = {
  city: [1, 50, 200, 1000],
  county: [1, 10, 30, 80],
  township: [1, 5, 10, 25],
  district: [1, 5, 10, 25],
  community: [1, 3, 6, 10],
  grid: [1, 2, 4, 7],
};

/** Places as the map fills them: darker with more open work, hatched when some is late, a leaf edged in red when a slot is vacant. */
export function loadFeatures(
  shapes: readonly ShapedPlace[],
  loads: readonly PlaceLoad[],
  chosen: string | null,
): GeoJSON.FeatureCollection {
  const byId = new Map(loads.map((load) => [load.id, load]));
  const features = shapes.flatMap(({ id, kind, geometry }): GeoJSON.Feature[] => {
    const load = byId.get(id);
    const open = load?.open ?? 0;
    const late = load?.overdue ?? 0;
    const vacant = load?.vacant ?? 0;
    const step = STEPS[kind].filter((from) => open >= from).length;
    const shape: GeoJSON.Feature = {
      type: "Feature",
      geometry,
      properties: { id, role: "load", step, late: late > 0, vacant: vacant > 0 && (load?.leaves ?? 0) === 1 },
    };
    const outline: GeoJSON.Feature[] = id === chosen ? [{ ...shape, properties: { id, role: "chosen" } }] : [];
    // A vacancy is told by its edge; a figure at each of thousands would be noise.
    const label = [open === 0 ? "" : `${open}`, late === 0 ? "" : `▲${late}`].filter(Boolean).join(" ");
    if (label === "") return [shape, ...outline];
    const point: GeoJSON.Feature = {
      type: "Feature",
      geometry: { type: "Point", coordinates: middleOf(geometry as never) },
      properties: { id, role: "load", label },
    };
    return [shape, ...outline, point];
  });
  return { type: "FeatureCollection", features };
}
