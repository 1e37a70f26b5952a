/**
 * The three coordinate systems of Chinese sources. WGS-84 is what satellites give. GCJ-02 ("Mars") is what maps in China
 * must publish: WGS-84 displaced by a smooth, secret-no-more function of some 100 to 700 m. BD-09 is Baidu's further
 * displacement of GCJ-02. Both are applied inside a box round China only.
 *
 * The forward functions are the ones in general use since 2012 (eviltransform and its many translations); their inverses
 * have no closed form and are found by iteration. The displacement changes by less than 1 % of a step, so each round gains two
 * digits.
 */

/** What a source declares. */
export type KernelDatum = "wgs84" | "gcj02" | "bd09";

/** The Krasovsky 1940 ellipsoid, which GCJ-02 uses: semi-major axis in metres, first eccentricity squared. */
const KRASOVSKY_A = 6_378_245;
const KRASOVSKY_E2 = 0.006_693_421_622_965_823;
const DEGREE = Math.PI / 180;
const BD_WAVE = (Math.PI * 3000) / 180;
/** Rounds of the iteration; four are enough for 1 nm, the limit is for places where the box ends. */
const ROUNDS_MAX = 12;
/** 1e-10 degree is 0.01 mm. */
const CLOSE_DEGREES = 1e-10;

/** Whether the box in which GCJ-02 and BD-09 differ from WGS-84 holds a place; degrees, WGS-84. */
export function isInChinaBox(lon: number, lat: number): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

/**
 * A place in `datum`, converted to WGS-84. Degrees, longitude first. The inverse of `fromWgs84` within 0.01 mm inside China.
 */
export function toWgs84(datum: KernelDatum, lon: number, lat: number): [lon: number, lat: number] {
  if (datum === "wgs84" || !isInChinaBox(lon, lat)) return [lon, lat];
  let guessLon = lon;
  let guessLat = lat;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const [atLon, atLat] = fromWgs84(datum, guessLon, guessLat);
    const missLon = lon - atLon;
    const missLat = lat - atLat;
    guessLon += missLon;
    guessLat += missLat;
    if (Math.abs(missLon) < CLOSE_DEGREES && Math.abs(missLat) < CLOSE_DEGREES) break;
  }
  return [guessLon, guessLat];
}

/** A WGS-84 place, converted to `datum`. Degrees, longitude first. */
export function fromWgs84(datum: KernelDatum, lon: number, lat: number): [lon: number, lat: number] {
  if (datum === "wgs84" || !isInChinaBox(lon, lat)) return [lon, lat];
  const [gcjLon, gcjLat] = wgs84ToGcj02(lon, lat);
  return datum === "gcj02" ? [gcjLon, gcjLat] : gcj02ToBd09(gcjLon, gcjLat);
}

function wgs84ToGcj02(lon: number, lat: number): [lon: number, lat: number] {
  const x = lon - 105;
  const y = lat - 35;
  const wave = (20 * Math.sin(6 * Math.PI * x) + 20 * Math.sin(2 * Math.PI * x)) * (2 / 3);
  const root = Math.sqrt(Math.abs(x));
  // Metres north and east, as a polynomial with sines of the place.
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    wave +
    (20 * Math.sin(Math.PI * y) + 40 * Math.sin((Math.PI * y) / 3)) * (2 / 3) +
    (160 * Math.sin((Math.PI * y) / 12) + 320 * Math.sin((Math.PI * y) / 30)) * (2 / 3);
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    wave +
    (20 * Math.sin(Math.PI * x) + 40 * Math.sin((Math.PI * x) / 3)) * (2 / 3) +
    (150 * Math.sin((Math.PI * x) / 12) + 300 * Math.sin((Math.PI * x) / 30)) * (2 / 3);
  // Metres to degrees on the Krasovsky ellipsoid.
  const sine = Math.sin(lat * DEGREE);
  const w2 = 1 - KRASOVSKY_E2 * sine * sine;
  const w = Math.sqrt(w2);
  const meridian = (KRASOVSKY_A * (1 - KRASOVSKY_E2)) / (w2 * w);
  const parallel = (KRASOVSKY_A / w) * Math.cos(lat * DEGREE);
  return [lon + east / (parallel * DEGREE), lat + north / (meridian * DEGREE)];
}

function gcj02ToBd09(lon: number, lat: number): [lon: number, lat: number] {
  const radius = Math.hypot(lon, lat) + 0.000_02 * Math.sin(lat * BD_WAVE);
  const angle = Math.atan2(lat, lon) + 0.000_003 * Math.cos(lon * BD_WAVE);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}
