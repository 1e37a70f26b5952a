import { sql, type Kysely } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { createQueries } from "../store/ledger-queries.ts";
import type { Tables } from "../store/tables.ts";
import { readAs } from "./read-as.ts";
import type { Right } from "./rights.ts";
import { addCase, addLock } from "./seen-cases-for-tests.ts";

interface Asker {
  paths: string[];
  person: string | null;
  rights?: ReadonlySet<Right>;
}

const WATCH: Asker = { paths: ["c1/"], person: "chen", rights: new Set<Right>(["watch", "cases"]) };
const GRID: Asker = { paths: ["c1/g1/"], person: "wang", rights: new Set<Right>(["cases"]) };
const TOWN: Asker = { paths: ["c1/"], person: "chen", rights: new Set<Right>(["cases", "reports"]) };
const NOBODY: Asker = { paths: [], person: null };

let database: Database;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await sql`truncate work_case, lock, exposure, passage, fence_event, event, person cascade`.execute(database.kysely);
});
afterAll(() => database.close());

function as<T>(asker: Asker, run: (restricted: Kysely<Tables>) => Promise<T>): Promise<T> {
  return readAs(database.kysely, asker, run);
}

describe("9. Who may see what: cases, by one predicate that PostgreSQL holds", () => {
  beforeEach(async () => {
    await addCase(database.kysely, { id: "own", path: "c1/g1/" });
    await addCase(database.kysely, { id: "below", path: "c1/g1/x/" });
    await addCase(database.kysely, { id: "neighbour", path: "c1/g10/" });
    await addCase(database.kysely, { id: "taken", path: "c2/g9/", taker: "wang" });
  });

  const listed = (asker: Asker): Promise<string[]> =>
    as(asker, async (restricted) =>
      (await restricted.selectFrom("work_case").select("id").orderBy("id").execute()).map(({ id }) => id),
    );

  test("the place, all below it, and what the person has taken: for the list, the get and the story alike", async () => {
    expect(await listed(GRID)).toEqual(["below", "own", "taken"]);
    expect(await listed(TOWN)).toEqual(["below", "neighbour", "own"]);
    expect(await listed(NOBODY)).toEqual([]);
    const got = await as({ paths: ["c1/g1/"], person: null }, (restricted) =>
      restricted.selectFrom("work_case").select("id").where("id", "=", "neighbour").execute(),
    );
    expect(got).toEqual([]);
    const stories = await as({ paths: ["c1/g1/"], person: null }, (restricted) =>
      restricted.selectFrom("case_entry").select("case").orderBy("case").execute(),
    );
    expect(stories.map((entry) => entry.case)).toEqual(["below", "own"]);
    // Nothing of it is left behind in the connection.
    expect(await database.kysely.selectFrom("work_case").select("id").execute()).toHaveLength(4);
  });
});

