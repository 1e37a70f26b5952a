import { distanceMeters, distanceToEdge } from "./distance.ts";

/**
 * Shapes as flat arrays. A GeoJSON geometry (RFC 7946) is checked once, on the way in, and compiled once; what decides afterwards
 * reads numbers only.
 *
 * Longitudes of a compiled shape are unwrapped: they run on past 180 where the shape crosses the 180th meridian, and a point is
 * moved by a whole turn to the side of the shape's middle before it is compared.
 */

/** A GeoJSON geometry, as far as the kernel reads it. Positions are longitude, latitude, degrees. */
export type KernelGeometry =
  | { type: "Point"; coordinates: readonly number[] }
  | { type: "MultiPoint" | "LineString"; coordinates: readonly (readonly number[])[] }
  | { type: "MultiLineString" | "Polygon"; coordinates: readonly (readonly (readonly number[])[])[] }
  | { type: "MultiPolygon"; coordinates: readonly (readonly (readonly (readonly number[])[])[])[] };

/** What is wrong with a geometry: where, which value, what was expected. */
export interface GeometryFault {
  path: string;
  value: string;
  expected: string;
}

/**
 * Discs round a shape's middle stand for it where it is small and not near a pole. An edge that is straight in longitude and latitude bends
 * away from the geodesic between its ends by L² tan φ / 8R, which is what `DISC_BEND` allows for.
 */
const DISC_METERS_MAX = 5000;
const DISC_LAT_MAX = 75;
const DISC_BEND = 3e-7;

/** A compiled shape: everything that a distance or a crossing is computed from. Degrees, longitudes unwrapped. */
export class Shape {
  /** Four numbers an edge: longitude, latitude, longitude, latitude. A point is an edge without length. */
  readonly edges: Float64Array;
  /**
   * Which edges bound surfaces: the number (not the offset) of each polygon's first edge, ascending, and the number of edges at the end. The
   * edges before the first polygon's are points and lines.
   */
  readonly polygons: readonly number[];
  /** West, south, east, north. */
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
  /** The middle of the box. */
  readonly middleLon: number;
  readonly middleLat: number;
  /** No point of the shape is farther from the middle than this; Infinity where that is not worth knowing. */
  readonly outerMeters: number;
  /** How far inside the shape the middle is; negative outside it, -Infinity where that is not worth knowing. */
  readonly innerMeters: number;

  constructor(edges: Float64Array, polygons: readonly number[]) {
    this.edges = edges;
    this.polygons = polygons;
    let west = Infinity;
    let south = Infinity;
    let east = -Infinity;
    let north = -Infinity;
    for (let at = 0; at < edges.length; at += 2) {
      west = Math.min(west, edges[at]);
      east = Math.max(east, edges[at]);
      south = Math.min(south, edges[at + 1]);
      north = Math.max(north, edges[at + 1]);
    }
    this.west = west;
    this.south = south;
    this.east = east;
    this.north = north;
    this.middleLon = (west + east) / 2;
    this.middleLat = (south + north) / 2;
    const outerMeters = farthestCorner(edges, this.middleLon, this.middleLat);
    const isSmall = outerMeters <= DISC_METERS_MAX && Math.abs(this.middleLat) <= DISC_LAT_MAX;
    this.outerMeters = isSmall ? outerMeters + DISC_BEND * outerMeters * outerMeters : Infinity;
    this.innerMeters = isSmall ? depth(this, this.middleLon, this.middleLat) : -Infinity;
  }

  /** The same edges without the surfaces that they bound. */
  withoutSurface(): Shape {
    return new Shape(this.edges, [this.edges.length / 4]);
  }

  /** A longitude, moved by a whole turn if that brings it nearer to the shape. */
  nearLon(lon: number): number {
    if (lon - this.middleLon > 180) return lon - 360;
    return lon - this.middleLon < -180 ? lon + 360 : lon;
  }

