import type { KernelExposure } from "../kernel/findings.ts";

/** A stay under two rules; one of the two is null when only the other rule finds it. */
export interface StayPair {
  before: KernelExposure | null;
  after: KernelExposure | null;
}

/** Two instants that a rule's change moved by no more than this are the same, ms. */
const SAME_MS = 1000;

/**
 * Pairs the stays of one vehicle that two rules find: those at the same area that share time. A stay that falls into two, or two that
 * become one, pair once; what is left over is gained or lost. Both lists ascending by start.
 */
export function compareStays(before: readonly KernelExposure[], after: readonly KernelExposure[]): StayPair[] {
  const left = [...after];
  const pairs: StayPair[] = before.map((stay) => {
    const at = left.findIndex(
      (one) => one.area === stay.area && one.startMs <= stay.lastMs && stay.startMs <= one.lastMs,
    );
    return { before: stay, after: at < 0 ? null : left.splice(at, 1)[0] };
  });
  return [...pairs, ...left.map((stay) => ({ before: null, after: stay }))];
}

/** How the two differ; null when they are the same to a person. */
export function changeOf({ before, after }: StayPair): "gained" | "lost" | "changed" | null {
  if (before === null) return "gained";
  if (after === null) return "lost";
  const isSame =
    before.certainty === after.certainty &&
    (before.lockMs === null) === (after.lockMs === null) &&
    isNear(before.startMs, after.startMs) &&
    isNear(before.lastMs, after.lastMs) &&
    isNear(before.lockMs ?? 0, after.lockMs ?? 0);
  return isSame ? null : "changed";
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME_MS;
}
