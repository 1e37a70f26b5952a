import { z } from "zod";

/** A fix whose device time is further ahead of its receipt is put aside where it comes in (section 1). */
export const MAX_FUTURE_MS = 120_000;

/**
 * The parameters of the exposure rule. Defaults are those of the published rule; names carry their units.
 * A rule is versioned: every finding names the version that made it.
 */
export const ruleSchema = z.strictObject({
  id: z.string().min(1).max(64).default("exposure"),
  version: z.int().min(1).default(1),
  /** Near means a geodesic distance of at most this, metres. */
  radiusMeters: z.number().min(1).max(2000).default(800),
  /** An excursion that joins two near intervals never goes further than radius + slack, metres. */
  slackMeters: z.number().min(0).max(500).default(50),
  /** A stay at least this long is an exposure, ms. */
  dwellMs: z.int().min(1000).default(600_000),
  /** Longest excursion that joins two near intervals, ms. */
  graceMs: z.int().min(0).default(60_000),
  /** Longest gap between two fixes over which the way between them is known, ms. */
  maxGapMs: z.int().min(1000).default(300_000),
  /** Longest gap that can count as parked, ms. */
  maxParkedMs: z.int().min(1000).default(21_600_000),
  /** The two ends of a parked gap are at most this far apart, metres. */
  parkedRadiusMeters: z.number().min(0).max(1000).default(100),
  /** Highest plausible speed, km/h. */
  maxSpeedKmh: z.number().min(1).default(200),
  /** How long after its end a stay still locks, ms. */
  lookbackMs: z
    .int()
    .min(1000)
    .default(14 * 86_400_000),
  /** `near`: a stay anywhere near the area. `stop`: the 600 s lie within a circle of `stopRadiusMeters`. */
  kind: z.enum(["near", "stop"]).default("near"),
  stopRadiusMeters: z.number().min(1).max(1000).default(100),
  /** An ETC passage at the same gate within this time of a GPS passage is the same passage, ms. */
  gateMergeMs: z.int().min(0).default(300_000),
  /** A device time later than receipt by more than this is quarantined, ms. */
  maxFutureMs: z.int().min(0).default(MAX_FUTURE_MS),
});

export type Rule = z.infer<typeof ruleSchema>;

/** The published rule with all its defaults. */
export const DEFAULT_RULE: Rule = ruleSchema.parse({});
