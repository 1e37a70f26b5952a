import { randomUUID } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import type { Slot } from "../model/duty.ts";
import { WuxingError } from "../model/errors.ts";
import type { PartitionFault, PlaceOperationInput, PlacePreview, PlaceTree } from "../model/place.ts";
import {
  findOperation,
  listOperations,
  loadPlaces,
  lockOperations,
  writeOperation,
  writeUndo,
} from "../store/place-store.ts";
import type { Tables } from "../store/tables.ts";
import { planDuties, type DutyPlan } from "./duty-plan.ts";
import { Duties } from "./duties.ts";
import { checkPartition } from "./partition.ts";
import { Homes } from "./homes.ts";
import { PlaceHistory, type PlaceVersion } from "./place-history.ts";
import { planOperation, type PlacePlan } from "./place-plan.ts";
import { balanceOf, reshapingOf, type BoundMove, type Reshaping } from "./reshaping.ts";
import { planUndo } from "./undo-operation.ts";

/** What an operation has done, for those who have something at the places. */
export interface Rehoming {
  operation: string;
  effectiveMs: number;
  /** Places that end, each with those that took its surface, the largest part first. */
  ended: ReadonlyMap<string, readonly string[]>;
  /** Places that go on with another outline. */
  recut: readonly string[];
  /** Places whose path is another from then on. */
  moved: readonly string[];
  /** The places as they are with the operation. */
  history: PlaceHistory;
  /** What people were shown before it. */
  preview: PlacePreview;
}

/** Something that is bound to places: open work, residents, devices. */
export interface PlaceDependents {
  /** How many of what get which other home by an operation. */
  count: (reshaping: Reshaping) => Promise<BoundMove[]>;
  /** Finds each another home, or notes that one has to be found, inside the operation's transaction. */
  rehome?: (transaction: Transaction<Tables>, rehoming: Rehoming) => Promise<void>;
  /** The operation is taken back before its date, inside the transaction that does so. */
  undo?: (transaction: Transaction<Tables>, rehoming: Rehoming) => Promise<void>;
}

export interface PlacesOptions {
  /** The city's slots; the usual ones when not given. */
  slots?: readonly Slot[];
  /** When something is recorded, ms UTC. */
  now?: () => number;
  dependents?: readonly PlaceDependents[];
}

interface PlaceOperationSummary {
  id: string;
  effectiveAt: string;
  recordedAt: string;
  account: string | null;
  reason: string;
  /** How many changes it has. */
  changes: number;
  /** Their kinds, each once. */
  ops: string[];
  /** The first names of the places that it ends and creates. */
  closed: string[];
  created: string[];
  /** When it was taken back before its date; null while it stands. */
  undoneAt: string | null;
}

interface PlaceOperationDone {
  id: string;
  preview: PlacePreview;
}

/** Operations that a change of places finds waiting: each looks at all places, and they go one by one. */
const WAITING_MAX = 100;

