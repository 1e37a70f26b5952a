import { useEffect, useRef } from "react";
import { bboxOf, positionsOf, type LonLat } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { placeAt } from "./grid-queries.ts";
import { shapesAfter, type RecutDraft } from "./recut-changes.ts";
import { middleOf } from "./split-shape.ts";

interface RecutOnMap {
  draft: RecutDraft;
  faults: readonly { at: LonLat; label: string }[];
  /** The line is being drawn: clicks are the pen's. */
  draws: boolean;
  onToggle: (id: string) => void;
}

/** What is chosen, drawn and would be, on the map; clicks choose grids until there are enough, then they are the pen's. */
export function useRecutOnMap({ draft, faults, draws, onToggle }: RecutOnMap): void {
  const { tool, chosen, line, imported } = draft;
  const faultKey = JSON.stringify(faults);
  const afterKey = JSON.stringify([tool, chosen.map(({ id }) => id), line, draft.grids, imported.map(({ id }) => id)]);
  useEffect(() => {
    scene.set({ grids: { type: "FeatureCollection", features: featuresOf(draft, faults) } });
  }, [afterKey, faultKey]);
  useEffect(() => () => scene.set({ grids: null }), []);
  // The map asks whoever is there now.
  const toggle = useRef(onToggle);
  useEffect(() => {
    toggle.current = onToggle;
  });
  useEffect(() => {
    if (draws || tool === "import") return undefined;
    const choose = ([lon, lat]: LonLat): void =>
      void placeAt(lon, lat).then(
        ({ place }) => (place === null ? undefined : toggle.current(place.id)),
        () => undefined,
      );
    scene.onPlace = choose;
    return () => {
      if (scene.onPlace === choose) scene.onPlace = null;
    };
  }, [draws, tool]);
  const geometries = tool === "import" ? imported : chosen;
  const seen = geometries.map(({ id }) => id).join(",");
  useEffect(() => {
    if (geometries.length === 0) return;
    const [west, south, east, north] = bboxOf(geometries.flatMap(({ geometry }) => positionsOf(geometry as never)));
    // The neighbours are seen too.
    const [x, y] = [(east - west) / 2, (north - south) / 2];
    scene.focus({ bbox: [west - x, south - y, east + x, north + y] });
  }, [seen]);
  useEffect(() => {
    const [first] = faults;
    if (first !== undefined) scene.focus({ place: first.at, zoom: 13 });
  }, [faultKey]);
}

function featuresOf(draft: RecutDraft, faults: readonly { at: LonLat; label: string }[]): GeoJSON.Feature[] {
  const { chosen, line } = draft;
  const shape = (geometry: object, properties: object): GeoJSON.Feature => ({
    type: "Feature",
    geometry: geometry as GeoJSON.Geometry,
    properties,
  });
  const after = shapesAfter(draft);
  const features = chosen.map(({ geometry }) => shape(geometry, { role: after.length === 0 ? "chosen" : "before" }));
  for (const [index, { label, geometry }] of after.entries()) {
    features.unshift(shape(geometry, { role: "after", step: index % 4 }));
    features.push(shape({ type: "Point", coordinates: middleOf(geometry) }, { role: "after", label }));
  }
  if (line.length > 1) features.push(shape({ type: "LineString", coordinates: line }, { role: "cut" }));
  for (const coordinates of line) features.push(shape({ type: "Point", coordinates }, { role: "cut" }));
  for (const { at, label } of faults)
    features.push(shape({ type: "Point", coordinates: at }, { role: "fault", label: `△ ${label}` }));
  return features;
}
