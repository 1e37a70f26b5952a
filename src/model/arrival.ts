import { z } from "zod";
import { datumSchema } from "./area.ts";

/**
 * A declared arrival: a person, a driver or an enterprise says before where a vehicle goes and when it gets there. It says
 * nothing about the vehicle's status; it only decides which grid looks after a lock. Times are ISO 8601.
 */
const instant = z.iso.datetime();
const given = z.iso.datetime({ offset: true });
const text = (most: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]*$/u, "no control characters");

/** A place of the city, or a point with its address. */
const destinationSchema = z.union([
  z.strictObject({ place: z.string().min(1).max(64), address: text(200).optional() }),
  z.strictObject({
    lon: z.number().min(-180).max(180),
    lat: z.number().min(-90).max(90),
    datum: datumSchema.default("wgs84"),
    address: text(200),
  }),
]);

/** The same `id` from the same source again changes what is different in it, and nothing when nothing is. */
export const arrivalInputSchema = z.strictObject({
  id: text(64).regex(/^\S+$/, "no blanks"),
  plate: text(16).transform((plate) => plate.replaceAll(/\s/gu, "").toUpperCase()),
  /** JT/T 415: 1 blue, 2 yellow, … */
  plateColour: z.int().min(1).max(99),
  destination: destinationSchema,
  arriveAt: given,
  cargo: text(200).optional(),
  /** The telephone number of whom to call. */
  contact: text(40)
    .regex(/^[+\d][\d -]{4,}$/, "a telephone number")
    .optional(),
});
export type ArrivalInput = z.infer<typeof arrivalInputSchema>;

/** Who said something. `name` of an enterprise is the one that its key was made for. */
const arrivalSourceSchema = z.object({ kind: z.enum(["person", "driver", "enterprise"]), name: z.string() });
export type ArrivalSource = z.infer<typeof arrivalSourceSchema>;

/** A value with who said it and when it came. */
const said = <Value extends z.ZodType>(value: Value) => z.object({ value, source: arrivalSourceSchema, at: instant });

export const arrivalSchema = z.object({
  id: z.string(),
  vehicle: z.string(),
  /** The place of the city that the destination is or lies in; null when it lies outside. */
  place: z.string().nullable(),
  placeName: z.string().nullable(),
  destination: said(destinationSchema),
  arriveAt: said(instant),
  cargo: said(z.string()).nullable(),
  /** Whether a number is known; it is asked for by itself. */
  contact: said(z.boolean()).nullable(),
  /** The span that it is about; it is deleted at its end. */
  validFrom: instant,
  validTo: instant,
});
export type Arrival = z.infer<typeof arrivalSchema>;

export const arrivalResultSchema = z.object({
  id: z.string().nullable(),
  /** `unchanged`: it was said before. */
  result: z.enum(["accepted", "unchanged", "rejected"]),
  place: z.string().nullable(),
  problem: z.object({ where: z.string(), value: z.string().optional(), expected: z.string() }).optional(),
});
export type ArrivalResult = z.infer<typeof arrivalResultSchema>;
