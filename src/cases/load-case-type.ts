import { WuxingError, type Problem } from "../model/errors.ts";
import type { CaseTypeDefinition, TransitionDefinition } from "./case-type.ts";

/** A step of the ladder comes at the latest when the clock has run out so many times over. */
const LATEST_LIMITS = 2;

/**
 * Checks a definition against the slots that the city has, and gives it back.
 * @throws WuxingError CASE_TYPE_INVALID with everything that does not hold: a state that nobody can reach, a state that
 * nobody can leave, a clock without an executor, a slot that does not exist, a field that is not in the form …
 */
export function loadCaseType(definition: CaseTypeDefinition, slots: readonly string[]): CaseTypeDefinition {
  const problems = [
    ...stateProblems(definition, slots),
    ...transitionProblems(definition, slots),
    ...clockProblems(definition, slots),
    ...ladderProblems(definition, slots),
  ];
  if (problems.length > 0) throw new WuxingError("CASE_TYPE_INVALID", definition.id, problems);
  return definition;
}

function stateProblems(definition: CaseTypeDefinition, slots: readonly string[]): Problem[] {
  const { states, transitions, initial } = definition;
  const problems: Problem[] = [];
  if (!(initial in states)) problems.push({ where: "initial", value: initial, expected: "a state" });
  const reached = reachableFrom(initial, transitions);
  const ends = Object.entries(states).flatMap(([name, { end }]) => (end ? [name] : []));
  if (ends.length === 0) problems.push({ where: "states", expected: "at least one end" });
  for (const [name, { slot, end }] of Object.entries(states)) {
    const where = `states.${name}`;
    if (!reached.has(name)) problems.push({ where, expected: `a way to it from ${initial}` });
    if (!slots.includes(slot)) problems.push({ where: `${where}.slot`, value: slot, expected: oneOf(slots) });
    const onward = reachableFrom(name, transitions);
    if (!end && !ends.some((each) => onward.has(each))) problems.push({ where, expected: "a way from it to an end" });
    const people = transitions.some(({ from, slots: by }) => from.includes(name) && by.length > 0);
    if (!end && !people) problems.push({ where, expected: "a step that a person can do" });
  }
  return problems;
}

function transitionProblems(definition: CaseTypeDefinition, slots: readonly string[]): Problem[] {
  const { states, transitions, clocks } = definition;
  const problems: Problem[] = [];
  const actions = new Set(transitions.map(({ action }) => action));
  const pausing = new Set(Object.values(clocks).flatMap(({ pausesIn }) => pausesIn ?? []));
  for (const [i, transition] of transitions.entries()) {
    const where = `transitions[${i}] (${transition.action})`;
    const { from, to, form = [], otherThan, reopens, whenUnseen } = transition;
    for (const state of [...from, to, ...(whenUnseen === undefined ? [] : [whenUnseen])])
      if (!(state in states)) problems.push({ where, value: state, expected: oneOf(Object.keys(states)) });
    for (const slot of transition.slots)
      if (!slots.includes(slot)) problems.push({ where: `${where}.slots`, value: slot, expected: oneOf(slots) });
    const twice = transitions.findIndex(
      (other) => other.action === transition.action && other.from.some((state) => from.includes(state)),
    );
    if (twice < i) problems.push({ where, expected: `no second ${transition.action} from the same state` });
    // Actions of a parent are of another definition.
    if (otherThan !== undefined && !otherThan.startsWith("parent.") && !actions.has(otherThan))
      problems.push({ where: `${where}.otherThan`, value: otherThan, expected: oneOf([...actions]) });
    problems.push(...outcomeProblems(definition, transition, where));
    problems.push(...reopeningProblems(definition, transition, where), ...raiseProblems(transition, slots, where));
    if ((transition.checks?.includes("near-subject") === true) !== (whenUnseen !== undefined))
      problems.push({
        where: `${where}.whenUnseen`,
        expected:
          "a state for when nobody knows where the subject is, of a step that is checked near it, and of no other",
      });
    if (from.some((state) => states[state]?.end) && !reopens)
      problems.push({ where, expected: "reopens: true, since it leaves an end" });
    if (pausing.has(to) && !hasReason(transition))
      problems.push({ where: `${where}.form`, expected: "a required text `reason`, since it pauses a clock" });
    for (const { name, kind, options } of form)
      if (kind === "choice" && (options ?? []).length === 0)
        problems.push({ where: `${where}.form.${name}`, expected: "options to choose from" });
  }
  return problems;
}

/** Who re-opens says why, and there is an end to it. */
function reopeningProblems({ states }: CaseTypeDefinition, step: TransitionDefinition, where: string): Problem[] {
  const { from, reopens, withinMs } = step;
  if (reopens !== true)
    return withinMs === undefined ? [] : [{ where: `${where}.withinMs`, expected: "reopens: true, or no withinMs" }];
  const problems: Problem[] = [];
  if (!from.every((state) => states[state]?.end)) problems.push({ where, expected: "ends only, since it re-opens" });
  if (!hasReason(step))
    problems.push({ where: `${where}.form`, expected: "a required text `reason`, since it re-opens" });
  if (withinMs === undefined || !(withinMs > 0))
    problems.push({ where: `${where}.withinMs`, value: String(withinMs), expected: "more than 0" });
  return problems;
}

