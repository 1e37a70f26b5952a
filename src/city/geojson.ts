import { z } from "zod";
import { toWgs84 } from "../kernel/datum.ts";
import { checkGeometry } from "../kernel/check-geometry.ts";
import { geometrySchema, type Datum, type Geometry } from "../model/area.ts";
import type { Problem } from "../model/errors.ts";

/** One feature of a city's file: its checked properties and its geometry in WGS-84, rounded to 1e-6 degree. */
export interface CityFeature<Properties> {
  properties: Properties;
  geometry: Geometry;
}

const collectionSchema = z.object({
  type: z.literal("FeatureCollection"),
  features: z.array(z.object({ type: z.literal("Feature"), properties: z.unknown(), geometry: z.unknown() })),
});

/**
 * The features of a GeoJSON text (RFC 7946), each converted once from the file's declared datum to WGS-84. What is wrong
 * is added to `problems` with the file's name, the path inside it, the value and what was expected.
 */
export function readFeatures<Schema extends z.ZodType>(
  file: string,
  value: unknown,
  datum: Datum,
  propertiesSchema: Schema,
  geometryTypes: readonly Geometry["type"][],
  problems: Problem[],
): CityFeature<z.output<Schema>>[] {
  const collection = checked(file, "", value, collectionSchema, problems);
  if (collection === undefined) return [];
  const features: CityFeature<z.output<Schema>>[] = [];
  for (const [i, feature] of collection.features.entries()) {
    const at = `features[${i}]`;
    const properties = checked(file, `${at}.properties`, feature.properties, propertiesSchema, problems);
    const geometry = checked(file, `${at}.geometry`, feature.geometry, geometrySchema, problems);
    if (properties === undefined || geometry === undefined) continue;
    const faults = checkGeometry(geometry);
    if (!geometryTypes.includes(geometry.type)) {
      const expected = geometryTypes.join(" or ");
      problems.push({ where: `${file}: ${at}.geometry.type`, value: geometry.type, expected });
    } else if (faults.length > 0) {
      for (const fault of faults.slice(0, PROBLEMS_MAX)) {
        problems.push({ where: `${file}: ${at}.geometry.${fault.path}`, value: fault.value, expected: fault.expected });
      }
    } else {
      features.push({ properties, geometry: convertGeometry(geometry, datum) });
    }
  }
  return features;
}

/** Problems that one thing may have before the rest of them goes unsaid. */
const PROBLEMS_MAX = 20;

/** `value` by the schema, or undefined with its faults added to `problems`. */
export function checked<Schema extends z.ZodType>(
  file: string,
  at: string,
  value: unknown,
  schema: Schema,
  problems: Problem[],
): z.output<Schema> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues.slice(0, PROBLEMS_MAX)) {
    const path = [at, ...issue.path].reduce<string>(
      (text, step) => (typeof step === "number" ? `${text}[${step}]` : [text, String(step)].filter(Boolean).join(".")),
      "",
    );
    let found: unknown = value;
    for (const step of issue.path) found = (found as Record<PropertyKey, unknown> | undefined)?.[step];
    problems.push({ where: path === "" ? file : `${file}: ${path}`, value: shortened(found), expected: issue.message });
  }
  return undefined;
}

/** A geometry moved from `datum` to WGS-84, every position rounded to 1e-6 degree. */
export function convertGeometry<G extends Geometry>(geometry: G, datum: Datum): G {
  const convert = (coordinates: unknown): unknown => {
    const list = coordinates as unknown[];
    if (typeof list[0] !== "number") return list.map(convert);
    const [lon, lat] = toWgs84(datum, list[0], list[1] as number);
    return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
  };
  return { ...geometry, coordinates: convert(geometry.coordinates) };
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
