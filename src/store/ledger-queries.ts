import { sql, type Kysely, type RawBuilder, type SelectQueryBuilder } from "kysely";
import type { Area } from "../model/area.ts";
import { WuxingError } from "../model/errors.ts";
import type { Lock } from "../model/finding.ts";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import type { GateCount, LedgerFigures, LedgerQueries, Page, PageRequest } from "./ledger.ts";
import type { Tables } from "./tables.ts";

/** The tables that are listed, each with the column by which its list runs. */
const NEWEST_BY = {
  area: "published_ms",
  exposure: "start_ms",
  passage: "time_ms",
  fence_event: "time_ms",
  lock: "locked_ms",
} as const;
type Listed = keyof typeof NEWEST_BY;

/** Highest number of ids that are looked up at once. */
const IDS_MAX = 1000;

/** The lists, newest first, and the single findings. Each list is one statement along one index. */
export function createQueries(kysely: Kysely<Tables>): Omit<LedgerQueries, "eventsAfter" | "lastSeq" | "subscribe"> {
  return {
    areas: ({ state, ...page }) => list(kysely, "area", [equal("state", state)], page),
    area: (id) => getArea(kysely, id),
    areaHistory: (id) => areaHistory(kysely, id),
    exposures: ({ vehicle, area, near, ...page }) => {
      const held =
        near === undefined ? null : sql<boolean>`vehicle in (select vehicle from lock where ${isNear(near)})`;
      return list(kysely, "exposure", [equal("vehicle", vehicle), equal("area", area), held], page);
    },
    async findExposures(ids) {
      if (ids.length === 0) return [];
      const asked = ids.slice(0, IDS_MAX);
      const rows = await kysely.selectFrom("exposure").select("body").where("id", "in", asked).execute();
      return rows.map(({ body }) => body);
    },
    locks: ({ state, vehicle, near, ...page }) => {
      const held = near === undefined ? null : isNear(near);
      return list(kysely, "lock", [equal("state", state), equal("vehicle", vehicle), held], page);
    },
    lock: (id) => getLock(kysely, id),
    passages: ({ gate, vehicle, fromMs, toMs, ...page }) =>
      list(kysely, "passage", [equal("gate", gate), equal("vehicle", vehicle), ...span("time_ms", fromMs, toMs)], page),
    fenceEvents: ({ vehicle, fromMs, toMs, ...page }) =>
      list(kysely, "fence_event", [equal("vehicle", vehicle), ...span("time_ms", fromMs, toMs)], page),
    gateCounts: ({ fromMs, toMs }) => gateCounts(kysely, fromMs, toMs),
    figures: () => figures(kysely),
  };
}

type Condition = ReturnType<typeof sql<boolean>> | null;

function equal(column: string, value: string | undefined): Condition {
  return value === undefined ? null : sql<boolean>`${sql.ref(column)} = ${value}`;
}

/**
 * Locks whose cases lie at these paths or below them. Only leakproof operators, or row-level security keeps the question from
 * the index: what begins with `a/b/` lies from `a/b/` up to `a/b0`, the character behind the slash.
 */
function isNear(paths: readonly string[]): RawBuilder<boolean> {
  if (paths.length === 0) return sql<boolean>`false`;
  const below = paths.map((path) => sql`(path ~>=~ ${path} and path ~<~ ${`${path.slice(0, -1)}0`})`);
  return sql<boolean>`lock.id in (select lock from work_case where lock is not null and (${sql.join(below, sql` or `)}))`;
}

function span(column: string, fromMs: number | undefined, toMs: number | undefined): Condition[] {
  return [
    fromMs === undefined ? null : sql<boolean>`${sql.ref(column)} >= ${fromMs}`,
    toMs === undefined ? null : sql<boolean>`${sql.ref(column)} < ${toMs}`,
  ];
}

async function list<T extends Listed>(
  kysely: Kysely<Tables>,
  table: T,
  conditions: readonly Condition[],
  { limit, cursor }: PageRequest,
): Promise<Page<Tables[T]["body"]>> {
  const size = pageLimit(limit);
  const after = decodeCursor(cursor);
  const by = sql.ref(NEWEST_BY[table]);
  const wanted = conditions.filter((condition) => condition !== null);
  if (after) wanted.push(sql<boolean>`(${by}, id) < (${after.ms}, ${after.id})`);
  const where = wanted.length === 0 ? sql`` : sql`where ${sql.join(wanted, sql` and `)}`;
  const { rows } = await sql<{ ms: number; id: string; body: Tables[T]["body"] }>`
    select ${by} as ms, id, body from ${sql.table(table)} ${where}
    order by ${by} desc, id desc limit ${size + 1}`.execute(kysely);
  const items = rows.slice(0, size);
  return {
    items: items.map(({ body }) => body),
    next: rows.length > size ? encodeCursor(items.at(-1)!) : null,
  };
}

async function getArea(kysely: Kysely<Tables>, id: string): Promise<Area> {
  const row = await kysely.selectFrom("area").select("body").where("id", "=", id).executeTakeFirst();
  if (!row) throw new WuxingError("AREA_NOT_FOUND", id);
  return row.body;
}

async function areaHistory(kysely: Kysely<Tables>, id: string): Promise<Area[]> {
  const rows = await kysely
    .selectFrom("area_version")
    .select("body")
    .where("area", "=", id)
    .orderBy("version", "desc")
    .execute();
  if (rows.length === 0) throw new WuxingError("AREA_NOT_FOUND", id);
  return rows.map(({ body }) => body);
}

async function getLock(kysely: Kysely<Tables>, id: string): Promise<Lock> {
  const row = await kysely.selectFrom("lock").select("body").where("id", "=", id).executeTakeFirst();
  if (!row) throw new WuxingError("LOCK_NOT_FOUND", id);
  return row.body;
}

async function gateCounts(kysely: Kysely<Tables>, fromMs?: number, toMs?: number): Promise<GateCount[]> {
  let query: SelectQueryBuilder<Tables, "passage", object> = kysely.selectFrom("passage");
  if (fromMs !== undefined) query = query.where("time_ms", ">=", fromMs);
  if (toMs !== undefined) query = query.where("time_ms", "<", toMs);
  return query
    .select(({ fn }) => [
      "gate",
      fn.countAll<number>().filterWhere("direction", "=", "inbound").as("inbound"),
      fn.countAll<number>().filterWhere("direction", "=", "outbound").as("outbound"),
    ])
    .groupBy("gate")
    .orderBy("gate")
    .execute();
}

async function figures(kysely: Kysely<Tables>): Promise<LedgerFigures> {
  const { rows } = await sql<{ exposures: number; areas: number; locks: Partial<LedgerFigures["locks"]> | null }>`
    select
      (select count(*) from exposure) as exposures,
      (select count(*) from area where state = 'published') as areas,
      (select jsonb_object_agg(state, n) from (select state, count(*) as n from lock group by state) as s) as locks
  `.execute(kysely);
  const { exposures, areas, locks } = rows[0]!;
  return { exposures, areas, locks: { live: 0, review: 0, released: 0, expired: 0, ...locks } };
}
