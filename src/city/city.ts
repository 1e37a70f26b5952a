import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { compileShape } from "../kernel/shape.ts";
import { distanceToShape } from "../kernel/distance.ts";
import type { AreaInput, Datum, Geometry } from "../model/area.ts";
import {
  cityAreaPropertiesSchema,
  cityFileSchema,
  countyPropertiesSchema,
  fleetFileSchema,
  gateSchema,
  roadPropertiesSchema,
  stopPropertiesSchema,
  type CityView,
  type FleetFile,
  type Gate,
} from "../model/city.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { tollFileSchema, type TollEntry } from "../model/etc.ts";
import { checked, readFeatures, type CityFeature } from "./geojson.ts";
import { checkToll } from "./toll.ts";

type LonLat = [number, number];

/** A road of the simulated fleet; `line` is WGS-84, longitude first. */
export type CityRoad = z.infer<typeof roadPropertiesSchema> & { line: LonLat[] };
/** A place beside a road where simulated trucks stop; WGS-84. */
export interface CityStop {
  id: string;
  name: string;
  kind: "depot" | "service";
  at: LonLat;
}

/** A city as its folder describes it; everything is WGS-84, rounded to 1e-6 degree. */
export interface City {
  id: string;
  name: string;
  nameEn: string;
  timeZone: string;
  /** West, south, east, north of the fence, degrees. */
  bbox: [number, number, number, number];
  counties: { code: string; name: string; geometry: Geometry }[];
  fence: Geometry;
  gates: Gate[];
  /** Risk areas to be published when the city starts for the first time. */
  areas: (AreaInput & { id: string })[];
  roads: CityRoad[];
  stops: CityStop[];
  /** Where simulated terminals have no network. */
  deadZones: Geometry[];
  fleet: FleetFile | null;
  /** Which toll stations and gantries lie at which gate; the first entry that fits counts. */
  toll: TollEntry[];
}

/**
 * Reads a city's folder (docs/city.md): `city.json` and the files that it names, each with its datum.
 * `startMs`: start of simulated time, ms UTC; without it areas must not use `fromHours` and `toHours`.
 * @throws WuxingError CITY_INVALID with every fault found: file, path, value, what was expected.
 */
export async function loadCity(dir: string, options: { startMs?: number } = {}): Promise<City> {
  const problems: Problem[] = [];
  const readChecked = async <Schema extends z.ZodType>(
    name: string,
    schema: Schema,
  ): Promise<z.output<Schema> | undefined> => {
    const value = await readJson(dir, name, problems);
    return value === undefined ? undefined : checked(name, "", value, schema, problems);
  };
  const file = await readChecked("city.json", cityFileSchema);
  if (file === undefined) throw invalid(dir, problems);

  const read = async <Schema extends z.ZodType>(
    part: { file: string; datum: Datum } | undefined,
    schema: Schema,
    types: readonly Geometry["type"][],
  ): Promise<CityFeature<z.output<Schema>>[]> => {
    if (part === undefined) return [];
    const value = await readJson(dir, part.file, problems);
    return value === undefined ? [] : readFeatures(part.file, value, part.datum, schema, types, problems);
  };

  const polygons = ["Polygon", "MultiPolygon"] as const;
  const counties = await read(file.counties, countyPropertiesSchema, polygons);
  const fences = await read(file.fence, countyPropertiesSchema.partial(), polygons);
  const gates = await read(file.gates, gateSchema.omit({ line: true }), ["LineString"]);
  const areas = await read(file.areas, cityAreaPropertiesSchema, ANY_GEOMETRY);
  const roads = await read(file.roads, roadPropertiesSchema, ["LineString"]);
  const stops = await read(file.stops, stopPropertiesSchema, ["Point", ...polygons]);
  const fleet = file.fleet && (await readChecked(file.fleet.file, fleetFileSchema));

  const toll = file.toll && (await readChecked(file.toll.file, tollFileSchema));

  const fence = fences[0]?.geometry;
  if (fences.length !== 1 && problems.length === 0) {
    problems.push({ where: `${file.fence.file}: features`, value: String(fences.length), expected: "exactly one" });
  }
  checkIds(file.gates.file, gates, problems);
  checkIds(file.areas?.file ?? "", areas, problems);
  checkIds(file.roads?.file ?? "", roads, problems);
  checkIds(file.stops?.file ?? "", stops, problems);
  checkAreaTimes(file.areas?.file ?? "", areas, options.startMs, problems);
  const gateLines = gates.map(({ properties, geometry }) => withoutAbsent({ ...properties, line: lineOf(geometry) }));
  if (fence !== undefined) checkGates(file.gates.file, gateLines, fence, problems);
  // Gates that could not be read would be missed there once more.
  const hasGates = !problems.some(({ where }) => where.startsWith(file.gates.file));
  if (file.toll && toll && hasGates) checkToll(file.toll.file, toll.places, gateLines, problems);
  if (problems.length > 0 || fence === undefined) throw invalid(dir, problems);

  return {
    id: file.id,
    name: file.name,
    nameEn: file.nameEn,
    timeZone: file.timeZone,
    bbox: boundsOf(fence),
    counties: counties.map(({ properties: { code, name }, geometry }) => ({ code, name, geometry })),
    fence,
    gates: gateLines,
    areas: areas.map((area) => areaInput(area, options.startMs ?? 0)),
    roads: roads.map(({ properties, geometry }) => Object.assign(properties, { line: lineOf(geometry) })),
    stops: stops.flatMap(({ properties: { id, name, kind }, geometry }) =>
      kind !== "dead-zone" && geometry.type === "Point" ? [{ id, name, kind, at: geometry.coordinates as LonLat }] : [],
    ),
    deadZones: stops.flatMap(({ properties, geometry }) => (properties.kind === "dead-zone" ? [geometry] : [])),
    fleet: fleet ?? null,
    toll: toll?.places ?? [],
  };
}

