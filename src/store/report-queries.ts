import { sql, type Kysely, type RawBuilder } from "kysely";
import type { AreaLevel } from "../model/area.ts";
import type { Report } from "../model/report.ts";
import type { Tables } from "./tables.ts";
import { createTallyStore } from "./tally-store.ts";

/** What a report is made of; spans `[fromMs, toMs)` in ms UTC. */
type ReportFigures = Omit<Report, "kind" | "date" | "from" | "to" | "madeAt" | "over" | "passages"> & {
  passages: Omit<Report["passages"], "kept">;
};

export interface ReportQueries {
  /** `partMs`: the bars of the passages' chart, counted from `fromMs`. */
  report(span: { fromMs: number; toMs: number; partMs: number }): Promise<ReportFigures>;
}

const HOUR_MS = 3_600_000;
/** Areas that are named in a report, and changes of areas. */
const LIST_MAX = 500;
const NONE = { opened: 0, revised: 0, withdrawn: 0 };

/** A dozen statements, each along an index over the span that is asked for. */
export function createReportQueries(kysely: Kysely<Tables>): ReportQueries {
  return {
    async report({ fromMs, toMs, partMs }) {
      const span = new Span(kysely, fromMs, toMs);
      return {
        locks: await locks(span),
        exposures: await exposures(span),
        passages: { ...(await passages(span)), parts: await parts(span, partMs) },
        late: await late(span),
        intake: await intake(span),
        areas: await areas(span),
        cases: await cases(span),
      };
    },
  };
}

class Span {
  readonly kysely: Kysely<Tables>;
  readonly fromMs: number;
  readonly toMs: number;

  constructor(kysely: Kysely<Tables>, fromMs: number, toMs: number) {
    this.kysely = kysely;
    this.fromMs = fromMs;
    this.toMs = toMs;
  }

  /** The column lies in the span. */
  has(column: string): RawBuilder<boolean> {
    return sql<boolean>`(${sql.ref(column)} >= ${this.fromMs} and ${sql.ref(column)} < ${this.toMs})`;
  }

  async rows<Row>(statement: RawBuilder<Row>): Promise<Row[]> {
    return (await statement.execute(this.kysely)).rows;
  }
}

async function locks(span: Span): Promise<Report["locks"]> {
  const { toMs } = span;
  const [row] = await span.rows(sql<{
    opened: number;
    released: number;
    expired: number;
    open: number;
    median: number | null;
    longest: number | null;
  }>`
    select
      (select count(*) from lock where ${span.has("locked_ms")}) as opened,
      (select count(*) from lock where state = 'expired' and ${span.has("expires_ms")}) as expired,
      -- Open at the end: open now, released since, expired since.
      (select count(*) from lock where state in ('live', 'review') and locked_ms < ${toMs})
        + (select count(*) from lock where ended_ms >= ${toMs} and locked_ms < ${toMs})
        + (select count(*) from lock where state = 'expired' and expires_ms >= ${toMs} and locked_ms < ${toMs}) as open,
      count(*) as released,
      percentile_cont(0.5) within group (order by seconds) as median,
      max(seconds) as longest
    from (
      select greatest(0, ended_ms / 1000.0 - extract(epoch from (body ->> 'learntAt')::timestamptz))::float8 as seconds
      from lock where ${span.has("ended_ms")}
    ) as ended`);
  const { median, longest, ...counts } = row!;
  return {
    ...counts,
    toRelease: median === null || longest === null ? null : { medianS: median, longestS: longest },
  };
}

async function exposures(span: Span): Promise<Report["exposures"]> {
  const rows = await span.rows(sql<{
    area: string;
    name: string;
    level: AreaLevel;
    observed: number;
    inferred: number;
    vehicles: number;
  }>`
    select e.area, coalesce(a.body ->> 'name', e.area) as name, coalesce(a.body ->> 'level', 'medium') as level,
      count(*) filter (where e.body ->> 'certainty' = 'observed') as observed,
      count(*) filter (where e.body ->> 'certainty' = 'inferred') as inferred,
      count(distinct e.vehicle) as vehicles
    from exposure e left join area a on a.id = e.area
    where ${span.has("e.exposed_ms")}
    group by 1, 2, 3 order by count(*) desc, e.area`);
  const [all] = await span.rows(
    sql<{ vehicles: number }>`select count(distinct vehicle) as vehicles from exposure where ${span.has("exposed_ms")}`,
  );
  return {
    observed: sumOf(rows, "observed"),
    inferred: sumOf(rows, "inferred"),
    vehicles: all!.vehicles,
    areas: rows.slice(0, LIST_MAX),
  };
}

async function passages(span: Span): Promise<Omit<Report["passages"], "parts" | "kept">> {
  const gates = await span.rows(sql<{ gate: string; inbound: number; outbound: number }>`
    select gate, count(*) filter (where direction = 'inbound') as inbound,
      count(*) filter (where direction = 'outbound') as outbound
    from passage where ${span.has("time_ms")} group by gate order by count(*) desc, gate`);
  return { inbound: sumOf(gates, "inbound"), outbound: sumOf(gates, "outbound"), gates };
}

