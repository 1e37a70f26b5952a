import { createHash } from "node:crypto";
import { sql, type Kysely, type Transaction } from "kysely";
import { findGateOf, type EtcRecord, type EtcResult, type GateFinding, type TollEntry } from "../model/etc.ts";
import type { Passage } from "../model/finding.ts";
import type { EtcTables } from "./etc-tables.ts";
import type { Tables } from "./tables.ts";

/** A vehicle at a gate in one direction, and a span of time, ms UTC, both ends included. */
export interface Stretch {
  vehicle: string;
  gate: string;
  direction: Passage["direction"];
  fromMs: number;
  toMs: number;
}

/** What is known of a stretch, each by time. */
export interface StretchFacts {
  passages: { id: string; timeMs: number }[];
  records: { id: string; timeMs: number; goods: boolean }[];
  findings: GateFinding[];
}

/** How far the join has come; see migration 0006. */
export interface JoinState {
  world: string;
  eventSeq: number;
  etcSeq: number;
  firstMs: number | null;
  etcDecidedMs: number | null;
  fixDecidedMs: number | null;
}

/** Held while records are kept, so that `seq` grows in the order of the commits. "wxet" in ASCII. */
const ADVISORY_LOCK = 0x77786574;

/** Toll records as they are kept, and what the join of them reads and remembers. */
export class EtcStore {
  readonly #kysely: Kysely<Tables>;

  constructor(kysely: Kysely<Tables>) {
    this.#kysely = kysely;
  }

