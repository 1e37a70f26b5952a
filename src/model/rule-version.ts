import { z } from "zod";
import { MAX_FUTURE_MS, ruleSchema, type Rule } from "./rule.ts";

type Shape = Omit<typeof ruleSchema.shape, "id" | "version">;
const { id: _, version: __, ...shape } = ruleSchema.shape;

/** The parameters of a rule, every one of them: a proposal leaves nothing to a default. Bounds are those of `ruleSchema`. */
const ruleParametersSchema = z
  .strictObject(
    Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.unwrap()])) as {
      [Name in keyof Shape]: ReturnType<Shape[Name]["unwrap"]>;
    },
  )
  // Fixes are put aside where they come in, by this span and no other: a version that said another would not be followed.
  .refine(({ maxFutureMs }) => maxFutureMs === MAX_FUTURE_MS, {
    path: ["maxFutureMs"],
    error: `${MAX_FUTURE_MS}: the intake knows no other`,
  });
export type RuleParameters = z.infer<typeof ruleParametersSchema>;

export function parametersOf({ id: _id, version: _version, ...parameters }: Rule): RuleParameters {
  return parameters;
}

const instant = z.iso.datetime();

/** A version of a rule. `author`, `reason` and `publishedAt` are null for the one that comes with the program. */
export const ruleVersionSchema = z.object({
  rule: z.string(),
  version: z.int(),
  parameters: ruleParametersSchema,
  author: z.string().nullable(),
  reason: z.string().nullable(),
  publishedAt: instant.nullable(),
  /** A start of the program at or after it uses the version; null: from the first start on. */
  effectiveAt: instant.nullable(),
  /** `running`: matching uses it. `waiting`: a start at or after its instant will. `past`: another has taken its place. */
  state: z.enum(["running", "waiting", "past"]),
});
export type RuleVersion = z.infer<typeof ruleVersionSchema>;

export const ruleInputSchema = z.strictObject({
  parameters: ruleParametersSchema,
  reason: z.string().trim().min(1).max(500),
  /** Now when not given. */
  effectiveAt: z.iso.datetime({ offset: true }).optional(),
});
export type RuleInput = z.infer<typeof ruleInputSchema>;

export const dryRunInputSchema = z.strictObject({
  parameters: ruleParametersSchema,
  /** Days before now, city time. */
  days: z.int().min(1).max(30).default(7),
});
export type DryRunInput = z.infer<typeof dryRunInputSchema>;

const staySchema = z.object({
  start: instant,
  end: instant.nullable(),
  durationS: z.number(),
  certainty: z.enum(["observed", "inferred"]),
  /** When the vehicle is locked because of it; null when it is not. */
  lockedAt: instant.nullable(),
});
export type DryRunStay = z.infer<typeof staySchema>;

const changedStaySchema = z.object({
  vehicle: z.string(),
  area: z.string(),
  change: z.enum(["gained", "lost", "changed"]),
  before: staySchema.nullable(),
  after: staySchema.nullable(),
});
export type ChangedStay = z.infer<typeof changedStaySchema>;

/** What other parameters would have found in the past, against those that run. Nothing of it is written anywhere. */
export const dryRunSchema = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "cancelled", "failed"]),
  parameters: ruleParametersSchema,
  /** Version that it is compared with. */
  against: z.int(),
  from: instant,
  to: instant,
  /** Vehicles that came near enough to be matched, and how many of them are. */
  progress: z.object({ vehicles: z.int(), done: z.int() }),
  exposures: z.object({ before: z.int(), after: z.int(), gained: z.int(), lost: z.int(), changed: z.int() }),
  /** Vehicles that are locked at any time of the span. */
  locks: z.object({ before: z.int(), after: z.int(), gained: z.int(), lost: z.int() }),
  /** Those that change a lock first, then the longest; cut off at 500. */
  list: z.array(changedStaySchema),
  /** Why it failed, in English. */
  problem: z.string().nullable(),
});
export type DryRun = z.infer<typeof dryRunSchema>;
