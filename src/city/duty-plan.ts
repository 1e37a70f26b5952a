import type { PlacePreview } from "../model/place.ts";
import type { DutyIndex, Holding, Substitute } from "./duty-index.ts";
import type { PlaceHistory } from "./place-history.ts";
import type { PlacePlan } from "./place-plan.ts";

/** What an operation on places does to duties: rows that end, rows that begin, and what is said of it. */
export interface DutyPlan {
  holdings: Holding[];
  substitutes: Substitute[];
  preview: PlacePreview["duties"];
  notices: PlacePreview["notices"];
}

/**
 * Duties on a place that ends: they end with it, and go on at its successors where the operation carries them over. Duties on
 * places that go on are not touched. `before` is the history without the operation.
 */
export function planDuties(
  before: PlaceHistory,
  duties: DutyIndex,
  { versions, passages, preview: { created, closed } }: PlacePlan,
): DutyPlan {
  const { effectiveMs, begun } = versions;
  const holdings: Holding[] = [];
  const substitutes: Substitute[] = [];
  const carried: DutyPlan["preview"]["carried"] = [];
  const ended: DutyPlan["preview"]["ended"] = [];
  const notices: DutyPlan["notices"] = [];
  const namesAfter = new Map(begun.map(({ id, name }) => [id, name]));
  for (const { id: place } of closed) {
    const heirs = passages.filter(({ from, carryDuties }) => from === place && carryDuties).map(({ to }) => to);
    for (const holding of duties.holdingsFrom(place, effectiveMs)) {
      const { id, slot, person, toMs } = holding;
      const fromMs = Math.max(effectiveMs, holding.fromMs);
      holdings.push({ ...holding, toMs: fromMs });
      for (const heir of heirs) {
        const duty = `${id}>${heir}`;
        holdings.push({ id: duty, place: heir, slot, person, fromMs, toMs });
        for (const each of duties.substitutesFrom(id, effectiveMs)) {
          substitutes.push({ ...each, id: `${each.id}>${heir}`, duty, fromMs: Math.max(effectiveMs, each.fromMs) });
        }
        carried.push({ person, slot, from: place, to: heir });
      }
      if (heirs.length === 0) ended.push({ person, slot, place });
      const label = duties.getSlot(slot);
      const name = before.getVersion(place, effectiveMs).name;
      const day = new Date(fromMs + BEIJING_MS).toISOString().slice(0, 10);
      const heirNames = heirs.map((heir) => namesAfter.get(heir) ?? heir);
      notices.push({
        person,
        place,
        slot,
        effect: heirs.length === 0 ? "ended" : "carried",
        carriedTo: heirs,
        text:
          heirs.length === 0
            ? {
                zh: `自${day}起，“${name}”撤销，您不再担任该处${label.zh}。`,
                en: `From ${day} on, ${name} no longer exists and you are no longer its ${label.en}.`,
              }
            : {
                zh: `自${day}起，“${name}”调整为“${heirNames.join("”“")}”，您继续担任${label.zh}。`,
                en: `From ${day} on, ${name} becomes ${heirNames.join(", ")}, and you go on as ${label.en}.`,
              },
      });
    }
  }
  const held = new Set(carried.map(({ to, slot }) => `${to} ${slot}`));
  const vacant = created.flatMap(({ id, kind }) =>
    duties
      .slotsOfKind(kind)
      .filter((slot) => !held.has(`${id} ${slot}`))
      .map((slot) => ({ place: id, slot })),
  );
  return { holdings, substitutes, preview: { vacant, carried, ended }, notices };
}

const BEIJING_MS = 8 * 3_600_000;
