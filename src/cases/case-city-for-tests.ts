import type { Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";
import { CaseDesk } from "./case-desk.ts";
import { defineCaseType, type CaseTypeDefinition } from "./case-type.ts";
import type { CaseDeskOptions } from "./case-writer.ts";
import type { DutyFinder, PlaceFinder } from "./ports.ts";

/** A city of one grid, for tests of cases: city 1, county 11, township 111, community 1111, grid g. */
const PATH = "1/11/111/1111/g/";
const HOLDERS: Record<string, Record<string, string>> = {
  g: { head: "wang", deputy: "li" },
  "11": { desk: "county" },
  "1": { desk: "city" },
};
export const SLOTS = ["head", "deputy", "desk"];
const ABOVE = PATH.slice(0, -1).split("/");

export const placesForTests: PlaceFinder = {
  findGridAt: () => "g",
  getPath: (place) => `${ABOVE.slice(0, ABOVE.indexOf(place) + 1).join("/")}/`,
  nameOf: (place) => place,
};

export const dutiesForTests: DutyFinder = {
  slots: () => SLOTS,
  find: (place, slot) => {
    const upwards = ABOVE.slice(0, ABOVE.indexOf(place) + 1).toReversed();
    for (const [i, at] of upwards.entries()) {
      for (const asked of [slot, "desk"]) {
        const person = HOLDERS[at]?.[asked];
        if (person !== undefined) return { place: at, slot: asked, persons: [person], wentUp: i > 0 || asked !== slot };
      }
    }
    return { place: "1", slot, persons: [], wentUp: true };
  },
  dutiesOf: (person) =>
    Object.entries(HOLDERS).flatMap(([place, slots]) =>
      Object.entries(slots).flatMap(([slot, holder]) => (holder === person ? [{ place, slot }] : [])),
    ),
};

const HOUR_MS = 3_600_000;
const label = { zh: "巡查", en: "Inspection" };

/** Work of days in working time, with a pause: what the city's first types do not have. */
export const inspection = defineCaseType({
  id: "inspection",
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
      slots: ["head", "desk"],
      reopens: true,
      withinMs: 7 * 24 * HOUR_MS,
      form: [{ name: "reason", label, kind: "text", required: true }],
    },
  ],
  clocks: {
    work: {
      label,
      time: "working",
      limitMs: 24 * HOUR_MS,
      runsIn: ["open"],
      pausesIn: ["waiting"],
      keeps: true,
      executor: "head",
    },
  },
  ladder: [
    { clock: "work", afterMs: 12 * HOUR_MS, slot: "deputy", up: 0, does: "notify" },
    { clock: "work", afterMs: 24 * HOUR_MS, slot: "desk", up: 3, does: "reassign" },
    { clock: "work", afterMs: 40 * HOUR_MS, slot: "desk", up: 4, does: "notify" },
  ],
}) satisfies CaseTypeDefinition;

/** A desk for cases of that city; the clock is `now`, working time is all time unless it is given. */
export function deskForTests(
  kysely: Kysely<Tables>,
  now: () => number,
  more: Partial<Pick<CaseDeskOptions, "types" | "working" | "positionOf" | "places" | "channels">> = {},
): CaseDesk {
  return new CaseDesk({
    kysely,
    types: [inspection],
    places: placesForTests,
    duties: dutiesForTests,
    working: { add: (fromMs, ms) => fromMs + ms, between: (fromMs, toMs) => Math.max(0, toMs - fromMs) },
    positionOf: async () => null,
    channels: [],
    now,
    ...more,
  });
}

/** Opens a case of a type in the grid. */
export async function openForTests(desk: CaseDesk, type: string, id: string, atMs: number): Promise<void> {
  await desk.open({
    id,
    type,
    place: "g",
    subject: { kind: "vehicle", id: `豫G${id}_2` },
    title: { zh: id, en: id },
    facts: {},
    atMs,
  });
}
