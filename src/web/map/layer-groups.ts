/** What can be taken off the map, by the layers of its style. Locked vehicles are no part of it: they cannot be overlooked. */
export const LAYER_GROUPS = {
  ordinary: [],
  /** One mark for ordinary vehicles that stand close together; without it each stands for itself. */
  clusters: [],
  areas: ["area-fill", "area-line", "area-point", "area-names", "reach"],
  fence: ["fence"],
  gates: ["gate-lines", "gate-bars", "gate-counts"],
  roads: ["roads", "road-names"],
  places: ["county-lines", "county-names", "place-lines", "place-names"],
} as const satisfies Record<string, readonly string[]>;

export type LayerGroup = keyof typeof LAYER_GROUPS;

export const LAYER_GROUP_NAMES = Object.keys(LAYER_GROUPS) as LayerGroup[];
