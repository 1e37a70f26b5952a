import type { PlacePreview, PlaceTree } from "../model/place.ts";
import type { Duties } from "./duties.ts";
import { boxOf } from "./partition.ts";
import type { PlaceHistory } from "./place-history.ts";
import { PlaceIndex, type LeafPeriod } from "./place-index.ts";
import type { PlacePlan } from "./place-plan.ts";

/** Something that is bound to a place and gets another home; null: none in the city. */
export type BoundMove = PlacePreview["rehomed"][number];

/** Adds up what moves between the same places. */
export class MoveTally {
  readonly #moves = new Map<string, BoundMove>();

  add(what: string, from: string, to: string | null, count = 1): void {
    const key = `${what} ${from} ${to}`;
    const move = this.#moves.get(key);
    if (move === undefined) this.#moves.set(key, { what, from, to, count });
    else move.count += count;
  }

  all(): BoundMove[] {
    return [...this.#moves.values()];
  }
}

/** The leaves that an operation ends or gives another outline, and where a point lies without and with it. */
export interface Reshaping {
  readonly effectiveMs: number;
  /** Leaves that end or change their outline. */
  readonly places: readonly string[];
  readonly trees: readonly PlaceTree[];
  /** Around them: west, south, east, north, degrees. */
  readonly box: readonly [number, number, number, number];
  /** The leaf at a position (degrees, WGS-84) without the operation. */
  readonly leafBefore: (tree: PlaceTree, lon: number, lat: number) => string | undefined;
  /** The same with it. */
  readonly leafAfter: (tree: PlaceTree, lon: number, lat: number) => string | undefined;
  /** The path of a place with it; undefined where there is none any more. */
  readonly pathAfter: (place: string) => string | undefined;
}

/**
 * Only the outlines that the operation makes are indexed: what lies outside the leaves that it touches stays where it is.
 * @param after the history with the operation
 */
export function reshapingOf({ versions, preview }: PlacePlan, before: PlaceHistory, after: PlaceHistory): Reshaping {
  const { effectiveMs, begun } = versions;
  const { closed, changed } = preview;
  const places = [
    ...closed.map(({ id }) => id),
    ...changed.filter(({ what }) => what.includes("shape")).map(({ id }) => id),
  ].filter((id) => before.isLeafAt(id, effectiveMs));
  const touched = new Set(places);
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const trees = new Set<PlaceTree>();
  for (const id of places) {
    const { shape, tree } = before.getVersion(id, effectiveMs);
    const [west, south, east, north] = boxOf(shape.geometry);
    box[0] = Math.min(box[0], west);
    box[1] = Math.min(box[1], south);
    box[2] = Math.max(box[2], east);
    box[3] = Math.max(box[3], north);
    trees.add(tree);
  }
  const indexes = new Map<PlaceTree, PlaceIndex>();
  const indexOf = (tree: PlaceTree): PlaceIndex => {
    let index = indexes.get(tree);
    if (index === undefined) {
      const leaves = begun.filter((each) => each.tree === tree && after.isLeafAt(each.id, effectiveMs));
      index = new PlaceIndex(leaves.map(periodOf), after.topsAt(tree, effectiveMs).map(periodOf));
      indexes.set(tree, index);
    }
    return index;
  };
  const leafBefore: Reshaping["leafBefore"] = (tree, lon, lat) => before.findLeafAt(tree, lon, lat, effectiveMs);
  return {
    effectiveMs,
    places,
    trees: [...trees],
    box,
    leafBefore,
    leafAfter: (tree, lon, lat) => {
      const from = leafBefore(tree, lon, lat);
      return from === undefined || touched.has(from) ? indexOf(tree).find(lon, lat, effectiveMs) : from;
    },
    pathAfter: (place) => after.findVersion(place, effectiveMs)?.path,
  };
}

/**
 * What each place loses and gains, the largest change first, and whom it concerns: who heads it then, else who heads what it lies in.
 * @param after the history with the operation
 */
export function balanceOf(
  moves: readonly BoundMove[],
  { created, duties: { carried } }: Pick<PlacePreview, "created" | "duties">,
  duties: Pick<Duties, "index" | "find" | "nameOf">,
  { before, after, effectiveMs }: { before: PlaceHistory; after: PlaceHistory; effectiveMs: number },
): PlacePreview["balance"] {
  const rows = new Map<string, PlacePreview["balance"][number]>();
  const rowOf = (place: string): PlacePreview["balance"][number] => {
    let row = rows.get(place);
    if (row === undefined) {
      const version = after.findVersion(place, effectiveMs) ?? before.getVersion(place, effectiveMs);
      const persons = personsOf(place).map((id) => ({ id, name: duties.nameOf(id) }));
      row = { place, name: version.name, persons, loses: [], gains: [] };
      rows.set(place, row);
    }
    return row;
  };
  const isNew = new Set(created.map(({ id }) => id));
  const personsOf = (place: string): string[] => {
    const { kind, path } = after.findVersion(place, effectiveMs) ?? before.getVersion(place, effectiveMs);
    const slot = duties.index.slotsOfKind(kind)[0];
    if (slot === undefined) return [];
    const kept = carried.filter((duty) => duty.to === place && duty.slot === slot).map(({ person }) => person);
    if (kept.length > 0) return kept;
    // Duties know nothing yet of what the operation makes: what it lies in does.
    const known = path
      .slice(0, -1)
      .split("/")
      .findLast((each) => !isNew.has(each));
    return known === undefined ? [] : [...duties.find(known, slot, effectiveMs).persons];
  };
  for (const { what, from, to, count } of moves) {
    add(rowOf(from).loses, what, count);
    if (to !== null) add(rowOf(to).gains, what, count);
  }
  const sizeOf = ({ loses, gains }: PlacePreview["balance"][number]): number =>
    [...loses, ...gains].reduce((sum, { count }) => sum + count, 0);
  return [...rows.values()].toSorted((a, b) => sizeOf(b) - sizeOf(a) || (a.place < b.place ? -1 : 1));
}

function add(counts: { what: string; count: number }[], what: string, count: number): void {
  const known = counts.find((each) => each.what === what);
  if (known === undefined) counts.push({ what, count });
  else known.count += count;
}

function periodOf({
  id,
  fromMs,
  toMs,
  shape,
}: {
  id: string;
  fromMs: number;
  toMs: number;
  shape: { geometry: LeafPeriod["geometry"] };
}): LeafPeriod {
  return { place: id, fromMs, toMs, geometry: shape.geometry };
}
