import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { access, constants, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { WuxingError } from "../model/errors.ts";
import { ABSENT_I16, ABSENT_U16, FIX_UNUSABLE, FixFlag, type FixBatch } from "../model/fix.ts";
import { syncPath } from "./run-writer.ts";
import { messageOf } from "./track-database.ts";
import type { TrackStore } from "./track-port.ts";

export const EXPORT_FORMATS = ["csv", "geojson", "gpx", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  /** The file to write; it appears when it is whole. */
  path: string;
  format: ExportFormat;
  /** Numbers; null: all. */
  vehicles: Uint32Array | null;
  /** `[fromMs, toMs)`, ms UTC. */
  fromMs: number;
  toMs: number;
  onProgress?: (done: { vehicles: number; fixes: number }) => void;
}

/**
 * Writes tracks to a file, WGS-84, times UTC with ms. CSV and Parquet (GeoParquet 1.1, points) hold every fix, the
 * unusable ones with their mark, and can be imported again; GeoJSON (one feature a vehicle, `times` beside its
 * coordinates) and GPX 1.1 (one track a vehicle) hold the usable ones.
 *
 * @throws WuxingError INPUT_INVALID when the file cannot be written.
 */
export async function exportTracks(
  store: Pick<TrackStore, "vehicles" | "eachTrack" | "copyToParquet">,
  request: ExportRequest,
): Promise<{ vehicles: number; fixes: number }> {
  const { path, format, fromMs, toMs } = request;
  const vehicles = request.vehicles ?? Uint32Array.from({ length: store.vehicles.count }, (_, vehicle) => vehicle);
  const partial = `${path}.partial`;
  try {
    await access(dirname(path), constants.W_OK);
    const done = await (format === "parquet"
      ? store.copyToParquet(partial, request.vehicles, fromMs, toMs)
      : writeText(store, TEXT_FORMATS[format], partial, vehicles, request));
    await syncPath(partial);
    await rename(partial, path);
    return done;
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof WuxingError) throw error;
    throw new WuxingError("INPUT_INVALID", `${path} cannot be written: ${messageOf(error)}`, [
      { where: path, expected: "a file in a folder that can be written" },
    ]);
  }
}

interface TextFormat {
  head: string;
  /** One vehicle; `isFirst` for what stands between two. */
  track: (id: string, track: FixBatch, isFirst: boolean) => string;
  foot: string;
  usableOnly: boolean;
}

