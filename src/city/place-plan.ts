import type { Problem } from "../model/errors.ts";
import type { PartitionFault, PlaceChange, PlaceKind, PlacePreview } from "../model/place.ts";
import { EdgeChain } from "./edge-chain.ts";
import { nameFaults, sharedM2 } from "./partition.ts";
import { outlineOfAll, PlaceDraft, type DraftPlace, type Passage } from "./place-draft.ts";
import type { PlaceHistory, PlaceVersion, VersionChanges } from "./place-history.ts";
import { polygonsOf, type PlaceShape } from "./place-shape.ts";

/** What an operation does to places, or why it cannot be done. */
export interface PlacePlan {
  problems: Problem[];
  versions: VersionChanges;
  preview: Pick<PlacePreview, "created" | "closed" | "changed" | "moved" | "movedM2">;
  /** Which places went wholly into which others, and whether duties go along. */
  passages: Passage[];
}

/** A place lies below one of a lower rank; districts also below districts. */
const RANKS: Record<PlaceKind, number> = { city: 0, county: 1, township: 2, community: 3, grid: 4, district: 1 };

/**
 * Works out what changes do at an instant, without doing it. The leaves after it must cover what the leaves before it covered,
 * no more, no less and none twice; outlines above them follow, up to the top, which changes only when it is recut itself.
 */
export function planOperation(
  history: PlaceHistory,
  operation: string,
  effectiveMs: number,
  changes: readonly PlaceChange[],
): PlacePlan {
  const draft = new PlaceDraft(history, effectiveMs);
  for (const [i, change] of changes.entries()) draft.change(change, `changes[${i}]`);
  checkTree(draft, history);
  if (draft.problems.length === 0) deriveParents(draft, history);
  if (draft.problems.length === 0) checkLeaves(draft, history);
  const versions = draft.problems.length === 0 ? makeVersions(draft, history, operation) : undefined;
  if (versions !== undefined && draft.problems.length === 0 && versions.begun.length + versions.ended.length === 0) {
    draft.refuse("changes", String(changes.length), "a change of anything");
  }
  return {
    problems: draft.problems,
    versions: versions ?? { effectiveMs, ended: [], begun: [] },
    preview: previewOf(draft, history, versions?.begun ?? []),
    passages: draft.passages,
  };
}

/** A fault of a partition as a problem of the input. */
export function problemOf({ kind, places, areaM2, at }: PartitionFault): Problem {
  const value = `${areaM2} m² at ${at.join(", ")}`;
  const expected = {
    overlap: "places that do not overlap",
    gap: "every part of the city in a place; this is in none",
    outside: "places inside the city",
  }[kind];
  return { where: `places ${places.join(", ")}`, value, expected };
}

function checkTree(draft: PlaceDraft, history: PlaceHistory): void {
  const tops = new Map<string, string>();
  for (const tree of ["civil", "police", "school"] as const) {
    for (const { id } of history.topsAt(tree, draft.atMs)) if (!draft.drafts.has(id)) tops.set(tree, id);
  }
  for (const [id, place] of draft.drafts) {
    if (place === undefined) {
      const [child] = draft.childrenOf(id);
      if (child !== undefined) draft.refuse(id, child.id, "no place left below one that ends");
      continue;
    }
    if (place.parent === null) {
      const other = tops.get(place.tree);
      if (other !== undefined) draft.refuse(place.where, id, `one top of the ${place.tree} tree; ${other} is it`);
      tops.set(place.tree, id);
      if (place.kind !== "city") draft.refuse(place.where, place.kind, "the kind city for the top of a tree");
      continue;
    }
    const parent = draft.find(place.parent);
    if (parent === undefined) {
      draft.refuse(place.where, place.parent, `a parent that exists at ${new Date(draft.atMs).toISOString()}`);
    } else if (parent.tree !== place.tree) {
      draft.refuse(place.where, parent.id, `a parent in the ${place.tree} tree`);
    } else if (RANKS[parent.kind] >= RANKS[place.kind] && !(parent.kind === "district" && place.kind === "district")) {
      draft.refuse(place.where, `${place.kind} below ${parent.kind}`, "city, county, township, community, grid");
    } else if (!draft.drafts.has(parent.id)) {
      draft.isFree(parent.id, place.where);
    }
  }
  for (const [id, place] of draft.drafts) if (place !== undefined && runsInCircle(draft, id)) break;
}

function runsInCircle(draft: PlaceDraft, start: string): boolean {
  const seen = new Set<string>();
  for (let id: string | null = start; id !== null; id = draft.find(id)?.parent ?? null) {
    if (seen.has(id)) {
      draft.refuse(draft.drafts.get(start)!.where, start, "a place that does not lie below itself");
      return true;
    }
    seen.add(id);
  }
  return false;
}

