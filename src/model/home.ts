import { z } from "zod";
import { datumSchema } from "./area.ts";

/** What has its home at a point: `resident`, somebody who lives there; `device`, a terminal, sensor or camera that belongs there. */
const homeKindSchema = z.enum(["resident", "device"]);
export type HomeKind = z.infer<typeof homeKindSchema>;

/** An identity number or a telephone number is none: what is kept here names nobody. */
const homeIdSchema = z
  .string()
  .regex(/^\S{1,64}$/, "1 to 64 characters without blanks")
  .refine((id) => !/^(\d{17}[\dXx]|1[3-9]\d{9})$/.test(id), "the register's own id; no identity or telephone number");

/** Where somebody or something is at home, or that it is not at home here any more. Degrees, longitude first. */
export const homeInputSchema = z.union([
  z.strictObject({
    kind: homeKindSchema,
    id: homeIdSchema,
    lon: z.number().min(-180).max(180),
    lat: z.number().min(-90).max(90),
    datum: datumSchema.default("wgs84"),
  }),
  z.strictObject({ kind: homeKindSchema, id: homeIdSchema, gone: z.literal(true) }),
]);
export type HomeInput = z.infer<typeof homeInputSchema>;

export const homeReceiptSchema = z.object({
  /** New, or at another point than before. */
  accepted: z.int(),
  unchanged: z.int(),
  gone: z.int(),
  rejected: z.int(),
  /** Of those that were rejected, by their place in the input. */
  problems: z.array(z.object({ where: z.string(), value: z.string().exactOptional(), expected: z.string() })),
});
export type HomeReceipt = z.infer<typeof homeReceiptSchema>;

export const homeCountsSchema = z.record(homeKindSchema, z.int());
