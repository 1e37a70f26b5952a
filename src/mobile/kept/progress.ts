import type { CaseSummary, CaseTypeView } from "../../model/case.ts";
import type { WaitingAction } from "./phone-store.ts";

/** A case as it will be when what waits on this phone has been sent. */
export interface Progress {
  now: CaseSummary;
  /** How many steps on it wait. */
  waiting: number;
}

/**
 * Does to a kept case what waits on this phone, in its order, by the type's own definition: the next step can be done without a
 * network. Whose step it is the server decides again; a step that needs another person is not offered.
 */
export function progressOf(
  kept: CaseSummary,
  type: CaseTypeView | undefined,
  waiting: readonly WaitingAction[],
): Progress {
  const mine = waiting.filter((action) => action.case === kept.id);
  if (type === undefined || mine.length === 0) return { now: kept, waiting: mine.length };
  let state = kept.state;
  const done = new Set<string>();
  for (const { action } of mine) {
    const step = type.transitions.find((each) => each.action === action && each.from.includes(state));
    // What the server said last does not allow it any more: it will be a conflict, and is shown as one.
    if (step === undefined) return { now: { ...kept, next: [] }, waiting: mine.length };
    state = step.to;
    done.add(action);
  }
  const next = type.transitions.filter(
    ({ from, slots, otherThan }) =>
      from.includes(state) && slots.length > 0 && (otherThan === null || !done.has(otherThan)),
  );
  const label = type.states.find((each) => each.state === state)?.label ?? kept.stateLabel;
  const isEnd = type.states.find((each) => each.state === state)?.end ?? false;
  return {
    now: {
      ...kept,
      state,
      stateLabel: label,
      next: isEnd ? [] : next,
      dueAt: state === kept.state ? kept.dueAt : null,
    },
    waiting: mine.length,
  };
}
