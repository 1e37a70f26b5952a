import { checkHoles } from "./check-holes.ts";
import { compileShape, type GeometryFault, type KernelGeometry } from "./shape.ts";

/**
 * What makes a geometry unfit to decide with. A ring that crosses itself has no agreed inside, one that does not close has none at
 * all; both are refused, never repaired by guessing.
 */

type Position = readonly number[];
/** Faults that are reported of one geometry; a broken file has thousands of the same. */
const FAULTS_MAX = 20;
/** A shape wider than half the world could be meant the other way round. */
const WIDTH_DEGREES_MAX = 180;

/** Everything wrong with a GeoJSON geometry (RFC 7946), at most 20 faults; empty when it can be compiled. */
export function checkGeometry(geometry: KernelGeometry): GeometryFault[] {
  const faults: GeometryFault[] = [];
  switch (geometry.type) {
    case "Point":
      checkPosition(geometry.coordinates, "coordinates", faults);
      break;
    case "MultiPoint":
      checkPositions(geometry.coordinates, "coordinates", 1, faults);
      break;
    case "LineString":
      checkPositions(geometry.coordinates, "coordinates", 2, faults);
      break;
    case "MultiLineString":
      geometry.coordinates.forEach((line, i) => checkPositions(line, `coordinates[${i}]`, 2, faults));
      break;
    case "Polygon":
      checkPolygon(geometry.coordinates, "coordinates", faults);
      break;
    case "MultiPolygon":
      geometry.coordinates.forEach((polygon, i) => checkPolygon(polygon, `coordinates[${i}]`, faults));
  }
  if (geometry.type !== "Point" && geometry.coordinates.length === 0) {
    faults.push({ path: "coordinates", value: "[]", expected: "at least one part" });
  }
  if (faults.length === 0) checkWidth(geometry, faults);
  return faults.slice(0, FAULTS_MAX);
}

function checkWidth(geometry: KernelGeometry, faults: GeometryFault[]): void {
  const { west, east } = compileShape(geometry);
  if (east - west <= WIDTH_DEGREES_MAX) return;
  const value = `${east - west} degrees from west to east`;
  faults.push({ path: "coordinates", value, expected: `at most ${WIDTH_DEGREES_MAX}` });
}

function checkPosition(position: Position, path: string, faults: GeometryFault[]): boolean {
  const [lon, lat] = position;
  const fits = Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
  if (!fits && faults.length < FAULTS_MAX) {
    const expected = "longitude -180 to 180, then latitude -90 to 90, degrees";
    faults.push({ path, value: JSON.stringify(position), expected });
  }
  return fits;
}

function checkPositions(positions: readonly Position[], path: string, least: number, faults: GeometryFault[]): boolean {
  if (positions.length < least) {
    faults.push({ path, value: `${positions.length} positions`, expected: `at least ${least}` });
    return false;
  }
  let fit = true;
  for (let i = 0; i < positions.length; i++) fit = checkPosition(positions[i], `${path}[${i}]`, faults) && fit;
  return fit;
}

function checkPolygon(rings: readonly (readonly Position[])[], path: string, faults: GeometryFault[]): void {
  if (rings.length === 0) faults.push({ path, value: "[]", expected: "an outer ring" });
  rings.forEach((ring, i) => checkRing(ring, `${path}[${i}]`, faults));
  if (faults.length === 0) checkHoles(rings, path, faults);
}

function checkRing(ring: readonly Position[], path: string, faults: GeometryFault[]): void {
  if (ring.length < 4) {
    faults.push({
      path,
      value: `${ring.length} positions`,
      expected: "a ring of at least 4, the last equal to the first",
    });
    return;
  }
  if (!checkPositions(ring, path, 4, faults)) return;
  const first = ring[0];
  const last = ring[ring.length - 1];
  if (first[0] !== last[0] || first[1] !== last[1]) {
    faults.push({
      path: `${path}[${ring.length - 1}]`,
      value: JSON.stringify(last),
      expected: `the first position again, ${JSON.stringify(first)}`,
    });
    return;
  }
  checkSimple(ring, path, faults);
}

