import type { Shape } from "./shape.ts";

/**
 * Distances on the WGS-84 ellipsoid, for neighbours.
 *
 * Two points at most some kilometres apart lie, to a very good approximation, in a plane whose axes are scaled by the two radii
 * of curvature at their middle latitude φ:
 *
 *     north = M(φ) Δφ,   M = a (1 - e²) / (1 - e² sin²φ)^(3/2)        (along the meridian)
 *     east  = N(φ) cos φ Δλ,   N = a / (1 - e² sin²φ)^(1/2)           (along the parallel)
 *
 * The error of this middle-latitude formula is of third order in Δ/R: relative (Δ/R)² (1 + 2 tan²φ) / 24. At 2 km that is below
 * 3e-8, or 0.06 mm, up to 60° (measured against geographiclib-geodesic in the tests). Source: J. P. Snyder, Map Projections, USGS
 * Professional Paper 1395 (1987), pp. 24-25 for M and N; any textbook on geodesy for the middle-latitude formula.
 */

/** More than the metres of a millionth of a degree, of latitude or longitude, anywhere: M at a pole is 111,694 m a degree. */
export const MOST_METERS_PER_E6 = 0.111_7;
/** Degrees of latitude are at least this many metres long, anywhere: M at the equator. */
export const LEAST_METERS_PER_DEGREE = 110_574;

const A = 6_378_137;
const E2 = 0.006_694_379_990_141_316;
const DEGREE = Math.PI / 180;

/**
 * Both scales are asked several times an edge, and a sine is ten times the price of a multiplication: they are cubics here, one per
 * quarter of a degree, that have the true values and slopes at its ends (Hermite). The slopes are d(N cos φ)/dφ = -M sin φ and
 * dM/dφ = 3 M e² sin φ cos φ / (1 - e² sin²φ). Such a cubic errs by h⁴/384 of the fourth derivative: 1e-12.
 */
const STEPS_PER_DEGREE = 4;
const STEPS = 180 * STEPS_PER_DEGREE;
/** Eight numbers a step, one line of the cache: the cubic of the degree of longitude, then that of the degree of latitude. */
const CUBICS = makeCubics();

/** Metres a degree of longitude has at a latitude (degrees). */
export function metersPerLonDegree(lat: number): number {
  const place = (lat + 90) * STEPS_PER_DEGREE;
  const step = place < STEPS ? place | 0 : STEPS - 1;
  const u = place - step;
  const at = step << 3;
  return ((CUBICS[at + 3] * u + CUBICS[at + 2]) * u + CUBICS[at + 1]) * u + CUBICS[at];
}

/** Metres a degree of latitude has at a latitude (degrees). */
export function metersPerLatDegree(lat: number): number {
  const place = (lat + 90) * STEPS_PER_DEGREE;
  const step = place < STEPS ? place | 0 : STEPS - 1;
  const u = place - step;
  const at = step << 3;
  return ((CUBICS[at + 7] * u + CUBICS[at + 6]) * u + CUBICS[at + 5]) * u + CUBICS[at + 4];
}

/** The difference of two longitudes, the short way round, -180 to 180. */
export function lonDifference(from: number, to: number): number {
  const difference = to - from;
  return difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;
}

/**
 * Metres between two points, degrees, longitude first, the short way round the 180th meridian. Within 0.1 mm of the geodesic up to
 * 2 km at latitudes up to 60°, within 0.1 % up to 100 km.
 */
export function distanceMeters(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const middle = (lat1 + lat2) / 2;
  const east = lonDifference(lon1, lon2) * metersPerLonDegree(middle);
  const north = (lat2 - lat1) * metersPerLatDegree(middle);
  return Math.sqrt(east * east + north * north);
}

/**
 * Metres from a point to the closed shape (degrees, longitude first): 0 inside it and on its edge. Edges are straight in
 * longitude and latitude. Within 0.1 m of the geodesic up to 2 km; further away it only stays far.
 */