describe("9. Who may see what: findings, by the same predicate as their cases", () => {
  beforeEach(async () => {
    for (const [lock, path, taker] of [
      ["own", "c1/g1/", null],
      ["neighbour", "c1/g10/", null],
      ["taken", "c2/g9/", "wang"],
      ["elsewhere", "c2/g9/", null],
    ] as const) {
      await addLock(database.kysely, lock, `v-${lock}`);
      await addCase(database.kysely, { id: `case-${lock}`, path, taker, lock });
    }
    await addLock(database.kysely, "placed-nowhere-yet", "v-new");
    await sql`
      insert into passage (id, vehicle, gate, direction, time_ms, body) values ('p', 'v-own', 'g', 'inbound', 0, '{}')
    `.execute(database.kysely);
    await sql`
      insert into fence_event (id, vehicle, kind, time_ms, body) values ('f', 'v-own', 'entry', 0, '{}')`.execute(
      database.kysely,
    );
    // An earlier exposure of the same vehicle, on which no lock rests.
    await sql`
      with told as (
        insert into event (at_ms, kind, change, id, cause, body) values (0, 'exposure', 'opened', 'old', 'live', '{}')
      )
      insert into exposure (id, vehicle, area, start_ms, exposed_ms, last_ms, body)
      values ('old', 'v-own', 'a', 0, 0, 0, '{"id": "old"}')`.execute(database.kysely);
  });

  const EVERY = ["elsewhere", "neighbour", "own", "placed-nowhere-yet", "taken"];

  test.each([
    ["a grid's head: the locks of the grid's cases and of what the person took", GRID, ["own", "taken"]],
    ["a township's desk: those of all its places", TOWN, ["neighbour", "own"]],
    ["a desk that watches the city: all, also before they have a case", WATCH, EVERY],
    ["nobody: none", NOBODY, []],
  ])("%s", async (_, asker, expected) => {
    const listed = await as(asker, (restricted) => createQueries(restricted).locks({}));
    expect(listed.items.map(({ id }) => id).toSorted()).toEqual(expected);
    for (const id of EVERY) {
      const got = as(asker, (restricted) => createQueries(restricted).lock(id)).then(
        () => "found",
        (error: { code: string }) => error.code,
      );
      expect(`${id} ${await got}`).toBe(`${id} ${expected.includes(id) ? "found" : "LOCK_NOT_FOUND"}`);
    }
    const exposures = await as(asker, (restricted) => createQueries(restricted).exposures({}));
    const held = expected.map((id) => `e-${id}`);
    expect(exposures.items.map(({ id }) => id).toSorted()).toEqual(asker === WATCH ? [...held, "old"] : held);
    const passages = await as(asker, (restricted) => createQueries(restricted).passages({}));
    const crossings = await as(asker, (restricted) => createQueries(restricted).fenceEvents({}));
    expect([passages.items.length, crossings.items.length]).toEqual(asker === WATCH ? [1, 1] : [0, 0]);
  });

  test("a case that moves takes its lock along", async () => {
    await database.kysely.updateTable("work_case").set({ path: "c1/g1/" }).where("id", "=", "case-elsewhere").execute();
    const { items } = await as(GRID, (restricted) => createQueries(restricted).locks({}));
    expect(items.map(({ id }) => id).toSorted()).toEqual(["elsewhere", "own", "taken"]);
  });

  test("a key that may watch no more sees no more than its places", async () => {
    const key = { ...WATCH, rights: new Set<Right>(["cases"]) };
    expect((await as(key, (restricted) => createQueries(restricted).locks({}))).items).toHaveLength(2);
  });
});

describe("9. Who may see what: the predicate goes by its index for the most restricted role", () => {
  const GRIDS = 5000;
  const CASES = 100_000;
  /** Whoever watches the city is not asked for cases: that part of the predicate is planned, and never comes to it. */
  const SCANNED = /Seq Scan(?!.*never executed)/;
  const MEMBER = "410700/c3/t7/v2/g4321/";

  test(`among ${CASES} cases with their locks in ${GRIDS} grids`, async () => {
    await database.kysely.transaction().execute(async (transaction) => {
      // Rows of a size that is real, written at once: what each of them has to fulfil is shown elsewhere.
      await sql`set local session_replication_role = replica`.execute(transaction);
      const path = sql`'410700/c' || i % 12 || '/t' || i % 150 || '/v' || i % 1500 || '/g' || i % ${sql.lit(GRIDS)} || '/'`;
      await sql`
        insert into work_case (id, type, type_version, state, place, path, slot, subject_kind, subject, lock, opened_ms,
                               due_ms, level, confirmation, closed_ms, version, body)
        select 'c' || i, 't', 1, 'new', 'g', case when i % ${sql.lit(GRIDS)} = 4321 then ${MEMBER} else ${path} end, 'head',
               'vehicle', 'v' || i, 'l' || i, i, i, 0, 'none', case when i % 10 = 0 then null else i end, 1, '{}'
        from generate_series(1, ${sql.lit(CASES)}) as i`.execute(transaction);
      await sql`
        insert into lock (id, vehicle, state, locked_ms, expires_ms, body)
        select 'l' || i, 'v' || i, 'expired', i, i, jsonb_build_object('id', 'l' || i, 'exposures', jsonb_build_array('e' || i))
        from generate_series(1, ${sql.lit(CASES)}) as i`.execute(transaction);
      await sql`
        insert into exposure (id, vehicle, area, start_ms, exposed_ms, last_ms, body)
        select 'e' || i, 'v' || i, 'a', i, i, i, jsonb_build_object('id', 'e' || i)
        from generate_series(1, ${sql.lit(CASES)}) as i`.execute(transaction);
    });
    await sql`analyze work_case, lock, exposure`.execute(database.kysely);
    const member: Asker = { paths: [MEMBER], person: "wang", rights: new Set<Right>(["cases"]) };
    for (const [list, index] of [
      ["locks", "work_case_lock_of_place"],
      ["exposures", "work_case_lock_of_place"],
    ] as const) {
      const { plan, rows } = await planOf(member, (queries) => queries[list]({ limit: 50, near: member.paths }));
      expect(rows).toBe(CASES / GRIDS);
      expect(plan).toContain(index);
      expect(plan).not.toMatch(SCANNED);
    }
    const one = await planOf(member, (queries) => queries.lock("l4321"));
    expect(one.plan).toMatch(/work_case_lock_key/);
    expect(one.plan).not.toMatch(SCANNED);
    await expect(planOf(member, (queries) => queries.lock("l4320"))).rejects.toMatchObject({ code: "LOCK_NOT_FOUND" });
    const whole = { ...member, rights: new Set<Right>(["watch"]) };
    const newest = await planOf(whole, (queries) => queries.locks({ limit: 50 }));
    expect(newest.plan).toContain("lock_newest");
    expect(newest.plan).not.toMatch(SCANNED);
  }, 120_000);

  /** How PostgreSQL answers the very statement that the list sends, in the role and with the rights of the asker. */
  async function planOf(
    asker: Asker,
    ask: (queries: ReturnType<typeof createQueries>) => Promise<unknown>,
  ): Promise<{ plan: string; rows: number }> {
    return as(asker, async (restricted) => {
      const asked: { sql: string; parameters: readonly unknown[] }[] = [];
      const watched = restricted.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => result,
      });
      const executor = watched.getExecutor();
      const compile = executor.compileQuery.bind(executor);
      executor.compileQuery = (...given) => {
        const compiled = compile(...given);
        asked.push(compiled);
        return compiled;
      };
      const answer = (await ask(createQueries(watched))) as { items?: unknown[] };
      const { sql: text, parameters } = asked.at(-1)!;
      const literal = text.replaceAll(/\$(\d+)/g, (_, n: string) => literalOf(parameters[Number(n) - 1]));
      const { rows } = await sql
        .raw<{ "QUERY PLAN": string }>(`explain (analyze, timing off) ${literal}`)
        .execute(restricted);
      return { plan: rows.map((row) => row["QUERY PLAN"]).join("\n"), rows: answer.items?.length ?? 1 };
    });
  }
});

