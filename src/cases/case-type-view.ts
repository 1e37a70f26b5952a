import type { CaseTypeView } from "../model/case.ts";
import { nextActionOf } from "./case-record.ts";
import type { CaseTypeDefinition } from "./case-type.ts";

/** A definition as the pages need it; steps of the program itself are left out. */
export function typeViewOf({ id, version, label, states, transitions }: CaseTypeDefinition): CaseTypeView {
  return {
    id,
    version,
    label,
    states: Object.entries(states).map(([state, { label: text, end }]) => ({ state, label: text, end: end === true })),
    transitions: transitions
      .filter(({ slots }) => slots.length > 0)
      .map((step) => ({
        ...nextActionOf(step),
        from: [...step.from],
        to: step.to,
        slots: [...step.slots],
        otherThan: step.otherThan ?? null,
      })),
  };
}
