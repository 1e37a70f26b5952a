import type { Kysely, Transaction } from "kysely";
import { addresseeOf } from "./addressee.ts";
import type { Bilingual, Outcome } from "../model/case.ts";
import type { Tables } from "../store/tables.ts";
import type { CaseTypeDefinition, TransitionDefinition } from "./case-type.ts";
import type { CaseBody, CaseRow, EntryBody } from "./case-record.ts";
import { setTimers, updateCase, type Opening } from "./case-store.ts";
import { dueSteps, firstDue, turnClocks, type DueStep } from "./clocks.ts";
import { writeNotices, type NewNotice } from "./notice-outbox.ts";
import type { Addressee, DutyFinder, PlaceFinder, SubjectPosition, WorkingTime } from "./ports.ts";

export interface CaseDeskOptions {
  kysely: Kysely<Tables>;
  /** Loaded ones (`loadCaseType`). */
  types: readonly CaseTypeDefinition[];
  places: PlaceFinder;
  duties: DutyFinder;
  working: WorkingTime;
  positionOf: SubjectPosition;
  /** Names of the channels, beside the inbox, by which notices go out. */
  channels: readonly string[];
  /** The city's clock, ms UTC. */
  now: () => number;
}

export interface OpenInput {
  id: string;
  type: string;
  place: string;
  subject: { kind: "vehicle" | "place"; id: string };
  lock?: string;
  parent?: string;
  title: CaseBody["title"];
  /** Who did the parent's actions: `parent.` is put before each, for steps that need another person. */
  parentDoers?: CaseBody["doers"];
  position?: CaseBody["position"];
  facts: Record<string, unknown>;
  /** What the first entry of the story says: why it is opened where it is. */
  detail?: Record<string, unknown>;
  atMs: number;
}

/** An entry of the story on its way in. */
export interface NewEntry {
  kind: "opened" | "action" | "ladder" | "moved" | "noted" | "reopened" | "confirmation" | "linked";
  atMs: number;
  actor: string | null;
  command: string | null;
  /** Persons to tell besides whom the case is addressed to. */
  told?: readonly string[];
  /** What is known of the case from now on, beside what opened it. */
  facts?: Record<string, unknown>;
  /** True: the version is what `next` says. */
  keepVersion?: boolean;
  body: EntryBody;
}

/** What one transaction writes of a case: its columns, its story, its timers, its notices and effects, together. */
export class CaseWriter {
  readonly #options: CaseDeskOptions;

  constructor(options: CaseDeskOptions) {
    this.#options = options;
  }

  /** What the opening of a case writes. @throws WuxingError PLACE_NOT_FOUND */
  opening(type: CaseTypeDefinition, input: OpenInput): Opening {
    const row = this.#fresh(type, input);
    const body = entryBody({ to: row.state, detail: input.detail ?? {} });
    const entry = { kind: "opened", atMs: input.atMs, actor: null, command: null, body } as const;
    return {
      row,
      entry: { at_ms: entry.atMs, kind: entry.kind, actor: null, command: null, body },
      timers: this.#dueSteps(type, row),
      notices: this.#notices(type, row, null, entry),
    };
  }

