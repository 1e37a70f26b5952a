import type { Geometry } from "../model/area.ts";
import type { Rule } from "../model/rule.ts";

/** `[west, south, east, north]` in 1e-6 degree. */
export type BoxE6 = [west: number, south: number, east: number, north: number];

/** Shortest degree of latitude on the WGS-84 ellipsoid is 110,574 m, shortest of longitude 111,319 m · cos(latitude). */
const DEGREE_METERS_MIN = 110_500;
/** Above it a degree of longitude is too short for boxes to narrow anything. */
const LATITUDE_MAX = 89;
const BOXES_MAX = 1000;

/**
 * Boxes that hold at least one fix of every vehicle that can be exposed to the area, one for each part of its shape.
 *
 * A stay of at least `dwellMs` on known segments of at most `maxGapMs` holds a fix within the reach and its slack, as
 * long as the dwell is longer than the gap. Under a rule with a shorter dwell it may lie between two fixes: then the
 * boxes are wider by half the way that a vehicle makes in between.
 *
 * @param geometry WGS-84, longitude first
 */
export function reachBoxes(geometry: Geometry, rule: Rule): BoxE6[] {
  const halfGapMeters = ((rule.maxSpeedKmh / 3.6) * rule.maxGapMs) / 1000 / 2;
  const between = rule.dwellMs > rule.maxGapMs ? 0 : halfGapMeters;
  const reachMeters = rule.radiusMeters + rule.slackMeters + between;
  const parts = partsOf(geometry).map(boundsOf);
  const boxes = parts.length <= BOXES_MAX ? parts : [boundsOf(geometry.coordinates)];
  return boxes.map((bounds) => widened(bounds, reachMeters));
}

function partsOf({ type, coordinates }: Geometry): unknown[] {
  return type.startsWith("Multi") ? coordinates : [coordinates];
}

function boundsOf(coordinates: unknown): BoxE6 {
  const bounds: BoxE6 = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (each: unknown): void => {
    const list = each as unknown[];
    if (typeof list[0] !== "number") return list.forEach(visit);
    const [lon, lat] = list as [number, number];
    bounds[0] = Math.min(bounds[0], lon);
    bounds[1] = Math.min(bounds[1], lat);
    bounds[2] = Math.max(bounds[2], lon);
    bounds[3] = Math.max(bounds[3], lat);
  };
  visit(coordinates);
  return bounds;
}

function widened([west, south, east, north]: BoxE6, meters: number): BoxE6 {
  const latDegrees = meters / DEGREE_METERS_MIN;
  const latitude = Math.min(LATITUDE_MAX, Math.max(Math.abs(south - latDegrees), Math.abs(north + latDegrees)));
  const lonDegrees = latDegrees / Math.cos((latitude * Math.PI) / 180);
  return [
    Math.max(-180_000_000, Math.floor((west - lonDegrees) * 1e6)),
    Math.max(-90_000_000, Math.floor((south - latDegrees) * 1e6)),
    Math.min(180_000_000, Math.ceil((east + lonDegrees) * 1e6)),
    Math.min(90_000_000, Math.ceil((north + latDegrees) * 1e6)),
  ];
}
