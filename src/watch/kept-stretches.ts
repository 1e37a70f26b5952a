import type { Rule } from "../model/rule.ts";
import type { TrackStore } from "../tracks/track-store.ts";

/** When a vehicle's fixes prove a finding that still counts, ms UTC: the stay, and the entry that locks. */
interface Evidence {
  vehicle: string;
  startMs: number;
  lastMs: number;
  lockMs: number | null;
  enteredMs: number | null;
}

export interface KeptStretchesOptions {
  ledger: { evidence(sinceMs: number, dwellMs: number): Promise<Evidence[]> };
  tracks: { vehicles: Pick<TrackStore["vehicles"], "find"> };
  /** Newest event time of the city, ms UTC; null before the first fix. */
  cityTimeMs: number | null;
  rule: Pick<Rule, "lookbackMs" | "maxGapMs" | "dwellMs">;
}

/**
 * The stretches whose fixes retention must leave, so that a finding that still counts can be made again from them: each
 * stay and the entry that locks, with the fixes before and behind that its crossings and its outliers are judged by.
 */
export async function keptStretches({
  ledger,
  tracks,
  cityTimeMs,
  rule,
}: KeptStretchesOptions): Promise<{ vehicle: number; fromMs: number; toMs: number }[]> {
  const marginMs = 2 * rule.maxGapMs;
  const sinceMs = cityTimeMs === null ? Number.MIN_SAFE_INTEGER : cityTimeMs - rule.lookbackMs;
  const kept: { vehicle: number; fromMs: number; toMs: number }[] = [];
  for (const { vehicle: id, startMs, lastMs, lockMs, enteredMs } of await ledger.evidence(sinceMs, rule.dwellMs)) {
    const vehicle = tracks.vehicles.find(id);
    if (vehicle === undefined) continue;
    kept.push({ vehicle, fromMs: startMs - marginMs, toMs: lastMs + marginMs });
    if (lockMs === null || lockMs <= lastMs) continue;
    kept.push({ vehicle, fromMs: (enteredMs ?? lockMs) - marginMs, toMs: lockMs + marginMs });
  }
  return kept;
}
