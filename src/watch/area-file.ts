import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";
import { geometrySchema, type Datum, type Geometry } from "../model/area.ts";
import type { AreaReading, ImportedShape } from "../model/area-import.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { geometryProblems, toWgs84Geometry } from "./area-input.ts";
import { kmlShapes } from "./kml-shapes.ts";
import { riskListInText, riskListOf, type RiskList } from "./risk-list.ts";
import { shapefileShapes } from "./shapefile-shapes.ts";
import { isZip } from "./zip-entries.ts";

/** A shape as it stands in a file, before anything of it is checked. */
export interface RawShape {
  where: string;
  geometry: unknown;
  properties: Record<string, unknown>;
}

/** Shapes that are taken from one file. */
const SHAPES_MAX = 5000;
const NAME_FIELDS = ["name", "NAME", "Name", "名称", "名字", "mc", "MC"];
const LEVEL_FIELDS = ["level", "LEVEL", "风险等级", "等级", "dj", "DJ"];
const ID_FIELDS = ["id", "ID", "编号"];

/**
 * What a file of risk areas holds: GeoJSON, a zipped Shapefile, KML, or a list of places without coordinates (the State Council's JSON, or
 * text). What it is is seen from its content.
 *
 * @param datum the coordinate system of its coordinates, as its source declares it
 * @throws INPUT_INVALID when it is none of them, or broken as a whole
 */
export function readAreaFile(bytes: Buffer, datum: Datum): AreaReading {
  if (isZip(bytes))
    return reading(
      "shapefile",
      attempt("a zipped Shapefile", () => shapefileShapes(bytes)),
      datum,
    );
  const text = textOf(bytes);
  if (/^\s*</.test(text))
    return reading(
      "kml",
      attempt("a KML file", () => kmlShapes(text)),
      datum,
    );
  if (/^\s*[[{]/.test(text)) {
    const json: unknown = attempt("a JSON text", () => JSON.parse(text));
    const list = riskListOf(json);
    if (list !== null) return listReading(list);
    const shapes = geoJsonShapes(json);
    if (shapes !== null) return reading("geojson", shapes, datum);
  } else {
    const list = riskListInText(text);
    if (list !== null) return listReading(list);
  }
  throw new WuxingError("INPUT_INVALID", undefined, [
    { where: "file", value: text.slice(0, 60), expected: "GeoJSON, a zipped Shapefile, KML, or a list of risk areas" },
  ]);
}

function textOf(bytes: Buffer): string {
  const text = isUtf8(bytes) ? bytes.toString() : iconv.decode(bytes, "gb18030");
  return text.replace(/^\ufeff/, "");
}

function attempt<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const reason = (error as Error).message;
    throw new WuxingError("INPUT_INVALID", reason, [{ where: "file", value: reason.slice(0, 100), expected: what }], {
      cause: error,
    });
  }
}

/** A geometry, a Feature or a FeatureCollection. */
function geoJsonShapes(json: unknown): RawShape[] | null {
  const root = record(json);
  if (root === null) return null;
  if (root["type"] === "FeatureCollection" && Array.isArray(root["features"])) {
    return root["features"].map((feature: unknown, index) => shapeOf(feature, `features[${index}]`));
  }
  if (root["type"] === "Feature") return [shapeOf(root, "feature")];
  return "coordinates" in root ? [{ where: "geometry", geometry: root, properties: {} }] : null;
}

function shapeOf(feature: unknown, where: string): RawShape {
  const fields = record(feature) ?? {};
  return { where, geometry: fields["geometry"], properties: { id: fields["id"], ...record(fields["properties"]) } };
}

function reading(format: AreaReading["format"], shapes: readonly RawShape[], datum: Datum): AreaReading {
  const problems: Problem[] =
    shapes.length > SHAPES_MAX
      ? [{ where: "file", value: String(shapes.length), expected: `at most ${SHAPES_MAX} shapes; the first are taken` }]
      : [];
  const taken = shapes.slice(0, SHAPES_MAX).map((shape) => importedShape(shape, datum));
  return { format, asOf: null, shapes: taken, entries: [], lowEntries: 0, problems };
}

function listReading({ asOf, entries, lowEntries, problems }: RiskList): AreaReading {
  return { format: "list", asOf, shapes: [], entries, lowEntries, problems };
}

function importedShape({ where, geometry, properties }: RawShape, datum: Datum): ImportedShape {
  const first = (names: readonly string[]): string | null => {
    const found = names
      .map((name) => properties[name])
      .find((value) => value !== undefined && value !== null && value !== "");
    return typeof found === "string" || typeof found === "number" ? String(found).trim() : null;
  };
  const checked = checkedGeometry(geometry, where, datum);
  return {
    ...checked,
    where,
    id: first(ID_FIELDS)?.slice(0, 64) ?? null,
    name: first(NAME_FIELDS)?.slice(0, 200) ?? null,
    level: levelOf(first(LEVEL_FIELDS)),
  };
}

function checkedGeometry(
  given: unknown,
  where: string,
  datum: Datum,
): { geometry: Geometry | null; problems: Problem[] } {
  const parsed = geometrySchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = [where, "geometry", ...(issue?.path ?? [])].join(".");
    const value = record(given)?.["type"];
    const expected = "a point, line or polygon, single or multiple, with numbers for coordinates";
    return { geometry: null, problems: [{ where: at, ...(typeof value === "string" && { value }), expected }] };
  }
  const geometry = toWgs84Geometry(parsed.data, datum);
  const problems = geometryProblems(geometry).map((problem) => ({ ...problem, where: `${where}.${problem.where}` }));
  return { geometry: problems.length === 0 ? geometry : null, problems };
}

function levelOf(text: string | null): "high" | "medium" | null {
  if (text === null) return null;
  if (/^(?:high|高)/i.test(text)) return "high";
  return /^(?:medium|middle|中)/i.test(text) ? "medium" : null;
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