/**
 * A ring must not cross or overlap itself. Edges are looked at in the order of their western ends, each against those that are
 * still open there: n log n for what people draw.
 */
function checkSimple(ring: readonly Position[], path: string, faults: GeometryFault[]): void {
  const corners = unwrapped(ring);
  const count = corners.length - 1;
  if (corners[0].lon !== corners[count].lon) {
    faults.push({ path, value: "a ring that goes round a pole", expected: "a ring with its inside beside it" });
    return;
  }
  if (count < 3) {
    faults.push({ path, value: `${count} different corners`, expected: "a ring that encloses a surface" });
    return;
  }
  const west = (i: number): number => Math.min(corners[i].lon, corners[i + 1].lon);
  const order = Array.from({ length: count }, (_, i) => i).toSorted((a, b) => west(a) - west(b));
  let open: number[] = [];
  for (const edge of order) {
    const at = west(edge);
    open = open.filter((other) => Math.max(corners[other].lon, corners[other + 1].lon) >= at);
    for (const other of open) {
      if (!clash(corners, edge, other, count)) continue;
      const [a, b] = edge < other ? [edge, other] : [other, edge];
      faults.push({
        path: `${path}[${corners[a].index}]`,
        value: `the edge from ${JSON.stringify(ring[corners[a].index])} meets the edge from ${JSON.stringify(ring[corners[b].index])} (position ${corners[b].index})`,
        expected: "a ring that does not meet itself",
      });
      return;
    }
    open.push(edge);
  }
}

interface Corner {
  lon: number;
  lat: number;
  /** Its place in the ring as given. */
  index: number;
}

/** The ring without repeated positions, longitudes running on across 180°. */
function unwrapped(ring: readonly Position[]): Corner[] {
  const corners: Corner[] = [];
  for (let index = 0; index < ring.length; index++) {
    const [rawLon, lat] = ring[index];
    const before = corners.at(-1);
    const lon = before === undefined ? rawLon : rawLon + 360 * Math.round((before.lon - rawLon) / 360);
    if (before === undefined || lon !== before.lon || lat !== before.lat) corners.push({ lon, lat, index });
  }
  return corners;
}

/** Whether two edges of a ring meet where they should not: neighbours share one corner, others nothing. */
function clash(corners: readonly Corner[], i: number, j: number, count: number): boolean {
  const a = corners[i];
  const b = corners[i + 1];
  const c = corners[j];
  const d = corners[j + 1];
  if (Math.max(a.lat, b.lat) < Math.min(c.lat, d.lat) || Math.max(c.lat, d.lat) < Math.min(a.lat, b.lat)) return false;
  const gap = Math.abs(i - j);
  if (gap === 1 || gap === count - 1) {
    // Neighbours clash only when one folds back over the other.
    const [from, corner, to] = (j - i + count) % count === 1 ? [a, b, d] : [c, d, b];
    const folded =
      (corner.lon - from.lon) * (to.lon - corner.lon) + (corner.lat - from.lat) * (to.lat - corner.lat) < 0;
    return folded && side(from, corner, to) === 0;
  }
  const abc = side(a, b, c);
  const abd = side(a, b, d);
  const cda = side(c, d, a);
  const cdb = side(c, d, b);
  if (abc * abd < 0 && cda * cdb < 0) return true;
  return (
    (abc === 0 && within(a, b, c)) ||
    (abd === 0 && within(a, b, d)) ||
    (cda === 0 && within(c, d, a)) ||
    (cdb === 0 && within(c, d, b))
  );
}

function side(a: Corner, b: Corner, p: Corner): number {
  return Math.sign((b.lon - a.lon) * (p.lat - a.lat) - (b.lat - a.lat) * (p.lon - a.lon));
}

/** Whether a point on the line through a and b lies between them. */
function within(a: Corner, b: Corner, p: Corner): boolean {
  return (
    p.lon >= Math.min(a.lon, b.lon) &&
    p.lon <= Math.max(a.lon, b.lon) &&
    p.lat >= Math.min(a.lat, b.lat) &&
    p.lat <= Math.max(a.lat, b.lat)
  );
}
