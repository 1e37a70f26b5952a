import { z } from "zod";
import { placeKindSchema } from "./place.ts";

/** A slot that places of some kinds have; the set is data of the city. */
export const slotSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  zh: z.string().min(1).max(50),
  en: z.string().min(1).max(50),
  /** Kinds of places that should have it filled; a place of another kind may have it. */
  kinds: z.array(placeKindSchema),
  /** The slot of a place above that is asked, besides this one, when nobody here holds it. */
  above: z.string().nullable(),
});
export type Slot = z.infer<typeof slotSchema>;
export const slotsFileSchema = z.array(slotSchema).min(1).max(100);

const instant = z.iso.datetime();

/** A duty: a person holds a slot of a place in `[from, to)`. */
export const dutySchema = z.object({
  id: z.string(),
  place: z.string(),
  slot: z.string(),
  person: z.string(),
  from: instant,
  to: instant.nullable(),
});
export type Duty = z.infer<typeof dutySchema>;

/** Who holds the slots of a place at an instant. */
export const rosterSchema = z.object({
  place: z.string(),
  at: instant,
  holders: z.array(
    z.object({
      duty: z.string(),
      slot: z.string(),
      person: z.string(),
      /** The name to show; nothing else about a person is known here. */
      name: z.string(),
      onLeave: z.boolean(),
      /** Who stands in while the holder is on leave. */
      substitutes: z.array(z.object({ person: z.string(), name: z.string() })),
    }),
  ),
  /** Slots that a place of its kind should have and nobody fills at the instant, leave counted as absence. */
  vacant: z.array(z.string()),
});
export type Roster = z.infer<typeof rosterSchema>;

/** One line of a whole roster; a slot that should be filled and that nobody holds has no person. */
export const dutyRowSchema = z.object({
  place: z.string(),
  placeName: z.string(),
  slot: z.string(),
  person: z.string().nullable(),
  name: z.string().nullable(),
  from: instant.nullable(),
  to: instant.nullable(),
  onLeave: z.boolean(),
  /** Names of those who stand in while the holder is on leave. */
  substitutes: z.array(z.string()),
});
export type DutyRow = z.infer<typeof dutyRowSchema>;

/** A duty from its beginning to its end, with the leaves and the substitutes in it. */
export const dutyStorySchema = z.object({
  duty: z.string(),
  slot: z.string(),
  person: z.string(),
  name: z.string(),
  from: instant,
  to: instant.nullable(),
  leaves: z.array(z.object({ id: z.string(), from: instant, to: instant })),
  substitutes: z.array(z.object({ person: z.string(), name: z.string(), from: instant, to: instant.nullable() })),
});
export type DutyStory = z.infer<typeof dutyStorySchema>;
