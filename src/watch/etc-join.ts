import type { GateFinding } from "../model/etc.ts";
import { findingId } from "./finding-id.ts";

/** One vehicle at one gate in one direction: what GPS and what the toll system saw. Instants are ms UTC. */
export interface GateFacts {
  vehicle: string;
  gate: string;
  direction: GateFinding["direction"];
  /** By time, then id. */
  passages: readonly { id: string; timeMs: number }[];
  records: readonly { id: string; timeMs: number; goods: boolean }[];
}

/** Up to where both sides speak. */
export interface JoinClocks {
  /** An ETC passage within this of a GPS passage is the same passage (`gateMergeMs`). */
  mergeMs: number;
  /** The city's toll records begin and, so far, end here; null without any at a gate. */
  toll: { firstMs: number; lastMs: number } | null;
  /** Newest usable fix of the city; null before the first. */
  fixMs: number | null;
  /** Whether toll records of this gate and direction can come at all: the mapping names a place there. */
  covered: boolean;
}

/**
 * The findings of section 5 for one vehicle, gate and direction. `seen-twice`: a GPS passage with a toll record within
 * `mergeMs` (both ends included). `etc-missing`: a GPS passage without one, once toll records are known from before it and
 * from `mergeMs` after it. `gps-silent`: a goods vehicle's toll record without a GPS passage, once fixes of the city are
 * known from `mergeMs` after it; a record that follows another within `mergeMs` is of the same passage. A function of
 * the facts and the two clocks alone, and the clocks are the newest instants of either side: the order in which anything came
 * changes nothing.
 */
export function joinGate(facts: GateFacts, { mergeMs, toll, fixMs, covered }: JoinClocks): GateFinding[] {
  const { vehicle, gate, direction, passages, records } = facts;
  const found: GateFinding[] = [];
  const add = (kind: GateFinding["kind"], timeMs: number, passage: string | null, etc: string[]): void => {
    const id = findingId("gate", vehicle, kind, gate, direction, passage ?? etc[0]);
    found.push({ id, kind, vehicle, gate, direction, time: new Date(timeMs).toISOString(), passage, etc });
  };
  const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= mergeMs;

  for (const { id, timeMs } of passages) {
    const near = records.filter((record) => isNear(record.timeMs, timeMs));
    if (near.length > 0) {
      add(
        "seen-twice",
        timeMs,
        id,
        near.map((record) => record.id),
      );
    } else if (covered && toll !== null && toll.firstMs <= timeMs && timeMs + mergeMs <= toll.lastMs) {
      add("etc-missing", timeMs, id, []);
    }
  }
  for (const [at, { id, timeMs, goods }] of records.entries()) {
    if (!goods || fixMs === null || timeMs + mergeMs > fixMs) continue;
    const before = records[at - 1];
    if (before !== undefined && isNear(before.timeMs, timeMs)) continue;
    if (!passages.some((passage) => isNear(passage.timeMs, timeMs))) add("gps-silent", timeMs, null, [id]);
  }
  return found;
}
