import { z } from "zod";

/** The coordinate systems in which Chinese sources publish; every source declares one. */
export const datumSchema = z.enum(["wgs84", "gcj02", "bd09"]);
export type Datum = z.infer<typeof datumSchema>;

const position = z.array(z.number()).min(2).max(3);

/** GeoJSON geometry (RFC 7946), longitude first. Rings are checked by the kernel, with the place of each fault. */
export const geometrySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("Point"), coordinates: position }),
  z.object({ type: z.literal("MultiPoint"), coordinates: z.array(position).min(1) }),
  z.object({ type: z.literal("LineString"), coordinates: z.array(position).min(2) }),
  z.object({ type: z.literal("MultiLineString"), coordinates: z.array(z.array(position).min(2)).min(1) }),
  z.object({ type: z.literal("Polygon"), coordinates: z.array(z.array(position)).min(1) }),
  z.object({ type: z.literal("MultiPolygon"), coordinates: z.array(z.array(z.array(position)).min(1)).min(1) }),
]);
export type Geometry = z.infer<typeof geometrySchema>;

const instant = z.iso.datetime({ offset: true });
export const areaLevelSchema = z.enum(["medium", "high"]);
export type AreaLevel = z.infer<typeof areaLevelSchema>;

/** What a publisher sends: the shape in a declared datum, valid in `[from, to)`. */
export const areaInputSchema = z.strictObject({
  id: z.string().min(1).max(64).optional(),
  name: z.string().min(1).max(200).optional(),
  level: areaLevelSchema,
  datum: datumSchema,
  geometry: geometrySchema,
  from: instant.nullish(),
  to: instant.nullish(),
  /** Who published it, as a citation: the notice, its number, its address. */
  source: z.string().max(500).optional(),
});
export type AreaInput = z.infer<typeof areaInputSchema>;

/** A published risk area as it stands. `geometry` is WGS-84, rounded to 1e-6 degree. */
export const areaSchema = z.object({
  id: z.string(),
  version: z.int(),
  name: z.string(),
  level: areaLevelSchema,
  geometry: geometrySchema,
  from: instant.nullable(),
  to: instant.nullable(),
  source: z.string().nullable(),
  state: z.enum(["published", "withdrawn"]),
  publishedAt: instant,
});
export type Area = z.infer<typeof areaSchema>;