/** From below upwards: the outline of a place that has others below it is theirs together. */
function deriveParents(draft: PlaceDraft, history: PlaceHistory): void {
  const open = new Map<string, number>();
  const ask = (id: string | null | undefined): void => {
    if (id !== null && id !== undefined && draft.find(id) !== undefined) open.set(id, depthOf(draft, id));
  };
  for (const [id, place] of draft.drafts) {
    const before = history.findVersion(id, draft.atMs);
    if (place !== undefined && (place.isGiven || place.shape === undefined)) ask(id);
    if (place?.parent === before?.parent && place?.shape?.id === before?.shape.id && place?.shape !== undefined)
      continue;
    ask(place?.parent);
    ask(before?.parent);
  }
  while (open.size > 0) {
    const deepest = Math.max(...open.values());
    for (const id of [...open].flatMap(([each, depth]) => (depth === deepest ? [each] : []))) {
      open.delete(id);
      if (fitParent(draft, id)) ask(draft.find(id)!.parent);
    }
  }
}

/** Whether the outline of a place was changed to fit what lies below. */
function fitParent(draft: PlaceDraft, id: string): boolean {
  const place = draft.find(id)!;
  const below = draft.childrenOf(id);
  if (below.length === 0) {
    if (place.shape === undefined) draft.refuse((place as DraftPlace).where, id, "an outline, or places below it");
    return false;
  }
  const shapes = below.flatMap(({ shape }) => shape ?? []);
  if (shapes.length < below.length) return false;
  if (place.shape !== undefined) {
    const chain = chainOf(below);
    chain.add(place.shape.geometry, -1, "");
    if (chain.remainders().length === 0) return false;
    // The top is compared with the leaves, which can be named.
    if (place.parent === null) return false;
    if ("isGiven" in place && place.isGiven) {
      const parts = below.map((each) => ({ id: each.id, geometry: each.shape!.geometry }));
      for (const fault of nameFaults(chain, place.shape.geometry, parts)) {
        draft.problems.push({ ...problemOf(fault), where: `${place.where}: ${problemOf(fault).where}` });
      }
      return false;
    }
  }
  const shape = outlineOfAll(shapes);
  if (shape === undefined) {
    draft.refuse(id, below.map((each) => each.id).join(", "), "places below it that enclose a surface");
    return false;
  }
  draft.derive(id, shape);
  return true;
}

/** The leaves after the operation cover what the leaves before it covered. */
function checkLeaves(draft: PlaceDraft, history: PlaceHistory): void {
  const { atMs } = draft;
  const affected = new Map<string, string>();
  for (const [id, place] of draft.drafts) {
    const before = history.findVersion(id, atMs);
    const tree = (place ?? before)!.tree;
    for (const each of [id, place?.parent, before?.parent]) if (typeof each === "string") affected.set(each, tree);
  }
  for (const tree of new Set(affected.values())) {
    const chain = new EdgeChain();
    let top: DraftPlace | PlaceVersion | undefined;
    for (const id of [...affected].flatMap(([each, of]) => (of === tree ? [each] : []))) {
      const before = history.findVersion(id, atMs);
      const after = draft.find(id);
      if (before !== undefined && history.isLeafAt(id, atMs)) chain.add(before.shape.geometry, -1, id);
      if (after?.shape !== undefined && draft.childrenOf(id).length === 0) chain.add(after.shape.geometry, 1, id);
      if (before?.parent === null) chain.add(before.shape.geometry, 1, "");
      if (after?.parent === null) {
        chain.add(groundOf(after, before === undefined), -1, "");
        top = after;
      }
    }
    if (chain.remainders().length === 0) continue;
    top ??= history.topsAt(tree as PlaceVersion["tree"], atMs)[0];
    if (top?.shape === undefined) continue;
    const leaves: { id: string; geometry: PlaceShape["geometry"] }[] = [];
    for (const open = [top]; open.length > 0;) {
      const each = open.pop()!;
      const below = draft.childrenOf(each.id);
      if (below.length === 0) leaves.push({ id: each.id, geometry: each.shape!.geometry });
      open.push(...below);
    }
    const ground = groundOf(top, history.findVersion(top.id, atMs) === undefined);
    draft.problems.push(...nameFaults(chain, ground, leaves).map(problemOf));
  }
}

/**
 * What the leaves of a tree have to cover. An outline that came from below has the gaps below it as holes: they count as gaps,
 * and a city that really has some gives its outline.
 */
function groundOf(top: DraftPlace | PlaceVersion, isNew: boolean): PlaceShape["geometry"] {
  const { geometry } = top.shape!;
  if (!isNew || ("isGiven" in top && top.isGiven)) return geometry;
  return { type: "MultiPolygon", coordinates: polygonsOf(geometry).map((rings) => [rings[0]!]) };
}