const TEXT_FORMATS: Record<Exclude<ExportFormat, "parquet">, TextFormat> = {
  csv: {
    head: "vehicle,time,lon,lat,speed,heading,altitude,status,alarm,received,mark\n",
    track: csvTrack,
    foot: "",
    usableOnly: false,
  },
  geojson: {
    head: '{"type":"FeatureCollection","features":[',
    track: (id, track, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(featureOf(id, track))}`,
    foot: "\n]}\n",
    usableOnly: true,
  },
  gpx: {
    head: `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="wuxing" xmlns="http://www.topografix.com/GPX/1/1" xmlns:tpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
`,
    track: gpxTrack,
    foot: "</gpx>\n",
    usableOnly: true,
  },
};

async function writeText(
  store: Pick<TrackStore, "vehicles" | "eachTrack">,
  format: TextFormat,
  path: string,
  vehicles: Uint32Array,
  { fromMs, toMs, onProgress }: ExportRequest,
): Promise<{ vehicles: number; fixes: number }> {
  const file = createWriteStream(path);
  await once(file, "open");
  const done = { vehicles: 0, fixes: 0 };
  try {
    await write(file, format.head);
    await store.eachTrack(vehicles, fromMs, toMs, async (vehicle, track) => {
      const rows = format.usableOnly ? usableRows(track) : track.length;
      if (rows === 0) return;
      await write(file, format.track(store.vehicles.idOf(vehicle), track, done.vehicles === 0));
      done.vehicles++;
      done.fixes += rows;
      onProgress?.(done);
    });
    file.end(format.foot);
    await finished(file);
    return done;
  } catch (error) {
    file.destroy();
    throw error;
  }
}

async function write(file: WriteStream, text: string): Promise<void> {
  if (!file.write(text)) await once(file, "drain");
}

function csvTrack(id: string, track: FixBatch): string {
  const name = /[",\r\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id;
  let text = "";
  for (let row = 0; row < track.length; row++) {
    const { speedKmh, headingDeg, altitudeM } = optionalsOf(track, row);
    text += `${name},${iso(track.timeMs[row])},${degrees(track.lonE6[row])},${degrees(track.latE6[row])},${speedKmh ?? ""},${headingDeg ?? ""},${altitudeM ?? ""},${track.status[row]},${track.alarm[row]},${iso(track.receivedMs[row])},${marksOf(track.flags[row])}\n`;
  }
  return text;
}

function featureOf(id: string, track: FixBatch): object {
  const rows = Array.from({ length: track.length }, (_, row) => row).filter((row) => isUsable(track, row));
  const coordinates = rows.map((row) => [track.lonE6[row] / 1e6, track.latE6[row] / 1e6]);
  const optionals = rows.map((row) => optionalsOf(track, row));
  // A line has two places at least (RFC 7946, 3.1.4).
  const geometry =
    rows.length === 1 ? { type: "Point", coordinates: coordinates[0] } : { type: "LineString", coordinates };
  return {
    type: "Feature",
    geometry,
    properties: {
      vehicle: id,
      times: rows.map((row) => iso(track.timeMs[row])),
      speedsKmh: optionals.map(({ speedKmh }) => speedKmh),
      headingsDeg: optionals.map(({ headingDeg }) => headingDeg),
    },
  };
}

function gpxTrack(id: string, track: FixBatch): string {
  let text = `<trk><name>${xml(id)}</name><trkseg>\n`;
  for (let row = 0; row < track.length; row++) {
    if (!isUsable(track, row)) continue;
    const { speedKmh, headingDeg, altitudeM } = optionalsOf(track, row);
    const more =
      (speedKmh === null ? "" : `<tpx:speed>${(speedKmh / 3.6).toFixed(2)}</tpx:speed>`) +
      (headingDeg === null ? "" : `<tpx:course>${headingDeg}</tpx:course>`);
    text +=
      `<trkpt lat="${degrees(track.latE6[row])}" lon="${degrees(track.lonE6[row])}">` +
      `${altitudeM === null ? "" : `<ele>${altitudeM}</ele>`}<time>${iso(track.timeMs[row])}</time>` +
      `${more === "" ? "" : `<extensions><tpx:TrackPointExtension>${more}</tpx:TrackPointExtension></extensions>`}</trkpt>\n`;
  }
  return `${text}</trkseg></trk>\n`;
}

function usableRows(track: FixBatch): number {
  let rows = 0;
  for (let row = 0; row < track.length; row++) if (isUsable(track, row)) rows++;
  return rows;
}

function isUsable(track: FixBatch, row: number): boolean {
  return (track.flags[row] & FIX_UNUSABLE) === 0;
}

function optionalsOf(
  track: FixBatch,
  row: number,
): { speedKmh: number | null; headingDeg: number | null; altitudeM: number | null } {
  const [speed, heading, altitude] = [track.speedKmh10[row], track.headingDeg[row], track.altitudeM[row]];
  return {
    speedKmh: speed === ABSENT_U16 ? null : speed / 10,
    headingDeg: heading === ABSENT_U16 ? null : heading,
    altitudeM: altitude === ABSENT_I16 ? null : altitude,
  };
}

/** The names of the marks, joined by spaces. */
function marksOf(flags: number): string {
  return Object.entries(FixFlag)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .join(" ");
}

function degrees(valueE6: number): string {
  return (valueE6 / 1e6).toFixed(6);
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