/** Places as of a date, in the database and in memory; changed by dated operations only. */
export class Places {
  readonly duties: Duties;
  /** Where residents and devices are at home. */
  readonly homes: Homes;
  readonly #kysely: Kysely<Tables>;
  readonly #now: () => number;
  readonly #dependents: PlaceDependents[];
  readonly #holder: { history: PlaceHistory };
  #operations: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(
    kysely: Kysely<Tables>,
    holder: { history: PlaceHistory },
    operations: number,
    duties: Duties,
    options: PlacesOptions,
  ) {
    this.#kysely = kysely;
    this.#holder = holder;
    this.#operations = operations;
    this.duties = duties;
    this.#now = options.now ?? Date.now;
    this.homes = new Homes(kysely, () => holder.history, this.#now);
    this.#dependents = [{ count: (reshaping) => this.homes.moves(reshaping) }, ...(options.dependents ?? [])];
  }

  static async open(kysely: Kysely<Tables>, options: PlacesOptions = {}): Promise<Places> {
    const { history, operations } = await readHistory(kysely);
    const holder = { history };
    const duties = await Duties.open(kysely, () => holder.history, options);
    return new Places(kysely, holder, operations, duties, options);
  }

  /** The places as they are known now, at every instant. */
  get history(): PlaceHistory {
    return this.#holder.history;
  }

  /** Whoever has something at places is asked and told from now on. */
  addDependents(dependents: PlaceDependents): void {
    this.#dependents.push(dependents);
  }

  /** The grid (leaf of the civil tree) that holds a position (degrees, WGS-84), or undefined outside the city. */
  findGridAt(lon: number, lat: number, atMs: number): string | undefined {
    return this.history.findLeafAt("civil", lon, lat, atMs);
  }

  /** @throws WuxingError PLACE_NOT_FOUND when the place does not exist at the instant */
  getPath(place: string, atMs: number): string {
    return this.history.getVersion(place, atMs).path;
  }

  /** What is wrong with the partition of a tree at an instant; empty when its leaves cover the city once. */
  check(tree: PlaceTree, atMs: number): PartitionFault[] {
    return this.history.topsAt(tree, atMs).flatMap((top) => {
      const below = this.history.subtreeAt(top.id, atMs).filter(({ id }) => this.history.isLeafAt(id, atMs));
      return checkPartition(
        top.shape.geometry,
        below.map(({ id, shape }) => ({ id, geometry: shape.geometry })),
      );
    });
  }

  /** The operations that were recorded last, newest first. */
  async operations(limit: number): Promise<PlaceOperationSummary[]> {
    const rows = await listOperations(this.#kysely, limit);
    return rows.map(({ effective_ms, recorded_ms, undone_ms, ops, ...rest }) => ({
      ...rest,
      ops: [...new Set(ops)],
      undoneAt: undone_ms === null ? null : new Date(undone_ms).toISOString(),
      effectiveAt: new Date(effective_ms).toISOString(),
      recordedAt: new Date(recorded_ms).toISOString(),
    }));
  }

  /** What an operation would do. @throws WuxingError PLACE_OPERATION_INVALID with every problem */
  async preview(input: PlaceOperationInput): Promise<PlacePreview> {
    const { plan, duties } = this.#plan(input, input.id ?? "preview");
    return this.#previewOf(plan, duties, this.history.with(plan.versions));
  }

  /**
   * Does an operation, whole, in one transaction; when it returns, memory and database have it. Operations are done one after the other.
   * @throws WuxingError PLACE_OPERATION_INVALID with every problem, OVERLOADED when too many wait
   */
  execute(input: PlaceOperationInput, account: string | null = null): Promise<PlaceOperationDone> {
    return this.#inTurn(() => this.#execute(input, account));
  }

  /**
   * Takes an operation back before its date, as if it had not been planned; it stays on record.
   * @throws WuxingError PLACE_OPERATION_NOT_FOUND, PLACE_OPERATION_INVALID when its date has come or something stands on it
   */
  undo(id: string, nowMs: number, account: string | null = null): Promise<void> {
    return this.#inTurn(() => this.#undo(id, nowMs, account));
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#waiting >= WAITING_MAX) throw new WuxingError("OVERLOADED", `${WAITING_MAX} operations on places wait`);
    this.#waiting++;
    const done = this.#last.then(run).finally(() => this.#waiting--);
    this.#last = done.catch(() => {});
    return done;
  }

  async #undo(id: string, nowMs: number, account: string | null): Promise<void> {
    const operation = await findOperation(this.#kysely, id);
    if (operation === undefined) throw new WuxingError("PLACE_OPERATION_NOT_FOUND", id);
    const { effective_ms: effectiveMs, preview, duties_before: dutiesBefore } = operation;
    const closed = preview.closed.map((each) => each.id);
    const { resumed, uncreated } = planUndo(this.history, this.duties.index, { id, effectiveMs, closed, nowMs });
    const dropped = uncreated.flatMap((place) => this.duties.index.holdingsFrom(place, -Infinity));
    await this.#kysely.transaction().execute(async (transaction) => {
      await this.#lock(transaction);
      await writeUndo(transaction, { operation: id, undoneMs: this.#now(), account, resumed, dutiesBefore });
      const told = { operation: id, effectiveMs, ended: new Map(), moved: [], history: this.history, preview };
      const recut = preview.changed.filter(({ what }) => what.includes("shape")).map((each) => each.id);
      for (const dependents of this.#dependents) await dependents.undo?.(transaction, { ...told, recut });
    });
    this.#holder.history = this.history.without(id, resumed);
    this.duties.giveBack(
      dropped.map((duty) => duty.id),
      dutiesBefore,
    );
  }

  /** @throws WuxingError STORE_UNAVAILABLE when another process has recorded an operation since */
  async #lock(transaction: Transaction<Tables>): Promise<void> {
    if ((await lockOperations(transaction)) === this.#operations) return;
    throw new WuxingError("STORE_UNAVAILABLE", "another process has changed places: start again to see them");
  }

  async #execute(input: PlaceOperationInput, account: string | null): Promise<PlaceOperationDone> {
    const id = input.id ?? randomUUID();
    const { plan, duties } = this.#plan(input, id);
    const next = this.history.with(plan.versions);
    const preview = await this.#previewOf(plan, duties, next);
    await this.#kysely.transaction().execute(async (transaction) => {
      await this.#lock(transaction);
      const known = new Set<string>();
      for (const { shape } of this.history.all()) known.add(shape.id);
      const { begun, ended, effectiveMs } = plan.versions;
      const shapes = new Map(begun.filter(({ shape }) => !known.has(shape.id)).map(({ shape }) => [shape.id, shape]));
      await writeOperation(transaction, {
        operation: {
          id,
          effective_ms: effectiveMs,
          recorded_ms: this.#now(),
          account,
          reason: input.reason,
          changes: input.changes,
          preview,
          duties_before: duties.holdings.flatMap((holding) => {
            const before = this.duties.index.findHolding(holding.id);
            return before === undefined ? [] : [[before.id, before.toMs === Infinity ? null : before.toMs] as const];
          }),
        },
        places: begun
          .filter((each) => !this.history.has(each.id))
          .map((each) => ({ id: each.id, tree: each.tree, kind: each.kind, operation: id })),
        shapes: [...shapes.values()].map((shape) => ({
          id: shape.id,
          area_m2: shape.areaM2,
          geometry: shape.geometry,
        })),
        ended,
        versions: begun.map(rowOf),
      });
      await this.duties.write(transaction, duties, id, account);
      const rehoming = rehomingOf(id, plan, next, preview);
      for (const dependents of this.#dependents) await dependents.rehome?.(transaction, rehoming);
    });
    this.#holder.history = next;
    this.#operations++;
    this.duties.take(duties.holdings, duties.substitutes);
    return { id, preview };
  }

  #plan(input: PlaceOperationInput, id: string): { plan: PlacePlan; duties: DutyPlan } {
    const plan = planOperation(this.history, id, Date.parse(input.effectiveAt), input.changes);
    if (plan.problems.length > 0) {
      throw new WuxingError("PLACE_OPERATION_INVALID", `${plan.problems.length} problems`, plan.problems);
    }
    return { plan, duties: planDuties(this.history, this.duties.index, plan) };
  }

  async #previewOf(plan: PlacePlan, duties: DutyPlan, after: PlaceHistory): Promise<PlacePreview> {
    const { effectiveMs } = plan.versions;
    const before = this.history;
    const reshaping = reshapingOf(plan, before, after);
    const rehomed: BoundMove[] = [];
    if (reshaping.places.length > 0) {
      for (const { count } of this.#dependents) rehomed.push(...(await count(reshaping)));
    }
    rehomed.sort((a, b) => b.count - a.count || (`${a.what} ${a.from}` < `${b.what} ${b.from}` ? -1 : 1));
    const told = { created: plan.preview.created, duties: duties.preview };
    const balance = balanceOf(rehomed, told, this.duties, { before, after, effectiveMs });
    const effectiveAt = new Date(effectiveMs).toISOString();
    return { effectiveAt, ...plan.preview, duties: duties.preview, rehomed, balance, notices: duties.notices };
  }
}

