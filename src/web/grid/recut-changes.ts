import type { PlaceChange, PlaceGeometry } from "../../model/place.ts";
import type { LonLat } from "../map/plane.ts";
import type { PlaceView } from "./grid-queries.ts";
import { sharedSize, splitShape, unionOf } from "./split-shape.ts";

export const TOOLS = ["split", "merge", "border", "rename", "import"] as const;
export type Tool = (typeof TOOLS)[number];

/** A grid that the operation makes, as the form names it. */
export interface NewGrid {
  id: string;
  name: string;
  carryDuties: boolean;
}

/** What the page holds before it is an operation. */
export interface RecutDraft {
  tool: Tool;
  chosen: readonly PlaceView[];
  line: readonly LonLat[];
  /** Names of the parts, of the merged grid, or the new name. */
  grids: readonly NewGrid[];
  /** Of which merged grids the people stay. */
  carryOf: readonly string[];
  imported: readonly ImportedGrid[];
}

export interface ImportedGrid {
  id: string;
  name: string | null;
  parent: string | null;
  geometry: PlaceGeometry;
  /** There is a grid with this identity already. */
  isKnown: boolean;
}

/** Parts of the map as they would be afterwards. */
export interface AfterShape {
  label: string;
  geometry: PlaceGeometry;
}

/** The surfaces that the draft makes so far; empty while something is missing. */
export function shapesAfter({ tool, chosen, line, grids, imported }: RecutDraft): AfterShape[] {
  const shapes = chosen.map(({ geometry }) => geometry as PlaceGeometry);
  const [first, second] = chosen;
  if (tool === "import") return imported.map(({ id, name, geometry }) => ({ label: name ?? id, geometry }));
  if (first === undefined) return [];
  if (tool === "rename") return [{ label: grids[0]?.name ?? "", geometry: shapes[0]! }];
  if (tool === "merge") {
    const whole = chosen.length < 2 ? null : unionOf(shapes);
    return whole === null ? [] : [{ label: grids[0]?.name ?? "", geometry: whole }];
  }
  if (tool === "split") {
    const sides = splitShape(shapes[0]!, line) ?? [];
    return sides.map((geometry, index) => ({ label: grids[index]?.name ?? "", geometry }));
  }
  if (second === undefined) return [];
  const whole = unionOf(shapes);
  const sides = whole === null ? null : splitShape(whole, line);
  if (sides === null) return [];
  // Each side stays with the grid that has more of it.
  const isCrossed =
    sharedSize(sides[0], shapes[1]!) + sharedSize(sides[1], shapes[0]!) >
    sharedSize(sides[0], shapes[0]!) + sharedSize(sides[1], shapes[1]!);
  return (isCrossed ? sides.toReversed() : sides).map((geometry, index) => ({
    label: chosen[index]!.name,
    geometry,
  }));
}

/** The changes that an operation takes; null while the draft is not complete. */
export function changesOf(draft: RecutDraft): PlaceChange[] | null {
  const { tool, chosen, grids, carryOf, imported } = draft;
  const after = shapesAfter(draft);
  const named = grids.every(({ id, name }) => id.trim() !== "" && name.trim() !== "");
  if (tool === "import") return imported.length === 0 ? null : imported.map(importedChange);
  const [first] = chosen;
  if (first === undefined) return null;
  if (tool === "border") {
    if (after.length !== 2) return null;
    return chosen.map(({ id }, index) => ({ op: "recut", place: id, geometry: after[index]!.geometry }));
  }
  if (!named || grids.length === 0) return null;
  if (tool === "rename") return [{ op: "rename", place: first.id, name: grids[0]!.name.trim() }];
  if (tool === "merge") {
    if (chosen.length < 2) return null;
    const into = { id: grids[0]!.id.trim(), name: grids[0]!.name.trim(), carryDutiesOf: [...carryOf] };
    return [{ op: "merge", places: chosen.map(({ id }) => id), into }];
  }
  if (after.length !== 2 || grids.length !== 2) return null;
  const parts = grids.map(({ id, name, carryDuties }, index) => ({
    id: id.trim(),
    name: name.trim(),
    geometry: after[index]!.geometry,
    carryDuties,
  }));
  return [{ op: "split", place: first.id, parts }];
}

function importedChange({ id, name, parent, geometry, isKnown }: ImportedGrid): PlaceChange {
  return isKnown
    ? { op: "recut", place: id, geometry }
    : { op: "create", id, tree: "civil", kind: "grid", name: name ?? id, parent, geometry };
}

/** The surfaces in a GeoJSON text, each with the id and the name of its properties; null when there is one that is none. */
export function readOutlines(text: string): Omit<ImportedGrid, "isKnown">[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { type, features } = value as { type?: unknown; features?: unknown };
  const list = type === "FeatureCollection" && Array.isArray(features) ? (features as unknown[]) : [value];
  const grids = list.map((each) => {
    const { geometry, properties, id } = each as {
      geometry?: PlaceGeometry | null;
      properties?: Record<string, unknown> | null;
      id?: unknown;
    };
    const identity = properties?.["id"] ?? id;
    if (geometry?.type !== "Polygon" && geometry?.type !== "MultiPolygon") return null;
    if (typeof identity !== "string" && typeof identity !== "number") return null;
    const textOf = (name: string): string | null => {
      const given = properties?.[name];
      return typeof given === "string" ? given : null;
    };
    return { id: String(identity), name: textOf("name"), parent: textOf("parent"), geometry };
  });
  return grids.length > 0 && grids.every((grid) => grid !== null) ? grids : null;
}

/** Positions that the problems of a refused operation name, `… at 114.01, 35.2`. */
export function faultPlaces(
  problems: readonly { value?: string; expected: string }[],
): { at: LonLat; label: string }[] {
  return problems.flatMap(({ value }) => {
    const match = /^(.*) at (-?[\d.]+), (-?[\d.]+)$/.exec(value ?? "");
    return match === null ? [] : [{ at: [Number(match[2]), Number(match[3])] as LonLat, label: match[1]! }];
  });
}
