import { randomUUID } from "node:crypto";
import { isWorkday } from "chinese-days";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CASE_TYPES } from "../apps/case-types.ts";
import { WorkingCalendar } from "../city/working-calendar.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { deskForTests, inspection, openForTests, SLOTS } from "./case-city-for-tests.ts";
import type { CaseDesk } from "./case-desk.ts";
import type { CaseTypeDefinition } from "./case-type.ts";
import { loadCaseType } from "./load-case-type.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 2026 in Beijing; the last cases are opened when their ladders still end in it. */
const YEAR_MS = Date.UTC(2025, 11, 31, 16);
const YEAR_END_MS = Date.UTC(2026, 11, 31, 16);
const TYPES: CaseTypeDefinition[] = [...CASE_TYPES, inspection].map((type) =>
  loadCaseType(type, [...SLOTS, "member", "police", "medic", "volunteer"]),
);

/** For each clock of each type a state in which it runs; the last one can wait. */
const STANDS = TYPES.flatMap((type) => Object.values(type.clocks).map(({ runsIn: [state] }) => ({ type, state })));
const SPOT = { lon: 113.9, lat: 35.3, accuracyM: 10 };
const PHOTO = "ab".repeat(32);

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let nowMs = YEAR_MS;

beforeAll(async () => {
  database = await openTestDatabase();
  const photo = { id: PHOTO, media_type: "image/jpeg", bytes: 9, account: "wang", stored_ms: 0 };
  await database.kysely.insertInto("attachment").values(photo).execute();
}, 240_000);
afterAll(() => database.close());

/** The program as it stands after a start. */
const start = (): CaseDesk =>
  deskForTests(database.kysely, () => nowMs, {
    types: TYPES,
    working: new WorkingCalendar(),
    positionOf: async () => ({ lon: SPOT.lon, lat: SPOT.lat, timeMs: nowMs }),
  });

/** Fires what is due, in as many looks as it needs. */
async function look(desk: CaseDesk): Promise<void> {
  for (let i = 0; (await desk.fireLadder(nowMs)) > 0; i++) expect(i).toBeLessThan(1000);
}

/**
 * The oracle, which shares nothing with the program: minute by minute through the year, working by the State Council's
 * days and the hours 8:30 to 12:00 and 14:00 to 18:30.
 */
const workingMinutes = (() => {
  const minutes = new Uint8Array((YEAR_END_MS - YEAR_MS) / MINUTE_MS);
  for (let day = 0; day < 365; day++) {
    if (!isWorkday(new Date(YEAR_MS + day * DAY_MS + 8 * HOUR_MS).toISOString().slice(0, 10))) continue;
    minutes.fill(1, day * 1440 + 510, day * 1440 + 720);
    minutes.fill(1, day * 1440 + 840, day * 1440 + 1110);
  }
  return minutes;
})();

/** The instant at which so much has passed, outside of a pause. */
function oracle(time: "wall" | "working", fromMs: number, afterMs: number, pause?: [number, number]): number {
  let left = afterMs / MINUTE_MS;
  for (let atMs = fromMs; ; atMs += MINUTE_MS) {
    const isPaused = pause !== undefined && atMs >= pause[0] && atMs < pause[1];
    if (!isPaused && (time === "wall" || workingMinutes[(atMs - YEAR_MS) / MINUTE_MS] === 1)) left--;
    if (left <= 0) return atMs + MINUTE_MS;
  }
}

async function firedOf(id: string): Promise<string[]> {
  const rows = await database.kysely
    .selectFrom("case_entry")
    .select(["at_ms", "body"])
    .where("case", "=", id)
    .where("kind", "=", "ladder")
    .orderBy("seq")
    .execute();
  return rows.map((row) => {
    const { step, clock } = (row.body as { detail: { step: number; clock: string } }).detail;
    return `${clock} ${step} ${new Date(row.at_ms).toISOString()}`;
  });
}

