/** Spans `[start, end]` ms UTC during which a vehicle is known to be inside the fence; ascending, disjoint. */
export type InsideSpans = readonly (readonly [startMs: number, endMs: number])[];

/**
 * When an exposure locks: the first instant at or after `exposedMs` at which the vehicle is known to be inside the
 * fence, no later than the lookback after the stay's end (exposure-rule.md, 5).
 *
 * @param endMs the end of the stay; null while it is open, when no lookback has begun to run
 * @returns `enteredMs` is the beginning of that presence when it began after the exposure, null when the vehicle was
 *   inside before; null when it does not lock
 */
export function lockInstant(
  exposedMs: number,
  endMs: number | null,
  inside: InsideSpans,
  lookbackMs: number,
): { lockMs: number; enteredMs: number | null } | null {
  const span = inside.find(([, spanEndMs]) => spanEndMs >= exposedMs);
  if (!span) return null;
  const lockMs = Math.max(span[0], exposedMs);
  if (endMs !== null && lockMs > endMs + lookbackMs) return null;
  return { lockMs, enteredMs: span[0] >= exposedMs ? span[0] : null };
}
