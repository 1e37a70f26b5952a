import type { CaseTypeDefinition, TransitionDefinition } from "./case-type.ts";

/** Of a case, what decides who may do something to it. */
export interface CaseStanding {
  state: string;
  /** The slot that is addressed, which is another than the state's own when the work went up. */
  slot: string;
  path: string;
  takenBy: string | null;
  closedMs: number | null;
  /** Who did each action last. */
  doers: Readonly<Record<string, string>>;
}

/** A person with the duties that the person holds or stands in for. */
export interface Holder {
  person: string;
  duties: readonly { place: string; slot: string }[];
}

/** The steps that a person may do to a case at an instant, in the order of the definition. */
export function stepsOpenTo(
  type: CaseTypeDefinition,
  standing: CaseStanding,
  holder: Holder,
  atMs: number,
): TransitionDefinition[] {
  return type.transitions.filter(
    (step) => step.from.includes(standing.state) && isInTime(step, standing, atMs) && mayDo(step, standing, holder),
  );
}

/** Whether it is not too late for a re-opening. */
export function isInTime({ withinMs }: TransitionDefinition, { closedMs }: CaseStanding, atMs: number): boolean {
  return withinMs === undefined || closedMs === null || atMs - closedMs <= withinMs;
}

/**
 * Whether a step is a person's to do: by a duty at the case's place or above it, for a slot of the step or the one that the
 * work went up to; after somebody took the case, only that person or somebody above the place; and never who did the
 * step that it checks.
 */
export function mayDo(step: TransitionDefinition, standing: CaseStanding, { person, duties }: Holder): boolean {
  if (step.slots.length === 0) return false;
  if (step.otherThan !== undefined && hasDone(standing.doers, step.otherThan, person)) return false;
  const places = standing.path.slice(0, -1).split("/");
  const covering = duties.filter(
    ({ place, slot }) => places.includes(place) && (step.slots.includes(slot) || slot === standing.slot),
  );
  if (covering.length === 0) return false;
  if (step.byTaker !== true || standing.takenBy === null || standing.takenBy === person) return true;
  return covering.some(({ place }) => place !== places.at(-1));
}

/** Whether a person did an action last; `parent.*` is any action on the case above. */
function hasDone(doers: CaseStanding["doers"], action: string, person: string): boolean {
  if (!action.endsWith("*")) return doers[action] === person;
  return Object.entries(doers).some(([done, who]) => who === person && done.startsWith(action.slice(0, -1)));
}
