import { describe, expect, test } from "vitest";
import { lockedVehicle } from "../apps/checkpoints/locked-vehicle.ts";
import { lockObjection } from "../apps/checkpoints/lock-objection.ts";
import type { WuxingError } from "../model/errors.ts";
import { defineCaseType, type CaseTypeDefinition } from "./case-type.ts";
import { loadCaseType } from "./load-case-type.ts";

const SLOTS = ["head", "deputy", "member", "police", "medic", "volunteer", "desk"];
const label = { zh: "某", en: "some" };

/** A small type that holds; every case below breaks one thing of it. */
const repair = defineCaseType({
  id: "repair",
  version: 1,
  label,
  subject: "place",
  initial: "open",
  states: {
    open: { label, slot: "head" },
    waiting: { label, slot: "head" },
    closed: { label, slot: "head", end: true },
  },
  transitions: [
    {
      action: "wait",
      label,
      from: ["open"],
      to: "waiting",
      slots: ["head"],
      form: [{ name: "reason", label, kind: "text", required: true }],
    },
    { action: "go-on", label, from: ["waiting"], to: "open", slots: ["head"] },
    { action: "close", label, from: ["open"], to: "closed", slots: ["head"], outcome: "resolved" },
    {
      action: "reopen",
      label,
      from: ["closed"],
      to: "open",
      slots: ["desk"],
      reopens: true,
      withinMs: 1000,
      form: [{ name: "reason", label, kind: "text", required: true }],
    },
  ],
  clocks: {
    work: {
      label,
      time: "working",
      limitMs: 1000,
      runsIn: ["open"],
      pausesIn: ["waiting"],
      keeps: true,
      executor: "head",
    },
  },
  ladder: [{ clock: "work", afterMs: 1000, slot: "desk", up: 1, does: "notify" }],
}) as CaseTypeDefinition;

const [wait, goOn, close, reopen] = repair.transitions as [
  CaseTypeDefinition["transitions"][number],
  CaseTypeDefinition["transitions"][number],
  CaseTypeDefinition["transitions"][number],
  CaseTypeDefinition["transitions"][number],
];
const { reopens: _, withinMs: __, ...plainReopen } = reopen;
const raise: CaseTypeDefinition["transitions"][number] = {
  action: "raise",
  label,
  from: ["open"],
  to: "open",
  slots: ["head"],
  form: [{ name: "reason", label, kind: "text", required: true }],
  raises: { slot: "desk", up: 3 },
};
const raising = (change: Partial<typeof raise>): Partial<CaseTypeDefinition> => ({
  transitions: [wait, goOn, close, reopen, { ...raise, ...change }],
});
const work = repair.clocks["work"];
const step = repair.ladder[0];

function problemsOf(change: Partial<CaseTypeDefinition>): { where: string; value?: string; expected: string }[] {
  try {
    loadCaseType({ ...repair, ...change }, SLOTS);
  } catch (error) {
    expect(error).toMatchObject({ code: "CASE_TYPE_INVALID" });
    return [...(error as WuxingError).problems];
  }
  return [];
}

