import { expect, test } from "vitest";
import type { TransitionDefinition } from "./case-type.ts";
import { mayDo } from "./permits.ts";

const STEP: TransitionDefinition = {
  action: "reject",
  label: { zh: "", en: "" },
  from: ["open"],
  to: "rejected",
  slots: ["desk"],
};
const standing = (doers: Record<string, string>) => ({
  state: "open",
  slot: "desk",
  path: "city/county/grid/",
  takenBy: null,
  closedMs: null,
  doers,
});
const DESK = { person: "county", duties: [{ place: "county", slot: "desk" }] };

test.each([
  ["nobody did anything above", {}, true],
  ["somebody else did", { "parent.take": "wang", "parent.check": "li" }, true],
  ["the person took the case above", { "parent.take": "county" }, false],
  ["the person did any step above", { "parent.take": "wang", "parent.send-back": "county" }, false],
  ["the person did a step of this case only", { note: "county" }, true],
])("a step for who had no hand in the case above: %s", (_, doers, allowed) => {
  expect(mayDo({ ...STEP, otherThan: "parent.*" }, standing(doers), DESK)).toBe(allowed);
});

test("a step for another than the doer of one action asks for that action alone", () => {
  const step = { ...STEP, otherThan: "parent.take" };
  expect(mayDo(step, standing({ "parent.send-back": "county" }), DESK)).toBe(true);
  expect(mayDo(step, standing({ "parent.take": "county" }), DESK)).toBe(false);
});
