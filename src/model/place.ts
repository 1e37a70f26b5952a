import { z } from "zod";
import { geometrySchema } from "./area.ts";

/** Trees of places. In each, at every instant, the leaves partition the city. */
export const placeTreeSchema = z.enum(["civil", "police", "school"]);
export type PlaceTree = z.infer<typeof placeTreeSchema>;

/** Kinds of the civil tree from the top: city, county, township, community (or village), grid. Other trees: district. */
export const placeKindSchema = z.enum(["city", "county", "township", "community", "grid", "district"]);
export type PlaceKind = z.infer<typeof placeKindSchema>;

/** A place's identity: no slash, because paths are joined by it. */
export const placeIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^/\s%]+$/, "no slash, blank or percent sign");
const nameSchema = z.string().min(1).max(200);

/**
 * A place as of an instant. Its `path` names its ancestors and itself from the top, joined by `/` and closed by one
 * (`410700/410702/410702001/410702001004/g0012/`), so that "below this place" is one prefix. Identities are never used again.
 */
export const placeSchema = z.object({
  id: z.string().min(1).max(64),
  tree: placeTreeSchema,
  kind: placeKindSchema,
  name: nameSchema,
  parent: z.string().nullable(),
  path: z.string(),
  validFrom: z.iso.datetime(),
  /** Exclusive; null while it lasts. */
  validTo: z.iso.datetime().nullable(),
});
export type Place = z.infer<typeof placeSchema>;

/** A place with its outline, WGS-84, longitude first. */
export const placeWithShapeSchema = placeSchema.extend({ areaM2: z.number(), geometry: geometrySchema });

/** The outline of a place, WGS-84, longitude first. */
const placeGeometrySchema = z.discriminatedUnion("type", [geometrySchema.options[4], geometrySchema.options[5]]);
export type PlaceGeometry = z.infer<typeof placeGeometrySchema>;

/**
 * One change of a dated operation. What is split, merged or closed ends and its identity is never used again; what is
 * recut, renamed or moved goes on under its own.
 */
const placeChangeSchema = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("create"),
    id: placeIdSchema,
    tree: placeTreeSchema.default("civil"),
    kind: placeKindSchema,
    name: nameSchema,
    /** Null for the top of a tree. */
    parent: placeIdSchema.nullable(),
    /** Without it the outline is the union of what lies below. */
    geometry: placeGeometrySchema.optional(),
  }),
  z.strictObject({
    op: z.literal("split"),
    place: placeIdSchema,
    parts: z
      .array(
        z.strictObject({
          id: placeIdSchema,
          name: nameSchema,
          geometry: placeGeometrySchema,
          /** Whether who holds duties on the place that is split holds them on this part. */
          carryDuties: z.boolean().default(false),
        }),
      )
      .min(2)
      .max(1000),
  }),
  z.strictObject({
    op: z.literal("merge"),
    places: z.array(placeIdSchema).min(2).max(1000),
    into: z.strictObject({
      id: placeIdSchema,
      name: nameSchema,
      /** The first place's parent when not given. */
      parent: placeIdSchema.optional(),
      /** Of which of the merged places the duties are carried over. */
      carryDutiesOf: z.array(placeIdSchema).default([]),
    }),
  }),
  z.strictObject({ op: z.literal("recut"), place: placeIdSchema, geometry: placeGeometrySchema }),
  z.strictObject({ op: z.literal("rename"), place: placeIdSchema, name: nameSchema }),
  z.strictObject({ op: z.literal("move"), place: placeIdSchema, parent: placeIdSchema }),
  z.strictObject({ op: z.literal("close"), place: placeIdSchema }),
]);
export type PlaceChange = z.infer<typeof placeChangeSchema>;

/** A dated operation: everything in it holds from one instant on, in the past or in the future. */
export const placeOperationInputSchema = z.strictObject({
  id: z.string().min(1).max(64).optional(),
  effectiveAt: z.iso.datetime({ offset: true }),
  /** The decision behind it: number of the document, minutes of the meeting. */
  reason: z.string().min(1).max(1000),
  changes: z.array(placeChangeSchema).min(1).max(20_000),
});
export type PlaceOperationInput = z.infer<typeof placeOperationInputSchema>;

/** Who loses or keeps what by an operation, to be told to that person. */
const placeNoticeSchema = z.object({
  person: z.string(),
  place: z.string(),
  slot: z.string(),
  effect: z.enum(["ended", "carried"]),
  /** The places on which the duty is held from then on; empty when it ended. */
  carriedTo: z.array(z.string()),
  text: z.object({ zh: z.string(), en: z.string() }),
});

/** What an operation does, before it is done or as it was done. Areas are m² on the sphere. */
export const placePreviewSchema = z.object({
  effectiveAt: z.iso.datetime(),
  created: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: placeKindSchema,
      parent: z.string().nullable(),
      areaM2: z.number(),
    }),
  ),
  closed: z.array(z.object({ id: z.string(), name: z.string(), kind: placeKindSchema, areaM2: z.number() })),
  changed: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: placeKindSchema,
      /** `path`: only an ancestor moved. `derived`: the outline follows what lies below. */
      what: z.array(z.enum(["name", "parent", "shape", "path"])),
      derived: z.boolean(),
      areaBeforeM2: z.number(),
      areaAfterM2: z.number(),
    }),
  ),
  /** Area that changes hands between leaves, largest first. */
  moved: z.array(z.object({ from: z.string(), to: z.string(), areaM2: z.number() })),
  movedM2: z.number(),
  duties: z.object({
    /** Slots that a place of its kind should have and that nobody holds from then on. */
    vacant: z.array(z.object({ place: z.string(), slot: z.string() })),
    carried: z.array(z.object({ person: z.string(), slot: z.string(), from: z.string(), to: z.string() })),
    ended: z.array(z.object({ person: z.string(), slot: z.string(), place: z.string() })),
  }),
  /**
   * What gets another home, by where it lies: `case` (open ones), `arrival` (declared ones), `resident`, `device`; the most on top.
   * `to` is null for what then has none in the city.
   */
  rehomed: z.array(z.object({ what: z.string(), from: z.string(), to: z.string().nullable(), count: z.int() })),
  /** The same by place: what each loses and gains, and the persons who head it then, or who head what it lies in. */
  balance: z.array(
    z.object({
      place: z.string(),
      name: z.string(),
      persons: z.array(z.object({ id: z.string(), name: z.string() })),
      loses: z.array(z.object({ what: z.string(), count: z.int() })),
      gains: z.array(z.object({ what: z.string(), count: z.int() })),
    }),
  ),
  notices: z.array(placeNoticeSchema),
});
export type PlacePreview = z.infer<typeof placePreviewSchema>;

/** Bounds that are broken by a partition: two places that overlap, or a part of the city without a place. */
export const partitionFaultSchema = z.object({
  kind: z.enum(["overlap", "gap", "outside"]),
  /** The places that overlap, or that reach outside; the nearest ones of a gap. */
  places: z.array(z.string()),
  areaM2: z.number(),
  /** A position in its middle, longitude, latitude. */
  at: z.tuple([z.number(), z.number()]),
});
export type PartitionFault = z.infer<typeof partitionFaultSchema>;
