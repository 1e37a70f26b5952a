import { checkGeometry } from "../kernel/check-geometry.ts";
import type { Problem } from "../model/errors.ts";
import type { PlaceChange, PlaceGeometry, PlaceKind, PlaceTree } from "../model/place.ts";
import { EdgeChain } from "./edge-chain.ts";
import type { PlaceHistory, PlaceVersion } from "./place-history.ts";
import { makeShape, type PlaceShape } from "./place-shape.ts";

/** A place as an operation leaves it. */
export interface DraftPlace {
  readonly id: string;
  readonly tree: PlaceTree;
  readonly kind: PlaceKind;
  name: string;
  parent: string | null;
  /** Undefined until it is derived from what lies below. */
  shape: PlaceShape | undefined;
  /** Whether the operation gives the outline; it then has to fit what lies below. */
  isGiven: boolean;
  /** Which change made or touched it, for problems. */
  readonly where: string;
}

/** Surface that goes from one place to another as a whole. */
export interface Passage {
  from: string;
  to: string;
  areaM2: number;
  carryDuties: boolean;
}

/** The places as the changes of an operation leave them at its instant, over the history as it is. */
export class PlaceDraft {
  readonly atMs: number;
  readonly problems: Problem[] = [];
  /** Undefined: it ends. */
  readonly drafts = new Map<string, DraftPlace | undefined>();
  readonly passages: Passage[] = [];
  /** Places whose surface may go to any others: recut, closed or created. */
  readonly loose = new Set<string>();
  readonly #history: PlaceHistory;
  readonly #below = new Map<string, Set<string>>();

  constructor(history: PlaceHistory, atMs: number) {
    this.#history = history;
    this.atMs = atMs;
  }

  /** The place after the operation, whether it touches it or not. */
  find(id: string): DraftPlace | PlaceVersion | undefined {
    return this.drafts.has(id) ? this.drafts.get(id) : this.#history.findVersion(id, this.atMs);
  }

