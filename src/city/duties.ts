import { randomUUID } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import type { Duty, Roster, Slot } from "../model/duty.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { loadDuties, writeDuties } from "../store/place-store.ts";
import type { Tables } from "../store/tables.ts";
import { DutyIndex, type Holding, type Leave, type Substitute } from "./duty-index.ts";
import type { PlaceHistory } from "./place-history.ts";

/** Who is told that duties have changed: rights and lists are derived from them. */
type DutyListener = (persons: readonly string[]) => void;

export interface DutyInput {
  place: string;
  slot: string;
  person: string;
  fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

interface LeaveInput extends Omit<Leave, "id"> {
  substitute?: string | undefined;
}

/** Duties in the database and in memory; a change is in both when it returns. */
export class Duties {
  readonly index: DutyIndex;
  readonly #kysely: Kysely<Tables>;
  readonly #places: () => PlaceHistory;
  readonly #now: () => number;
  readonly #names = new Map<string, string>();
  readonly #leaves = new Map<string, Leave>();
  readonly #listeners = new Set<DutyListener>();

  private constructor(
    kysely: Kysely<Tables>,
    places: () => PlaceHistory,
    slots: readonly Slot[] | undefined,
    now: () => number,
  ) {
    this.#kysely = kysely;
    this.#places = places;
    this.#now = now;
    this.index = new DutyIndex(places, slots);
  }

  static async open(
    kysely: Kysely<Tables>,
    places: () => PlaceHistory,
    options: { slots?: readonly Slot[]; now?: () => number } = {},
  ): Promise<Duties> {
    const duties = new Duties(kysely, places, options.slots, options.now ?? Date.now);
    const rows = await loadDuties(kysely);
    for (const { id, name } of rows.persons) duties.#names.set(id, name);
    for (const row of rows.duties) duties.index.putHolding(periodOf(row));
    for (const row of rows.leaves) duties.#putLeave(periodOf(row));
    for (const row of rows.substitutes) duties.index.putSubstitute(periodOf(row));
    return duties;
  }

  slots(): readonly string[] {
    return this.index.slots();
  }

  find(place: string, slot: string, atMs: number): ReturnType<DutyIndex["find"]> {
    return this.index.find(place, slot, atMs);
  }

  /** The name to show of a person; the id where none is known. */
  nameOf(person: string): string {
    return this.#names.get(person) ?? person;
  }

  /** Calls back after each change, until the function that is returned is called. */
  onChange(listener: DutyListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Who holds the slots of a place at an instant. @throws WuxingError PLACE_NOT_FOUND */
  roster(place: string, atMs: number): Roster {
    const order = this.slots();
    const holders = this.index
      .holdersAt(place, atMs)
      .map(({ holding: { id, slot, person }, onLeave, substitutes }) => ({
        duty: id,
        slot,
        person,
        name: this.nameOf(person),
        onLeave,
        substitutes: substitutes.map((each) => ({ person: each, name: this.nameOf(each) })),
      }));
    holders.sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot) || (a.duty < b.duty ? -1 : 1));
    return { place, at: new Date(atMs).toISOString(), holders, vacant: this.index.vacantAt(place, atMs) };
  }

