import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { openDatabase, type Database, type DatabaseLocation } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { deskForTests, openForTests } from "./case-city-for-tests.ts";

const START_MS = Date.UTC(2026, 2, 2, 1);
const HOUR_MS = 3_600_000;
const CASES = 40;
const CHILD = fileURLToPath(new URL("./fire-ladder-for-tests.ts", import.meta.url));
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function startChild(location: DatabaseLocation, nowMs: number): ChildProcess {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(location), String(nowMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  closers.push(() => void child.kill("SIGKILL"));
  return child;
}

/** Lets a process fire some steps and kills it in the middle of the next. @returns how often it said that it fired */
async function killInTheMiddle(child: ChildProcess, afterLines: number): Promise<number> {
  const exited = once(child, "exit");
  let lines = 0;
  child.stdout!.setEncoding("utf8");
  for await (const text of child.stdout! as AsyncIterable<string>) {
    lines += text.split("\n").length - 1;
    if (lines >= afterLines) child.kill("SIGKILL");
  }
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return lines;
}

/** Every case has every step exactly once, and every person was told exactly once of it. */
async function expectEachStepOnce({ kysely }: Database): Promise<void> {
  const entries = await kysely
    .selectFrom("case_entry")
    .select(["case", "body", "at_ms"])
    .where("kind", "=", "ladder")
    .execute();
  const fired = entries.map((entry) => {
    const { step } = (entry.body as { detail: { step: number } }).detail;
    return `${entry.case} ${step} ${(entry.at_ms - START_MS) / HOUR_MS}`;
  });
  const expected = Array.from({ length: CASES }, (_, i) => [`c${i} 0 12`, `c${i} 1 24`, `c${i} 2 40`]).flat();
  expect(fired.toSorted()).toEqual(expected.toSorted());
  expect(await kysely.selectFrom("case_timer").selectAll().execute()).toEqual([]);
  const notices = await kysely
    .selectFrom("notice")
    .select(["case", "person"])
    .where("kind", "=", "case-escalated")
    .execute();
  expect(notices).toHaveLength(CASES * 3);
}

describe("5. The ladder really fires: after a kill nothing is missed and nothing is fired twice", () => {
  test(
    "a process that fires is killed twice in the middle, and a third one ends the work",
    { timeout: 240_000 },
    async () => {
      const [first, location] = await openPlace();
      const desk = deskForTests(first.kysely, () => START_MS);
      for (let i = 0; i < CASES; i++) await openForTests(desk, "inspection", `c${i}`, START_MS);
      await first.close();
      const nowMs = START_MS + 100 * HOUR_MS;
      for (const afterLines of [2, 5]) await killInTheMiddle(startChild(location, nowMs), afterLines);
      const last = await openDatabase(location);
      closers.push(() => last.close());
      const before = await last.kysely.selectFrom("case_timer").select("case").execute();
      expect(before.length).toBeGreaterThan(0);
      const again = deskForTests(last.kysely, () => nowMs);
      while ((await again.fireLadder(nowMs)) > 0);
      await expectEachStepOnce(last);
    },
  );

  test("three that fire at once, one of them killed, fire each step once", { timeout: 240_000 }, async () => {
    expect.hasAssertions();
    const database = await openTestDatabase();
    closers.push(() => database.close());
    const desk = deskForTests(database.kysely, () => START_MS);
    for (let i = 0; i < CASES; i++) await openForTests(desk, "inspection", `c${i}`, START_MS);
    const nowMs = START_MS + 100 * HOUR_MS;
    const fireAll = async (): Promise<void> => {
      const own = deskForTests(database.kysely, () => nowMs);
      while ((await own.fireLadder(nowMs, 7)) > 0);
    };
    // On PGlite there is one process only; on a server another one fires along and is killed.
    const killed = database.url === null ? null : killInTheMiddle(startChild({ url: database.url }, nowMs), 1);
    await Promise.all([fireAll(), fireAll(), killed]);
    await fireAll();
    await expectEachStepOnce(database);
  });

  test("a step that was due while the program was down fires before what is done after it", async () => {
    const database = await openTestDatabase();
    closers.push(() => database.close());
    let nowMs = START_MS;
    const desk = deskForTests(database.kysely, () => nowMs);
    await openForTests(desk, "inspection", "c0", START_MS);
    nowMs = START_MS + 20 * HOUR_MS;
    const done = await desk.act(
      "c0",
      { account: "wang", person: "wang" },
      { id: randomUUID(), action: "close", version: 1, form: {}, attachments: [] },
    );
    expect(done.state).toBe("closed");
    const entries = await database.kysely.selectFrom("case_entry").select(["kind", "at_ms"]).orderBy("seq").execute();
    expect(entries.map(({ kind, at_ms }) => `${kind} ${(at_ms - START_MS) / HOUR_MS}`)).toEqual([
      "opened 0",
      "ladder 12",
      "action 20",
    ]);
  });
});

/** A database that outlives the processes that use it: a folder, or one of its own on the server. */
async function openPlace(): Promise<[Database, DatabaseLocation]> {
  const probe = await openTestDatabase();
  if (probe.url !== null) {
    // It is dropped at the end; closed in between, it stays.
    closers.push(() => probe.close());
    return [await openDatabase({ url: probe.url }), { url: probe.url }];
  }
  await probe.close();
  const dir = mkdtempSync(join(tmpdir(), "wuxing-ladder-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  return [await openDatabase({ dir }), { dir }];
}
