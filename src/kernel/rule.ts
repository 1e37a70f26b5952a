/**
 * The parameters of the exposure rule, each with its unit. `src/model/rule.ts` has the same names with their bounds; here they are
 * numbers that have been checked.
 */
export interface KernelRule {
  readonly radiusMeters: number;
  readonly slackMeters: number;
  readonly dwellMs: number;
  readonly graceMs: number;
  readonly maxGapMs: number;
  readonly maxParkedMs: number;
  readonly parkedRadiusMeters: number;
  readonly maxSpeedKmh: number;
  readonly lookbackMs: number;
  readonly kind: "near" | "stop";
  readonly stopRadiusMeters: number;
}
