import type { RuleParameters } from "../../model/rule-version.ts";
import type { Text } from "../text/zh.ts";

type Name = keyof RuleParameters;
export type NumberName = Exclude<Name, "kind">;

/** In which unit a person reads and writes a parameter, and how many of the rule's own units that is. */
export const PARAMETERS: readonly { name: NumberName; unit: keyof Text["rule"]["unit"]; scale: number }[] = [
  { name: "radiusMeters", unit: "m", scale: 1 },
  { name: "slackMeters", unit: "m", scale: 1 },
  { name: "dwellMs", unit: "min", scale: 60_000 },
  { name: "graceMs", unit: "s", scale: 1000 },
  { name: "maxGapMs", unit: "s", scale: 1000 },
  { name: "maxParkedMs", unit: "h", scale: 3_600_000 },
  { name: "parkedRadiusMeters", unit: "m", scale: 1 },
  { name: "maxSpeedKmh", unit: "kmh", scale: 1 },
  { name: "lookbackMs", unit: "d", scale: 86_400_000 },
  { name: "stopRadiusMeters", unit: "m", scale: 1 },
  { name: "gateMergeMs", unit: "s", scale: 1000 },
  { name: "maxFutureMs", unit: "s", scale: 1000 },
];

/** `10`, `0.5`: a parameter as a person reads it. */
export function shown(value: number, scale: number): string {
  return String(Math.round((value / scale) * 1000) / 1000);
}

/** What a person typed, in the rule's unit; null when it is no number. */
export function typed(text: string, scale: number): number | null {
  const value = Number(text.trim());
  return text.trim() === "" || !Number.isFinite(value) ? null : Math.round(value * scale * 1000) / 1000;
}

export function sameParameters(a: RuleParameters, b: RuleParameters): boolean {
  return (Object.keys(a) as Name[]).every((name) => a[name] === b[name]);
}
