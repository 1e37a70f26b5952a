import type { FixBatch } from "../model/fix.ts";
import type { Trip } from "../model/history.ts";
import { tripFigures } from "../tracks/trip.ts";

/** The figures of a track, as the API gives them. */
export function tripOf(vehicle: string, track: FixBatch, { fromMs, toMs }: { fromMs: number; toMs: number }): Trip {
  const { fixes, meters, drivingMs, stops, gaps } = tripFigures(track);
  return {
    vehicle,
    from: instant(fromMs),
    to: instant(toMs),
    fixes,
    distanceM: round(meters),
    drivingS: drivingMs / 1000,
    stops: stops.map(({ lonE6, latE6, ...span }) => ({ ...spanOf(span), lon: lonE6 / 1e6, lat: latE6 / 1e6 })),
    gaps: gaps.map(({ meters: straight, start, end, ...span }) => ({
      ...spanOf(span),
      distanceM: round(straight),
      start: { lon: start.lonE6 / 1e6, lat: start.latE6 / 1e6 },
      end: { lon: end.lonE6 / 1e6, lat: end.latE6 / 1e6 },
    })),
  };
}

/** Stops as points and gaps as straight lines (RFC 7946); the figures of the whole beside them. */
export function tripGeoJson({ stops, gaps, ...figures }: Trip): object {
  return {
    type: "FeatureCollection",
    ...figures,
    features: [
      ...stops.map(({ lon, lat, ...rest }) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: [lon, lat] },
        properties: { kind: "stop", ...rest },
      })),
      ...gaps.map(({ start, end, ...rest }) => ({
        type: "Feature",
        geometry: {
          type: "LineString",
          coordinates: [
            [start.lon, start.lat],
            [end.lon, end.lat],
          ],
        },
        properties: { kind: "gap", ...rest },
      })),
    ],
  };
}

/** One line for the whole, one a stop, one a gap, in the order of time. */
export function tripCsv({ vehicle, from, to, distanceM, drivingS, fixes, stops, gaps }: Trip): string {
  const rows = [
    ["kind", "vehicle", "from", "to", "duration_s", "distance_m", "lon", "lat", "end_lon", "end_lat", "fixes"],
    ["trip", vehicle, from, to, drivingS, distanceM, "", "", "", "", fixes],
    ...[
      ...stops.map((stop) => ["stop", vehicle, stop.from, stop.to, stop.durationS, "", stop.lon, stop.lat, "", "", ""]),
      ...gaps.map(({ start, end, ...gap }) => [
        "gap",
        vehicle,
        gap.from,
        gap.to,
        gap.durationS,
        gap.distanceM,
        start.lon,
        start.lat,
        end.lon,
        end.lat,
        "",
      ]),
    ].toSorted((a, b) => (String(a[2]) < String(b[2]) ? -1 : 1)),
  ];
  return rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function spanOf({ fromMs, toMs }: { fromMs: number; toMs: number }): { from: string; to: string; durationS: number } {
  return { from: instant(fromMs), to: instant(toMs), durationS: (toMs - fromMs) / 1000 };
}

function round(meters: number): number {
  return Math.round(meters * 10) / 10;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
