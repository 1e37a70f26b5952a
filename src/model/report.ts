import { z } from "zod";
import { areaLevelSchema } from "./area.ts";

const instant = z.iso.datetime();

export const reportKindSchema = z.enum(["day", "week"]);
export type ReportKind = z.infer<typeof reportKindSchema>;

const areaChangeSchema = z.object({
  at: instant,
  change: z.enum(["published", "edited", "withdrawn"]),
  id: z.string(),
  name: z.string(),
  level: areaLevelSchema,
});

/**
 * What a day or a week was, from the ledger as it stands now: late data that comes afterwards changes it, and `madeAt` says when it
 * was asked for. Days and weeks (from Monday) are those of the city's clock; spans are `[from, to)`, instants UTC.
 */
export const reportSchema = z.object({
  kind: reportKindSchema,
  /** First day of the period, `YYYY-MM-DD` of the city's clock. */
  date: z.iso.date(),
  from: instant,
  to: instant,
  madeAt: instant,
  /** False while the period still lasts. */
  over: z.boolean(),
  locks: z.object({
    /** By the instant at which they hold by the rule. */
    opened: z.int(),
    released: z.int(),
    expired: z.int(),
    /** Open when the period ended, or now. */
    open: z.int(),
    /** From learning of a lock to its release by a person, s; of those released in the period. Null when there are none. */
    toRelease: z.object({ medianS: z.number(), longestS: z.number() }).nullable(),
  }),
  /** By the instant at which the stay became an exposure. */
  exposures: z.object({
    observed: z.int(),
    inferred: z.int(),
    vehicles: z.int(),
    areas: z.array(
      z.object({
        area: z.string(),
        name: z.string(),
        level: areaLevelSchema,
        observed: z.int(),
        inferred: z.int(),
        vehicles: z.int(),
      }),
    ),
  }),
  passages: z.object({
    /** False when passages of the period may have been deleted, their time being over: counts are of what is left. */
    kept: z.boolean(),
    inbound: z.int(),
    outbound: z.int(),
    gates: z.array(z.object({ gate: z.string(), inbound: z.int(), outbound: z.int() })),
    /** By hour of a day, by day of a week, all of the period. */
    parts: z.array(
      z.object({ from: instant, inbound: z.int(), outbound: z.int(), exposures: z.int(), locks: z.int() }),
    ),
  }),
  /** Findings that became known, changed or fell away in the period because fixes came late. */
  late: z.object({ opened: z.int(), revised: z.int(), withdrawn: z.int() }),
  /** What came in, counted by the hour since `since`; null when nothing of the period was counted. */
  intake: z
    .object({
      since: instant,
      fixes: z.int(),
      late: z.int(),
      aside: z.int(),
      frames: z.int(),
      /** Frames and contents of frames that were refused, by reason, most frequent first. */
      rejected: z.array(z.object({ reason: z.string(), count: z.int() })),
    })
    .nullable(),
  areas: z.object({
    published: z.int(),
    edited: z.int(),
    withdrawn: z.int(),
    list: z.array(areaChangeSchema),
  }),
  /** Null where no cases have ever been worked on. */
  cases: z
    .object({
      opened: z.int(),
      closed: z.int(),
      open: z.int(),
      /** What whoever closed them said. */
      outcomes: z.object({ resolved: z.int(), unresolved: z.int(), unfounded: z.int(), duplicate: z.int() }),
      /** What whoever is concerned said of it. Nobody having said anything is no consent. */
      confirmations: z.object({ confirmed: z.int(), contested: z.int(), none: z.int() }),
    })
    .nullable(),
});
export type Report = z.infer<typeof reportSchema>;