function literalOf(value: unknown): string {
  return typeof value === "number" ? String(value) : `'${String(value)}'`;
}

describe("9. Who may see what: row-level security", () => {
  /** What names nobody, or what everybody of the teams may see of each other: places, duties, names at work. */
  const OPEN = new Set(
    // The clocks of cases are an id and an instant.
    `area area_version case_timer checkpoint duty etc_join follower leave migration person place place_operation place_shape
     place_version rule_version substitute tally`.split(/\s+/),
  );

  test("guards every table with personal data; a new table has to be decided about here", async () => {
    const { rows } = await sql<{ name: string; guarded: boolean }>`
      select relname as name, relrowsecurity as guarded from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname`.execute(database.kysely);
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter(({ name, guarded }) => guarded === OPEN.has(name))).toEqual([]);
  });

  test.each(["lock", "exposure", "passage", "event", "account", "audit", "person_field", "password_code"])(
    "shows nothing of %s to who has no right to it, also when somebody lets the role read there",
    async (table) => {
      const done = new Error("nothing of this stays");
      const doing = database.kysely.transaction().execute(async (transaction) => {
        await addLock(transaction, "l", "v");
        await sql`
          insert into passage (id, vehicle, gate, direction, time_ms, body) values ('p', 'v', 'g', 'inbound', 0, '{}')
        `.execute(transaction);
        await sql`insert into person (id, name, recorded_ms) values ('wang', '王', 0)`.execute(transaction);
        await sql`
          insert into account (id, name, roles, state, created_ms, changed_ms) values ('wang', '王', '{}', 'active', 0, 0)
        `.execute(transaction);
        await sql`insert into person_field (person, key) values ('wang', 'k')`.execute(transaction);
        await sql`insert into password_code values ('wang', '', '', 0, 1)`.execute(transaction);
        await sql`
          insert into audit (seq, at_ms, kind, shape, count, status, previous, digest)
          values (1, 0, 'read', '', 1, 200, '', '')`.execute(transaction);
        await sql`grant select on ${sql.table(table)} to wuxing_app`.execute(transaction);
        const count = sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`;
        expect((await count.execute(transaction)).rows[0].count).toBeGreaterThan(0);
        await sql`set local role wuxing_app`.execute(transaction);
        await sql`select set_config('wuxing.paths', 'c1/', true)`.execute(transaction);
        expect((await count.execute(transaction)).rows[0].count).toBe(0);
        throw done;
      });
      await expect(doing).rejects.toBe(done);
    },
  );
});