  #fresh(type: CaseTypeDefinition, input: OpenInput): CaseRow {
    const { places, working } = this.#options;
    const clocks = turnClocks(type, {}, type.initial, input.atMs, null, working);
    const row: CaseRow = {
      id: input.id,
      type: type.id,
      type_version: type.version,
      state: type.initial,
      place: input.place,
      path: places.getPath(input.place, input.atMs),
      slot: type.states[type.initial]!.slot,
      subject_kind: input.subject.kind,
      subject: input.subject.id,
      lock: input.lock ?? null,
      parent: input.parent ?? null,
      opened_ms: input.atMs,
      due_ms: firstDue(type, clocks, working),
      level: 0,
      taken_by: null,
      outcome: null,
      confirmation: "none",
      closed_ms: null,
      version: 1,
      body: {
        title: input.title,
        clocks,
        doers: Object.fromEntries(
          Object.entries(input.parentDoers ?? {}).map(([action, who]) => [`parent.${action}`, who]),
        ),
        position: input.position ?? null,
        facts: input.facts,
        lastMs: input.atMs,
        entries: 0,
      },
    };
    return this.addressed(type, row, input.atMs);
  }

  /** Addresses a case to the slot of its state, or to the one that the work goes up to when nobody holds it. */
  addressed(type: CaseTypeDefinition, row: CaseRow, atMs: number): CaseRow {
    if (row.body.reassigned) return row;
    const { slot } = type.states[row.state]!;
    if (type.states[row.state]!.end) return { ...row, slot };
    const addressee = addresseeOf(this.#options.duties, row.path, slot, atMs);
    return { ...row, slot: addressee.wentUp && addressee.persons.length > 0 ? addressee.slot : slot };
  }

  /** Does a step of the definition to a case that the transaction holds. */
  async step(
    transaction: Transaction<Tables>,
    type: CaseTypeDefinition,
    present: CaseRow,
    step: TransitionDefinition,
    entry: Omit<NewEntry, "kind" | "body"> & { body: EntryBody },
  ): Promise<CaseRow> {
    const { working } = this.#options;
    const { atMs, actor, body } = entry;
    const isEnd = type.states[step.to]!.end === true;
    const reason = typeof body.form["reason"] === "string" ? body.form["reason"] : null;
    const clocks = turnClocks(type, present.body.clocks, step.to, atMs, reason, working);
    const outcome =
      step.outcome === undefined
        ? null
        : typeof step.outcome === "string"
          ? step.outcome
          : (body.form[step.outcome.field] as Outcome);
    const isElsewhere = step.to !== present.state;
    const raised = step.raises === undefined ? null : this.#raised(present, step.raises, atMs);
    const next: CaseRow = {
      ...present,
      state: step.to,
      level: present.level + (raised === null ? 0 : 1),
      slot: raised?.slot ?? present.slot,
      taken_by: step.takes ? actor : step.frees ? null : present.taken_by,
      outcome: isEnd ? outcome : null,
      closed_ms: isEnd ? atMs : null,
      confirmation: step.reopens ? "none" : present.confirmation,
      body: {
        ...present.body,
        ...(raised !== null ? { reassigned: true } : isElsewhere || step.frees ? { reassigned: false } : {}),
        facts: { ...present.body.facts, ...entry.facts },
        clocks,
        doers: actor === null ? present.body.doers : { ...present.body.doers, [step.action]: actor },
      },
    };
    const written = await this.write(
      transaction,
      type,
      isElsewhere || step.frees ? this.addressed(type, next, atMs) : next,
      present,
      { ...entry, kind: step.reopens ? "reopened" : "action", ...(raised === null ? {} : { told: raised.persons }) },
    );
    if (step.effect !== undefined) {
      await transaction
        .insertInto("case_effect")
        .values({
          id: `${written.id}:${written.body.entries}`,
          case: written.id,
          kind: step.effect,
          body: JSON.stringify({ ...body, actor, outcome }),
          state: "waiting",
          attempts: 0,
          due_ms: 0,
          problem: null,
        })
        .execute();
    }
    return written;
  }

  /** Who gets work that is raised: the slot so many places up, or whoever serves above it. */
  #raised({ path }: CaseRow, { slot, up }: { slot: string; up: number }, atMs: number): Addressee {
    return addresseeOf(this.#options.duties, path, slot, atMs, up);
  }

  /** Writes a case as it is to be, with its entry, its timers and the notices to whom it is addressed now. */
  async write(
    transaction: Transaction<Tables>,
    type: CaseTypeDefinition,
    next: CaseRow,
    before: CaseRow,
    entry: NewEntry,
  ): Promise<CaseRow> {
    const row: CaseRow = {
      ...next,
      version: entry.keepVersion ? next.version : before.version + 1,
      due_ms: next.closed_ms === null ? firstDue(type, next.body.clocks, this.#options.working) : null,
      body: { ...next.body, lastMs: Math.max(entry.atMs, before.body.lastMs), entries: before.body.entries + 1 },
    };
    await updateCase(transaction, row);
    await this.#enter(transaction, type, row, before, entry);
    return row;
  }

  /** Adds the entry to the story, sets the timers, and tells whom the case is addressed to now. */
  async #enter(
    transaction: Transaction<Tables>,
    type: CaseTypeDefinition,
    row: CaseRow,
    before: CaseRow,
    entry: NewEntry,
  ): Promise<void> {
    await transaction
      .insertInto("case_entry")
      .values({
        case: row.id,
        seq: row.body.entries,
        at_ms: entry.atMs,
        kind: entry.kind,
        actor: entry.actor,
        // Whoever had it is told that it left: that entry stays where it was.
        path: entry.kind === "moved" ? before.path : row.path,
        command: entry.command,
        body: JSON.stringify(entry.body),
      })
      .execute();
    if (before.body.clocks !== row.body.clocks) await setTimers(transaction, row.id, this.#dueSteps(type, row));
    await writeNotices(transaction, this.#notices(type, row, before, entry), this.#options.channels);
  }

  /** Who is told of an entry: whom the case is addressed to anew, and whom else the entry says; never who did it. */
  #notices(type: CaseTypeDefinition, row: CaseRow, before: CaseRow | null, entry: NewEntry): NewNotice[] {
    const isAddressedAnew =
      before === null || row.slot !== before.slot || row.path !== before.path || row.state !== before.state;
    const addressee =
      isAddressedAnew && row.closed_ms === null
        ? addresseeOf(this.#options.duties, row.path, row.slot, entry.atMs).persons
        : [];
    const persons = [...new Set([...addressee, ...(entry.told ?? [])])].filter((person) => person !== entry.actor);
    const kind = entry.kind === "ladder" ? "case-escalated" : "case-addressed";
    return persons.map((person) => ({
      id: `${row.id}:${row.body.entries}:${person}`,
      atMs: entry.atMs,
      person,
      path: row.path,
      case: row.id,
      kind,
      // Why a case came here is in its story; what a step found out is for whoever has to do the next.
      text: noticeText(type, row, kind, entry.kind === "action" ? entry.body.detail["says"] : undefined),
    }));
  }

  #dueSteps(type: CaseTypeDefinition, row: CaseRow): DueStep[] {
    return row.closed_ms === null ? dueSteps(type, row.body.clocks, this.#options.working) : [];
  }
}

/** @param found a sentence in both languages, where a step found something out */
function noticeText(type: CaseTypeDefinition, { state, body }: CaseRow, kind: string, found?: unknown): Bilingual {
  const { zh, en } = type.states[state]!.label;
  const says = found as Bilingual | undefined;
  const late = kind === "case-escalated";
  return {
    zh: `${late ? "超时未办，请督促：" : ""}${body.title.zh} · ${zh}${says === undefined ? "" : `（${says.zh}）`}`,
    en: `${late ? "Overdue, please see to it: " : ""}${body.title.en} · ${en}${says === undefined ? "" : ` (${says.en})`}`,
  };
}

export function entryBody(given: Partial<EntryBody>): EntryBody {
  return { action: null, from: null, to: null, form: {}, position: null, attachments: [], detail: {}, ...given };
}
