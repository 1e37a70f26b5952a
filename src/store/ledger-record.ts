import { isDeepStrictEqual } from "node:util";
import { sql, type Kysely, type Transaction } from "kysely";
import type { Area } from "../model/area.ts";
import type { GateFinding } from "../model/etc.ts";
import type { Exposure, FenceEvent, FindingEvent, Lock, Passage } from "../model/finding.ts";
import type { Tables } from "./tables.ts";

/**
 * A finding as it stands. `quiet`: the row is brought up to date, but a revision is not worth an event (an open
 * exposure that lasts longer).
 */
export type Standing = { cause: FindingEvent["cause"]; quiet?: boolean } & (
  | { kind: "exposure"; body: Exposure; lastMs: number; lockMs: number | null; enteredMs: number | null }
  | { kind: "passage"; body: Passage }
  | { kind: "fence"; body: FenceEvent }
  | { kind: "lock"; body: Lock }
  | { kind: "area"; body: Area }
  | { kind: "gate"; body: GateFinding }
);

/** A finding that stands no more. An area is never removed, it stands as withdrawn. */
export interface Removal {
  kind: "exposure" | "passage" | "fence" | "lock" | "gate";
  id: string;
  cause: FindingEvent["cause"];
}

export interface Recording {
  /** When the program learnt it, ms UTC: `at` of the events. */
  atMs: number;
  standing: readonly Standing[];
  removals: readonly Removal[];
}

const TABLES = {
  exposure: "exposure",
  passage: "passage",
  fence: "fence_event",
  lock: "lock",
  area: "area",
  gate: "gate_finding",
} as const;

/** Held while recording, so that `seq` grows in the order of the commits whoever writes. "wxev" in ASCII. */
const ADVISORY_LOCK = 0x77786576;

type Kind = Standing["kind"];
interface Row {
  finding: Standing;
  change: FindingEvent["change"];
  tell: boolean;
}

/**
 * Brings the ledger to the state that is given and tells what that changed, all in one transaction and a fixed number
 * of statements. What stands already as given changes nothing and makes no event, so recording twice is recording
 * once. Of one finding given twice the last counts.
 */
export function record(kysely: Kysely<Tables>, recording: Recording): Promise<FindingEvent[]> {
  return kysely.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
    const events: Omit<FindingEvent, "seq">[] = [];
    const at = new Date(recording.atMs).toISOString();

    for (const kind of ["exposure", "passage", "fence", "lock", "gate"] as const) {
      const removals = new Map(recording.removals.filter((each) => each.kind === kind).map((each) => [each.id, each]));
      for (const { id, vehicle, body } of await remove(transaction, kind, [...removals.keys()])) {
        events.push({ at, kind, change: "withdrawn", id, vehicle, cause: removals.get(id)!.cause, body });
      }
    }
    for (const kind of ["area", "exposure", "passage", "fence", "lock", "gate"] as const) {
      const rows = await changedRows(transaction, kind, recording.standing);
      await write(transaction, kind, rows);
      for (const { finding, change, tell } of rows) {
        const { body, cause } = finding;
        const vehicle = "vehicle" in body ? body.vehicle : null;
        if (tell) events.push({ at, kind, change, id: body.id, vehicle, cause, body });
      }
    }
    return writeEvents(transaction, recording.atMs, events);
  });
}

async function remove(
  transaction: Transaction<Tables>,
  kind: Removal["kind"],
  ids: string[],
): Promise<{ id: string; vehicle: string; body: unknown }[]> {
  if (ids.length === 0) return [];
  const result = await sql<{ id: string; vehicle: string; body: unknown }>`
    delete from ${sql.table(TABLES[kind])} where id = any(${ids}) returning id, vehicle, body`.execute(transaction);
  return result.rows;
}

/** Those of `standing` that are new or other than what stands in the table. */
async function changedRows(
  transaction: Transaction<Tables>,
  kind: Kind,
  standing: readonly Standing[],
): Promise<Row[]> {
  const findings = new Map<string, Standing>();
  for (const finding of standing) if (finding.kind === kind) findings.set(finding.body.id, finding);
  if (findings.size === 0) return [];

  const lockColumns = kind === "exposure" ? sql`, last_ms, lock_ms, entered_ms` : sql``;
  const { rows: present } = await sql<{ id: string; body: Standing["body"] } & Record<string, unknown>>`
    select id, body ${lockColumns} from ${sql.table(TABLES[kind])} where id = any(${[...findings.keys()]})`.execute(
    transaction,
  );
  const before = new Map(present.map((row) => [row.id, row]));
  const rows: Row[] = [];
  for (const [id, finding] of findings) {
    const row = before.get(id);
    if (!row) {
      rows.push({ finding, change: "opened", tell: true });
    } else if (!isDeepStrictEqual(row.body, finding.body)) {
      const change = changeBetween(row.body, finding.body);
      rows.push({ finding, change, tell: change !== "revised" || !finding.quiet });
    } else if (finding.kind === "exposure" && !sameChainColumns(row, finding)) {
      rows.push({ finding, change: "revised", tell: false });
    }
  }
  return rows;
}

function sameChainColumns(row: Record<string, unknown>, finding: Standing & { kind: "exposure" }): boolean {
  return (
    row["last_ms"] === finding.lastMs && row["lock_ms"] === finding.lockMs && row["entered_ms"] === finding.enteredMs
  );
}

