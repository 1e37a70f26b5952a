import type { Transaction } from "kysely";
import type { CaseAction } from "../model/case.ts";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import { addresseeOf } from "./addressee.ts";
import type { CaseTypeDefinition } from "./case-type.ts";
import { standingOf, type CaseBody, type CaseRow } from "./case-record.ts";
import { checkForm, checkNearSubject, type NearSubject } from "./check-action.ts";
import { attach, findCase, findDue, insertOpenings, takeTimer, updateCase, type Timer } from "./case-store.ts";
import { CaseWriter, entryBody, type CaseDeskOptions, type OpenInput } from "./case-writer.ts";
import { isInTime, mayDo } from "./permits.ts";
import type { Doer } from "./ports.ts";

/** A case was acted on that is not as its doer saw it; `current` is how it is. */
export class CaseChanged extends WuxingError {
  readonly current: CaseRow;

  constructor(current: CaseRow) {
    super("CASE_CHANGED", `${current.id} is at version ${current.version}, in state ${current.state}`);
    this.current = current;
  }
}

/** Told of a case that changed; `before` is how it was where that may have been elsewhere or somebody else's, else null. */
type CaseListener = (row: CaseRow, before: CaseRow | null) => void;

/**
 * Where cases are opened, acted on, moved and closed. Every change is one transaction: the case, its story, its timers and
 * its notices change together or not at all, and the same command changes them once.
 */
export class CaseDesk {
  readonly #options: CaseDeskOptions;
  readonly #types: ReadonlyMap<string, CaseTypeDefinition>;
  readonly #writer: CaseWriter;
  readonly #listeners = new Set<CaseListener>();

  constructor(options: CaseDeskOptions) {
    this.#options = options;
    this.#writer = new CaseWriter(options);
    this.#types = new Map(options.types.map((type) => [type.id, type]));
  }

  get types(): readonly CaseTypeDefinition[] {
    return this.#options.types;
  }

  /** @throws WuxingError CASE_TYPE_INVALID when the program does not know the type */
  typeOf(id: string): CaseTypeDefinition {
    const type = this.#types.get(id);
    if (type === undefined) throw new WuxingError("CASE_TYPE_INVALID", `there is no type ${id}`);
    return type;
  }

