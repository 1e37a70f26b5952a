import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "./database.ts";
import { openTestDatabase } from "./database-for-tests.ts";
import { createEvidence } from "./evidence-readings.ts";

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test("a released lock's exposure proves something as long as an objection to it is not decided", async () => {
  const { kysely } = database;
  await sql`
    with told as (
      insert into event (at_ms, kind, change, id, cause, body)
      values (900, 'exposure', 'opened', 'e1', 'live', '{}'), (950, 'lock', 'opened', 'l1', 'live', '{}')
    ), found as (
      insert into exposure (id, vehicle, area, start_ms, end_ms, exposed_ms, last_ms, lock_ms, entered_ms, body)
      values ('e1', 'v', 'a', 100, 900, 700, 900, 950, 950, '{}')
    )
    insert into lock (id, vehicle, state, locked_ms, expires_ms, ended_ms, body)
    values ('l1', 'v', 'released', 950, 9999, 2000, '{"exposures":["e1"]}')`.execute(kysely);
  const readings = createEvidence(kysely);
  expect(await readings.evidence(5000, 600)).toEqual([]);
  const common = sql`'t', 1, 'x', 'p', 'p/', 'desk', 'vehicle', 'v'`;
  await sql`
    insert into work_case (id, type, type_version, state, place, path, slot, subject_kind, subject, lock, parent,
      opened_ms, level, confirmation, closed_ms, version, body)
    values ('c1', ${common}, 'l1', null, 1, 0, 'contested', 2000, 1, '{}'),
      ('o1', ${common}, null, 'c1', 2100, 0, 'none', null, 1, '{}')`.execute(kysely);
  expect(await readings.evidence(5000, 600)).toEqual([
    { vehicle: "v", startMs: 100, lastMs: 900, lockMs: 950, enteredMs: 950 },
  ]);
  await sql`update work_case set closed_ms = 3000 where id = 'o1'`.execute(kysely);
  expect(await readings.evidence(5000, 600)).toEqual([]);
});
