import { z } from "zod";
import { areaLevelSchema, datumSchema, geometrySchema } from "./area.ts";

/** A virtual checkpoint: a line across the road. Who crosses it from its left to its right side goes `inbound`. */
export const gateSchema = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(200),
  nameEn: z.string().max(200).optional(),
  road: z.string().max(100).optional(),
  /** Two or more positions, WGS-84, longitude first. */
  line: z.array(z.tuple([z.number(), z.number()])).min(2),
});
export type Gate = z.infer<typeof gateSchema>;

/** `city.json` in a city's folder: names, files beside it, and the datum that each file declares. */
export const cityFileSchema = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1),
  nameEn: z.string().min(1),
  timeZone: z.string().default("Asia/Shanghai"),
  /** Polygon or MultiPolygon of the city's fence, or `from: "counties"` for the union outline of the counties. */
  counties: z.strictObject({ file: z.string(), datum: datumSchema }),
  fence: z.strictObject({ file: z.string(), datum: datumSchema }),
  gates: z.strictObject({ file: z.string(), datum: datumSchema }),
  areas: z.strictObject({ file: z.string(), datum: datumSchema }).optional(),
  /** Which toll stations and gantries lie at which gate. */
  toll: z.strictObject({ file: z.string() }).optional(),
  /** Only for the simulated fleet: roads, where trucks stop and where terminals have no network, and the trucks. */
  roads: z.strictObject({ file: z.string(), datum: datumSchema }).optional(),
  stops: z.strictObject({ file: z.string(), datum: datumSchema }).optional(),
  fleet: z.strictObject({ file: z.string() }).optional(),
  /** Places below the city, from which day on they are so, and the dated operations on them since; docs/places.md. */
  places: z
    .strictObject({ file: z.string(), datum: datumSchema, from: z.iso.date(), operations: z.string().optional() })
    .optional(),
  /** Who holds which slot of which place from a day on, and who is on leave. */
  teams: z.strictObject({ file: z.string(), from: z.iso.date(), leave: z.string().optional() }).optional(),
  /** Slots and the working calendar, where the usual ones do not hold. */
  slots: z.strictObject({ file: z.string() }).optional(),
  calendar: z.strictObject({ file: z.string() }).optional(),
});

/** Properties of a county's feature. */
export const countyPropertiesSchema = z.object({
  code: z.string().min(1).max(20),
  name: z.string().min(1).max(100),
  nameEn: z.string().max(100).optional(),
});

/** Properties of a risk area's feature. Hours count from the start of simulated time and are only for demonstrations. */
export const cityAreaPropertiesSchema = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(200).optional(),
  level: areaLevelSchema,
  from: z.iso.datetime({ offset: true }).nullish(),
  to: z.iso.datetime({ offset: true }).nullish(),
  fromHours: z.number().optional(),
  toHours: z.number().optional(),
  source: z.string().max(500).optional(),
});

/** Properties of a road's feature (LineString). Roads that share a position meet there. */
export const roadPropertiesSchema = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  nameEn: z.string().max(100).optional(),
  class: z.enum(["motorway", "trunk", "primary"]),
  /** What a loaded truck drives there. */
  speedKmh: z.number().min(5).max(120),
});

/** Properties of a stop's feature: `depot` and `service` are points beside a road, a `dead-zone` is a polygon. */
export const stopPropertiesSchema = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  nameEn: z.string().max(100).optional(),
  kind: z.enum(["depot", "service", "dead-zone"]),
});

/** `fleet.json`: how many trucks, and where they are registered (the plate's first two characters). */
export const fleetFileSchema = z.strictObject({
  trucks: z.int().min(1).max(100_000),
  plates: z.array(z.strictObject({ prefix: z.string().length(2), share: z.number().positive() })).min(1),
});
export type FleetFile = z.infer<typeof fleetFileSchema>;

/** What the console needs of the city; WGS-84. */
export const cityViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  nameEn: z.string(),
  timeZone: z.string(),
  /** west, south, east, north. */
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  counties: z.array(z.object({ code: z.string(), name: z.string(), geometry: geometrySchema })),
  fence: geometrySchema,
  gates: z.array(gateSchema),
  roads: z.array(z.object({ name: z.string(), line: z.array(z.tuple([z.number(), z.number()])) })),
  /** Address of XYZ raster tiles, or null: the map then draws the city's own boundaries only. */
  tiles: z.string().nullable(),
});
export type CityView = z.infer<typeof cityViewSchema>;
