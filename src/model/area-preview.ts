import { z } from "zod";
import { areaInputSchema, datumSchema } from "./area.ts";
import { exposureSchema } from "./finding.ts";

/** Areas of one question at most: a State Council list of a bad week, for one province. */
export const PREVIEW_AREAS_MAX = 500;

/** Areas that nobody has published, and how far back they are asked about. */
export const areaPreviewInputSchema = z.strictObject({
  areas: z.array(areaInputSchema).min(1).max(PREVIEW_AREAS_MAX),
  /** Days before now, city time. */
  days: z.int().min(1).max(30).default(14),
});
export type AreaPreviewInput = z.infer<typeof areaPreviewInputSchema>;

const instant = z.iso.datetime();

/** A stay that publishing would make an exposure. */
const previewExposureSchema = exposureSchema
  .pick({ vehicle: true, certainty: true, start: true, end: true, durationS: true, minDistanceM: true, nearest: true })
  .extend({
    /** Index of the area in the question. */
    area: z.int(),
    /** When the vehicle would be locked because of it; null when it would not. */
    lockedAt: instant.nullable(),
  });
export type PreviewExposure = z.infer<typeof previewExposureSchema>;

/**
 * The areas look as if a mistake had been made with their datum: where vehicles stand fits so many areas better, and so many worse, if it is undone.
 * Nothing is moved on its account; a person looks.
 */
const datumWarningSchema = z.object({
  datum: datumSchema.exclude(["wgs84"]),
  /** Not converted from that datum, or converted from it although they were WGS-84. */
  mistake: z.enum(["unconverted", "converted-twice"]),
  areasBetter: z.int(),
  areasWorse: z.int(),
  /** The same in words. */
  zh: z.string(),
  en: z.string(),
});
export type DatumWarning = z.infer<typeof datumWarningSchema>;

/** What publishing the areas would find. Nothing of it is written anywhere. */
export const areaPreviewSchema = z.object({
  from: instant,
  to: instant,
  /** Vehicles that came near enough for long enough to be looked at. */
  vehiclesNear: z.int(),
  vehicles: z.int(),
  exposures: z.int(),
  /** Vehicles that would be locked and are not locked now. */
  locks: z.int(),
  /** Vehicles among the exposed that are locked already. */
  lockedAlready: z.int(),
  /** The same by area, in the order of the question. */
  areas: z.array(z.object({ vehicles: z.int(), exposures: z.int(), locks: z.int() })),
  /** Those that would lock first, then the longest stays; cut off at 500. */
  list: z.array(previewExposureSchema),
  /** Null where nothing is wrong with the areas' datum, and where they are too few to tell (below five). */
  datumWarning: datumWarningSchema.nullable(),
  /** False when time ran out: what is here was found, there may be more. */
  complete: z.boolean(),
});
export type AreaPreview = z.infer<typeof areaPreviewSchema>;
