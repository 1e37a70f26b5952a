import { sql, type Kysely, type RawBuilder, type SelectQueryBuilder } from "kysely";
import type { z } from "zod";
import type { caseCountsSchema, caseSyncSchema, CaseClock, CaseEntry, CaseStory, CaseSummary } from "../model/case.ts";
import { WuxingError } from "../model/errors.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../store/cursor.ts";
import type { Tables } from "../store/tables.ts";
import { addresseeOf } from "./addressee.ts";
import type { CaseTypeDefinition } from "./case-type.ts";
import { CASE_COLUMNS, isoOf, summaryOf, type CaseRow, type EntryBody } from "./case-record.ts";
import { dueOf, usedAt } from "./clocks.ts";
import type { Holder } from "./permits.ts";
import type { DutyFinder, PlaceFinder, WorkingTime } from "./ports.ts";
import { typeViewOf } from "./case-type-view.ts";

export interface CaseListsOptions {
  types: readonly CaseTypeDefinition[];
  places: PlaceFinder;
  duties: DutyFinder;
  working: WorkingTime;
  now: () => number;
}

export interface CaseFilter {
  type?: string | undefined;
  state?: string | undefined;
  /** The cases of this place and of all below it. */
  place?: string | undefined;
  subject?: string | undefined;
  lock?: string | undefined;
  /** Addressed to a duty of the asker, or taken by the asker. */
  mine?: boolean | undefined;
  overdue?: boolean | undefined;
  /** Over their limit, or over it in so many minutes. */
  dueWithin?: number | undefined;
  /** Without it open ones only. */
  closed?: boolean | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

type Counts = z.infer<typeof caseCountsSchema>;
type Sync = z.infer<typeof caseSyncSchema>;
type NamedRow = CaseRow & { taker_name: string | null };

/** Cases without a clock stand behind all that have one. */
const NO_LIMIT_MS = 8_640_000_000_000_000;
const SYNC_LIMIT = 500;
/** A phone keeps a closed case this long, so that its closing is seen there, ms. */
const CLOSED_KEPT_MS = 3 * 86_400_000;

/**
 * What the pages read of cases. Every function asks in the connection that it is given, so that the rights of whoever asks
 * hold, and needs one query for a screen.
 */
export class CaseLists {
  readonly #options: CaseListsOptions;
  readonly #types: ReadonlyMap<string, CaseTypeDefinition>;

  constructor(options: CaseListsOptions) {
    this.#options = options;
    this.#types = new Map(options.types.map((type) => [type.id, type]));
  }

