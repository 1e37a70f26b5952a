import { WuxingError, type Problem } from "../model/errors.ts";
import type { DutyIndex } from "./duty-index.ts";
import type { PlaceHistory, PlaceVersion } from "./place-history.ts";

/** What taking an operation back does to the versions. */
export interface UndoPlan {
  /** Versions that the operation ended, which last again. */
  resumed: readonly PlaceVersion[];
  /** Places that it would have created. */
  uncreated: readonly string[];
}

/**
 * How an operation is taken back before its date: as if it had never been planned. `closed`: the places that it ends.
 * @throws WuxingError PLACE_OPERATION_INVALID when its date has come, or when something later stands on it
 */
export function planUndo(
  history: PlaceHistory,
  duties: DutyIndex,
  { id, effectiveMs, closed, nowMs }: { id: string; effectiveMs: number; closed: readonly string[]; nowMs: number },
): UndoPlan {
  const iso = (ms: number): string => new Date(ms).toISOString();
  if (effectiveMs <= nowMs) {
    const expected = `a date after ${iso(nowMs)}; what holds already is changed by another operation`;
    throw new WuxingError("PLACE_OPERATION_INVALID", undefined, [
      { where: "effectiveAt", value: iso(effectiveMs), expected },
    ]);
  }
  const begun: PlaceVersion[] = [];
  const endedAt = new Map<string, PlaceVersion>();
  for (const version of history.all()) {
    if (version.operation === id) begun.push(version);
    else if (version.toMs === effectiveMs) endedAt.set(version.id, version);
  }
  const own = new Set(begun.map((version) => version.id));
  const problems: Problem[] = begun
    .filter(({ toMs }) => toMs !== Infinity)
    .map((version) => ({
      where: "id",
      value: version.id,
      expected: `a place that no later operation changes (${iso(version.toMs)})`,
    }));
  const uncreated = [...own].filter((place) => history.versionsOf(place)[0]!.operation === id);
  const created = new Set(uncreated);
  for (const version of history.all()) {
    if (version.operation !== id && version.parent !== null && created.has(version.parent))
      problems.push({ where: "id", value: version.id, expected: `nothing below ${version.parent}` });
  }
  for (const place of uncreated) {
    for (const { id: duty } of duties.holdingsFrom(place, effectiveMs)) {
      if (!duty.endsWith(`>${place}`))
        problems.push({ where: "id", value: place, expected: `no duty given on it since (${duty})` });
    }
  }
  if (problems.length > 0) throw new WuxingError("PLACE_OPERATION_INVALID", undefined, problems);
  const resumed = [...endedAt.values()].filter((version) => own.has(version.id) || closed.includes(version.id));
  return { resumed, uncreated };
}
