import { z } from "zod";
import { geometrySchema } from "./area.ts";

/** Trees of places. In each, at every instant, the leaves partition the city. */
export const placeTreeSchema = z.enum(["civil", "police", "school"]);
export type PlaceTree = z.infer<typeof placeTreeSchema>;

/** Kinds of the civil tree from the top: city, county, township, community (or village), grid. Other trees: district. */
export const placeKindSchema = z.enum(["city", "county", "township", "community", "grid", "district"]);
export type PlaceKind = z.infer<typeof placeKindSchema>;

/**
 * A place as of an instant. Its `path` names its ancestors and itself from the top, joined by `/` and closed by one
 * (`410700/410702/410702001/410702001004/g0012/`), so that "below this place" is one prefix. Identities are never used again.
 */
export const placeSchema = z.object({
  id: z.string().min(1).max(64),
  tree: placeTreeSchema,
  kind: placeKindSchema,
  name: z.string().min(1).max(200),
  parent: z.string().nullable(),
  path: z.string(),
  validFrom: z.iso.datetime(),
  /** Exclusive; null while it lasts. */
  validTo: z.iso.datetime().nullable(),
});
export type Place = z.infer<typeof placeSchema>;

/** A place with its outline, WGS-84, longitude first. */
export const placeWithShapeSchema = placeSchema.extend({ geometry: geometrySchema });
