import type { Geometry } from "../../model/area.ts";
import { bboxOf, planeAround, positionsOf, shapeOnPlane, type Metres } from "../map/plane.ts";

const HECTARE_SQUARE_METERS = 10_000;

/** What a shape covers without its reach, hectares, to be shown; 0 for points and lines. Rings go by the even-odd rule, holes are taken off. */
export function hectaresOf(geometry: Geometry): number {
  if (geometry.type !== "Polygon" && geometry.type !== "MultiPolygon") return 0;
  const [west, south, east, north] = bboxOf(positionsOf(geometry));
  const plane = planeAround((west + east) / 2, (south + north) / 2);
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let square = 0;
  for (const rings of polygons) {
    const { rings: onPlane } = shapeOnPlane({ type: "Polygon", coordinates: rings }, plane);
    const [outer, ...holes] = onPlane.map(squareOf);
    square += (outer ?? 0) - holes.reduce((sum, hole) => sum + hole, 0);
  }
  return square / HECTARE_SQUARE_METERS;
}

/** `3.2 公顷`, from 100 hectares on `1.2 km²`. */
export function squareText(hectares: number, language: "zh" | "en"): string {
  if (hectares >= 100) return `${(hectares / 100).toFixed(hectares >= 1000 ? 0 : 1)} km²`;
  return `${hectares >= 10 ? hectares.toFixed(0) : hectares.toFixed(1)} ${language === "zh" ? "公顷" : "ha"}`;
}

function squareOf(ring: readonly Metres[]): number {
  let twice = 0;
  for (let i = 1; i < ring.length; i++) twice += ring[i - 1]![0] * ring[i]![1] - ring[i]![0] * ring[i - 1]![1];
  return Math.abs(twice) / 2;
}