/** An exposure that got its end and a lock that ended are closed; everything else is revised. */
function changeBetween(before: Standing["body"], after: Standing["body"]): FindingEvent["change"] {
  if ("exposedAt" in after && "end" in after) {
    return (before as Exposure).end === null && after.end !== null ? "closed" : "revised";
  }
  if ("lockedAt" in after) {
    const wasOpen = isOpen(before as Lock);
    return wasOpen && !isOpen(after) ? "closed" : "revised";
  }
  if ("publishedAt" in after) return after.state === "withdrawn" ? "withdrawn" : "revised";
  return "revised";
}

function isOpen(lock: Lock): boolean {
  return lock.state === "live" || lock.state === "review";
}

async function write(transaction: Transaction<Tables>, kind: Kind, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const findings = rows.map(({ finding }) => finding);
  switch (kind) {
    case "exposure":
      return upsert(transaction, "exposure", findings.map(exposureRow));
    case "passage":
      return upsert(transaction, "passage", findings.map(passageRow));
    case "fence":
      return upsert(transaction, "fence_event", findings.map(fenceRow));
    case "gate":
      return upsert(transaction, "gate_finding", findings.map(gateRow));
    case "lock": {
      // A lock that ends makes place for the next one of its vehicle: `lock_one_live` holds at every statement.
      const locks = findings.map(lockRow);
      await upsert(
        transaction,
        "lock",
        locks.filter((row) => row.state !== "live"),
      );
      return upsert(
        transaction,
        "lock",
        locks.filter((row) => row.state === "live"),
      );
    }
    case "area": {
      const areas = findings.map(areaRow);
      await upsert(transaction, "area", areas);
      const versions = areas.map(({ id, version, body }) => ({ area: id, version, body }));
      return upsert(transaction, "area_version", versions);
    }
  }
}

const KEYS: Partial<Record<keyof Tables, readonly string[]>> = { area_version: ["area", "version"] };

/** One statement for any number of rows: they travel as one JSON text and are typed by the table itself. */
async function upsert(
  transaction: Transaction<Tables>,
  table: keyof Tables,
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  if (rows.length === 0) return;
  const key = KEYS[table] ?? ["id"];
  const names = Object.keys(rows[0]!);
  const columns = sql.join(names.map((name) => sql.ref(name)));
  const assignments = sql.join(
    names.filter((name) => !key.includes(name)).map((name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`),
  );
  await sql`
    insert into ${sql.table(table)} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)
    on conflict (${sql.join(key.map((name) => sql.ref(name)))}) do update set ${assignments}`.execute(transaction);
}

async function writeEvents(
  transaction: Transaction<Tables>,
  atMs: number,
  events: readonly Omit<FindingEvent, "seq">[],
): Promise<FindingEvent[]> {
  if (events.length === 0) return [];
  const rows = events.map(({ kind, change, id, vehicle, cause, body }) => ({ kind, change, id, vehicle, cause, body }));
  const { rows: written } = await sql<{ seq: number }>`
    insert into event (at_ms, kind, change, id, vehicle, cause, body)
    select ${atMs}::bigint, e->>'kind', e->>'change', e->>'id', e->>'vehicle', e->>'cause', e->'body'
    from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) with ordinality as given (e, n) order by n
    returning seq`.execute(transaction);
  return events.map((event, index) => ({ seq: written[index]!.seq, ...event }));
}

function exposureRow(finding: Standing): Tables["exposure"] {
  const { body, lastMs, lockMs, enteredMs } = finding as Standing & { kind: "exposure" };
  return {
    id: body.id,
    vehicle: body.vehicle,
    area: body.area,
    start_ms: Date.parse(body.start),
    end_ms: body.end === null ? null : Date.parse(body.end),
    exposed_ms: Date.parse(body.exposedAt),
    last_ms: lastMs,
    lock_ms: lockMs,
    entered_ms: enteredMs,
    body,
  };
}

function passageRow(finding: Standing): Tables["passage"] {
  const body = finding.body as Passage;
  const { id, vehicle, gate, direction } = body;
  return { id, vehicle, gate, direction, time_ms: Date.parse(body.time), body };
}

function fenceRow(finding: Standing): Tables["fence_event"] {
  const body = finding.body as FenceEvent;
  return { id: body.id, vehicle: body.vehicle, kind: body.kind, time_ms: Date.parse(body.notBefore), body };
}

function gateRow(finding: Standing): Tables["gate_finding"] {
  const body = finding.body as GateFinding;
  const { id, vehicle, gate, direction, kind } = body;
  return { id, vehicle, gate, direction, kind, time_ms: Date.parse(body.time), body };
}

function lockRow(finding: Standing): Tables["lock"] {
  const body = finding.body as Lock;
  return {
    id: body.id,
    vehicle: body.vehicle,
    state: body.state,
    locked_ms: Date.parse(body.lockedAt),
    expires_ms: Date.parse(body.expiresAt),
    ended_ms: body.release ? Date.parse(body.release.at) : null,
    body,
  };
}

function areaRow(finding: Standing): Tables["area"] {
  const body = finding.body as Area;
  return { id: body.id, version: body.version, state: body.state, published_ms: Date.parse(body.publishedAt), body };
}