  /** Calls the listener with every case that changed, after the change is committed. The answer ends it. */
  subscribe(listener: CaseListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Opens a case; when there is one with this id already, nothing happens. @throws WuxingError PLACE_NOT_FOUND */
  async open(input: OpenInput): Promise<CaseRow> {
    const [row] = await this.openMany([input]);
    return row ?? this.get(input.id);
  }

  /**
   * Opens cases in one transaction, all or none; what exists already stays as it is.
   * @returns those that were opened
   * @throws WuxingError PLACE_NOT_FOUND
   */
  async openMany(inputs: readonly OpenInput[]): Promise<CaseRow[]> {
    const different = new Map(inputs.map((input) => [input.id, input]));
    const openings = [...different.values()].map((input) => this.#writer.opening(this.typeOf(input.type), input));
    const { kysely, channels } = this.#options;
    const opened = await kysely.transaction().execute((transaction) => insertOpenings(transaction, openings, channels));
    const rows = openings.flatMap(({ row }) => (opened.has(row.id) ? [row] : []));
    for (const row of rows) this.#publish(row, null);
    return rows;
  }

  /** @throws WuxingError CASE_NOT_FOUND */
  async get(id: string): Promise<CaseRow> {
    const row = await findCase(this.#options.kysely, id);
    if (row === undefined) throw new WuxingError("CASE_NOT_FOUND", id);
    return row;
  }

  /**
   * Does a step in the name of a person. Sent again, it is answered with the case as it is now.
   * @throws WuxingError CASE_NOT_FOUND, CASE_CHANGED (as `CaseChanged`), CASE_ACTION_INVALID, CASE_NOT_YOURS, INPUT_INVALID
   */
  async act(id: string, doer: Doer, action: CaseAction): Promise<CaseRow> {
    const { kysely, now, duties } = this.#options;
    const nowMs = now();
    // What has to be asked of others is asked before the transaction, which holds the case.
    const near = await this.#nearSubject(id, action, nowMs);
    const acted = await kysely.transaction().execute(async (transaction) => {
      const found = await findCase(transaction, id, "for update");
      if (found === undefined) throw new WuxingError("CASE_NOT_FOUND", id);
      const doneMs = Math.min(nowMs, action.at === undefined ? nowMs : Date.parse(action.at));
      const { isDone, due } = await findDue(transaction, id, doneMs, action.id);
      if (isDone) return { row: found, before: null };
      const present = await this.#caughtUp(transaction, found, due);
      if (present.version !== action.version) throw new CaseChanged(present);
      const type = this.typeOf(present.type);
      const step = type.transitions.find(
        (each) => each.action === action.action && each.from.includes(present.state) && each.slots.length > 0,
      );
      if (step === undefined)
        throw new WuxingError("CASE_ACTION_INVALID", `${action.action} on a case that is ${present.state}`);
      const atMs = Math.max(present.body.lastMs, doneMs);
      const holder = { person: doer.person, duties: duties.dutiesOf(doer.person, nowMs) };
      if (!mayDo(step, standingOf(present), holder)) throw new WuxingError("CASE_NOT_YOURS", action.action);
      if (!isInTime(step, standingOf(present), atMs))
        throw new WuxingError("CASE_ACTION_INVALID", `${action.action} is over: it was closed too long ago`);
      checkForm(step, action);
      const to = near?.metersToSubject === null && step.whenUnseen !== undefined ? step.whenUnseen : step.to;
      await attach(transaction, present, action.attachments);
      const detail = { ...near, ...(nowMs - atMs > 60_000 ? { receivedAt: new Date(nowMs).toISOString() } : {}) };
      const next = await this.#writer.step(
        transaction,
        type,
        present,
        { ...step, to },
        {
          atMs,
          actor: doer.person,
          command: action.id,
          ...(near === undefined ? {} : { facts: { spot: near } }),
          body: entryBody({
            action: step.action,
            from: present.state,
            to,
            form: action.form,
            position: action.position ?? null,
            attachments: action.attachments,
            detail,
          }),
        },
      );
      return { row: next, before: found };
    });
    if (acted.before !== null) this.#publish(acted.row, acted.before);
    return acted.row;
  }

  /** How far from its subject a step is done, where its type asks. @throws WuxingError CASE_NOT_FOUND, INPUT_INVALID */
  async #nearSubject(id: string, action: CaseAction, nowMs: number): Promise<NearSubject | undefined> {
    if (action.position === undefined) return undefined;
    const { type, subject_kind: kind, subject } = await this.get(id);
    const wanted = this.typeOf(type).transitions.find((step) => step.action === action.action);
    if (wanted?.checks?.includes("near-subject") !== true) return undefined;
    const spotMs = Math.min(nowMs, Date.parse(action.position.time));
    return checkNearSubject({ kind, id: subject }, action.position, spotMs, this.#options.positionOf);
  }

  /**
   * Does a step that is the program's own (`slots: []`), e.g. because the exposure behind a lock was withdrawn. Nothing happens
   * when the case is in no state for it.
   */
  async actAsProgram(
    id: string,
    action: string,
    detail: Record<string, unknown>,
    atMs: number,
  ): Promise<CaseRow | null> {
    let before: CaseRow | null = null;
    const row = await this.#options.kysely.transaction().execute(async (transaction) => {
      const found = await findCase(transaction, id, "for update");
      if (found === undefined) return null;
      const present = await this.#caughtUp(transaction, found, (await findDue(transaction, id, atMs)).due);
      const type = this.typeOf(present.type);
      const step = type.transitions.find(
        (each) => each.action === action && each.from.includes(present.state) && each.slots.length === 0,
      );
      if (step === undefined) return null;
      before = found;
      return this.#writer.step(transaction, type, present, step, {
        atMs: Math.max(atMs, present.body.lastMs),
        actor: null,
        command: null,
        body: entryBody({ action, from: present.state, to: step.to, detail }),
      });
    });
    if (row !== null) this.#publish(row, before);
    return row;
  }

  /**
   * Has a case follow its subject to another place, as long as nobody took it; with `always` also one that is taken, because its
   * place is not there any more.
   */
  async move(
    id: string,
    place: string,
    position: CaseBody["position"],
    why: Record<string, unknown>,
    always = false,
  ): Promise<CaseRow | null> {
    const { kysely, places, now } = this.#options;
    const atMs = now();
    let before: CaseRow | null = null;
    const row = await kysely.transaction().execute(async (transaction) => {
      const present = await findCase(transaction, id, "for update");
      if (present === undefined || present.closed_ms !== null) return null;
      if (present.taken_by !== null && !always) return null;
      const path = places.getPath(place, atMs);
      if (present.place === place && present.path === path) {
        await updateCase(transaction, { ...present, body: { ...present.body, position } });
        return null;
      }
      before = present;
      const type = this.typeOf(present.type);
      const moved = this.#writer.addressed(
        type,
        { ...present, place, path, body: { ...present.body, position } },
        atMs,
      );
      return this.#writer.write(transaction, type, moved, present, {
        kind: "moved",
        atMs: Math.max(atMs, present.body.lastMs),
        actor: null,
        command: null,
        body: entryBody({ from: present.path, to: path, detail: why }),
      });
    });
    if (row !== null) this.#publish(row, before);
    return row;
  }

  /** Notes something in the story that changes nothing else; what the note is about may be confirmed or contested by it. */
  async note(
    id: string,
    kind: "noted" | "confirmation",
    detail: Record<string, unknown>,
    confirmation?: "confirmed" | "contested",
  ): Promise<CaseRow> {
    const { kysely, now } = this.#options;
    const row = await kysely.transaction().execute(async (transaction) => {
      const present = await findCase(transaction, id, "for update");
      if (present === undefined) throw new WuxingError("CASE_NOT_FOUND", id);
      const noted = { ...present, confirmation: confirmation ?? present.confirmation };
      return this.#writer.write(transaction, this.typeOf(present.type), noted, present, {
        kind,
        atMs: Math.max(now(), present.body.lastMs),
        actor: null,
        command: null,
        body: entryBody({ detail }),
      });
    });
    this.#publish(row, null);
    return row;
  }

  /** Fires what is due by `nowMs`, at most `limit` steps of the ladder. @returns how many fired */
  async fireLadder(nowMs: number, limit = 200): Promise<number> {
    const { kysely } = this.#options;
    const due = await kysely
      .selectFrom("case_timer")
      .selectAll()
      .where("due_ms", "<=", nowMs)
      .orderBy("due_ms")
      .limit(limit)
      .execute();
    for (const timer of due) {
      const row = await kysely.transaction().execute((transaction) => this.#fire(transaction, timer));
      if (row !== null) this.#publish(row, null);
    }
    return due.length;
  }

  /**
   * The case after the steps of its ladder that were due by then. A step that nobody fired in time, because the program was down,
   * belongs before what is done now: what is done may stop its clock.
   */
  async #caughtUp(transaction: Transaction<Tables>, row: CaseRow, due: readonly Timer[]): Promise<CaseRow> {
    let present = row;
    for (const timer of due) present = (await this.#fire(transaction, timer)) ?? present;
    return present;
  }

  async #fire(transaction: Transaction<Tables>, timer: Timer): Promise<CaseRow | null> {
    const present = await findCase(transaction, timer.case, "for update");
    // Whoever took the timer away has fired it, or the step that made it needless has.
    if (!(await takeTimer(transaction, timer)) || present === undefined) return null;
    const { duties, places } = this.#options;
    const type = this.typeOf(present.type);
    const step = type.ladder[timer.step]!;
    const addressee = addresseeOf(duties, present.path, step.slot, timer.due_ms, step.up);
    const atMs = Math.max(timer.due_ms, present.body.lastMs);
    const raised: CaseRow = { ...present, level: present.level + 1 };
    // Whose it becomes is a change that a doer has to have seen; that somebody was told is not.
    if (step.does === "reassign") {
      raised.slot = addressee.slot;
      raised.body = { ...present.body, reassigned: true };
      raised.version = present.version + 1;
    }
    return this.#writer.write(transaction, type, raised, present, {
      kind: "ladder",
      atMs,
      actor: null,
      command: null,
      keepVersion: true,
      told: addressee.persons,
      body: entryBody({
        action: step.does,
        detail: {
          clock: timer.clock,
          run: timer.run,
          step: timer.step,
          afterMs: step.afterMs,
          place: addressee.place,
          placeName: places.nameOf(addressee.place),
          slot: addressee.slot,
          persons: addressee.persons,
          wentUp: addressee.wentUp,
        },
      }),
    });
  }

  #publish(row: CaseRow, before: CaseRow | null): void {
    for (const listener of this.#listeners) listener(row, before);
  }
}
