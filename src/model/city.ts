import { z } from "zod";
import { datumSchema, geometrySchema } from "./area.ts";

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
  /** Only for the simulated fleet. */
  roads: z.strictObject({ file: z.string(), datum: datumSchema }).optional(),
  fleet: z.strictObject({ file: z.string() }).optional(),
});
export type CityFile = z.infer<typeof cityFileSchema>;

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