/** What the console needs of a city. `tiles`: address of XYZ raster tiles, or null. */
export function viewCity(city: City, tiles: string | null): CityView {
  const { id, name, nameEn, timeZone, bbox, counties, fence, gates } = city;
  const roads = city.roads.map((road) => ({ name: road.name, line: road.line }));
  return { id, name, nameEn, timeZone, bbox, counties, fence, gates, roads, tiles };
}

const ANY_GEOMETRY = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"] as const;
/** A gate lies at most this far from the fence, metres: further is another city's gate, or another datum. */
const GATE_DISTANCE_MAX = 5000;

async function readJson(dir: string, name: string, problems: Problem[]): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(dir, name), "utf8");
  } catch (error) {
    problems.push({ where: name, value: (error as Error).message, expected: "a file that can be read" });
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.push({ where: name, value: (error as Error).message.slice(0, 100), expected: "JSON" });
    return undefined;
  }
}

function checkIds(file: string, features: readonly CityFeature<{ id: string }>[], problems: Problem[]): void {
  const seen = new Set<string>();
  for (const [i, { properties }] of features.entries()) {
    if (seen.has(properties.id)) {
      problems.push({
        where: `${file}: features[${i}].properties.id`,
        value: properties.id,
        expected: "an id of its own",
      });
    }
    seen.add(properties.id);
  }
}

type AreaFeature = CityFeature<z.infer<typeof cityAreaPropertiesSchema>>;

function checkAreaTimes(
  file: string,
  areas: readonly AreaFeature[],
  startMs: number | undefined,
  problems: Problem[],
): void {
  for (const [i, area] of areas.entries()) {
    const where = `${file}: features[${i}].properties`;
    const { fromHours, toHours } = area.properties;
    if (startMs === undefined && (fromHours ?? toHours) !== undefined) {
      const value = String(fromHours ?? toHours);
      problems.push({ where, value, expected: "from and to: fromHours and toHours need simulated time" });
    }
    const { from, to } = areaInput(area, startMs ?? 0);
    if (from != null && to != null && Date.parse(to) <= Date.parse(from)) {
      problems.push({ where: `${where}.to`, value: to, expected: `later than from (${from})` });
    }
  }
}

function areaInput({ properties, geometry }: AreaFeature, startMs: number): AreaInput & { id: string } {
  const { fromHours, toHours, ...rest } = properties;
  const instant = (hours: number | undefined, given: string | null | undefined): string | null =>
    hours === undefined ? (given ?? null) : new Date(startMs + hours * 3_600_000).toISOString();
  return withoutAbsent({
    ...rest,
    datum: "wgs84" as const,
    geometry,
    from: instant(fromHours, rest.from),
    to: instant(toHours, rest.to),
  });
}

/** Every gate lies near the fence, and its right side is not further out of the city than its left. */
function checkGates(file: string, gates: readonly Gate[], fence: Geometry, problems: Problem[]): void {
  const shape = compileShape(fence);
  const polygons = fence.type === "MultiPolygon" ? fence.coordinates : [fence.coordinates as number[][][]];
  const outline = compileShape({ type: "MultiLineString", coordinates: polygons.flat() });
  for (const [i, gate] of gates.entries()) {
    const where = `${file}: features[${i}].geometry`;
    const [from, to] = [gate.line[0]!, gate.line.at(-1)!];
    const middle: LonLat = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const meters = distanceToShape(outline, middle[0], middle[1]);
    if (meters > GATE_DISTANCE_MAX) {
      const expected = `at most ${GATE_DISTANCE_MAX} m from the fence (is the datum right?)`;
      problems.push({ where, value: `${Math.round(meters)} m`, expected });
      continue;
    }
    const [left, right] = [-1, 1].map((side) => {
      const scale = (side * SIDE_DEGREES) / Math.hypot(to[0] - from[0], to[1] - from[1]);
      return distanceToShape(shape, middle[0] + (to[1] - from[1]) * scale, middle[1] - (to[0] - from[0]) * scale);
    });
    if (left === 0 && right! > 0) {
      const expected = "the line the other way round: who enters the city crosses it from its left to its right";
      problems.push({ where, value: gate.id, expected });
    }
  }
}

/** How far beside a gate's middle its two sides are looked at, degrees: about 1 km. */
const SIDE_DEGREES = 0.01;

function boundsOf(geometry: Geometry): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (coordinates: unknown): void => {
    const [lon, lat] = coordinates as LonLat;
    if (typeof lon !== "number") return (coordinates as unknown[]).forEach(visit);
    [west, east] = [Math.min(west, lon), Math.max(east, lon)];
    [south, north] = [Math.min(south, lat), Math.max(north, lat)];
  };
  visit(geometry.coordinates);
  return [west, south, east, north];
}

function lineOf(geometry: Geometry): LonLat[] {
  return geometry.coordinates as LonLat[];
}

/** Drops properties whose value is undefined, as exact optional properties ask. */
function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}

function invalid(dir: string, problems: readonly Problem[]): WuxingError {
  return new WuxingError("CITY_INVALID", dir, problems);
}