function raiseProblems(step: TransitionDefinition, slots: readonly string[], where: string): Problem[] {
  const { raises, from, to } = step;
  if (raises === undefined) return [];
  const problems: Problem[] = [];
  if (!slots.includes(raises.slot))
    problems.push({ where: `${where}.raises.slot`, value: raises.slot, expected: oneOf(slots) });
  if (!Number.isInteger(raises.up) || raises.up < 1)
    problems.push({ where: `${where}.raises.up`, value: String(raises.up), expected: "1, 2 … places up" });
  if (from.length !== 1 || from[0] !== to)
    problems.push({ where, expected: "one state, in which it stays, since it raises" });
  if (!hasReason(step))
    problems.push({ where: `${where}.form`, expected: "a required text `reason`, since it raises" });
  return problems;
}

function hasReason({ form = [] }: TransitionDefinition): boolean {
  return form.some(({ name, required, kind }) => name === "reason" && required && kind === "text");
}

function outcomeProblems(
  { states }: CaseTypeDefinition,
  { to, outcome, form = [] }: TransitionDefinition,
  where: string,
): Problem[] {
  const ends = states[to]?.end === true;
  if (!ends) return outcome === undefined ? [] : [{ where: `${where}.outcome`, expected: "an end as `to`" }];
  if (outcome === undefined) return [{ where, expected: "an outcome, since it closes the case" }];
  if (typeof outcome === "string") return [];
  const field = form.find(({ name }) => name === outcome.field);
  return field?.kind === "choice" && field.required
    ? []
    : [{ where: `${where}.outcome`, value: outcome.field, expected: "a required choice of the form" }];
}

function clockProblems({ clocks, states }: CaseTypeDefinition, slots: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const [name, { runsIn, pausesIn = [], limitMs, executor }] of Object.entries(clocks)) {
    const where = `clocks.${name}`;
    if (!slots.includes(executor))
      problems.push({ where: `${where}.executor`, value: executor, expected: `an executor: ${oneOf(slots)}` });
    if (!(limitMs > 0)) problems.push({ where: `${where}.limitMs`, value: String(limitMs), expected: "more than 0" });
    if (runsIn.length === 0) problems.push({ where: `${where}.runsIn`, expected: "a state to run in" });
    for (const state of [...runsIn, ...pausesIn]) {
      if (!(state in states)) problems.push({ where, value: state, expected: oneOf(Object.keys(states)) });
      else if (states[state]!.end) problems.push({ where, value: state, expected: "a state that is no end" });
    }
    for (const state of pausesIn)
      if (runsIn.includes(state)) problems.push({ where, value: state, expected: "running or paused, not both" });
  }
  return problems;
}

function ladderProblems({ ladder, clocks }: CaseTypeDefinition, slots: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const [i, { clock, afterMs, slot, up }] of ladder.entries()) {
    const where = `ladder[${i}]`;
    if (!(clock in clocks)) problems.push({ where, value: clock, expected: oneOf(Object.keys(clocks)) });
    if (!(afterMs > 0)) problems.push({ where: `${where}.afterMs`, value: String(afterMs), expected: "more than 0" });
    const latestMs = LATEST_LIMITS * (clocks[clock]?.limitMs ?? Infinity);
    if (afterMs > latestMs)
      problems.push({
        where: `${where}.afterMs`,
        value: String(afterMs),
        expected: `at most ${latestMs}, twice the clock's limit: who is to know of it later has no part in it`,
      });
    if (!slots.includes(slot)) problems.push({ where: `${where}.slot`, value: slot, expected: oneOf(slots) });
    if (!Number.isInteger(up) || up < 0)
      problems.push({ where: `${where}.up`, value: String(up), expected: "0, 1, 2 … places up" });
  }
  for (const [name, { limitMs }] of Object.entries(clocks)) {
    if (!ladder.some(({ clock, afterMs }) => clock === name && afterMs <= limitMs * LATEST_LIMITS))
      problems.push({ where: `clocks.${name}`, expected: "a step of the ladder by twice its limit" });
  }
  return problems;
}

function reachableFrom(start: string, transitions: readonly TransitionDefinition[]): Set<string> {
  const reached = new Set([start]);
  for (let grown = true; grown;) {
    grown = false;
    for (const { from, to, whenUnseen = to } of transitions) {
      if ((reached.has(to) && reached.has(whenUnseen)) || !from.some((state) => reached.has(state))) continue;
      reached.add(to).add(whenUnseen);
      grown = true;
    }
  }
  return reached;
}

function oneOf(values: readonly string[]): string {
  return `one of ${values.join(", ")}`;
}
