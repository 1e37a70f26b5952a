import { WuxingError } from "../model/errors.ts";
import type { Place, PlaceKind, PlaceTree } from "../model/place.ts";
import { PlaceIndex, type LeafPeriod } from "./place-index.ts";
import type { PlaceShape } from "./place-shape.ts";

/** A place in `[fromMs, toMs)`, as one operation left it and until the next one; `toMs` is Infinity while it lasts. */
export interface PlaceVersion {
  readonly id: string;
  readonly tree: PlaceTree;
  readonly kind: PlaceKind;
  readonly name: string;
  readonly parent: string | null;
  readonly path: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly shape: PlaceShape;
  /** The operation that made it so. */
  readonly operation: string;
}

/** What an operation does to the versions. */
export interface VersionChanges {
  effectiveMs: number;
  /** Places whose last version ends at the instant. */
  ended: readonly string[];
  /** Versions that begin at the instant. */
  begun: readonly PlaceVersion[];
}

/** Every place that ever was, in all its versions; answers as of an instant, from memory. */
export class PlaceHistory {
  /** Ascending in time. */
  readonly #versions = new Map<string, PlaceVersion[]>();
  /** Versions by their parent. */
  readonly #below = new Map<string, Set<PlaceVersion>>();
  readonly #tops = new Set<PlaceVersion>();
  readonly #indexes = new Map<PlaceTree, PlaceIndex>();