  holder(person: string): Holder {
    return { person, duties: this.#options.duties.dutiesOf(person, this.#options.now()) };
  }

  summary(row: CaseRow, holder: Holder, takenByName: string | null): CaseSummary {
    const { places, now } = this.#options;
    return summaryOf(row, this.#typeOf(row), { places, holder, takenByName, nowMs: now() });
  }

  /** A page of open cases by urgency, the first to run out on top; or of closed ones, newest first. */
  async list(
    database: Kysely<Tables>,
    holder: Holder,
    filter: CaseFilter,
  ): Promise<{ items: CaseSummary[]; next: string | null }> {
    const limit = pageLimit(filter.limit);
    const after = decodeCursor(filter.cursor);
    const closed = filter.closed === true;
    const key = closed ? sql<number>`closed_ms` : sql<number>`coalesce(due_ms, ${sql.lit(NO_LIMIT_MS)})`;
    let query = this.#named(database)
      .where("closed_ms", closed ? "is not" : "is", null)
      .limit(limit + 1);
    query = closed
      ? query.orderBy("closed_ms", "desc").orderBy("work_case.id", "desc")
      : query.orderBy("due_ms", (order) => order.asc().nullsLast()).orderBy("work_case.id");
    if (after !== null)
      query = query.where(
        closed
          ? sql<boolean>`(closed_ms, work_case.id) < (${after.ms}, ${after.id})`
          : sql<boolean>`(${key}, work_case.id) > (${after.ms}, ${after.id})`,
      );
    if (filter.type !== undefined) query = query.where("type", "=", filter.type);
    if (filter.state !== undefined) query = query.where("state", "=", filter.state);
    if (filter.subject !== undefined) query = query.where("subject", "=", filter.subject);
    if (filter.lock !== undefined) query = query.where("lock", "=", filter.lock);
    if (filter.overdue === true) query = query.where("due_ms", "<", this.#options.now());
    if (filter.dueWithin !== undefined)
      query = query.where("due_ms", "<", this.#options.now() + filter.dueWithin * 60_000);
    if (filter.place !== undefined) query = query.where(below(this.#pathOf(filter.place)));
    if (filter.mine === true) query = query.where(this.#isMine(holder));
    const rows = (await query.execute()) as unknown as NamedRow[];
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const next =
      rows.length > limit && last !== undefined
        ? encodeCursor({ ms: closed ? last.closed_ms! : (last.due_ms ?? NO_LIMIT_MS), id: last.id })
        : null;
    return { items: items.map((row) => this.summary(row, holder, row.taker_name)), next };
  }

  /** Open cases by state and by the places right below one; closed ones of a span by outcome and confirmation. */
  async counts(database: Kysely<Tables>, place: string, closedSinceMs: number): Promise<Counts> {
    const { now, places } = this.#options;
    const path = this.#pathOf(place);
    const depth = path.split("/").length;
    const open = await sql<{ type: string; state: string; place: string; count: number; overdue: number }>`
      select type, state, split_part(path, '/', ${sql.lit(depth)}) as place,
             count(*)::integer as count, (count(*) filter (where due_ms < ${now()}))::integer as overdue
      from work_case where closed_ms is null and ${below(path)} group by 1, 2, 3`.execute(database);
    const closed = await sql<Counts["outcomes"][number]>`
      select outcome, confirmation, count(*)::integer as count
      from work_case where closed_ms >= ${closedSinceMs} and ${below(path)} group by 1, 2`.execute(database);
    const states = new Map<string, Counts["states"][number]>();
    const byPlace = new Map<string, Counts["places"][number]>();
    for (const row of open.rows) {
      const state = states.get(`${row.type}/${row.state}`) ?? {
        type: row.type,
        state: row.state,
        count: 0,
        overdue: 0,
      };
      states.set(`${row.type}/${row.state}`, add(state, "count", row));
      if (row.place === "") continue;
      const at = byPlace.get(row.place) ?? { place: row.place, name: places.nameOf(row.place), open: 0, overdue: 0 };
      byPlace.set(row.place, add(at, "open", row));
    }
    return { states: [...states.values()], places: [...byPlace.values()], outcomes: closed.rows };
  }

  /** @throws WuxingError CASE_NOT_FOUND, also for who may not see it */
  async find(database: Kysely<Tables>, id: string): Promise<NamedRow> {
    const row = await this.#named(database).where("work_case.id", "=", id).executeTakeFirst();
    if (row === undefined) throw new WuxingError("CASE_NOT_FOUND", id);
    return row as unknown as NamedRow;
  }

  /** A case's whole story. @throws WuxingError CASE_NOT_FOUND, also for who may not see it */
  async story(database: Kysely<Tables>, holder: Holder, id: string): Promise<CaseStory> {
    const row = await this.find(database, id);
    const entries = await database
      .selectFrom("case_entry")
      .leftJoin("person", "person.id", "case_entry.actor")
      .select(["seq", "at_ms", "kind", "actor", "body", "person.name as actor_name"])
      .where("case", "=", id)
      .orderBy("seq")
      .execute();
    const children = await database.selectFrom("work_case").select("id").where("parent", "=", id).execute();
    const type = this.#typeOf(row);
    const { duties, now } = this.#options;
    const addressee = addresseeOf(duties, row.path, row.slot, now());
    return {
      ...this.summary(row, holder, row.taker_name),
      clocks: this.#clocksOf(row, type),
      entries: entries.map((entry): CaseEntry => {
        const body = entry.body as EntryBody;
        const step = type.transitions.find(({ action }) => action === body.action);
        return {
          ...body,
          seq: entry.seq,
          at: isoOf(entry.at_ms),
          kind: entry.kind as CaseEntry["kind"],
          actor: entry.actor,
          actorName: entry.actor_name,
          label: step?.label ?? null,
        };
      }),
      addressee: { ...addressee, persons: [...addressee.persons] },
      parent: row.parent,
      children: children.map((child) => child.id),
      facts: row.body.facts,
    };
  }

  /**
   * What changed for a person's phone since a cursor: cases of the person's grids and those addressed to the person; cases that
   * left them. With another cursor than the person's present duties gave, everything comes anew (`full`).
   */
  async sync(database: Kysely<Tables>, holder: Holder, since: string | undefined): Promise<Sync> {
    const scope = holder.duties
      .map(({ place, slot }) => `${place}:${slot}`)
      .toSorted()
      .join(",");
    const from = readSyncCursor(since, scope);
    const {
      rows: [snapshot],
    } = await sql<{ oldest: string }>`
      select pg_snapshot_xmin(pg_current_snapshot())::text as oldest`.execute(database);
    let query = this.#named(database)
      .where(this.#isMineOrNear(holder))
      .where((either) =>
        either.or([either("closed_ms", "is", null), either("closed_ms", ">", this.#options.now() - CLOSED_KEPT_MS)]),
      )
      .orderBy("work_case.id")
      .limit(SYNC_LIMIT + 1);
    if (from.oldest !== null) query = query.where(sql<boolean>`work_case.change >= ${from.oldest}::xid8`);
    if (from.afterId !== null) query = query.where("work_case.id", ">", from.afterId);
    const rows = (await query.execute()) as unknown as NamedRow[];
    const page = rows.slice(0, SYNC_LIMIT);
    const more = rows.length > SYNC_LIMIT;
    const removed = from.oldest === null || more ? [] : await this.#movedAway(database, holder, from.oldest);
    const isFirst = from.oldest === null && from.afterId === null;
    return {
      cases: page.map((row) => this.summary(row, holder, row.taker_name)),
      removed: removed.filter((id) => !page.some((row) => row.id === id)),
      types: isFirst ? this.#options.types.map(typeViewOf) : [],
      // While pages follow, the next one is of the same span; what changes meanwhile is in the span after it.
      cursor: writeSyncCursor({
        oldest: more ? from.oldest : (from.next ?? snapshot!.oldest),
        next: more ? (from.next ?? snapshot!.oldest) : null,
        afterId: more ? page.at(-1)!.id : null,
        scope,
      }),
      more,
      full: isFirst,
      now: isoOf(this.#options.now()),
    };
  }

  /**
   * Cases that were in the person's places and have moved out of them. Where they are now the person may not see; the entry of
   * their leaving stayed where they were.
   */
  async #movedAway(database: Kysely<Tables>, holder: Holder, oldest: string): Promise<string[]> {
    const paths = holder.duties.map(({ place }) => inPath(sql`case_entry.path`, this.#pathOf(place)));
    if (paths.length === 0) return [];
    const { rows } = await sql<{ id: string }>`
      select distinct case_entry."case" as id from case_entry
      where case_entry.kind = 'moved' and case_entry.change >= ${oldest}::xid8 and (${sql.join(paths, sql` or `)})
        and not exists (
          select 1 from work_case where work_case.id = case_entry."case" and ${this.#isMineOrNear(holder)}
        )`.execute(database);
    return rows.map(({ id }) => id);
  }

  #named(database: Kysely<Tables>): SelectQueryBuilder<Tables, "work_case" | "person", object> {
    return database
      .selectFrom("work_case")
      .leftJoin("person", "person.id", "work_case.taken_by")
      .select(CASE_COLUMNS.map((column) => `work_case.${column}` as const))
      .select("person.name as taker_name") as never;
  }

  /** Addressed to a slot that the person holds, at the place or below it; or taken by the person. */
  #isMine({ person, duties }: Holder): RawBuilder<boolean> {
    const held = duties.map(({ place, slot }) => sql`(slot = ${slot} and ${below(this.#pathOf(place))})`);
    return sql<boolean>`(taken_by = ${person}${held.length === 0 ? sql`` : sql` or ${sql.join(held, sql` or `)}`})`;
  }

  /** Mine, or anything in a place of the lowest kind that I serve: a grid's people see all of their grid. */
  #isMineOrNear(holder: Holder): RawBuilder<boolean> {
    const near = holder.duties
      .map(({ place }) => this.#pathOf(place))
      .filter((path) => path.split("/").length > GRID_DEPTH)
      .map((path) => below(path));
    return near.length === 0
      ? this.#isMine(holder)
      : sql<boolean>`(${this.#isMine(holder)} or ${sql.join(near, sql` or `)})`;
  }

  #clocksOf(row: CaseRow, type: CaseTypeDefinition): CaseClock[] {
    const { working, now } = this.#options;
    return Object.entries(row.body.clocks).map(([clock, state]) => {
      const definition = type.clocks[clock]!;
      const due = dueOf(definition, state, working);
      return {
        clock,
        label: definition.label,
        state: state.state,
        time: definition.time,
        limitMs: definition.limitMs,
        usedMs: usedAt(definition, state, now(), working),
        startedAt: isoOf(state.begunMs),
        dueAt: due === null ? null : isoOf(due),
        pausedFor: state.pausedFor,
        marks: type.ladder
          .filter((step) => step.clock === clock)
          .map(({ afterMs, slot, does }) => ({ afterMs, slot, does })),
      };
    });
  }

  #pathOf(place: string): string {
    return this.#options.places.getPath(place, this.#options.now());
  }

  #typeOf({ type }: CaseRow): CaseTypeDefinition {
    const definition = this.#types.get(type);
    if (definition === undefined) throw new WuxingError("CASE_TYPE_INVALID", `there is no type ${type}`);
    return definition;
  }
}

/** Parts of a grid's path: city, county, township, community, grid, and the empty one behind the last slash. */
const GRID_DEPTH = 5;

/**
 * Rows whose place is the one with this path, or below it. Only operators that PostgreSQL knows as leakproof: `like` is none, and
 * under row-level security no index would be used for it (measured: 2 s instead of 0.3 ms among 100,000 open cases).
 */
function below(path: string): RawBuilder<boolean> {
  const [, county, ...more] = path.slice(0, -1).split("/");
  return county !== undefined && more.length === 0
    ? sql<boolean>`work_case.county = ${county}`
    : inPath(sql`work_case.path`, path);
}

/** What begins with `a/b/` lies from `a/b/` up to `a/b0`: the character behind the slash. */
function inPath(column: RawBuilder<unknown>, path: string): RawBuilder<boolean> {
  return sql<boolean>`(${column} ~>=~ ${path} and ${column} ~<~ ${`${path.slice(0, -1)}0`})`;
}

function add<Row extends { overdue: number }>(row: Row, key: keyof Row, more: { count: number; overdue: number }): Row {
  return { ...row, [key]: (row[key] as number) + more.count, overdue: row.overdue + more.overdue };
}

interface SyncCursor {
  /** The oldest transaction that may have changed something since; null for everything. */
  oldest: string | null;
  /** Where the span after this one begins, while pages of it follow. */
  next: string | null;
  afterId: string | null;
  scope: string;
}

function writeSyncCursor({ oldest, next, afterId, scope }: SyncCursor): string {
  return Buffer.from(JSON.stringify([oldest, next, afterId, scope])).toString("base64url");
}

/** A cursor of other duties, or none of ours, begins anew. */
function readSyncCursor(cursor: string | undefined, scope: string): SyncCursor {
  const anew: SyncCursor = { oldest: null, next: null, afterId: null, scope };
  if (cursor === undefined) return anew;
  try {
    const [oldest, next, afterId, before] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    const known = [oldest, next].every(
      (each) => each === null || (typeof each === "string" && /^\d{1,20}$/.test(each)),
    );
    if (!known || before !== scope || (afterId !== null && typeof afterId !== "string")) return anew;
    return { oldest: oldest as string | null, next: next as string | null, afterId, scope };
  } catch {
    return anew;
  }
}
