import { sql, type Kysely, type RawBuilder } from "kysely";
import type { EtcPassage, GateFinding, GateVisit } from "../model/etc.ts";
import type { Passage } from "../model/finding.ts";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { Page, PageRequest } from "./ledger.ts";
import type { Tables } from "./tables.ts";

interface Span {
  fromMs?: number | undefined;
  /** Not included. */
  toMs?: number | undefined;
}

export interface EtcPassageFilter extends PageRequest, Span {
  gate?: string | undefined;
  vehicle?: string | undefined;
  source?: string | undefined;
}

export interface GateFindingFilter extends PageRequest, Span {
  gate?: string | undefined;
  vehicle?: string | undefined;
  kinds?: readonly GateFinding["kind"][] | undefined;
}

export interface GateVisitFilter extends PageRequest, Span {
  gate: string;
  direction?: Passage["direction"] | undefined;
}

/** The toll records as the API lists them, newest first. */
export interface EtcQueries {
  etcPassages(filter: EtcPassageFilter): Promise<Page<EtcPassage>>;
  gateFindings(filter: GateFindingFilter): Promise<Page<GateFinding>>;
  /** Who passed a gate: the passages of GPS, and the toll records that no passage of GPS stands for. */
  gateVisits(filter: GateVisitFilter): Promise<Page<GateVisit>>;
}

/** `mergeMs`: a toll record within this of a GPS passage is the same passage. */
export function createEtcQueries(kysely: Kysely<Tables>, mergeMs: number): EtcQueries {
  return {
    async etcPassages({ gate, vehicle, source, fromMs, toMs, ...page }) {
      const wanted = [
        ...(gate === undefined ? [] : [sql`gate = ${gate}`]),
        ...(vehicle === undefined ? [] : [sql`vehicle = ${vehicle}`]),
        ...(source === undefined ? [] : [sql`source = ${source}`]),
        ...within(sql`time_ms`, { fromMs, toMs }),
      ];
      const { items, next } = await list<{ body: Omit<EtcPassage, "gate" | "direction"> } & Mapped>(
        kysely,
        sql`select time_ms as ms, id, body, gate, direction from etc_passage`,
        wanted,
        page,
      );
      return { items: items.map(({ body, gate: at, direction }) => ({ ...body, gate: at, direction })), next };
    },
    async gateFindings({ gate, vehicle, kinds, fromMs, toMs, ...page }) {
      const wanted = [
        ...(gate === undefined ? [] : [sql`gate = ${gate}`]),
        ...(vehicle === undefined ? [] : [sql`vehicle = ${vehicle}`]),
        ...(kinds === undefined ? [] : [sql`kind = any(${kinds})`]),
        ...within(sql`time_ms`, { fromMs, toMs }),
      ];
      const { items, next } = await list<{ body: GateFinding }>(
        kysely,
        sql`select time_ms as ms, id, body from gate_finding`,
        wanted,
        page,
      );
      return { items: items.map(({ body }) => body), next };
    },
    gateVisits: (filter) => gateVisits(kysely, mergeMs, filter),
  };
}

interface Mapped {
  gate: string | null;
  direction: Passage["direction"] | null;
}

interface Visit {
  ms: number;
  id: string;
  vehicle: string;
  direction: Passage["direction"];
  by: "gps" | "etc";
}

async function gateVisits(
  kysely: Kysely<Tables>,
  mergeMs: number,
  { gate, direction, fromMs, toMs, limit, cursor }: GateVisitFilter,
): Promise<Page<GateVisit>> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  const conditions = sql.join(
    [
      sql`t.gate = ${gate}`,
      ...(direction === undefined ? [] : [sql`t.direction = ${direction}`]),
      ...within(sql`t.time_ms`, { fromMs, toMs }),
      ...(after === null ? [] : [sql`(t.time_ms, t.id) < (${after.ms}, ${after.id})`]),
    ],
    sql` and `,
  );
  const newest = sql`order by t.time_ms desc, t.id desc limit ${size + 1}`;
  const same = sql`o.vehicle = t.vehicle and o.gate = t.gate and o.direction = t.direction`;
  // A record that follows another within the merge time is of the same passage, as in the join.
  const { rows } = await sql<Visit>`
    (select t.time_ms as ms, t.id, t.vehicle, t.direction, 'gps' as by from passage t where ${conditions} ${newest})
    union all
    (select t.time_ms as ms, t.id, t.vehicle, t.direction, 'etc' as by from etc_passage t
     where ${conditions}
       and not exists (select 1 from passage o
         where ${same} and o.time_ms between t.time_ms - ${mergeMs}::bigint and t.time_ms + ${mergeMs}::bigint)
       and not exists (select 1 from etc_passage o
         where ${same} and o.time_ms >= t.time_ms - ${mergeMs}::bigint and (o.time_ms, o.id) < (t.time_ms, t.id))
     ${newest})
    order by ms desc, id desc limit ${size + 1}`.execute(kysely);
  const shown = rows.slice(0, size);
  const etc = await recordsNear(kysely, gate, mergeMs, shown);
  return {
    items: shown.map(({ ms, id, vehicle, direction: way, by }, at) => {
      const ids = etc[at]!;
      const seenBy = by === "etc" ? "etc" : ids.length > 0 ? "both" : "gps";
      const passage = by === "gps" ? id : null;
      return { vehicle, direction: way, time: new Date(ms).toISOString(), seenBy, passage, etc: ids };
    }),
    next: rows.length > size ? encodeCursor(shown.at(-1)!) : null,
  };
}

/** Ids of the toll records of each visit, by time. */
async function recordsNear(
  kysely: Kysely<Tables>,
  gate: string,
  mergeMs: number,
  visits: readonly Visit[],
): Promise<string[][]> {
  const found = visits.map((): string[] => []);
  const asked = JSON.stringify(visits.map(({ vehicle, direction, ms }, n) => ({ n, vehicle, direction, ms })));
  const { rows } = await sql<{ n: number; id: string }>`
    select v.n, e.id
    from jsonb_to_recordset(${asked}::jsonb) as v (n integer, vehicle text, direction text, ms bigint)
    join etc_passage e on e.vehicle = v.vehicle and e.gate = ${gate} and e.direction = v.direction
      and e.time_ms between v.ms - ${mergeMs}::bigint and v.ms + ${mergeMs}::bigint
    order by e.time_ms, e.id`.execute(kysely);
  for (const { n, id } of rows) found[n]!.push(id);
  return found;
}

function within(column: RawBuilder<unknown>, { fromMs, toMs }: Span): RawBuilder<unknown>[] {
  return [
    ...(fromMs === undefined ? [] : [sql`${column} >= ${fromMs}`]),
    ...(toMs === undefined ? [] : [sql`${column} < ${toMs}`]),
  ];
}

async function list<Row>(
  kysely: Kysely<Tables>,
  select: RawBuilder<unknown>,
  wanted: RawBuilder<unknown>[],
  { limit, cursor }: PageRequest,
): Promise<Page<Row>> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  if (after !== null) wanted.push(sql`(time_ms, id) < (${after.ms}, ${after.id})`);
  const where = wanted.length === 0 ? sql`` : sql`where ${sql.join(wanted, sql` and `)}`;
  const { rows } = await sql<Row & { ms: number; id: string }>`
    ${select} ${where} order by time_ms desc, id desc limit ${size + 1}`.execute(kysely);
  const items = rows.slice(0, size);
  return { items, next: rows.length > size ? encodeCursor(items.at(-1)!) : null };
}