  constructor(versions: Iterable<PlaceVersion> = []) {
    for (const version of versions) this.#add(version);
    for (const list of this.#versions.values()) list.sort((a, b) => a.fromMs - b.fromMs);
  }

  /** Whether the identity was ever given. */
  has(id: string): boolean {
    return this.#versions.has(id);
  }

  findVersion(id: string, atMs: number): PlaceVersion | undefined {
    const versions = this.#versions.get(id);
    if (versions === undefined) return undefined;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i]!;
      if (atMs >= version.fromMs) return atMs < version.toMs ? version : undefined;
    }
    return undefined;
  }

  /** @throws WuxingError PLACE_NOT_FOUND when the place does not exist at the instant */
  getVersion(id: string, atMs: number): PlaceVersion {
    const version = this.findVersion(id, atMs);
    if (version === undefined) throw new WuxingError("PLACE_NOT_FOUND", `${id} at ${new Date(atMs).toISOString()}`);
    return version;
  }

  /** All versions of a place, ascending; empty when there never was one. */
  versionsOf(id: string): readonly PlaceVersion[] {
    return this.#versions.get(id) ?? [];
  }

  /** Every version of every place. */
  *all(): Generator<PlaceVersion> {
    for (const versions of this.#versions.values()) yield* versions;
  }

  /** Places right below another at an instant, or the tops of a tree, by id. */
  childrenAt(parent: string, atMs: number): PlaceVersion[] {
    return [...(this.#below.get(parent) ?? [])].filter((each) => isAt(each, atMs)).toSorted(byId);
  }

  topsAt(tree: PlaceTree, atMs: number): PlaceVersion[] {
    return [...this.#tops].filter((each) => each.tree === tree && isAt(each, atMs)).toSorted(byId);
  }

  isLeafAt(id: string, atMs: number): boolean {
    for (const each of this.#below.get(id) ?? []) if (isAt(each, atMs)) return false;
    return true;
  }

  /** The place and everything below it at an instant, parents before children. */
  subtreeAt(id: string, atMs: number): PlaceVersion[] {
    const found = [this.getVersion(id, atMs)];
    for (let i = 0; i < found.length; i++) found.push(...this.childrenAt(found[i]!.id, atMs));
    return found;
  }

  leavesAt(tree: PlaceTree, atMs: number): PlaceVersion[] {
    return this.topsAt(tree, atMs).flatMap((top) =>
      this.subtreeAt(top.id, atMs).filter((each) => this.isLeafAt(each.id, atMs)),
    );
  }

  /** Places that went on with another outline after one instant and up to another. */
  recutBetween(afterMs: number, upToMs: number): string[] {
    const found: string[] = [];
    for (const [id, versions] of this.#versions) {
      const isRecut = versions.some(
        ({ fromMs, shape }, i) =>
          i > 0 && fromMs > afterMs && fromMs <= upToMs && shape.id !== versions[i - 1]!.shape.id,
      );
      if (isRecut) found.push(id);
    }
    return found;
  }

  /** Whether a version of the place, or of one right below it, begins after an instant. */
  changesAfter(id: string, atMs: number): PlaceVersion | undefined {
    const later = (each: PlaceVersion): boolean => each.fromMs > atMs || (each.toMs !== Infinity && each.toMs > atMs);
    return this.versionsOf(id).find(later) ?? [...(this.#below.get(id) ?? [])].find(later);
  }

  /** The leaf of a tree at a position and an instant, or undefined outside the city. */
  findLeafAt(tree: PlaceTree, lon: number, lat: number, atMs: number): string | undefined {
    let index = this.#indexes.get(tree);
    if (index === undefined) {
      const tops = [...this.#tops].filter((each) => each.tree === tree);
      index = new PlaceIndex(
        this.#leafPeriods(tree),
        tops.map(({ id, fromMs, toMs, shape }) => ({ place: id, fromMs, toMs, geometry: shape.geometry })),
      );
      this.#indexes.set(tree, index);
    }
    return index.find(lon, lat, atMs);
  }

  /** The history with an operation in it; this one stays as it is. */
  with({ effectiveMs, ended, begun }: VersionChanges): PlaceHistory {
    const ends = new Set(ended);
    const next = new PlaceHistory();
    for (const version of this.all()) {
      next.#add(version.toMs === Infinity && ends.has(version.id) ? { ...version, toMs: effectiveMs } : version);
    }
    for (const version of begun) next.#add(version);
    return next;
  }

  /** The history without an operation, whose ended versions last again; this one stays as it is. */
  without(operation: string, resumed: readonly PlaceVersion[]): PlaceHistory {
    const again = new Set(resumed);
    const next = new PlaceHistory();
    for (const version of this.all()) {
      if (version.operation === operation) continue;
      next.#add(again.has(version) ? { ...version, toMs: Infinity } : version);
    }
    return next;
  }

  #add(version: PlaceVersion): void {
    const versions = this.#versions.get(version.id);
    if (versions === undefined) this.#versions.set(version.id, [version]);
    else versions.push(version);
    this.#setOf(version.parent).add(version);
  }

  #setOf(parent: string | null): Set<PlaceVersion> {
    if (parent === null) return this.#tops;
    let below = this.#below.get(parent);
    if (below === undefined) {
      below = new Set();
      this.#below.set(parent, below);
    }
    return below;
  }

  /** For each version the stretches of time in which nothing lies below its place. */
  #leafPeriods(tree: PlaceTree): LeafPeriod[] {
    const periods: LeafPeriod[] = [];
    for (const { id, tree: ofTree, fromMs, toMs, shape } of this.all()) {
      if (ofTree !== tree) continue;
      let openMs = fromMs;
      const below = [...(this.#below.get(id) ?? [])].toSorted((a, b) => a.fromMs - b.fromMs);
      for (const child of below) {
        if (child.toMs <= openMs || child.fromMs >= toMs) continue;
        if (child.fromMs > openMs)
          periods.push({ place: id, fromMs: openMs, toMs: child.fromMs, geometry: shape.geometry });
        openMs = Math.max(openMs, child.toMs);
      }
      if (openMs < toMs) periods.push({ place: id, fromMs: openMs, toMs, geometry: shape.geometry });
    }
    return periods;
  }
}

export function placeOf({ id, tree, kind, name, parent, path, fromMs, toMs }: PlaceVersion): Place {
  const validTo = toMs === Infinity ? null : new Date(toMs).toISOString();
  return { id, tree, kind, name, parent, path, validFrom: new Date(fromMs).toISOString(), validTo };
}

function isAt({ fromMs, toMs }: PlaceVersion, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}

function byId(a: PlaceVersion, b: PlaceVersion): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