async function readHistory(kysely: Kysely<Tables>): Promise<{ history: PlaceHistory; operations: number }> {
  const { versions, shapes, operations } = await loadPlaces(kysely);
  const outlines = new Map(shapes.map(({ id, area_m2: areaM2, geometry }) => [id, { id, areaM2, geometry }]));
  const history = new PlaceHistory(
    versions.map(({ place, tree, kind, name, parent, path, from_ms, to_ms, shape, operation }) => ({
      id: place,
      tree,
      kind,
      name,
      parent,
      path,
      fromMs: from_ms,
      toMs: to_ms ?? Infinity,
      shape: outlines.get(shape)!,
      operation,
    })),
  );
  return { history, operations };
}

function rehomingOf(
  operation: string,
  { versions, passages }: PlacePlan,
  history: PlaceHistory,
  preview: PlacePreview,
): Rehoming {
  const ended = new Map<string, string[]>();
  for (const { id } of preview.closed) ended.set(id, []);
  const parts = passages.toSorted((a, b) => b.areaM2 - a.areaM2);
  for (const { from, to } of [...parts, ...preview.moved]) {
    const heirs = ended.get(from);
    if (heirs !== undefined && !heirs.includes(to)) heirs.push(to);
  }
  return {
    operation,
    effectiveMs: versions.effectiveMs,
    ended,
    recut: preview.changed.filter(({ what }) => what.includes("shape")).map(({ id }) => id),
    moved: preview.changed.filter(({ what }) => what.includes("parent") || what.includes("path")).map(({ id }) => id),
    history,
    preview,
  };
}

function rowOf({ id, fromMs, toMs, name, parent, path, shape, operation }: PlaceVersion): Tables["place_version"] {
  return {
    place: id,
    from_ms: fromMs,
    to_ms: toMs === Infinity ? null : toMs,
    name,
    parent,
    path,
    shape: shape.id,
    operation,
  };
}
