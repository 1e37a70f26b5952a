import { z } from "zod";
import { bilingualSchema } from "./case.ts";

const instant = z.iso.datetime();

/** What a driver is told of a lock by its link: whether, why, until when, what to do, whom to call. Times are ISO 8601 UTC. */
export const driverViewSchema = z.object({
  plate: z.string(),
  /** `locked` as long as nobody has released it and its time is not over. */
  state: z.enum(["locked", "released", "expired"]),
  lockedAt: instant.nullable(),
  /** When it ends by itself at the latest. */
  until: instant.nullable(),
  rule: bilingualSchema,
  /** What it rests on: each stay near a risk area. */
  exposures: z.array(
    z.object({
      areaName: z.string(),
      start: instant,
      end: instant.nullable(),
      minutes: z.int(),
      minDistanceM: z.number(),
      certainty: z.enum(["observed", "inferred"]),
    }),
  ),
  whatToDo: bilingualSchema,
  /** The operator's telephone number; null when none is configured. */
  call: z.string().nullable(),
  /** What the driver objected last, and what was said to it. */
  objection: z.object({ state: z.enum(["open", "upheld", "rejected"]), text: z.string(), at: instant }).nullable(),
  /** How it ended, and what the driver said to that; `none` is never consent. */
  outcome: z.enum(["resolved", "unresolved", "unfounded", "duplicate"]).nullable(),
  confirmation: z.enum(["none", "confirmed", "contested"]),
  /** Where the vehicle is declared to go, and when that was said; null when nothing is. */
  destination: z.object({ text: z.string(), by: bilingualSchema, at: instant }).nullable(),
  /** Nobody has taken the case yet: it follows what the driver says of the destination. */
  mayDeclare: z.boolean(),
});
export type DriverView = z.infer<typeof driverViewSchema>;

/** A place of the city, or where the driver's phone is. */
export const driverDestinationSchema = z.union([
  z.strictObject({ place: z.string().min(1).max(64), address: z.string().trim().min(1).max(200).optional() }),
  z.strictObject({
    lon: z.number().min(-180).max(180),
    lat: z.number().min(-90).max(90),
    address: z.string().trim().min(1).max(200),
  }),
]);
export type DriverDestination = z.infer<typeof driverDestinationSchema>;

export const placeChoiceSchema = z.object({ id: z.string(), name: z.string(), hasBelow: z.boolean() });
export type PlaceChoice = z.infer<typeof placeChoiceSchema>;

export const objectionInputSchema = z.strictObject({ text: z.string().trim().min(1).max(2000) });
