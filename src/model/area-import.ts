import { z } from "zod";
import { areaLevelSchema, geometrySchema } from "./area.ts";

const problemSchema = z.object({ where: z.string(), value: z.string().optional(), expected: z.string() });

/** A shape of a file, with what its properties say of it. */
const importedShapeSchema = z.object({
  /** WGS-84, longitude first, rounded to 1e-6 degree; null when it cannot be used, `problems` say why. */
  geometry: geometrySchema.nullable(),
  /** Where in the file, e.g. `features[3]`. */
  where: z.string(),
  id: z.string().nullable(),
  name: z.string().nullable(),
  level: areaLevelSchema.nullable(),
  problems: z.array(problemSchema),
});
export type ImportedShape = z.infer<typeof importedShapeSchema>;

/** What an entry of a list names. `remainder`: what is left of a place beside other areas. */
const entryKindSchema = z.enum(["place", "building", "road", "remainder"]);
export type EntryKind = z.infer<typeof entryKindSchema>;

/** A place of the register that an entry names. */
const matchedPlaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["county", "township", "community"]),
  geometry: geometrySchema,
  /** The entry names exactly this place; else something inside of it. */
  exact: z.boolean(),
});
export type MatchedPlace = z.infer<typeof matchedPlaceSchema>;

/** One line of a list of places without coordinates, its fields put right. */
const listEntrySchema = z.object({
  /** The same for the same place in every list: the identity of its area. */
  key: z.string(),
  level: areaLevelSchema,
  province: z.string(),
  city: z.string(),
  county: z.string(),
  /** Township or street; empty when the list does not say. */
  town: z.string(),
  /** As it was published. */
  place: z.string(),
  kind: entryKindSchema,
  match: matchedPlaceSchema.nullable(),
});
export type ListEntry = z.infer<typeof listEntrySchema>;

/** What a file of risk areas holds. Nothing of it is published by reading it. */
export const areaReadingSchema = z.object({
  format: z.enum(["geojson", "shapefile", "kml", "list"]),
  /** The instant that a list says it is of. */
  asOf: z.iso.datetime({ offset: true }).nullable(),
  shapes: z.array(importedShapeSchema),
  entries: z.array(listEntrySchema),
  /** Low-risk entries of a list: no risk areas by the rule, so they are only counted. */
  lowEntries: z.int(),
  /** What is wrong with the file as a whole, or with lines that are no entries. */
  problems: z.array(problemSchema),
});
export type AreaReading = z.infer<typeof areaReadingSchema>;