  /**
   * Whether the place (its longitude as `nearLon` gives it) lies in one of the shape's polygons: even-odd over the rings of each, so that
   * holes are out, and what two polygons both cover is in. On the boundary it is on the side that the same place a step to the east is on, a
   * step too small for any number (as in `crossing.ts`).
   */
  covers(lon: number, lat: number): boolean {
    if (lat < this.south || lat > this.north || lon < this.west || lon > this.east) return false;
    const { edges, polygons } = this;
    for (let polygon = 0; polygon + 1 < polygons.length; polygon++) {
      const end = 4 * polygons[polygon + 1];
      let isInside = false;
      for (let at = 4 * polygons[polygon]; at < end; at += 4) {
        const lat0 = edges[at + 1];
        const lat1 = edges[at + 3];
        // Half-open: a vertex on the ray belongs to the edge above it only.
        if (lat0 > lat === lat1 > lat) continue;
        const lonThere = edges[at] + ((lat - lat0) / (lat1 - lat0)) * (edges[at + 2] - edges[at]);
        if (lon < lonThere) isInside = !isInside;
      }
      if (isInside) return true;
    }
    return false;
  }
}

/**
 * Compiles a checked geometry.
 * @throws RangeError when the geometry has no position at all (`checkGeometry` finds that).
 */
export function compileShape(geometry: KernelGeometry): Shape {
  const edgeList: number[] = [];
  const polygons: number[] = [];
  const addPolygon = (rings: readonly (readonly (readonly number[])[])[]): void => {
    polygons.push(edgeList.length / 4);
    for (const ring of rings) addLine(ring, edgeList);
  };
  switch (geometry.type) {
    case "Point":
      addLine([geometry.coordinates, geometry.coordinates], edgeList);
      break;
    case "MultiPoint":
      for (const point of geometry.coordinates) addLine([point, point], edgeList);
      break;
    case "LineString":
      addLine(geometry.coordinates, edgeList);
      break;
    case "MultiLineString":
      for (const line of geometry.coordinates) addLine(line, edgeList);
      break;
    case "Polygon":
      addPolygon(geometry.coordinates);
      break;
    case "MultiPolygon":
      for (const polygon of geometry.coordinates) addPolygon(polygon);
  }
  if (edgeList.length === 0) throw new RangeError("a shape without positions");
  const edges = Float64Array.from(edgeList);
  alignParts(edges);
  return new Shape(edges, [...polygons, edges.length / 4]);
}

/** Appends the edges between consecutive positions, the short way round each; one edge without length when all are the same. */
function addLine(positions: readonly (readonly number[])[], out: number[]): void {
  let [lon, lat] = positions[0];
  let isPoint = true;
  for (let i = 1; i < positions.length; i++) {
    const [rawLon, nextLat] = positions[i];
    const nextLon = rawLon + 360 * Math.round((lon - rawLon) / 360);
    if (nextLon === lon && nextLat === lat) continue;
    out.push(lon, lat, nextLon, nextLat);
    isPoint = false;
    lon = nextLon;
    lat = nextLat;
  }
  if (isPoint) out.push(lon, lat, lon, lat);
}

/** Moves each edge by whole turns next to the first one: the parts of a multi-geometry may lie on both sides of 180°. */
function alignParts(edges: Float64Array): void {
  const reference = edges[0];
  for (let at = 4; at < edges.length; at += 4) {
    // Consecutive edges of a ring already share their vertex; only a part's first edge can be a turn away.
    const continues = edges[at] === edges[at - 2] && edges[at + 1] === edges[at - 1];
    const turn = continues ? 0 : 360 * Math.round((reference - edges[at]) / 360);
    if (turn === 0) continue;
    let end = at;
    do {
      edges[end] += turn;
      edges[end + 2] += turn;
      end += 4;
    } while (end < edges.length && edges[end] + turn === edges[end - 2] && edges[end + 1] === edges[end - 1]);
  }
}

function farthestCorner(edges: Float64Array, lon: number, lat: number): number {
  let farthest = 0;
  for (let at = 0; at < edges.length; at += 2) {
    farthest = Math.max(farthest, distanceMeters(lon, lat, edges[at], edges[at + 1]));
  }
  return farthest;
}

/** Metres to the boundary, positive inside a surface. */
function depth(shape: Shape, lon: number, lat: number): number {
  let least = Infinity;
  for (let at = 0; at < shape.edges.length; at += 4) least = Math.min(least, distanceToEdge(shape.edges, at, lon, lat));
  return shape.covers(lon, lat) ? least : -least;
}