async function parts(span: Span, partMs: number): Promise<Report["passages"]["parts"]> {
  const { fromMs, toMs } = span;
  const part = (column: string): RawBuilder<number> => sql<number>`(${sql.ref(column)} - ${fromMs}) / ${partMs}`;
  const rows = await span.rows(sql<{ part: number; kind: "inbound" | "outbound" | "exposures" | "locks"; n: number }>`
    select part::integer, kind, count(*) as n from (
      select ${part("time_ms")} as part, direction as kind from passage where ${span.has("time_ms")}
      union all select ${part("exposed_ms")}, 'exposures' from exposure where ${span.has("exposed_ms")}
      union all select ${part("locked_ms")}, 'locks' from lock where ${span.has("locked_ms")}
    ) as happened group by 1, 2`);
  const all = Array.from({ length: Math.ceil((toMs - fromMs) / partMs) }, (_, index) => ({
    from: new Date(fromMs + index * partMs).toISOString(),
    inbound: 0,
    outbound: 0,
    exposures: 0,
    locks: 0,
  }));
  for (const { part: index, kind, n } of rows) all[index]![kind] = n;
  return all;
}

async function late(span: Span): Promise<Report["late"]> {
  const rows = await span.rows(sql<{ change: string; n: number }>`
    select change, count(*) as n from event where cause = 'late-fix' and ${span.has("at_ms")} group by change`);
  const of = (change: string): number => rows.find((row) => row.change === change)?.n ?? 0;
  return { ...NONE, opened: of("opened"), revised: of("revised") + of("closed"), withdrawn: of("withdrawn") };
}

async function intake({ kysely, fromMs, toMs }: Span): Promise<Report["intake"]> {
  // An hour that began before the span is not split: it belongs to the day in which it began.
  const found = await createTallyStore(kysely).sums(Math.ceil(fromMs / HOUR_MS) * HOUR_MS, toMs);
  if (found === null) return null;
  const of = (name: string): number => found.counts.get(name) ?? 0;
  const rejected = [...found.counts]
    .filter(([name, count]) => name.startsWith("fault:") && count > 0)
    .map(([name, count]) => ({ reason: name.slice("fault:".length), count }))
    .toSorted((a, b) => b.count - a.count);
  const since = new Date(Math.max(found.sinceMs, fromMs)).toISOString();
  return { since, fixes: of("fixes"), late: of("late"), aside: of("aside"), frames: of("frames"), rejected };
}

async function areas(span: Span): Promise<Report["areas"]> {
  const rows = await span.rows(sql<{ at: number; change: string; id: string; name: string; level: AreaLevel }>`
    select at_ms as at, change, id, body ->> 'name' as name, body ->> 'level' as level
    from event where kind = 'area' and ${span.has("at_ms")} order by at_ms, seq`);
  const list = rows.map(({ at, change, ...area }) => ({
    at: new Date(at).toISOString(),
    change: CHANGES[change] ?? ("edited" as const),
    ...area,
  }));
  const of = (wanted: string): number => list.filter(({ change }) => change === wanted).length;
  return {
    published: of("published"),
    edited: of("edited"),
    withdrawn: of("withdrawn"),
    list: list.slice(-LIST_MAX).toReversed(),
  };
}

const CHANGES: Record<string, Report["areas"]["list"][number]["change"]> = {
  opened: "published",
  revised: "edited",
  withdrawn: "withdrawn",
};

async function cases(span: Span): Promise<Report["cases"]> {
  const { toMs } = span;
  const [any] = await span.rows(sql<{ any: boolean }>`select exists (select 1 from work_case) as any`);
  if (!any!.any) return null;
  const rows = await span.rows(sql<{ outcome: string | null; confirmation: string; n: number }>`
    select outcome, confirmation, count(*) as n from work_case where ${span.has("closed_ms")} group by 1, 2`);
  const [counts] = await span.rows(sql<{ opened: number; open: number }>`
    select
      (select count(*) from work_case where ${span.has("opened_ms")}) as opened,
      (select count(*) from work_case where closed_ms is null and opened_ms < ${toMs})
        + (select count(*) from work_case where closed_ms >= ${toMs} and opened_ms < ${toMs}) as open`);
  const closed = (of: "outcome" | "confirmation", value: string): number =>
    sumOf(
      rows.filter((row) => row[of] === value),
      "n",
    );
  return {
    ...counts!,
    closed: sumOf(rows, "n"),
    outcomes: {
      resolved: closed("outcome", "resolved"),
      unresolved: closed("outcome", "unresolved"),
      unfounded: closed("outcome", "unfounded"),
      duplicate: closed("outcome", "duplicate"),
    },
    confirmations: {
      confirmed: closed("confirmation", "confirmed"),
      contested: closed("confirmation", "contested"),
      none: closed("confirmation", "none"),
    },
  };
}

function sumOf<Name extends string>(rows: readonly Record<Name, number>[], name: Name): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}