/** What the ladder of a type does to a case that came to a state at once and stays there. */
function expectedOf(type: CaseTypeDefinition, state: string, openedMs: number, pause?: [number, number]): string[] {
  return type.ladder
    .flatMap(({ clock, afterMs }, step) => {
      const { runsIn, time } = type.clocks[clock];
      if (!runsIn.includes(state)) return [];
      return [{ atMs: oracle(time, openedMs, afterMs, pause), text: `${clock} ${step}` }];
    })
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${text} ${new Date(atMs).toISOString()}`);
}

type Step = CaseTypeDefinition["transitions"][number];

/** The shortest way from the beginning of a type to a state. */
function wayTo(type: CaseTypeDefinition, state: string): Step[] {
  const ways = new Map<string, Step[]>([[type.initial, []]]);
  for (const [at, way] of ways)
    for (const step of type.transitions)
      if (step.from.includes(at) && !ways.has(step.to)) ways.set(step.to, [...way, step]);
  return ways.get(state)!;
}

/** Brings a case to a state, each step by whoever may do it. */
async function walk(desk: CaseDesk, id: string, type: CaseTypeDefinition, state: string): Promise<void> {
  for (const step of wayTo(type, state)) {
    if (step.slots.length === 0) {
      await desk.actAsProgram(id, step.action, {}, nowMs);
      continue;
    }
    const form = Object.fromEntries(
      (step.form ?? []).map(({ name, options }) => [name, options?.[0]?.value ?? "x"] as const),
    );
    const taken = { attachments: [PHOTO], position: { ...SPOT, time: new Date(nowMs).toISOString() } };
    for (const person of ["wang", "li", "county", "city"]) {
      const { version } = await desk.get(id);
      const action = { id: randomUUID(), action: step.action, version, form, ...taken };
      if (await desk.act(id, { account: person, person }, action).catch(() => null)) break;
    }
  }
  expect((await desk.get(id)).state).toBe(state);
}

describe("5. The ladder really fires: a year with its holidays, for every case type of the program", () => {
  test(
    "through a whole year with its holidays, for every type, every step at its minute and once, with restarts in between",
    { timeout: 600_000 },
    async () => {
      const opened: {
        id: string;
        type: CaseTypeDefinition;
        state: string;
        openedMs: number;
        pause?: [number, number];
      }[] = [];
      let desk = start();
      let looks = 0;
      let rounds = 0;
      let nextMs = YEAR_MS + 7 * MINUTE_MS;
      // Every 13 days, 5 hours and 17 minutes: nights, noons, weekends, Spring Festival, National Day, make-up Saturdays.
      const everyMs = 13 * DAY_MS + 5 * HOUR_MS + 17 * MINUTE_MS;
      while (nowMs < YEAR_END_MS) {
        if (nowMs >= nextMs && nextMs < YEAR_END_MS - 30 * DAY_MS) {
          const late = nowMs;
          nowMs = nextMs;
          for (const { type, state } of STANDS) {
            const id = `${type.id}-${state}-${opened.length}`;
            await openForTests(desk, type.id, id, nextMs);
            await walk(desk, id, type, state);
            opened.push({ id, type, state, openedMs: nextMs });
          }
          nowMs = late;
          const paused = opened.at(-1)!;
          if (rounds++ % 2 === 0) await letWait(desk, paused);
          nextMs += everyMs;
        }
        await look(desk);
        // Looks come late and out of step, some of them by days; every tenth is after a restart.
        const lateMs = (looks % 7 === 0 ? 3 * DAY_MS : 11 * HOUR_MS) + (looks % 13) * 61 * MINUTE_MS;
        nowMs = Math.min(nowMs + lateMs, nowMs < nextMs ? Math.max(nowMs + MINUTE_MS, nextMs) : Infinity);
        if (++looks % 10 === 0) desk = start();
      }
      await look(desk);
      expect(opened.length).toBeGreaterThan(25 * STANDS.length);
      for (const { id, type, state, openedMs, pause: paused } of opened)
        expect([id, ...(await firedOf(id))]).toEqual([id, ...expectedOf(type, state, openedMs, paused)]);
      expect(await database.kysely.selectFrom("case_timer").selectAll().execute()).toEqual([]);
    },
  );
});

/** Half an hour after it was opened it waits, for a week. */
async function letWait(desk: CaseDesk, of: { id: string; openedMs: number; pause?: [number, number] }): Promise<void> {
  const from = of.openedMs + 30 * MINUTE_MS;
  const to = from + 7 * DAY_MS;
  const before = nowMs;
  for (const [atMs, action, form] of [
    [from, "wait", { reason: "等结果" }],
    [to, "go-on", {}],
  ] as const) {
    nowMs = Math.max(before, atMs);
    const { version } = await desk.get(of.id);
    const doer = { account: "wang", person: "wang" };
    const at = new Date(atMs).toISOString();
    await desk.act(of.id, doer, { id: randomUUID(), action, version, form, at, attachments: [] });
  }
  nowMs = before;
  of.pause = [from, to];
}