describe("4. A case type: a definition that does not hold does not load", () => {
  test("those of the program hold", () => {
    for (const type of [repair, lockedVehicle, lockObjection]) expect(loadCaseType(type, SLOTS)).toBe(type);
  });

  const refused: [string, Partial<CaseTypeDefinition>, string][] = [
    ["a state that nobody can reach", { states: { ...repair.states, lost: { label, slot: "head" } } }, "states.lost"],
    ["a dead end that is no end", { transitions: [wait, close, reopen] }, "states.waiting"],
    [
      "a state in which no person can do anything",
      { transitions: [wait, { ...goOn, slots: [] }, close, reopen] },
      "states.waiting",
    ],
    ["a beginning that is no state", { initial: "begun" }, "initial"],
    [
      "a type without an end",
      { states: { open: { label, slot: "head" }, waiting: { label, slot: "head" } }, transitions: [wait, goOn] },
      "states",
    ],
    [
      "a step to a state that is not there",
      { transitions: [wait, goOn, { ...close, to: "gone" }, reopen, close] },
      "transitions[2] (close)",
    ],
    [
      "the same step twice from one state",
      { transitions: [wait, goOn, close, { ...close, outcome: "unfounded" }, reopen] },
      "transitions[3] (close)",
    ],
    [
      "a step by a slot that does not exist",
      { transitions: [wait, goOn, { ...close, slots: ["mayor"] }, reopen] },
      "transitions[2] (close).slots",
    ],
    [
      "a state that is addressed to a slot that does not exist",
      { states: { ...repair.states, open: { label, slot: "mayor" } } },
      "states.open.slot",
    ],
    [
      "a checker of a step that is not there",
      { transitions: [wait, goOn, { ...close, otherThan: "handle" }, reopen] },
      "transitions[2] (close).otherThan",
    ],
    [
      "a step that closes without an outcome",
      {
        transitions: [wait, goOn, { action: "close", label, from: ["open"], to: "closed", slots: ["head"] }, reopen],
      },
      "transitions[2] (close)",
    ],
    [
      "an outcome from a field that is not in the form",
      { transitions: [wait, goOn, { ...close, outcome: { field: "verdict" } }, reopen] },
      "transitions[2] (close).outcome",
    ],
    [
      "an outcome of a step that closes nothing",
      { transitions: [wait, { ...goOn, outcome: "resolved" }, close, reopen] },
      "transitions[1] (go-on).outcome",
    ],
    [
      "a way out of an end that is no re-opening",
      { transitions: [wait, goOn, close, plainReopen] },
      "transitions[3] (reopen)",
    ],
    [
      "a pause without a reason",
      { transitions: [{ ...wait, form: [] }, goOn, close, reopen] },
      "transitions[0] (wait).form",
    ],
    [
      "a choice without options",
      {
        transitions: [
          wait,
          goOn,
          { ...close, form: [{ name: "verdict", label, kind: "choice", required: true }] },
          reopen,
        ],
      },
      "transitions[2] (close).form.verdict",
    ],
    ["a clock without an executor", { clocks: { work: { ...work, executor: "" } } }, "clocks.work.executor"],
    ["a clock that runs nowhere", { clocks: { work: { ...work, runsIn: [] } } }, "clocks.work.runsIn"],
    ["a clock of a state that is not there", { clocks: { work: { ...work, runsIn: ["asleep"] } } }, "clocks.work"],
    ["a clock that runs on at the end", { clocks: { work: { ...work, runsIn: ["open", "closed"] } } }, "clocks.work"],
    ["a clock that runs and pauses at once", { clocks: { work: { ...work, pausesIn: ["open"] } } }, "clocks.work"],
    ["a clock without a length", { clocks: { work: { ...work, limitMs: 0 } } }, "clocks.work.limitMs"],
    ["a clock with no ladder", { ladder: [] }, "clocks.work"],
    ["a ladder that begins long after the clock has run out", { ladder: [{ ...step, afterMs: 2001 }] }, "clocks.work"],
    ["a step of the ladder at once", { ladder: [step, { ...step, afterMs: 0 }] }, "ladder[1].afterMs"],
    ["a step of the ladder on another clock", { ladder: [step, { ...step, clock: "play" }] }, "ladder[1]"],
    ["a step of the ladder to nobody", { ladder: [step, { ...step, slot: "mayor" }] }, "ladder[1].slot"],
    [
      "a step of the ladder beyond twice its clock",
      { ladder: [step, { ...step, afterMs: 2001 }] },
      "ladder[1].afterMs",
    ],
    [
      "a re-opening for ever",
      { transitions: [wait, goOn, close, { ...reopen, withinMs: 0 }] },
      "transitions[3] (reopen).withinMs",
    ],
    [
      "a re-opening without a reason",
      { transitions: [wait, goOn, close, { ...reopen, form: [] }] },
      "transitions[3] (reopen).form",
    ],
    [
      "a re-opening of what is open",
      { transitions: [wait, goOn, close, { ...reopen, from: ["closed", "waiting"] }] },
      "transitions[3] (reopen)",
    ],
    [
      "a raise to a slot that does not exist",
      raising({ raises: { slot: "mayor", up: 3 } }),
      "transitions[4] (raise).raises.slot",
    ],
    ["a raise to the own place", raising({ raises: { slot: "desk", up: 0 } }), "transitions[4] (raise).raises.up"],
    ["a raise that goes elsewhere", raising({ to: "waiting" }), "transitions[4] (raise)"],
    ["a raise without a reason", raising({ form: [] }), "transitions[4] (raise).form"],
    [
      "a step that is checked on the spot and passes when nobody knows where its subject is",
      { transitions: [wait, goOn, { ...close, checks: ["near-subject"] }, reopen] },
      "transitions[2] (close).whenUnseen",
    ],
    ["a step of the ladder downwards", { ladder: [step, { ...step, up: -1 }] }, "ladder[1].up"],
  ];
  test.each(refused)("%s", (_what, change, where) => {
    expect(problemsOf(change).map((problem) => problem.where)).toContain(where);
  });

  test("everything that is wrong is told at once", () => {
    const problems = problemsOf({
      initial: "begun",
      clocks: { work: { ...work, executor: "mayor", limitMs: -1 } },
      ladder: [step, { ...step, slot: "mayor" }],
    });
    expect(problems.map(({ where }) => where)).toEqual(
      expect.arrayContaining(["initial", "clocks.work.executor", "clocks.work.limitMs", "ladder[1].slot"]),
    );
  });
});