  /** What lies right below a place after the operation, by id. */
  childrenOf(parent: string): (DraftPlace | PlaceVersion)[] {
    const kept = this.#history.childrenAt(parent, this.atMs).filter(({ id }) => !this.drafts.has(id));
    const drafted = [...(this.#below.get(parent) ?? [])].map((id) => this.drafts.get(id)!);
    return drafted.length === 0 ? kept : [...kept, ...drafted].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  change(change: PlaceChange, where: string): void {
    switch (change.op) {
      case "create": {
        const { id, tree, kind, name, parent, geometry } = change;
        const shape = geometry && this.#shape(geometry, `${where}.geometry`);
        this.#create({ id, tree, kind, name, parent, shape, isGiven: geometry !== undefined, where }, `${where}.id`);
        this.loose.add(id);
        return;
      }
      case "split":
        return this.#split(change, where);
      case "merge":
        return this.#merge(change, where);
      case "recut": {
        const place = this.#touch(change.place, `${where}.place`);
        if (place === undefined) return;
        place.shape = this.#shape(change.geometry, `${where}.geometry`);
        place.isGiven = true;
        this.loose.add(place.id);
        return;
      }
      case "rename": {
        const place = this.#touch(change.place, `${where}.place`);
        if (place !== undefined) place.name = change.name;
        return;
      }
      case "move": {
        const place = this.#touch(change.place, `${where}.place`);
        if (place === undefined) return;
        if (place.parent === null) return this.refuse(`${where}.place`, change.place, "a place that has one above it");
        this.#setOf(place.parent).delete(place.id);
        place.parent = change.parent;
        this.#setOf(place.parent).add(place.id);
        return;
      }
      case "close":
        this.#end(change.place, `${where}.place`);
        this.loose.add(change.place);
    }
  }

  refuse(where: string, value: string, expected: string): void {
    this.problems.push({ where, value: value.slice(0, 100), expected });
  }

  /** Whether nothing that was recorded for later would be changed by what is done to the place now. */
  isFree(id: string, where: string): boolean {
    const later = this.#history.changesAfter(id, this.atMs);
    if (later === undefined) return true;
    const [ms, name] = later.fromMs > this.atMs ? [later.fromMs, later.operation] : [later.toMs, "another operation"];
    const expected = `an instant not before ${new Date(ms).toISOString()}, when ${name} changes ${later.id}`;
    this.refuse(where, id, expected);
    return false;
  }

  #split({ place: id, parts }: Extract<PlaceChange, { op: "split" }>, where: string): void {
    const place = this.#end(id, `${where}.place`);
    if (place === undefined) return;
    const { tree, kind, parent } = place;
    for (const [i, { id: part, name, geometry, carryDuties }] of parts.entries()) {
      const at = `${where}.parts[${i}]`;
      const shape = this.#shape(geometry, `${at}.geometry`);
      this.#create({ id: part, tree, kind, name, parent, shape, isGiven: true, where: at }, `${at}.id`);
      this.passages.push({ from: id, to: part, areaM2: shape?.areaM2 ?? 0, carryDuties });
    }
  }

  #merge({ places, into }: Extract<PlaceChange, { op: "merge" }>, where: string): void {
    const merged = places.flatMap((id, i) => this.#end(id, `${where}.places[${i}]`) ?? []);
    const first = merged[0];
    if (first === undefined || merged.length < places.length) return;
    for (const id of into.carryDutiesOf.filter((each) => !places.includes(each))) {
      this.refuse(`${where}.into.carryDutiesOf`, id, `one of ${places.join(", ")}`);
    }
    const { tree, kind } = first;
    const parent = into.parent ?? first.parent;
    // Its outline is derived as a parent's is: from the places that it is made of.
    const shape = merged.some((each) => each.shape === undefined || each.kind !== kind || each.tree !== tree)
      ? undefined
      : outlineOfAll(merged.map((each) => each.shape!));
    if (shape === undefined) this.refuse(where, places.join(", "), "places of one kind whose outlines are known");
    this.#create({ id: into.id, tree, kind, name: into.name, parent, shape, isGiven: true, where }, `${where}.into.id`);
    for (const { id, shape: of } of merged) {
      const carryDuties = into.carryDutiesOf.includes(id);
      this.passages.push({ from: id, to: into.id, areaM2: of?.areaM2 ?? 0, carryDuties });
    }
  }

  #create(place: DraftPlace, where: string): void {
    if (this.#history.has(place.id) || this.drafts.has(place.id)) {
      return this.refuse(where, place.id, "an identity that was never given before");
    }
    this.drafts.set(place.id, place);
    if (place.parent !== null) this.#setOf(place.parent).add(place.id);
  }

  /** The place, as a draft that may be changed; undefined with a problem when it cannot be. */
  #touch(id: string, where: string): DraftPlace | undefined {
    const draft = this.drafts.get(id);
    if (draft !== undefined) return draft;
    const version = this.drafts.has(id) ? undefined : this.#history.findVersion(id, this.atMs);
    if (version === undefined) {
      this.refuse(where, id, `a place that exists at ${new Date(this.atMs).toISOString()}`);
      return undefined;
    }
    if (!this.isFree(id, where)) return undefined;
    const { tree, kind, name, parent, shape } = version;
    const place: DraftPlace = { id, tree, kind, name, parent, shape, isGiven: false, where };
    this.drafts.set(id, place);
    if (parent !== null) this.#setOf(parent).add(id);
    return place;
  }

  #end(id: string, where: string): DraftPlace | undefined {
    const place = this.#touch(id, where);
    if (place === undefined) return undefined;
    this.drafts.set(id, undefined);
    if (place.parent !== null) this.#setOf(place.parent).delete(id);
    return place;
  }

  /** Follows a parent whose outline comes from below. */
  derive(id: string, shape: PlaceShape): void {
    const place = this.#touch(id, this.drafts.get(id)?.where ?? id);
    if (place !== undefined) place.shape = shape;
  }

  #shape(geometry: PlaceGeometry, where: string): PlaceShape | undefined {
    const faults = checkGeometry(geometry);
    for (const { path, value, expected } of faults) this.refuse(`${where}.${path}`, value, expected);
    if (faults.length > 0) return undefined;
    const shape = makeShape(geometry);
    if (shape.geometry.coordinates.length === 0) {
      this.refuse(where, "no surface", "a polygon with a surface, in steps of 1e-6 degree");
      return undefined;
    }
    return shape;
  }

  #setOf(parent: string): Set<string> {
    let set = this.#below.get(parent);
    if (set === undefined) {
      set = new Set();
      this.#below.set(parent, set);
    }
    return set;
  }
}

/** The outline of several places together; undefined when there is none. */
export function outlineOfAll(shapes: readonly PlaceShape[]): PlaceShape | undefined {
  if (shapes.length === 1) return shapes[0];
  const chain = new EdgeChain();
  for (const { id, geometry } of shapes) chain.add(geometry, 1, id);
  const outline = chain.outline();
  return outline && makeShape(outline);
}
