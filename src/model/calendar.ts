import { z } from "zod";

/** Part of a day, Beijing time, `HH:MM`; `24:00` is the day's end. */
const clockSchema = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, "HH:MM, up to 24:00");
const spanSchema = z.strictObject({ from: clockSchema, to: clockSchema });
const daySchema = z.iso.date();

/**
 * A city's working calendar: hours as data, and dated exceptions to the State Council's holidays. `hours`: the first
 * entry whose season holds a day gives that day's hours; an entry without a season holds every day.
 */
export const calendarFileSchema = z.strictObject({
  hours: z
    .array(
      z.strictObject({
        /** First and last day of a season, `MM-DD`, both included. */
        season: z
          .strictObject({ from: z.string().regex(/^\d\d-\d\d$/), to: z.string().regex(/^\d\d-\d\d$/) })
          .optional(),
        spans: z.array(spanSchema).min(1),
      }),
    )
    .min(1),
  /** When people are not to be disturbed; may run over midnight. */
  night: spanSchema,
  /** Days that are otherwise here: off, at work, or at work in other hours. A later entry of a day wins. */
  overrides: z
    .array(
      z.strictObject({
        from: daySchema,
        /** Last day, included; `from` alone when not given. */
        to: daySchema.optional(),
        working: z.boolean(),
        spans: z.array(spanSchema).min(1).optional(),
        note: z.string().max(200).optional(),
      }),
    )
    .default([]),
});
export type CalendarFile = z.infer<typeof calendarFileSchema>;
