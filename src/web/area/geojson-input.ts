import gcoord from "gcoord";
import { geometrySchema, type Datum, type Geometry } from "../../model/area.ts";

/** One shape found in a GeoJSON text, with what its properties say of it. */
export interface ShapeInput {
  geometry: Geometry;
  id?: string;
  name?: string;
  level?: "high" | "medium";
}

/** No file of areas that a person publishes by hand is larger, characters. */
const TEXT_MAX = 5_000_000;

/**
 * The shapes in a GeoJSON text: a geometry, a Feature or a FeatureCollection. Null when it is none. Whether rings close and
 * coordinates make sense is checked by the server, which says where.
 */
export function shapesIn(text: string): ShapeInput[] | null {
  if (text.length > TEXT_MAX) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const features = record(value)?.["type"] === "FeatureCollection" ? record(value)!["features"] : [value];
  if (!Array.isArray(features) || features.length === 0) return null;
  const shapes = features.map(shapeOf);
  return shapes.every((shape) => shape !== null) ? shapes : null;
}

function shapeOf(value: unknown): ShapeInput | null {
  const object = record(value);
  if (object === null) return null;
  const isFeature = object["type"] === "Feature";
  const geometry = geometrySchema.safeParse(isFeature ? object["geometry"] : object);
  if (!geometry.success) return null;
  const properties = (isFeature ? record(object["properties"]) : null) ?? {};
  const { id, name, level } = properties;
  return {
    geometry: geometry.data,
    ...(typeof id === "string" || typeof id === "number" ? { id: String(id) } : {}),
    ...(typeof name === "string" ? { name } : {}),
    ...(level === "high" || level === "medium" ? { level } : {}),
  };
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** The shape in WGS-84, to be shown on the map; the server converts what is published by itself. */
export function shownInWgs84(geometry: Geometry, datum: Datum): Geometry {
  if (datum === "wgs84") return geometry;
  const copy = structuredClone(geometry) as never;
  return gcoord.transform(copy, datum === "gcj02" ? gcoord.GCJ02 : gcoord.BD09, gcoord.WGS84) as Geometry;
}
