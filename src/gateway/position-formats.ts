/**
 * Positions as phones and other programs send them over HTTP and MQTT, read into `ReportedPosition`. Every item is judged by
 * itself: what is wrong with one never touches another.
 */
import { z } from "zod";
import type { Problem } from "../model/errors.ts";
import type { ReportedPosition } from "./position-intake.ts";

/** One item of a message: whose position, or why it was refused. */
export type ReadItem = { vehicle: string; position: ReportedPosition } | { problem: Problem };

const KNOTS_KMH = 1.852;
/** Most positions in one message. */
const ITEMS_MAX = 10_000;

const vehicleId = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]*$/u, "no control characters");
const degrees = (most: number): z.ZodNumber => z.number().min(-most).max(most);
/** ISO 8601 with its offset, or milliseconds since the epoch. */
const instant = z.union(
  [
    z.number().int().min(0).max(4_102_444_800_000),
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  ],
  "ISO 8601 with its offset, or milliseconds since the epoch",
);

const fixSchema = z.object({
  vehicle: vehicleId,
  time: instant,
  lon: degrees(180),
  lat: degrees(90),
  speed: z.number().min(0).max(6553).optional(),
  heading: z.number().min(0).max(360).optional(),
  altitude: z.number().min(-1000).max(32_000).optional(),
});

const pointFeatureSchema = z.object({
  type: z.literal("Feature"),
  geometry: z.object({ type: z.literal("Point"), coordinates: z.array(z.number()).min(2).max(3) }),
  properties: z.object({
    vehicle: vehicleId,
    time: instant,
    speed: fixSchema.shape.speed,
    heading: fixSchema.shape.heading,
    altitude: fixSchema.shape.altitude,
  }),
});

/** OwnTracks, `_type: "location"`: https://owntracks.org/booklet/tech/json/ */
const ownTracksSchema = z.object({
  _type: z.literal("location"),
  lat: degrees(90),
  lon: degrees(180),
  /** Seconds. */
  tst: z.number().min(0).max(4_102_444_800),
  /** km/h. */
  vel: z.number().min(0).max(6553).optional(),
  cog: z.number().min(0).max(360).optional(),
  alt: z.number().optional(),
  tid: z.string().optional(),
  topic: z.string().optional(),
});

/** The query that OsmAnd and most phone trackers send; speed in knots, time in seconds, milliseconds or ISO 8601. */
const osmAndSchema = z.object({
  id: vehicleId.optional(),
  deviceid: vehicleId.optional(),
  lat: z.coerce.number().pipe(degrees(90)),
  lon: z.coerce.number().pipe(degrees(180)),
  timestamp: z.string().min(1),
  speed: z.coerce.number().min(0).max(3500).optional(),
  bearing: z.coerce.number().min(0).max(360).optional(),
  heading: z.coerce.number().min(0).max(360).optional(),
  altitude: z.coerce.number().optional(),
});

/** Traccar Client 9 and later; speed in m/s: https://www.traccar.org/osmand/ */
const traccarSchema = z.object({
  device_id: z.coerce.string().pipe(vehicleId),
  location: z.object({
    timestamp: instant,
    coords: z.object({
      latitude: degrees(90),
      longitude: degrees(180),
      speed: z.number().max(1800).nullish(),
      heading: z.number().max(360).nullish(),
      altitude: z.number().nullish(),
    }),
  }),
});

/**
 * `{ "fixes": [{ vehicle, time, lon, lat, speed?, heading?, altitude? }] }`, or a GeoJSON feature (collection) of points whose
 * properties hold `vehicle`, `time` and the rest. Speed in km/h, altitude in metres. Undefined when it is neither, or too long.
 */
export function readJsonPositions(message: unknown): ReadItem[] | undefined {
  const { fixes, features, type } = z
    .object({ fixes: z.array(z.unknown()), features: z.array(z.unknown()), type: z.string() })
    .partial()
    .catch({})
    .parse(message);
  if (fixes !== undefined)
    return fixes.length > ITEMS_MAX ? undefined : fixes.map((item, at) => readFix(item, `fixes[${at}]`));
  if (type === "FeatureCollection" && features !== undefined && features.length <= ITEMS_MAX) {
    return features.map((item, at) => readFeature(item, `features[${at}]`));
  }
  return type === "Feature" ? [readFeature(message, "")] : undefined;
}

