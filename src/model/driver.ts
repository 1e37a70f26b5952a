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
});
export type DriverView = z.infer<typeof driverViewSchema>;

export const objectionInputSchema = z.strictObject({ text: z.string().trim().min(1).max(2000) });
