import { randomUUID } from "node:crypto";
import { isWorkday } from "chinese-days";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockedVehicle } from "../apps/checkpoints/locked-vehicle.ts";
import { lockObjection } from "../apps/checkpoints/lock-objection.ts";
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
const TYPES: CaseTypeDefinition[] = [lockedVehicle, lockObjection, inspection].map((type) =>
  loadCaseType(type, [...SLOTS, "member", "police", "medic", "volunteer"]),
);

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let nowMs = YEAR_MS;

beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database.close());

/** The program as it stands after a start. */
const start = (): CaseDesk =>
  deskForTests(database.kysely, () => nowMs, { types: TYPES, working: new WorkingCalendar() });

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

/** What the ladder of a type does to a case that stays as it was opened. */
function expectedOf(type: CaseTypeDefinition, openedMs: number, pause?: [number, number]): string[] {
  return type.ladder
    .flatMap(({ clock, afterMs }, step) => {
      const { runsIn, time } = type.clocks[clock];
      if (!runsIn.includes(type.initial)) return [];
      return [{ atMs: oracle(time, openedMs, afterMs, pause), text: `${clock} ${step}` }];
    })
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${text} ${new Date(atMs).toISOString()}`);
}

describe("point 5: the ladder really fires", () => {
  test(
    "through a whole year with its holidays, for every type, every step at its minute and once, with restarts in between",
    { timeout: 600_000 },
    async () => {
      const opened: { id: string; type: CaseTypeDefinition; openedMs: number; pause?: [number, number] }[] = [];
      let desk = start();
      let looks = 0;
      let nextMs = YEAR_MS + 7 * MINUTE_MS;
      // Every 13 days, 5 hours and 17 minutes: nights, noons, weekends, Spring Festival, National Day, make-up Saturdays.
      const everyMs = 13 * DAY_MS + 5 * HOUR_MS + 17 * MINUTE_MS;
      while (nowMs < YEAR_END_MS) {
        if (nowMs >= nextMs && nextMs < YEAR_END_MS - 30 * DAY_MS) {
          for (const type of TYPES) {
            const id = `${type.id}-${opened.length}`;
            await openForTests(desk, type.id, id, nextMs);
            opened.push({ id, type, openedMs: nextMs });
          }
          const paused = opened.at(-1)!;
          if (opened.length % 2 === 0) await letWait(desk, paused);
          nextMs += everyMs;
        }
        await look(desk);
        // Looks come late and out of step, some of them by days; every tenth is after a restart.
        const lateMs = (looks % 7 === 0 ? 3 * DAY_MS : 11 * HOUR_MS) + (looks % 13) * 61 * MINUTE_MS;
        nowMs = Math.min(nowMs + lateMs, nowMs < nextMs ? Math.max(nowMs + MINUTE_MS, nextMs) : Infinity);
        if (++looks % 10 === 0) desk = start();
      }
      await look(desk);
      expect(opened.length).toBeGreaterThan(70);
      for (const { id, type, openedMs, pause: paused } of opened)
        expect([id, ...(await firedOf(id))]).toEqual([id, ...expectedOf(type, openedMs, paused)]);
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
