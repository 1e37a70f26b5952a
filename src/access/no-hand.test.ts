import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { readAs } from "./read-as.ts";
import type { Right } from "./rights.ts";
import { addCase, addLock } from "./seen-cases-for-tests.ts";

let database: Database;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  const { kysely } = database;
  await sql`truncate work_case, lock, exposure, passage, event, person, account, audit cascade`.execute(kysely);
  await addLock(kysely, "locked", "豫G1_2");
  await addCase(kysely, { id: "case", path: "c1/g1/", lock: "locked" });
  await sql`insert into person (id, name, recorded_ms) values ('wang', '王', 0)`.execute(kysely);
  await sql`
    insert into account (id, name, person, roles, state, created_ms, changed_ms)
    values ('wang', '王', 'wang', '{}', 'active', 0, 0)`.execute(kysely);
});
afterAll(() => database.close());

/** What a vehicle's status is made from. */
async function standing(): Promise<unknown> {
  const { kysely } = database;
  return {
    locks: await kysely.selectFrom("lock").selectAll().orderBy("id").execute(),
    exposures: await kysely.selectFrom("exposure").selectAll().orderBy("id").execute(),
    events: await kysely.selectFrom("event").selectAll().orderBy("seq").execute(),
    cases: await kysely.selectFrom("work_case").select(["id", "state", "outcome"]).orderBy("id").execute(),
  };
}

const ANOTHER_LOCK = `insert into lock (id, vehicle, state, locked_ms, expires_ms, body)
  values ('l', '豫G9_2', 'live', 0, 1, '{}')`;
const ANOTHER_EXPOSURE = `insert into exposure (id, vehicle, area, start_ms, exposed_ms, last_ms, body)
  values ('e', '豫G9_2', 'a', 0, 0, 0, '{}')`;

describe("11. No hand on the scale: the role in which people's questions are asked", () => {
  const whole = { paths: ["c1/"], person: "wang", rights: new Set<Right>(["watch", "cases", "accounts", "system"]) };

  test.each([
    ANOTHER_LOCK,
    ANOTHER_EXPOSURE,
    "update lock set state = 'released'",
    "update lock set expires_ms = 0, body = '{}'",
    "update exposure set lock_ms = null",
    "delete from lock",
    "delete from exposure",
    "insert into passage (id, vehicle, gate, direction, time_ms, body) values ('p', 'v', 'g', 'inbound', 0, '{}')",
    "insert into event (at_ms, kind, change, id, cause, body) values (0, 'lock', 'closed', 'locked', 'release', '{}')",
    "delete from event",
    "update work_case set state = 'released', outcome = 'resolved', closed_ms = 1",
    "delete from case_entry",
    "insert into case_effect (id, \"case\", kind, body, state, attempts, due_ms) values ('x', 'case', 'release-lock', '{}', 'waiting', 0, 0)",
    "update checkpoint set position = 0",
    "insert into rule_version (rule, version, body, author, reason, published_ms, effective_ms) values ('exposure', 2, '{}', '', '', 0, 0)",
    "insert into area (id, version, state, published_ms, body) values ('a', 1, 'published', 0, '{}')",
    "update audit set count = 0",
    "delete from audit",
    "update account set roles = '{administrator}'",
    "insert into session (id, account, address, created_ms, seen_ms, expires_ms) values ('s', 'wang', '', 0, 0, 1)",
    "truncate lock",
    "select * from account",
    "select * from session",
    "select * from event",
    "select * from password_code",
    "alter table work_case disable row level security",
    "alter table lock disable trigger all",
    "drop trigger lock_told on lock",
    "create table mine (n integer)",
  ])("cannot: %s", async (statement) => {
    const before = await standing();
    // Not even where the transaction could write.
    const doing = database.kysely.transaction().execute(async (transaction) => {
      await sql`set local role wuxing_app`.execute(transaction);
      await sql`select set_config('wuxing.watch', 'on', true)`.execute(transaction);
      await sql.raw(statement).execute(transaction);
    });
    await expect(doing).rejects.toThrow(/permission denied|must be owner/);
    const reading = readAs(database.kysely, whole, (restricted) => sql.raw(statement).execute(restricted));
    await expect(reading).rejects.toThrow(/permission denied|must be owner|read-only transaction/);
    expect(await standing()).toEqual(before);
  });
});

describe("11. No hand on the scale: the role that owns the tables, as the server and an administrator of the database have it", () => {
  test.each([
    ["a lock put in", ANOTHER_LOCK],
    ["an exposure put in", ANOTHER_EXPOSURE],
    ["a lock that is released", "update lock set state = 'released', ended_ms = 1"],
    ["a lock whose evidence is exchanged", `update lock set body = '{"exposures": []}'`],
    ["a lock that is given to another vehicle", "update lock set vehicle = '豫G9_2'"],
    ["a lock that is prolonged", "update lock set expires_ms = 9999999999999"],
    ["a live lock that is taken away", "delete from lock"],
    [
      "a lock that is revived by what was told of it before",
      "insert into lock select id || '', '豫G9_2', 'review', 0, 1, null, body from lock on conflict (id) do update set state = 'review'",
    ],
  ])("%s by hand is refused, because no finding tells it", async (_, statement) => {
    const before = await standing();
    await expect(sql.raw(statement).execute(database.kysely)).rejects.toThrow(
      /no hand on the scale: (lock|exposure) \S+ was changed without its finding/,
    );
    const inOne = database.kysely.transaction().execute(async (transaction) => {
      // Something else was told in the same transaction.
      await sql`
        insert into event (at_ms, kind, change, id, cause, body) values (0, 'area', 'revised', 'a', 'live', '{}')`.execute(
        transaction,
      );
      await sql.raw(statement).execute(transaction);
    });
    await expect(inOne).rejects.toThrow(/no hand on the scale/);
    expect(await standing()).toEqual(before);
  });
});
