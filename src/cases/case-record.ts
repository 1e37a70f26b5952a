import type { Selectable } from "kysely";
import type { Bilingual, CaseStory, CaseSummary, NextAction, Outcome, Spot } from "../model/case.ts";
import type { CaseTables } from "../store/case-tables.ts";
import type { CaseTypeDefinition, TransitionDefinition } from "./case-type.ts";
import type { Clocks } from "./clocks.ts";
import { stepsOpenTo, type CaseStanding, type Holder } from "./permits.ts";
import type { PlaceFinder } from "./ports.ts";

/** What a case keeps beside its columns. */
export interface CaseBody {
  title: Bilingual;
  clocks: Clocks;
  doers: Record<string, string>;
  position: CaseSummary["position"];
  facts: Record<string, unknown>;
  /** The instant of its last entry: nothing is done before it. */
  lastMs: number;
  entries: number;
  /** The ladder gave it to another slot; it stays there until a step is done, wherever the case moves. */
  reassigned?: boolean;
}

export type CaseRow = Omit<Selectable<CaseTables["work_case"]>, "body" | "change" | "county"> & { body: CaseBody };

/** What an entry of the story keeps beside its columns. */
export interface EntryBody {
  action: string | null;
  from: string | null;
  to: string | null;
  form: Record<string, unknown>;
  position: Spot | null;
  attachments: string[];
  detail: Record<string, unknown>;
}

/** Columns of a case, for every query that makes a `CaseRow`. */
export const CASE_COLUMNS = [
  "id",
  "type",
  "type_version",
  "state",
  "place",
  "path",
  "slot",
  "subject_kind",
  "subject",
  "lock",
  "parent",
  "opened_ms",
  "due_ms",
  "level",
  "taken_by",
  "outcome",
  "confirmation",
  "closed_ms",
  "version",
  "body",
] as const;

export function standingOf({ state, slot, path, taken_by, closed_ms, body }: CaseRow): CaseStanding {
  return { state, slot, path, takenBy: taken_by, closedMs: closed_ms, doers: body.doers };
}

/** A case as it is shown to a person at an instant; `next` is what that person may do. */
export function summaryOf(
  row: CaseRow,
  type: CaseTypeDefinition,
  context: { places: PlaceFinder; holder: Holder; takenByName: string | null; nowMs: number },
): CaseSummary {
  const { body } = row;
  const names = row.path.slice(0, -1).split("/");
  const kind = row.subject_kind as CaseStory["subject"]["kind"];
  return {
    id: row.id,
    type: row.type,
    typeVersion: row.type_version,
    state: row.state,
    stateLabel: type.states[row.state]?.label ?? { zh: row.state, en: row.state },
    title: body.title,
    subject: { kind, id: row.subject },
    lock: row.lock,
    place: row.place,
    placeName: (names.length > 1 ? names.slice(1) : names).map((place) => context.places.nameOf(place)).join(" · "),
    path: row.path,
    slot: row.slot,
    position: body.position,
    openedAt: isoOf(row.opened_ms),
    takenBy: row.taken_by,
    takenByName: context.takenByName,
    dueAt: row.due_ms === null ? null : isoOf(row.due_ms),
    overdue: row.closed_ms === null && row.due_ms !== null && row.due_ms < context.nowMs,
    level: row.level,
    outcome: row.outcome as Outcome | null,
    confirmation: row.confirmation as CaseSummary["confirmation"],
    version: row.version,
    next: stepsOpenTo(type, standingOf(row), context.holder, context.nowMs).map(nextActionOf),
  };
}

export function nextActionOf({ action, label, form = [], needs }: TransitionDefinition): NextAction {
  return {
    action,
    label,
    form: form.map((field) => ({ ...field })),
    needs: { photo: needs?.photo === true, position: needs?.position === true },
  };
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
