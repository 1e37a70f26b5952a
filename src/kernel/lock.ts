import type { KernelExposure } from "./findings.ts";

/** A time during which a vehicle is known to be inside the fence, ms UTC, both ends included. */
export interface PresenceSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When an exposure locks, and the entry that led there (null when the vehicle was inside before it was exposed). */
export interface LockInstant {
  readonly lockMs: number;
  readonly enteredMs: number | null;
}

/**
 * The first instant at or after `exposedMs` at which the vehicle is known to be inside the fence, and no more than the lookback after the end of the stay (section 5
 * of the rule); null when there is none among `spans` (ascending).
 */
export function lockInstant(
  { exposedMs, endMs }: Pick<KernelExposure, "exposedMs" | "endMs">,
  spans: readonly PresenceSpan[],
  lookbackMs: number,
): LockInstant | null {
  const span = spans.find(({ toMs }) => toMs >= exposedMs);
  if (span === undefined) return null;
  const lockMs = Math.max(span.fromMs, exposedMs);
  if (endMs !== null && lockMs > endMs + lookbackMs) return null;
  return { lockMs, enteredMs: span.fromMs >= exposedMs ? span.fromMs : null };
}
