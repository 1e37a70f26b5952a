import type { DuckDBConnection } from "@duckdb/node-api";
import type { BoxE6, PlaceTrack, TrackStore } from "../src/tracks/track-store.ts";

/**
 * The question that all stores are asked: who stayed within `radiusMeters` of a place for ten minutes or longer, from
 * when to when? By fixes alone, so that SQL can say it: near fixes no more than 300 s apart make a stay.
 */
export interface Place {
  lon: number;
  lat: number;
  radiusMeters: number;
}
export interface Stay {
  vehicle: number;
  fromMs: number;
  toMs: number;
}

const DWELL_MS = 600_000;
const GAP_MS = 300_000;

/** Lengths of a degree on the WGS-84 ellipsoid at a latitude: right to centimetres over some km. */
function degreeMeters(lat: number): { lon: number; lat: number } {
  const sin = Math.sin((lat * Math.PI) / 180);
  const w = Math.sqrt(1 - 0.00669437999014 * sin * sin);
  const perDegree = (6_378_137 * Math.PI) / 180;
  return { lon: (perDegree * Math.cos((lat * Math.PI) / 180)) / w, lat: (perDegree * (1 - 0.00669437999014)) / w ** 3 };
}

export function boxOf({ lon, lat, radiusMeters }: Place): BoxE6 {
  const meters = degreeMeters(lat);
  const [dx, dy] = [(radiusMeters * 1.001) / meters.lon, (radiusMeters * 1.001) / meters.lat];
  return [(lon - dx) * 1e6, (lat - dy) * 1e6, (lon + dx) * 1e6, (lat + dy) * 1e6];
}

/** Asks the track store, as the preview of an area does. */
export async function askStore(
  store: TrackStore,
  places: readonly Place[],
  fromMs: number,
  toMs: number,
): Promise<{ stays: Stay[][]; vehicles: number; fixesRead: number }> {
  const stays: Stay[][] = places.map(() => []);
  const grid = gridOf(places);
  const near = places.map(nearOf);
  const vehicles = new Set<number>();
  let fixesRead = 0;
  for await (const { vehicle, places: track } of store.staysIn(places.map(boxOf), fromMs, toMs, DWELL_MS)) {
    vehicles.add(vehicle);
    fixesRead += track.length;
    addStays(vehicle, track, near, grid, stays);
  }
  return { stays, vehicles: vehicles.size, fixesRead };
}

/** A place as it is compared with fixes: metres of a degree there, and the square of the radius. */
interface NearPlace {
  lonE6: number;
  latE6: number;
  lonMeters: number;
  latMeters: number;
  squared: number;
}

function nearOf({ lon, lat, radiusMeters }: Place): NearPlace {
  const meters = degreeMeters(lat);
  return {
    lonE6: lon * 1e6,
    latE6: lat * 1e6,
    lonMeters: meters.lon / 1e6,
    latMeters: meters.lat / 1e6,
    squared: radiusMeters * radiusMeters,
  };
}

const CELL_E6 = 20_000;
const cellOf = (lonE6: number, latE6: number): number =>
  Math.floor(latE6 / CELL_E6) * 65_536 + Math.floor(lonE6 / CELL_E6);

/** Which places reach into which cell. */
function gridOf(places: readonly Place[]): Map<number, number[]> {
  const grid = new Map<number, number[]>();
  for (const [index, place] of places.entries()) {
    const [w, s, e, n] = boxOf(place).map((value) => Math.floor(value / CELL_E6) * CELL_E6);
    for (let lat = s; lat <= n; lat += CELL_E6) {
      for (let lon = w; lon <= e; lon += CELL_E6) {
        const cell = grid.get(cellOf(lon, lat)) ?? [];
        grid.set(cellOf(lon, lat), cell);
        cell.push(index);
      }
    }
  }
  return grid;
}

function addStays(
  vehicle: number,
  track: PlaceTrack,
  places: readonly NearPlace[],
  grid: Map<number, number[]>,
  stays: Stay[][],
): void {
  const open = new Map<number, Stay>();
  for (let row = 0; row < track.length; row++) {
    const near = grid.get(cellOf(track.lonE6[row], track.latE6[row]));
    if (near === undefined) continue;
    for (const index of near) {
      if (!isNear(places[index], track.lonE6[row], track.latE6[row])) continue;
      const timeMs = track.timeMs[row];
      const stay = open.get(index);
      if (stay !== undefined && timeMs - stay.toMs <= GAP_MS) stay.toMs = timeMs;
      else {
        if (stay !== undefined && stay.toMs - stay.fromMs >= DWELL_MS) stays[index].push(stay);
        open.set(index, { vehicle, fromMs: timeMs, toMs: timeMs });
      }
    }
  }
  for (const [index, stay] of open) if (stay.toMs - stay.fromMs >= DWELL_MS) stays[index].push(stay);
}

function isNear(place: NearPlace, lonE6: number, latE6: number): boolean {
  const dx = (lonE6 - place.lonE6) * place.lonMeters;
  const dy = (latE6 - place.latE6) * place.latMeters;
  return dx * dx + dy * dy <= place.squared;
}

/** The same to a table `fix (vehicle, time_ms, lon_e6, lat_e6)` of DuckDB, in the order in which the fixes came. */
export async function askDuckDb(connection: DuckDBConnection, place: Place): Promise<number> {
  const [w, s, e, n] = boxOf(place).map(Math.round);
  const meters = degreeMeters(place.lat);
  const distance = `((lon_e6 / 1e6 - ${place.lon}) * ${meters.lon}) ** 2 + ((lat_e6 / 1e6 - ${place.lat}) * ${meters.lat}) ** 2`;
  const result = await connection.runAndReadAll(
    staySql(
      `SELECT vehicle, time_ms AS time FROM fix WHERE lon_e6 BETWEEN ${w} AND ${e} AND lat_e6 BETWEEN ${s} AND ${n}
       AND ${distance} <= ${place.radiusMeters ** 2}`,
      String(GAP_MS),
      String(DWELL_MS),
    ),
  );
  return result.currentRowCount;
}

/** The same for PostGIS, to a table `fix (vehicle, time, place geography)`. */
export function postgisSql({ lon, lat, radiusMeters }: Place): string {
  const point = `ST_SetSRID(ST_MakePoint(${lon}, ${lat}), 4326)::geography`;
  return staySql(
    `SELECT vehicle, time FROM fix WHERE ST_DWithin(place, ${point}, ${radiusMeters})`,
    `interval '${GAP_MS} ms'`,
    `interval '${DWELL_MS} ms'`,
  );
}

function staySql(near: string, gap: string, dwell: string): string {
  return `WITH near AS (${near}),
    marked AS (SELECT vehicle, time, CASE WHEN time - lag(time) OVER (PARTITION BY vehicle ORDER BY time) <= ${gap}
      THEN 0 ELSE 1 END AS is_first FROM near),
    run AS (SELECT vehicle, time, sum(is_first) OVER (PARTITION BY vehicle ORDER BY time) AS number FROM marked)
    SELECT vehicle, min(time), max(time) FROM run GROUP BY vehicle, number HAVING max(time) - min(time) >= ${dwell}`;
}