export function distanceToShape(shape: Shape, lon: number, lat: number): number {
  const x = shape.nearLon(lon);
  if (shape.covers(x, lat)) return 0;
  const { edges } = shape;
  let least = Infinity;
  for (let at = 0; at < edges.length; at += 4) {
    const distance = distanceToEdge(edges, at, x, lat);
    if (distance < least) least = distance;
  }
  return least;
}

/**
 * Metres from a point to the straight edge `edges[at … at + 3]` (from longitude, latitude to longitude, latitude). The nearest
 * point depends on the scale, which depends on the middle latitude to the nearest point: two rounds settle it, because a
 * kilometre changes the scale by less than 1e-3 and the distance is stationary at its nearest point.
 */
export function distanceToEdge(edges: Float64Array, at: number, lon: number, lat: number): number {
  const fraction = nearestOnEdge(edges, at, lon, lat, nearestOnEdge(edges, at, lon, lat, -1));
  const lonOnEdge = edges[at] + fraction * (edges[at + 2] - edges[at]);
  const latOnEdge = edges[at + 1] + fraction * (edges[at + 3] - edges[at + 1]);
  return distanceMeters(lon, lat, lonOnEdge, latOnEdge);
}

/**
 * Where on an edge (0 to 1) the point nearest to a place lies, in the scale of the middle latitude between the place and the
 * edge's point at `guess` (-1: the scale of the place).
 */
export function nearestOnEdge(edges: Float64Array, at: number, lon: number, lat: number, guess: number): number {
  const edgeLat = edges[at + 1];
  const rise = edges[at + 3] - edgeLat;
  const middle = guess < 0 ? lat : (lat + edgeLat + guess * rise) / 2;
  const kx = metersPerLonDegree(middle);
  const ky = metersPerLatDegree(middle);
  const dx = (edges[at + 2] - edges[at]) * kx;
  const dy = rise * ky;
  const length2 = dx * dx + dy * dy;
  // Shorter than a micrometre: a point.
  if (length2 < 1e-12) return 0;
  const along = ((lon - edges[at]) * kx * dx + (lat - edgeLat) * ky * dy) / length2;
  return along < 0 ? 0 : along > 1 ? 1 : along;
}

function makeCubics(): Float64Array {
  const cubics = new Float64Array(8 * STEPS);
  for (let step = 0; step < STEPS; step++) {
    const from = scalesAt(step / STEPS_PER_DEGREE - 90);
    const to = scalesAt((step + 1) / STEPS_PER_DEGREE - 90);
    cubics.set(hermite(from.lon, to.lon, from.lonSlope, to.lonSlope), 8 * step);
    cubics.set(hermite(from.lat, to.lat, from.latSlope, to.latSlope), 8 * step + 4);
  }
  return cubics;
}

/** Metres per degree of longitude and latitude at a latitude, and how they change per step of the table. */
function scalesAt(lat: number): { lon: number; lat: number; lonSlope: number; latSlope: number } {
  const sine = Math.sin(lat * DEGREE);
  const cosine = Math.cos(lat * DEGREE);
  const w2 = 1 - E2 * sine * sine;
  const m = (DEGREE * A * (1 - E2)) / (w2 * Math.sqrt(w2));
  const step = DEGREE / STEPS_PER_DEGREE;
  return {
    lon: (DEGREE * A * cosine) / Math.sqrt(w2),
    lat: m,
    lonSlope: -m * sine * step,
    latSlope: ((3 * m * E2 * sine * cosine) / w2) * step,
  };
}

/** The cubic, lowest power first, with given values and slopes at 0 and 1. */
function hermite(value0: number, value1: number, slope0: number, slope1: number): number[] {
  const rise = value1 - value0;
  return [value0, slope0, 3 * rise - 2 * slope0 - slope1, slope0 + slope1 - 2 * rise];
}
