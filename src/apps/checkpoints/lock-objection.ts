import { defineCaseType } from "../../cases/case-type.ts";

const HOUR_MS = 3_600_000;
/** The city's desk, from a grid up: community, township, county, city. */
const CITY = 4;

const reason = {
  name: "reason",
  label: { zh: "原因", en: "Reason" },
  kind: "text",
  required: true,
  max: 500,
} as const;

/** A driver's or an owner's objection to a lock: decided by somebody who had no hand in the case that it is about. */
export const lockObjection = defineCaseType({
  id: "lock-objection",
  version: 1,
  label: { zh: "对锁定的异议", en: "Objection to a lock" },
  subject: "vehicle",
  initial: "open",
  states: {
    open: { label: { zh: "待复核", en: "To be decided" }, slot: "desk" },
    upheld: { label: { zh: "异议成立", en: "Upheld" }, slot: "desk", end: true },
    rejected: { label: { zh: "异议不成立", en: "Rejected" }, slot: "desk", end: true },
  },
  transitions: [
    {
      action: "uphold",
      label: { zh: "异议成立，解除锁定", en: "Right: release the lock" },
      from: ["open"],
      to: "upheld",
      slots: ["desk"],
      otherThan: "parent.*",
      form: [reason],
      outcome: "resolved",
      effect: "uphold-objection",
    },
    {
      action: "reject",
      label: { zh: "异议不成立", en: "Not right" },
      from: ["open"],
      to: "rejected",
      slots: ["desk"],
      otherThan: "parent.*",
      form: [reason],
      outcome: "unfounded",
    },
  ],
  clocks: {
    decide: {
      label: { zh: "复核异议", en: "Decide" },
      time: "working",
      limitMs: 4 * HOUR_MS,
      runsIn: ["open"],
      keeps: true,
      executor: "desk",
    },
  },
  ladder: [{ clock: "decide", afterMs: 4 * HOUR_MS, slot: "desk", up: CITY, does: "notify" }],
});
