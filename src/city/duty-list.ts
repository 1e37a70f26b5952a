import type { DutyRow, DutyStory } from "../model/duty.ts";
import type { Duties } from "./duties.ts";
import type { Holding } from "./duty-index.ts";
import type { PlaceHistory } from "./place-history.ts";

/**
 * Who holds which slot of a place and of all below it at an instant, with what nobody holds, in the order of paths: the whole
 * roster, to be saved, changed and read in again.
 * @param after the `path` of the last place that is known already; its places come after it
 * @returns whole places, at least `limit` rows while there are so many; `next` is the path to go on from
 * @throws WuxingError PLACE_NOT_FOUND
 */
export function rosterBelow(
  history: PlaceHistory,
  duties: Duties,
  { place, atMs, after, limit }: { place: string; atMs: number; after: string; limit: number },
): { items: DutyRow[]; next: string | null } {
  const below = history
    .subtreeAt(place, atMs)
    .filter(({ path }) => path > after)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const items: DutyRow[] = [];
  for (const { id, name, path } of below) {
    if (items.length >= limit) return { items, next: before(below, path) };
    const { holders, vacant } = duties.roster(id, atMs);
    const here = { place: id, placeName: name };
    for (const { duty, slot, person, name: personName, onLeave, substitutes } of holders) {
      const { fromMs, toMs } = duties.index.findHolding(duty)!;
      const names = substitutes.map((each) => each.name);
      items.push({
        ...here,
        slot,
        person,
        name: personName,
        from: isoOf(fromMs),
        to: isoOf(toMs),
        onLeave,
        substitutes: names,
      });
    }
    for (const slot of vacant) {
      if (holders.some((holder) => holder.slot === slot)) continue;
      items.push({ ...here, slot, person: null, name: null, from: null, to: null, onLeave: false, substitutes: [] });
    }
  }
  return { items, next: null };
}

/** Every duty that a place ever had or will have, the latest to begin first, with leaves and substitutes. @throws PLACE_NOT_FOUND */
export function dutyStories(history: PlaceHistory, duties: Duties, place: string, atMs: number): DutyStory[] {
  if (!history.has(place)) history.getVersion(place, atMs);
  return duties.index
    .holdingsFrom(place, -Infinity)
    .toSorted((a, b) => b.fromMs - a.fromMs)
    .map((holding) => storyOf(duties, holding));
}

function storyOf(duties: Duties, { id, slot, person, fromMs, toMs }: Holding): DutyStory {
  const within = (each: { fromMs: number; toMs: number }): boolean => each.fromMs < toMs && each.toMs > fromMs;
  return {
    duty: id,
    slot,
    person,
    name: duties.nameOf(person),
    from: isoOf(fromMs)!,
    to: isoOf(toMs),
    leaves: duties.index
      .leavesOf(person)
      .filter((leave) => within(leave) && leave.toMs > leave.fromMs)
      .map((leave) => ({ id: leave.id, from: isoOf(leave.fromMs)!, to: isoOf(leave.toMs)! })),
    substitutes: duties.index.substitutesFrom(id, -Infinity).map((each) => ({
      person: each.person,
      name: duties.nameOf(each.person),
      from: isoOf(each.fromMs)!,
      to: isoOf(each.toMs),
    })),
  };
}

function before(places: readonly { path: string }[], path: string): string {
  return places[places.findIndex((each) => each.path === path) - 1]!.path;
}

function isoOf(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
