import { z } from "zod";

/**
 * What matching finds, as it is published: over the API, the live stream and in the ledger. Times are ISO 8601 UTC
 * with milliseconds. Identities are derived from content, so that a replay changes nothing.
 */
const instant = z.iso.datetime();

/** A fix as evidence. */
const evidenceFixSchema = z.object({ time: instant, lon: z.number(), lat: z.number() });
export type EvidenceFix = z.infer<typeof evidenceFixSchema>;

/** A crossing of the reach: its instant and place, and the fixes before and after it (absent at the data's edge). */
const crossingSchema = z.object({
  time: instant,
  lon: z.number(),
  lat: z.number(),
  before: evidenceFixSchema.nullable(),
  after: evidenceFixSchema.nullable(),
});

/** `observed`: from known way only. `inferred`: needs parked gaps to reach the ten minutes. */
const certaintySchema = z.enum(["observed", "inferred"]);

export const exposureSchema = z.object({
  id: z.string(),
  vehicle: z.string(),
  area: z.string(),
  areaVersion: z.int(),
  rule: z.string(),
  ruleVersion: z.int(),
  certainty: certaintySchema,
  start: instant,
  /** Null while the vehicle is still near at its last fix. */
  end: instant.nullable(),
  exposedAt: instant,
  durationS: z.number(),
  minDistanceM: z.number(),
  /** The instant and place of the least distance. */
  nearest: evidenceFixSchema,
  /** Share of the stay, 0 to 1, that is parked rather than known. */
  unknownShare: z.number(),
  entered: crossingSchema,
  left: crossingSchema.nullable(),
});
export type Exposure = z.infer<typeof exposureSchema>;

const directionSchema = z.enum(["inbound", "outbound"]);

/** One crossing of a gate line. */
export const passageSchema = z.object({
  id: z.string(),
  vehicle: z.string(),
  gate: z.string(),
  direction: directionSchema,
  time: instant,
  lon: z.number(),
  lat: z.number(),
});
export type Passage = z.infer<typeof passageSchema>;

/** Entry to or exit from the city's fence; across an unknown stretch a span instead of one instant. */
export const fenceEventSchema = z.object({
  id: z.string(),
  vehicle: z.string(),
  kind: z.enum(["entry", "exit"]),
  time: instant.nullable(),
  notBefore: instant,
  notAfter: instant,
});
export type FenceEvent = z.infer<typeof fenceEventSchema>;

export const lockStateSchema = z.enum(["live", "review", "released", "expired"]);

/** A vehicle has at most one live lock. `review`: its last exposure was withdrawn; a person has to decide. */
export const lockSchema = z.object({
  id: z.string(),
  vehicle: z.string(),
  state: lockStateSchema,
  /** The first instant at which the lock holds by the rule. */
  lockedAt: instant,
  /** When the program learnt it; later than `lockedAt` when the data came late. */
  learntAt: instant,
  exposedAt: instant,
  expiresAt: instant,
  exposures: z.array(z.string()),
  enteredAt: instant.nullable(),
  release: z.object({ by: z.string(), reason: z.string(), evidence: z.string(), at: instant }).nullable(),
});
export type Lock = z.infer<typeof lockSchema>;

export const releaseInputSchema = z.strictObject({
  by: z.string().min(1).max(100),
  reason: z.string().min(1).max(500),
  evidence: z.string().min(1).max(2000),
});
export type ReleaseInput = z.infer<typeof releaseInputSchema>;

/** Something that became known: the finding's new content, what changed and why. `seq` orders them all. */
const findingEventSchema = z.object({
  seq: z.int(),
  at: instant,
  kind: z.enum(["exposure", "passage", "fence", "lock", "area", "gate"]),
  change: z.enum(["opened", "revised", "withdrawn", "closed"]),
  id: z.string(),
  vehicle: z.string().nullable(),
  cause: z.enum([
    "live",
    "late-fix",
    "area-published",
    "area-edited",
    "area-withdrawn",
    "rule",
    "release",
    "expiry",
    "etc",
  ]),
  body: z.unknown(),
});
export type FindingEvent = z.infer<typeof findingEventSchema>;