  /** Persons that are new, and duties, all or none of them. @throws WuxingError DUTY_INVALID with every problem */
  async assign(
    inputs: readonly DutyInput[],
    options: { persons?: readonly { id: string; name: string }[]; account?: string } = {},
  ): Promise<Duty[]> {
    const persons = options.persons ?? [];
    const known = new Set([...this.#names.keys(), ...persons.map(({ id }) => id)]);
    const problems = inputs.flatMap((input, i) =>
      this.#check(input, known, inputs.length === 1 ? "" : `duties[${i}].`),
    );
    if (problems.length > 0) throw new WuxingError("DUTY_INVALID", undefined, problems);
    const holdings = inputs.map((input): Holding => ({ id: randomUUID(), ...input }));
    const names = persons.map((person) => ({ ...person, recorded_ms: this.#now() }));
    await this.#kysely
      .transaction()
      .execute((transaction) =>
        writeDuties(transaction, { persons: names, duties: this.#rowsOf(holdings, options.account ?? null, null) }),
      );
    for (const { id, name } of persons) this.#names.set(id, name);
    this.take(holdings, []);
    return holdings.map(dutyOf);
  }

  /** Ends a duty at an instant; one that has ended before stays as it is. @throws DUTY_NOT_FOUND, DUTY_INVALID */
  async end(id: string, atMs: number): Promise<Duty> {
    const holding = this.#getHolding(id);
    if (atMs < holding.fromMs) {
      const expected = `not before ${new Date(holding.fromMs).toISOString()}, when it begins`;
      throw invalid("at", new Date(atMs).toISOString(), expected);
    }
    if (atMs >= holding.toMs) return dutyOf(holding);
    const ended = { ...holding, toMs: atMs };
    await this.#kysely.updateTable("duty").set({ to_ms: atMs }).where("id", "=", id).execute();
    this.take([ended], []);
    return dutyOf(ended);
  }

  /**
   * Persons on leave, all or none of them; with a substitute, who then stands in for every duty that the person holds.
   * @throws WuxingError DUTY_INVALID with every problem
   */
  async addLeaves(inputs: readonly LeaveInput[], account?: string): Promise<Leave[]> {
    const problems = inputs.flatMap((input, i) => this.#checkLeave(input, inputs.length === 1 ? "" : `leaves[${i}].`));
    if (problems.length > 0) throw new WuxingError("DUTY_INVALID", undefined, problems);
    const leaves = inputs.map(({ person, fromMs, toMs }): Leave => ({ id: randomUUID(), person, fromMs, toMs }));
    const substitutes = inputs.flatMap(({ person, fromMs, toMs, substitute }) =>
      substitute === undefined
        ? []
        : this.index
            .holdingsOf(person)
            .filter((duty) => duty.fromMs < toMs && duty.toMs > fromMs)
            .map((duty): Substitute => ({ id: randomUUID(), duty: duty.id, person: substitute, fromMs, toMs })),
    );
    const rows = leaves.map(({ id, person, fromMs, toMs }) => ({
      id,
      person,
      from_ms: fromMs,
      to_ms: toMs,
      recorded_ms: this.#now(),
      account: account ?? null,
    }));
    await this.#kysely
      .transaction()
      .execute((transaction) =>
        writeDuties(transaction, { leaves: rows, substitutes: this.#substituteRows(substitutes, account ?? null) }),
      );
    for (const leave of leaves) this.#putLeave(leave);
    this.take([], substitutes);
    this.#tell(leaves.map(({ person }) => person));
    return leaves;
  }

  /** A leave that ends earlier than planned. @throws WuxingError DUTY_NOT_FOUND, DUTY_INVALID */
  async endLeave(id: string, atMs: number): Promise<Leave> {
    const leave = this.#leaves.get(id);
    if (leave === undefined) throw new WuxingError("DUTY_NOT_FOUND", `leave ${id}`);
    const ended = { ...leave, toMs: Math.min(leave.toMs, Math.max(atMs, leave.fromMs)) };
    await this.#kysely.updateTable("leave").set({ to_ms: ended.toMs }).where("id", "=", id).execute();
    this.#putLeave(ended);
    this.#tell([leave.person]);
    return ended;
  }

  /** Who stands in for the holder of a duty when the holder is on leave. @throws DUTY_NOT_FOUND, DUTY_INVALID */
  async addSubstitute(input: Omit<Substitute, "id">, account?: string): Promise<Substitute> {
    const holding = this.#getHolding(input.duty);
    if (!this.#names.has(input.person)) throw invalid("person", input.person, "a person that is known");
    if (input.person === holding.person) throw invalid("person", input.person, "somebody else than the holder");
    if (input.toMs <= input.fromMs) throw invalid("to", isoOf(input.toMs) ?? "none", "an end after the start");
    const substitute: Substitute = { id: randomUUID(), ...input };
    await this.#kysely
      .transaction()
      .execute((transaction) =>
        writeDuties(transaction, { substitutes: this.#substituteRows([substitute], account ?? null) }),
      );
    this.take([], [substitute]);
    return substitute;
  }

  /** Writes what an operation on places does to duties, inside its transaction. */
  async write(
    transaction: Transaction<Tables>,
    plan: { holdings: readonly Holding[]; substitutes: readonly Substitute[] },
    operation: string,
    account: string | null,
  ): Promise<void> {
    const duties = this.#rowsOf(plan.holdings, account, operation);
    await writeDuties(transaction, { duties, substitutes: this.#substituteRows(plan.substitutes, account) });
  }

  /** Takes rows that are written into memory. */
  take(holdings: readonly Holding[], substitutes: readonly Substitute[]): void {
    for (const holding of holdings) this.index.putHolding(holding);
    for (const substitute of substitutes) this.index.putSubstitute(substitute);
    this.#tell([...new Set([...holdings, ...substitutes].map(({ person }) => person))]);
  }

  /** Duties as they were before an operation on places that is taken back; `dropped` were to begin with it. */
  giveBack(dropped: readonly string[], before: readonly (readonly [id: string, toMs: number | null])[]): void {
    const persons = new Set<string>();
    for (const id of dropped) {
      persons.add(this.#getHolding(id).person);
      this.index.dropHolding(id);
    }
    for (const [id, toMs] of before) {
      const holding = this.#getHolding(id);
      persons.add(holding.person);
      this.index.putHolding({ ...holding, toMs: toMs ?? Infinity });
    }
    this.#tell([...persons]);
  }

  #check({ place, slot, person, fromMs, toMs }: DutyInput, known: ReadonlySet<string>, where: string): Problem[] {
    const problems: Problem[] = [];
    const refuse = (field: string, value: string, expected: string): void => {
      problems.push({ where: `${where}${field}`, value, expected });
    };
    if (!this.slots().includes(slot)) refuse("slot", slot, this.slots().join(" | "));
    if (!known.has(person)) refuse("person", person, "a person that is known");
    if (!(toMs > fromMs)) refuse("to", isoOf(toMs) ?? "none", "an end after the start");
    const history = this.#places();
    if (history.findVersion(place, fromMs) === undefined) {
      refuse("place", place, `a place that exists at ${isoOf(fromMs)}`);
    } else {
      const endMs = history.versionsOf(place).at(-1)!.toMs;
      if (toMs > endMs) refuse("to", isoOf(toMs) ?? "none", `an end not after ${isoOf(endMs)}, when the place ends`);
    }
    for (const other of this.index.holdingsFrom(place, fromMs)) {
      if (other.slot !== slot || other.person !== person || other.fromMs >= toMs) continue;
      refuse("person", person, `somebody who does not hold the slot already (duty ${other.id})`);
    }
    return problems;
  }

  #checkLeave({ person, fromMs, toMs, substitute }: LeaveInput, where: string): Problem[] {
    const problems: Problem[] = [];
    const isKnown = (id: string): boolean => this.#names.has(id);
    if (!isKnown(person)) problems.push({ where: `${where}person`, value: person, expected: "a person that is known" });
    if (!(toMs > fromMs && Number.isFinite(toMs))) {
      problems.push({ where: `${where}to`, value: isoOf(toMs) ?? "none", expected: "an end after the start" });
    }
    if (substitute !== undefined && (!isKnown(substitute) || substitute === person)) {
      problems.push({ where: `${where}substitute`, value: substitute, expected: "another person that is known" });
    }
    return problems;
  }

  #getHolding(id: string): Holding {
    const holding = this.index.findHolding(id);
    if (holding === undefined) throw new WuxingError("DUTY_NOT_FOUND", id);
    return holding;
  }

  #putLeave(leave: Leave): void {
    this.#leaves.set(leave.id, leave);
    this.index.putLeave(leave);
  }

  #tell(persons: readonly string[]): void {
    for (const listener of this.#listeners) listener(persons);
  }

  #rowsOf(holdings: readonly Holding[], account: string | null, operation: string | null): Tables["duty"][] {
    return holdings.map(({ id, place, slot, person, fromMs, toMs }) => ({
      id,
      place,
      slot,
      person,
      from_ms: fromMs,
      to_ms: toMs === Infinity ? null : toMs,
      recorded_ms: this.#now(),
      account,
      operation,
    }));
  }

  #substituteRows(substitutes: readonly Substitute[], account: string | null): Tables["substitute"][] {
    return substitutes.map(({ id, duty, person, fromMs, toMs }) => ({
      id,
      duty,
      person,
      from_ms: fromMs,
      to_ms: toMs === Infinity ? null : toMs,
      recorded_ms: this.#now(),
      account,
    }));
  }
}

/** A row's period in the program's names. */
function periodOf<Row extends { from_ms: number; to_ms: number | null }>(
  row: Row,
): Omit<Row, "from_ms" | "to_ms"> & { fromMs: number; toMs: number } {
  const { from_ms: fromMs, to_ms: toMs, ...rest } = row;
  return { ...rest, fromMs, toMs: toMs ?? Infinity };
}

function dutyOf({ id, place, slot, person, fromMs, toMs }: Holding): Duty {
  return { id, place, slot, person, from: new Date(fromMs).toISOString(), to: isoOf(toMs) };
}

function isoOf(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

function invalid(where: string, value: string, expected: string): WuxingError {
  return new WuxingError("DUTY_INVALID", undefined, [{ where, value, expected }]);
}
