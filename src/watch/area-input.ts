import { randomUUID } from "node:crypto";
import { toWgs84 } from "../kernel/datum.ts";
import { checkGeometry } from "../kernel/check-geometry.ts";
import type { Area, AreaInput, Datum, Geometry } from "../model/area.ts";
import { WuxingError, type Problem } from "../model/errors.ts";

/** Problems of one geometry that are named; the rest of them goes unsaid. */
const PROBLEMS_MAX = 20;

/**
 * The area that an input stands for: checked whole, moved to WGS-84, rounded to 1e-6 degree.
 *
 * @param before the version that it replaces; null for a new area
 * @param nowMs the clock of `publishedAt`, ms UTC
 * @throws AREA_INVALID with every problem; nothing of it is taken
 */
export function areaOf(input: AreaInput, before: Area | null, nowMs: number): Area {
  const problems = geometryProblems(input.geometry);
  const geometry = problems.length === 0 ? toWgs84Geometry(input.geometry, input.datum) : input.geometry;
  if (problems.length === 0) {
    // Rounding can close a gap that was there: what is published is what is checked.
    for (const problem of geometryProblems(geometry)) {
      problems.push({ ...problem, where: `${problem.where} (in WGS-84, rounded to 1e-6 degree)` });
    }
  }
  const from = instantOf(input.from);
  const to = instantOf(input.to);
  if (from !== null && to !== null && Date.parse(to) <= Date.parse(from)) {
    problems.push({ where: "to", value: to, expected: `later than from (${from})` });
  }
  if (problems.length > 0) throw new WuxingError("AREA_INVALID", undefined, problems);
  const id = before?.id ?? input.id ?? randomUUID();
  return {
    id,
    version: (before?.version ?? 0) + 1,
    name: input.name ?? before?.name ?? id,
    level: input.level,
    geometry,
    from,
    to,
    source: input.source ?? before?.source ?? null,
    state: "published",
    publishedAt: new Date(nowMs).toISOString(),
  };
}

/** What is wrong with a shape, each with its path below `geometry`; the first 20. */
export function geometryProblems(geometry: Geometry): Problem[] {
  return checkGeometry(geometry)
    .slice(0, PROBLEMS_MAX)
    .map(({ path, value, expected }) => ({ where: path === "" ? "geometry" : `geometry.${path}`, value, expected }));
}

/** RFC 3339 with any offset, as UTC with milliseconds. */
function instantOf(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : new Date(text).toISOString();
}

/** The shape moved to WGS-84 and rounded to 1e-6 degree. */
export function toWgs84Geometry(geometry: Geometry, datum: Datum): Geometry {
  const move = (coordinates: unknown): unknown => {
    const list = coordinates as unknown[];
    if (typeof list[0] !== "number") return list.map(move);
    const [lon, lat] = toWgs84(datum, list[0], list[1] as number);
    return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
  };
  return { ...geometry, coordinates: move(geometry.coordinates) } as Geometry;
}