  /**
   * Keeps records, in one transaction; one that is known is not kept again. They get their gate when they are joined. Durable when it resolves.
   * @returns what became of each, in their order
   */
  async keep(records: readonly EtcRecord[]): Promise<Exclude<EtcResult, "rejected">[]> {
    if (records.length === 0) return [];
    const rows = new Map<string, Omit<EtcTables["etc_passage"], "seq">>();
    for (const record of records) if (!rows.has(record.id)) rows.set(record.id, rowOf(record));
    const { fresh, digests } = await this.#kysely.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
      return insert(transaction, [...rows.values()]);
    });
    return records.map((record) => {
      // Of one record given twice at once the first is kept, the other compared with it.
      if (fresh.delete(record.id)) return "accepted";
      return digests.get(record.id) === digestOf(record) ? "known" : "conflict";
    });
  }

  async joinState(): Promise<JoinState | null> {
    const row = await this.#kysely.selectFrom("etc_join").selectAll().executeTakeFirst();
    if (row === undefined) return null;
    return {
      world: row.world,
      eventSeq: row.event_seq,
      etcSeq: row.etc_seq,
      firstMs: row.first_ms,
      etcDecidedMs: row.etc_decided_ms,
      fixDecidedMs: row.fix_decided_ms,
    };
  }

  async saveJoinState(state: JoinState): Promise<void> {
    const row = {
      id: 1,
      world: state.world,
      event_seq: state.eventSeq,
      etc_seq: state.etcSeq,
      first_ms: state.firstMs,
      etc_decided_ms: state.etcDecidedMs,
      fix_decided_ms: state.fixDecidedMs,
    };
    await this.#kysely
      .insertInto("etc_join")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
      .execute();
  }

  /** Gives the records that became known after `seq` the gate that the mapping says. */
  async remap(places: readonly TollEntry[], seq: number): Promise<void> {
    const kept = await this.#kysely
      .selectFrom("etc_passage")
      .select(["facility", "lane", "road_direction", "gate", "direction"])
      .distinct()
      .where("seq", ">", seq)
      .execute();
    for (const { facility, lane, road_direction, gate, direction } of kept) {
      const at = facility.indexOf(" ");
      const kind = facility.slice(0, at) as EtcRecord["facility"]["kind"];
      const place = { facility: { kind, id: facility.slice(at + 1) }, lane, roadDirection: road_direction };
      const mapped = findGateOf(places, place);
      if (mapped?.gate === (gate ?? undefined) && mapped?.direction === (direction ?? undefined)) continue;
      await sql`
        update etc_passage set gate = ${mapped?.gate ?? null}, direction = ${mapped?.direction ?? null}
        where seq > ${seq} and facility = ${facility} and lane is not distinct from ${lane}
          and road_direction is not distinct from ${road_direction}`.execute(this.#kysely);
    }
  }

  /** Records that became known after `seq`, in order. */
  async recordsAfter(
    seq: number,
    limit: number,
  ): Promise<
    { seq: number; vehicle: string; gate: string | null; direction: Passage["direction"] | null; timeMs: number }[]
  > {
    const rows = await this.#kysely
      .selectFrom("etc_passage")
      .select(["seq", "vehicle", "gate", "direction", "time_ms"])
      .where("seq", ">", seq)
      .orderBy("seq")
      .limit(limit)
      .execute();
    return rows.map(({ time_ms: timeMs, ...row }) => ({ ...row, timeMs }));
  }

  /** First and last time of the records at gates, ms UTC; null when there are none. */
  async span(): Promise<{ firstMs: number; lastMs: number } | null> {
    const { rows } = await sql<{ first: number | null; last: number | null }>`
      select min(time_ms) as first, max(time_ms) as last from etc_passage where gate is not null`.execute(this.#kysely);
    const { first, last } = rows[0]!;
    return first === null || last === null ? null : { firstMs: first, lastMs: last };
  }

  /**
   * Passages (or records at gates) in `(afterMs, toMs]`, about `limit` of them, and up to which instant these are all:
   * those of one instant are never cut apart.
   */
  async between(
    what: "passage" | "etc_passage",
    afterMs: number,
    toMs: number,
    limit: number,
  ): Promise<{ items: Omit<Stretch, "fromMs" | "toMs">[]; times: number[]; uptoMs: number }> {
    const table = sql.table(what);
    const atGate = what === "passage" ? sql`true` : sql`gate is not null`;
    const { rows: cut } = await sql<{ time_ms: number }>`
      select time_ms from ${table} where time_ms > ${afterMs} and time_ms <= ${toMs} and ${atGate}
      order by time_ms offset ${limit - 1} limit 1`.execute(this.#kysely);
    const uptoMs = cut[0]?.time_ms ?? toMs;
    const { rows } = await sql<Omit<Stretch, "fromMs" | "toMs"> & { time_ms: number }>`
      select vehicle, gate, direction, time_ms from ${table}
      where time_ms > ${afterMs} and time_ms <= ${uptoMs} and ${atGate}`.execute(this.#kysely);
    return {
      items: rows.map(({ vehicle, gate, direction }) => ({ vehicle, gate, direction })),
      times: rows.map(({ time_ms }) => time_ms),
      uptoMs,
    };
  }

  /** Findings after `id`, by id: for going through all of them. */
  async findingsAfter(id: string, limit: number): Promise<GateFinding[]> {
    const query = this.#kysely
      .selectFrom("gate_finding")
      .select("body")
      .where("id", ">", id)
      .orderBy("id")
      .limit(limit);
    return (await query.execute()).map(({ body }) => body);
  }

  /** What is known of each stretch, `aroundMs` before and after it included; findings of the stretch itself. */
  async factsOf(stretches: readonly Stretch[], aroundMs: number): Promise<StretchFacts[]> {
    const facts = stretches.map((): StretchFacts => ({ passages: [], records: [], findings: [] }));
    if (stretches.length === 0) return facts;
    const asked = sql`
      jsonb_to_recordset(${JSON.stringify(stretches.map((stretch, n) => ({ n, ...stretch })))}::jsonb)
      as s (n integer, vehicle text, gate text, direction text, "fromMs" bigint, "toMs" bigint)`;
    const same = sql`t.vehicle = s.vehicle and t.gate = s.gate and t.direction = s.direction`;
    const near = sql`t.time_ms between s."fromMs" - ${aroundMs}::bigint and s."toMs" + ${aroundMs}::bigint`;
    const passages = await sql<{ n: number; id: string; time_ms: number }>`
      select s.n, t.id, t.time_ms from ${asked} join passage t on ${same} and ${near} order by t.time_ms, t.id
    `.execute(this.#kysely);
    for (const { n, id, time_ms: timeMs } of passages.rows) facts[n]!.passages.push({ id, timeMs });
    const records = await sql<{ n: number; id: string; time_ms: number; goods: boolean }>`
      select s.n, t.id, t.time_ms, t.goods from ${asked} join etc_passage t on ${same} and ${near}
      order by t.time_ms, t.id`.execute(this.#kysely);
    for (const { n, id, time_ms: timeMs, goods } of records.rows) facts[n]!.records.push({ id, timeMs, goods });
    const findings = await sql<{ n: number; body: GateFinding }>`
      select s.n, t.body from ${asked}
      join gate_finding t on ${same} and t.time_ms between s."fromMs" and s."toMs"`.execute(this.#kysely);
    for (const { n, body } of findings.rows) facts[n]!.findings.push(body);
    return facts;
  }
}

async function insert(
  transaction: Transaction<Tables>,
  rows: readonly Omit<EtcTables["etc_passage"], "seq">[],
): Promise<{ fresh: Set<string>; digests: Map<string, string> }> {
  const { rows: inserted } = await sql<{ id: string }>`
    insert into etc_passage
      (id, source, vehicle, time_ms, facility, lane, road_direction, goods, gate, direction, digest, body)
    select id, source, vehicle, time_ms, facility, lane, road_direction, goods, gate, direction, digest, body
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
      id text, source text, vehicle text, time_ms bigint, facility text, lane text, road_direction text, goods boolean,
      gate text, direction text, digest text, body jsonb
    )
    on conflict (id) do nothing returning id`.execute(transaction);
  const { rows: kept } = await sql<{ id: string; digest: string }>`
    select id, digest from etc_passage where id = any(${rows.map(({ id }) => id)})`.execute(transaction);
  return {
    fresh: new Set(inserted.map(({ id }) => id)),
    digests: new Map(kept.map(({ id, digest }) => [id, digest])),
  };
}

function rowOf(record: EtcRecord): Omit<EtcTables["etc_passage"], "seq"> {
  const { facility, lane, roadDirection, vehicleClass } = record;
  return {
    id: record.id,
    source: record.source,
    vehicle: record.vehicle,
    time_ms: Date.parse(record.time),
    facility: `${facility.kind} ${facility.id}`,
    lane,
    road_direction: roadDirection,
    // Passenger cars (classes 1 to 4) are no goods vehicles: their silence says nothing.
    goods: vehicleClass === null || vehicleClass > PASSENGER_CLASS_MAX,
    gate: null,
    direction: null,
    digest: digestOf(record),
    body: record,
  };
}

const PASSENGER_CLASS_MAX = 4;

/** Of everything that the toll system says; when it came here is not part of it. */
function digestOf(record: EtcRecord): string {
  return createHash("sha256")
    .update(JSON.stringify({ ...record, receivedAt: "" }))
    .digest("base64url");
}