function makeVersions(draft: PlaceDraft, history: PlaceHistory, operation: string): VersionChanges {
  const { atMs } = draft;
  const ended: string[] = [];
  const begun: PlaceVersion[] = [];
  const paths = new Map<string, string>();
  const pathOf = (id: string): string => {
    const known = paths.get(id);
    if (known !== undefined) return known;
    const { parent } = draft.find(id)!;
    const path = `${parent === null ? "" : pathOf(parent)}${id}/`;
    paths.set(id, path);
    return path;
  };
  const follow = (id: string): void => {
    const before = history.findVersion(id, atMs);
    const after = draft.find(id);
    if (after === undefined) {
      ended.push(id);
      return;
    }
    const path = pathOf(id);
    if (before !== undefined && isSame(before, after, path)) return;
    if (before !== undefined) {
      if (before.fromMs >= atMs) {
        const expected = `an instant after ${new Date(before.fromMs).toISOString()}, when ${before.operation} changed it`;
        draft.refuse(draft.drafts.get(id)?.where ?? id, id, expected);
      } else if (!draft.drafts.has(id)) draft.isFree(id, id);
      ended.push(id);
    }
    const { tree, kind, name, parent, shape } = after;
    begun.push({ id, tree, kind, name, parent, path, fromMs: atMs, toMs: Infinity, shape: shape!, operation });
    // What lies below and is not touched itself follows where the path has changed.
    if (before === undefined || before.path === path) return;
    for (const child of draft.childrenOf(id)) if (!draft.drafts.has(child.id)) follow(child.id);
  };
  for (const id of draft.drafts.keys()) follow(id);
  return { effectiveMs: atMs, ended, begun };
}

function isSame(before: PlaceVersion, after: DraftPlace | PlaceVersion, path: string): boolean {
  return (
    before.name === after.name &&
    before.parent === after.parent &&
    before.path === path &&
    before.shape.id === after.shape?.id
  );
}

function previewOf(draft: PlaceDraft, history: PlaceHistory, begun: readonly PlaceVersion[]): PlacePlan["preview"] {
  const created: PlacePreview["created"] = [];
  const changed: PlacePreview["changed"] = [];
  const closedPlaces: PlacePreview["closed"] = [];
  for (const after of begun) {
    const { id, name, kind, parent, shape } = after;
    const before = history.findVersion(id, draft.atMs);
    if (before === undefined) {
      created.push({ id, name, kind, parent, areaM2: Math.round(shape.areaM2) });
      continue;
    }
    const what: PlacePreview["changed"][number]["what"] = [];
    if (before.name !== name) what.push("name");
    if (before.parent !== parent) what.push("parent");
    if (before.shape.id !== shape.id) what.push("shape");
    if (before.parent === parent && before.path !== after.path) what.push("path");
    changed.push({
      id,
      name,
      kind,
      what,
      derived: before.shape.id !== shape.id && draft.drafts.get(id)?.isGiven !== true,
      areaBeforeM2: Math.round(before.shape.areaM2),
      areaAfterM2: Math.round(shape.areaM2),
    });
  }
  for (const [id, place] of draft.drafts) {
    const before = place === undefined ? history.findVersion(id, draft.atMs) : undefined;
    if (before === undefined) continue;
    closedPlaces.push({ id, name: before.name, kind: before.kind, areaM2: Math.round(before.shape.areaM2) });
  }
  const moved = movedAreas(draft, history);
  const movedM2 = moved.reduce((sum, { areaM2 }) => sum + areaM2, 0);
  return { created, closed: closedPlaces, changed, moved, movedM2 };
}

function movedAreas(draft: PlaceDraft, history: PlaceHistory): PlacePreview["moved"] {
  const moved = draft.passages.map(({ from, to, areaM2 }) => ({ from, to, areaM2: Math.round(areaM2) }));
  if (draft.problems.length === 0) {
    const isLeaf = (id: string): boolean => draft.childrenOf(id).length === 0;
    const losing = [...draft.loose].filter((id) => history.isLeafAt(id, draft.atMs));
    const gaining = [...draft.loose].filter((id) => isLeaf(id));
    for (const from of losing) {
      const before = history.findVersion(from, draft.atMs);
      if (before === undefined) continue;
      for (const to of gaining) {
        const after = draft.find(to);
        if (to === from || after?.shape === undefined) continue;
        const areaM2 = Math.round(sharedM2(before.shape.geometry, after.shape.geometry));
        if (areaM2 > 0) moved.push({ from, to, areaM2 });
      }
    }
  }
  return moved.toSorted((a, b) => b.areaM2 - a.areaM2);
}

function depthOf(draft: PlaceDraft, id: string): number {
  let depth = 0;
  for (let at = draft.find(id)?.parent ?? null; at !== null; at = draft.find(at)?.parent ?? null) depth++;
  return depth;
}

function chainOf(places: readonly (DraftPlace | PlaceVersion)[]): EdgeChain {
  const chain = new EdgeChain();
  for (const { id, shape } of places) chain.add(shape!.geometry, 1, id);
  return chain;
}