/** An OwnTracks message; `device` names the vehicle where the message's topic does not. Undefined for other types of message. */
export function readOwnTracks(message: unknown, device: string | undefined): ReadItem | undefined {
  if (!z.object({ _type: z.literal("location") }).safeParse(message).success) return undefined;
  const parsed = ownTracksSchema.safeParse(message);
  if (!parsed.success) return { problem: problemOf(parsed.error, message, "") };
  const { lon, lat, tst, vel, cog, alt, tid, topic } = parsed.data;
  const name = device ?? topic?.split("/").at(-1) ?? tid;
  const vehicle = vehicleId.safeParse(name);
  if (!vehicle.success) return { problem: { where: "topic", expected: "the vehicle's name in topic, device or tid" } };
  return {
    vehicle: vehicle.data,
    position: {
      timeMs: tst * 1000,
      longitude: lon,
      latitude: lat,
      ...given({ speedKmh: vel, direction: cog, altitude: alt }),
    },
  };
}

/** The parameters of an OsmAnd query. */
export function readOsmAnd(query: unknown): ReadItem {
  const parsed = osmAndSchema.safeParse(query);
  if (!parsed.success) return { problem: problemOf(parsed.error, query, "") };
  const { id, deviceid, lat, lon, timestamp, speed, bearing, heading, altitude } = parsed.data;
  const vehicle = id ?? deviceid;
  const timeMs = looseInstant(timestamp);
  if (vehicle === undefined) return { problem: { where: "id", expected: "the vehicle's name" } };
  if (timeMs === undefined) {
    return {
      problem: { where: "timestamp", value: timestamp.slice(0, 100), expected: "seconds, milliseconds or ISO 8601" },
    };
  }
  const speedKmh = speed === undefined ? undefined : speed * KNOTS_KMH;
  return {
    vehicle,
    position: {
      timeMs,
      longitude: lon,
      latitude: lat,
      ...given({ speedKmh, direction: bearing ?? heading, altitude }),
    },
  };
}

/** A message of Traccar Client in JSON; undefined for what is none. */
export function readTraccarJson(message: unknown): ReadItem | undefined {
  if (!z.object({ location: z.unknown(), device_id: z.unknown() }).safeParse(message).success) return undefined;
  const parsed = traccarSchema.safeParse(message);
  if (!parsed.success) return { problem: problemOf(parsed.error, message, "") };
  const { device_id: vehicle, location } = parsed.data;
  const { latitude, longitude, speed, heading, altitude } = location.coords;
  // The phone's own words for "not known" are numbers below zero.
  const speedKmh = speed == null || speed < 0 ? undefined : speed * 3.6;
  const direction = heading == null || heading < 0 ? undefined : heading;
  const extras = given({ speedKmh, direction, altitude: altitude ?? undefined });
  return { vehicle, position: { timeMs: location.timestamp, longitude, latitude, ...extras } };
}

function readFix(item: unknown, where: string): ReadItem {
  const parsed = fixSchema.safeParse(item);
  if (!parsed.success) return { problem: problemOf(parsed.error, item, where) };
  const { vehicle, time, lon, lat, speed, heading, altitude } = parsed.data;
  const extras = given({ speedKmh: speed, direction: heading, altitude });
  return { vehicle, position: { timeMs: time, longitude: lon, latitude: lat, ...extras } };
}

function readFeature(item: unknown, where: string): ReadItem {
  const parsed = pointFeatureSchema.safeParse(item);
  if (!parsed.success) return { problem: problemOf(parsed.error, item, where) };
  const { geometry, properties } = parsed.data;
  const [lon, lat, height] = geometry.coordinates;
  return readFix({ altitude: height, ...properties, lon, lat }, where);
}

function looseInstant(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/u.test(text)) {
    const number = Number(text);
    return number > 1e11 ? Math.round(number) : Math.round(number * 1000);
  }
  const parsed = z.iso.datetime({ offset: true, local: false }).safeParse(text);
  return parsed.success ? Date.parse(parsed.data) : undefined;
}

/** The fields that are given. */
function given(fields: {
  speedKmh: number | undefined;
  direction: number | undefined;
  altitude: number | undefined;
}): Partial<ReportedPosition> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function problemOf(error: z.ZodError, item: unknown, where: string): Problem {
  const issue = error.issues[0]!;
  let value: unknown = item;
  for (const step of issue.path)
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  const path = [where, ...issue.path.map(String)].filter((part) => part !== "").join(".");
  const shown = value === undefined ? {} : { value: JSON.stringify(value).slice(0, 100) };
  return { where: path, ...shown, expected: issue.message };
}
