import { sql, type Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";

/** A case as it stands in the database, with the beginning of its story; `lock`: of which lock it is the case. */
export async function addCase(
  kysely: Kysely<Tables>,
  { id, path, taker = null, lock = null }: { id: string; path: string; taker?: string | null; lock?: string | null },
): Promise<void> {
  await kysely
    .insertInto("work_case")
    .values({
      id,
      type: "t",
      type_version: 1,
      state: "new",
      place: id,
      path,
      slot: "head",
      subject_kind: "vehicle",
      subject: "豫G1_2",
      lock,
      parent: null,
      opened_ms: 0,
      due_ms: 1,
      level: 0,
      taken_by: taker,
      outcome: null,
      confirmation: "none",
      closed_ms: null,
      version: 1,
      body: "{}",
    })
    .execute();
  await kysely
    .insertInto("case_entry")
    .values({ case: id, seq: 1, at_ms: 0, kind: "opened", actor: null, path, command: null, body: "{}" })
    .execute();
}

/** A live lock with its exposure `e-ID`, and the events that tell both. */
export async function addLock(kysely: Kysely<Tables>, id: string, vehicle: string, lockedMs = 0): Promise<void> {
  const exposure = `e-${id}`;
  const body = JSON.stringify({ id, vehicle, state: "live", exposures: [exposure] });
  await sql`
    with told as (
      insert into event (at_ms, kind, change, id, vehicle, cause, body)
      values (0, 'exposure', 'opened', ${exposure}, ${vehicle}, 'live', '{}'),
             (0, 'lock', 'opened', ${id}, ${vehicle}, 'live', '{}')
    ), found as (
      insert into exposure (id, vehicle, area, start_ms, exposed_ms, last_ms, body)
      values (${exposure}, ${vehicle}, 'a', ${lockedMs}::bigint, ${lockedMs}::bigint, ${lockedMs}::bigint,
              ${JSON.stringify({ id: exposure, vehicle })}::jsonb)
    )
    insert into lock (id, vehicle, state, locked_ms, expires_ms, body)
    values (${id}, ${vehicle}, 'live', ${lockedMs}::bigint, ${lockedMs}::bigint + 1, ${body}::jsonb)`.execute(kysely);
}
