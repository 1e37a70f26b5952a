import type { ColumnType } from "kysely";

/** Written by the database, read as text: a transaction's number. */
type Change = ColumnType<string, undefined, never>;

/** Tables of migration 0004. Instants are ms UTC. `Body` columns hold what `cases/` writes there. */
export interface CaseTables {
  work_case: {
    id: string;
    type: string;
    type_version: number;
    state: string;
    place: string;
    path: string;
    county: ColumnType<string, undefined, never>;
    slot: string;
    subject_kind: string;
    subject: string;
    lock: string | null;
    parent: string | null;
    opened_ms: number;
    due_ms: number | null;
    level: number;
    taken_by: string | null;
    outcome: string | null;
    confirmation: string;
    closed_ms: number | null;
    version: number;
    change: Change;
    body: unknown;
  };
  case_entry: {
    case: string;
    seq: number;
    at_ms: number;
    kind: string;
    actor: string | null;
    path: string;
    command: string | null;
    change: Change;
    body: unknown;
  };
  case_timer: { case: string; clock: string; run: number; step: number; due_ms: number };
  attachment: { id: string; media_type: string; bytes: number; account: string; stored_ms: number };
  case_attachment: { case: string; attachment: string; path: string };
  case_effect: {
    id: string;
    case: string;
    kind: string;
    body: unknown;
    state: "waiting" | "done" | "dead";
    attempts: number;
    due_ms: number;
    problem: string | null;
    tried_ms: number | null;
  };
  notice: {
    id: string;
    at_ms: number;
    person: string | null;
    path: string;
    case: string | null;
    kind: string;
    body: unknown;
    read_ms: number | null;
  };
  delivery: {
    id: string;
    notice: string;
    channel: string;
    state: "waiting" | "sent" | "dead";
    attempts: number;
    due_ms: number;
    problem: string | null;
    /** Migration 0014: when it was tried last. */
    tried_ms: number | null;
  };
  follower: { name: string; seq: number };
}
