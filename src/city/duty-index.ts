import type { PlaceHistory } from "./place-history.ts";
import { WuxingError } from "../model/errors.ts";
import type { Slot } from "../model/duty.ts";
import type { PlaceKind } from "../model/place.ts";

/** A slot of a place held in `[fromMs, toMs)`; `toMs` is Infinity while it lasts. */
export interface Holding {
  readonly id: string;
  readonly place: string;
  readonly slot: string;
  readonly person: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Leave {
  readonly id: string;
  readonly person: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who stands in for the holder of a duty whenever the holder is on leave. */
export interface Substitute {
  readonly id: string;
  readonly duty: string;
  readonly person: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who is addressed by work for a slot of a place; the shape that cases ask for. */
interface Addressee {
  place: string;
  slot: string;
  persons: readonly string[];
  wentUp: boolean;
}

/** Slots where a city gives none of its own. */
const SLOTS_DEFAULT: readonly Slot[] = [
  { id: "head", zh: "网格长", en: "grid head", kinds: ["grid"], above: "desk" },
  { id: "deputy", zh: "副网格长", en: "deputy grid head", kinds: ["grid"], above: "desk" },
  { id: "member", zh: "网格员", en: "grid member", kinds: ["grid"], above: "desk" },
  { id: "police", zh: "社区民警", en: "police officer", kinds: ["grid"], above: "desk" },
  { id: "medic", zh: "医务人员", en: "medic", kinds: ["grid"], above: "desk" },
  { id: "volunteer", zh: "志愿者", en: "volunteer", kinds: [], above: "desk" },
  { id: "desk", zh: "值班员", en: "desk officer", kinds: ["county", "city"], above: null },
];

/** Duties in memory: who holds which slot of which place at an instant. */
export class DutyIndex {
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #places: () => PlaceHistory;
  readonly #holdings = new Map<string, Holding>();
  readonly #ofPlace = new Map<string, Map<string, Holding>>();
  readonly #ofPerson = new Map<string, Map<string, Holding>>();
  readonly #leaves = new Map<string, Map<string, Leave>>();
  readonly #substitutes = new Map<string, Map<string, Substitute>>();
  readonly #bySubstitute = new Map<string, Map<string, Substitute>>();

  constructor(places: () => PlaceHistory, slots: readonly Slot[] = SLOTS_DEFAULT) {
    this.#places = places;
    this.#slots = new Map(slots.map((slot) => [slot.id, slot]));
  }

  slots(): readonly string[] {
    return [...this.#slots.keys()];
  }

  /** @throws WuxingError SLOT_NOT_FOUND */
  getSlot(id: string): Slot {
    const slot = this.#slots.get(id);
    if (slot === undefined) throw new WuxingError("SLOT_NOT_FOUND", `${id}; there are ${this.slots().join(", ")}`);
    return slot;
  }

  /** Sets a row, or replaces the one with its id. */
  putHolding(holding: Holding): void {
    this.#holdings.set(holding.id, holding);
    mapIn(this.#ofPlace, holding.place).set(holding.id, holding);
    mapIn(this.#ofPerson, holding.person).set(holding.id, holding);
  }

  /** Takes a row out, with those who stand in for it. */
  dropHolding(id: string): void {
    const holding = this.#holdings.get(id);
    if (holding === undefined) return;
    this.#holdings.delete(id);
    this.#ofPlace.get(holding.place)?.delete(id);
    this.#ofPerson.get(holding.person)?.delete(id);
    for (const [substitute, { person }] of this.#substitutes.get(id) ?? [])
      this.#bySubstitute.get(person)?.delete(substitute);
    this.#substitutes.delete(id);
  }

  putLeave(leave: Leave): void {
    mapIn(this.#leaves, leave.person).set(leave.id, leave);
  }

  putSubstitute(substitute: Substitute): void {
    mapIn(this.#substitutes, substitute.duty).set(substitute.id, substitute);
    mapIn(this.#bySubstitute, substitute.person).set(substitute.id, substitute);
  }

  findHolding(id: string): Holding | undefined {
    return this.#holdings.get(id);
  }

  /** Every duty of a place that lasts beyond an instant, in the order of their ids. */
  holdingsFrom(place: string, atMs: number): Holding[] {
    const all = [...(this.#ofPlace.get(place)?.values() ?? [])];
    return all.filter(({ toMs }) => toMs > atMs).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Every duty that a person holds, held or will hold. */
  holdingsOf(person: string): Holding[] {
    return [...(this.#ofPerson.get(person)?.values() ?? [])];
  }

  /** What a person holds at an instant, and what the person stands in for at that instant. */
  dutiesOf(person: string, atMs: number): Holding[] {
    const own = this.holdingsOf(person).filter((each) => isAt(each, atMs));
    if (this.isOnLeave(person, atMs)) return own;
    const stoodIn = [...(this.#bySubstitute.get(person)?.values() ?? [])].flatMap((substitute) => {
      const duty = isAt(substitute, atMs) ? this.#holdings.get(substitute.duty) : undefined;
      return duty !== undefined && isAt(duty, atMs) && this.isOnLeave(duty.person, atMs) ? [duty] : [];
    });
    return [...own, ...stoodIn];
  }

  isOnLeave(person: string, atMs: number): boolean {
    for (const leave of this.#leaves.get(person)?.values() ?? []) if (isAt(leave, atMs)) return true;
    return false;
  }

  /** Every leave of a person, in the order in which they begin. */
  leavesOf(person: string): Leave[] {
    return [...(this.#leaves.get(person)?.values() ?? [])].toSorted((a, b) => a.fromMs - b.fromMs);
  }

  /** Who holds a slot of exactly this place, with leave and substitutes, in the order of the duties' ids. */
  holdersAt(place: string, atMs: number): { holding: Holding; onLeave: boolean; substitutes: string[] }[] {
    return this.holdingsFrom(place, atMs)
      .filter((holding) => isAt(holding, atMs))
      .map((holding) => {
        const onLeave = this.isOnLeave(holding.person, atMs);
        const substitutes = [...(this.#substitutes.get(holding.id)?.values() ?? [])]
          .filter((each) => isAt(each, atMs) && !this.isOnLeave(each.person, atMs))
          .map(({ person }) => person);
        return { holding, onLeave, substitutes };
      });
  }

  /** Who stands in for a duty beyond an instant. */
  substitutesFrom(duty: string, atMs: number): Substitute[] {
    return [...(this.#substitutes.get(duty)?.values() ?? [])].filter(({ toMs }) => toMs > atMs);
  }

  /** Slots that a place of a kind should have. */
  slotsOfKind(kind: PlaceKind): string[] {
    return [...this.#slots.values()].filter(({ kinds }) => kinds.includes(kind)).map(({ id }) => id);
  }

  /** Slots that a place of its kind should have and that nobody fills at the instant. @throws PLACE_NOT_FOUND */
  vacantAt(place: string, atMs: number): string[] {
    const { kind } = this.#places().getVersion(place, atMs);
    return this.slotsOfKind(kind).filter((slot) => this.#personsAt(place, [slot], atMs).length === 0);
  }

  /**
   * Who is addressed by work for a slot of a place: its holders, substitutes for those on leave; when there is nobody, the
   * nearest place, from this one upwards, where somebody holds that slot or the one that stands above it.
   * @throws WuxingError PLACE_NOT_FOUND, SLOT_NOT_FOUND
   */
  find(place: string, slot: string, atMs: number): Addressee {
    const { id, above } = this.getSlot(slot);
    const places = this.#places().getVersion(place, atMs).path.slice(0, -1).split("/").toReversed();
    for (const [i, at] of places.entries()) {
      for (const asked of above === null ? [id] : [id, above]) {
        const persons = this.#personsAt(at, [asked], atMs);
        if (persons.length > 0) return { place: at, slot: asked, persons, wentUp: i > 0 || asked !== id };
      }
    }
    return { place: places.at(-1)!, slot: id, persons: [], wentUp: true };
  }

  #personsAt(place: string, slots: readonly string[], atMs: number): string[] {
    const persons = this.holdersAt(place, atMs)
      .filter(({ holding }) => slots.includes(holding.slot))
      .flatMap(({ holding, onLeave, substitutes }) => (onLeave ? substitutes : [holding.person]));
    return [...new Set(persons)];
  }
}

function isAt({ fromMs, toMs }: { fromMs: number; toMs: number }, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}

function mapIn<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
