import { readFile } from "node:fs/promises";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import { readTimeMs } from "./field-text.ts";
import type { RowIntake } from "./row-intake.ts";

const position = z.array(z.number()).min(2);
const time = z.union([z.string(), z.number()]);
const lineSchema = z.object({
  geometry: z.object({ type: z.literal("LineString"), coordinates: z.array(position) }),
  properties: z.object({
    vehicle: z.string(),
    times: z.array(time),
    speedsKmh: z.array(z.number().nullable()).optional(),
    headingsDeg: z.array(z.number().nullable()).optional(),
  }),
});
const pointSchema = z.object({
  geometry: z.object({ type: z.literal("Point"), coordinates: position }),
  properties: z.object({ vehicle: z.string(), time: time.optional(), times: z.array(time).optional() }),
});
const collectionSchema = z.object({ type: z.literal("FeatureCollection"), features: z.array(z.unknown()) });

/**
 * Reads a GeoJSON feature collection into `intake`: lines with `vehicle` and `times` (one a coordinate) among their
 * properties, as `exportTracks` writes them, and points with `vehicle` and `time`. The line of a fix is the number of
 * its feature, from 1. The file is read as a whole.
 *
 * @throws WuxingError INPUT_INVALID when the file is no feature collection
 */
export async function readGeoJsonFixes(
  path: string,
  size: number,
  intake: RowIntake,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let features: unknown[];
  try {
    ({ features } = collectionSchema.parse(JSON.parse(await readFile(path, "utf8"))));
  } catch (error) {
    throw new WuxingError("INPUT_INVALID", `${path}: ${(error as Error).message.split("\n", 1)[0]}`, [
      { where: path, expected: "a GeoJSON FeatureCollection (RFC 7946)" },
    ]);
  }
  for (const [index, feature] of features.entries()) {
    const line = lineSchema.safeParse(feature);
    const point = pointSchema.safeParse(feature);
    if (line.success) {
      const { geometry, properties } = line.data;
      if (geometry.coordinates.length === properties.times.length) {
        for (const [at, [lon, lat]] of geometry.coordinates.entries()) {
          const speed = properties.speedsKmh?.[at] ?? Number.NaN;
          add(
            intake,
            index + 1,
            properties.vehicle,
            properties.times[at],
            lon,
            lat,
            speed,
            properties.headingsDeg?.[at] ?? Number.NaN,
          );
        }
      } else {
        const value = `${properties.times.length} times, ${geometry.coordinates.length} coordinates`;
        intake.reject(index + 1, "properties.times", value, "one time a coordinate");
      }
    } else if (point.success) {
      const { geometry, properties } = point.data;
      const [lon, lat] = geometry.coordinates;
      add(
        intake,
        index + 1,
        properties.vehicle,
        properties.time ?? properties.times?.[0] ?? "",
        lon,
        lat,
        Number.NaN,
        Number.NaN,
      );
    } else {
      const expected = "a LineString with the properties vehicle and times, or a Point with vehicle and time";
      intake.reject(index + 1, "feature", JSON.stringify(feature), expected);
    }
    if (index % 1000 === 0) onBytes(Math.floor((size * index) / features.length));
  }
}

function add(
  intake: RowIntake,
  line: number,
  vehicle: string,
  instant: string | number | undefined,
  lon: number,
  lat: number,
  speedKmh: number,
  headingDeg: number,
): void {
  const text = Buffer.from(String(instant));
  const raw = [vehicle, String(instant), String(lon), String(lat)];
  intake.add(
    line,
    vehicle,
    readTimeMs(text, 0, text.length),
    lon,
    lat,
    speedKmh,
    headingDeg,
    (column) => raw[column] ?? "",
  );
}
