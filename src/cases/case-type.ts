import type { Bilingual, FormField, Outcome } from "../model/case.ts";

/** A clock of a case. It runs in the states of `runsIn`, pauses in those of `pausesIn`, and stops in all others. */
export interface ClockDefinition {
  label: Bilingual;
  /** Working time counts only inside the working hours of working days. */
  time: "wall" | "working";
  limitMs: number;
  runsIn: readonly string[];
  pausesIn?: readonly string[];
  /** True: begun again it goes on from what it had used, re-opening included. False: it begins anew. */
  keeps: boolean;
  /** The slot whose work the clock measures. */
  executor: string;
}

/** When so much of a clock is used up: who is told, and whether the work becomes theirs. */
export interface LadderStep {
  clock: string;
  /** Of the clock's own time, ms; may lie beyond its limit. */
  afterMs: number;
  slot: string;
  /** How many places up from the case's own place: 0 is the place itself; beyond the top is the top. */
  up: number;
  does: "notify" | "reassign";
}

export interface StateDefinition {
  label: Bilingual;
  /** The slot that is addressed in this state. */
  slot: string;
  /** An end: the case is closed, with an outcome. */
  end?: true;
}

export interface TransitionDefinition {
  action: string;
  label: Bilingual;
  from: readonly string[];
  to: string;
  /** Slots that may do it, at the case's place or above it; empty: only the program itself. */
  slots: readonly string[];
  /** Only the person that took the case may do it (or somebody above the place). */
  byTaker?: true;
  /** Makes the doer the taker. */
  takes?: true;
  /** Nobody has it any more: it is free to be taken. */
  frees?: true;
  /** The doer must be another person than whoever did this action last; `parent.` before it: on the case above, `parent.*`: any step there. */
  otherThan?: string;
  form?: readonly FormField[];
  needs?: { photo?: true; position?: true };
  /** Checks on the spot, by name; `near-subject`: the doer's position lies within 500 m of the subject's own. */
  checks?: readonly "near-subject"[];
  /** What the case ends with; a choice in the form when it names a field. */
  outcome?: Outcome | { field: string };
  /** The state instead of `to` when a check cannot be made, because nobody knows where the subject is: another person has to look. */
  whenUnseen?: string;
  /** Brings the work to another slot, so many places up, until the next step; the case stays in its state. */
  raises?: { slot: string; up: number };
  /** Goes back from an end; clocks that keep go on from what they had used. */
  reopens?: true;
  /** Of a re-opening: not later than this after the case was closed, ms. */
  withinMs?: number;
  /** What the program has to do outside the case, once, after the step is recorded. */
  effect?: string;
}

/** A kind of work: its states, who may do what, its clocks, and what happens when nobody does it. */
export interface CaseTypeDefinition {
  id: string;
  version: number;
  label: Bilingual;
  subject: "vehicle" | "place";
  initial: string;
  states: Readonly<Record<string, StateDefinition>>;
  transitions: readonly TransitionDefinition[];
  clocks: Readonly<Record<string, ClockDefinition>>;
  ladder: readonly LadderStep[];
}

/** Gives a definition its type where it is written; whether it holds is checked when it is loaded (`loadCaseType`). */
export function defineCaseType<const Definition extends CaseTypeDefinition>(definition: Definition): Definition {
  return definition;
}
