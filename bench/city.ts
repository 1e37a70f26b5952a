/**
 * `node bench/city.ts [--cases 1000000] [--dispatched 100000] [--audit-only] [--json]`: the demo's 4,995 grids and their teams, a million cases of
 * which a tenth is open. Lists as the most restricted role with the audit on, first syncs, locks from the ledger that get
 * their cases, steps, and how long a member's list waits while all that goes on; on a PostgreSQL server with
 * `DATABASE_URL_TEST`, else on PGlite in memory (with a twentieth of it).
 */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { AuditChain } from "../src/access/audit-chain.ts";
import { readAs } from "../src/access/read-as.ts";
import { lockedVehicle } from "../src/apps/checkpoints/locked-vehicle.ts";
import { lockObjection } from "../src/apps/checkpoints/lock-objection.ts";
import { CaseDesk } from "../src/cases/case-desk.ts";
import { CaseLists, type CaseFilter } from "../src/cases/case-lists.ts";
import type { CaseDeskOptions } from "../src/cases/case-writer.ts";
import { loadCaseType } from "../src/cases/load-case-type.ts";
import { fillPlaces } from "../src/city/place-folder.ts";
import { Places } from "../src/city/places.ts";
import { WorkingCalendar } from "../src/city/working-calendar.ts";
import { openTestDatabase } from "../src/store/database-for-tests.ts";
import { measureAudit } from "./city-access.ts";
import { Dispatch } from "./city-dispatch.ts";
import { report, type Figure } from "./report.ts";

const isServer = process.env["DATABASE_URL_TEST"] !== undefined;
const CASES = Number(process.argv[process.argv.indexOf("--cases") + 1]) || (isServer ? 1_000_000 : 50_000);
const NOW_MS = Date.UTC(2026, 9, 14, 2);
const QUESTIONS = 200;
const DISPATCHED = Number(process.argv[process.argv.indexOf("--dispatched") + 1]) || (isServer ? 100_000 : 5000);
const ALONE = 200;
const STEPS = isServer ? 5000 : 500;
/** Locks that come while members ask, and how many of them a phone asks for meanwhile. */
const BUSY_LOCKS = 2000;
/** As many at once as the program has connections. */
const AT_ONCE = 8;

const figures: Figure[] = [];
const add = (name: string, value: number, unit: string, more: Partial<Figure> = {}): void => {
  figures.push({ name, value, unit, ...more });
};
const database = await openTestDatabase();
const { kysely } = database;
const places = await Places.open(kysely);
await fillPlaces(places, "demo/xinxiang");
const options: CaseDeskOptions = {
  kysely,
  types: [lockedVehicle, lockObjection].map((type) => loadCaseType(type, places.duties.slots())),
  places: {
    findGridAt: (lon, lat, atMs) => places.findGridAt(lon, lat, atMs),
    getPath: (place, atMs) => places.getPath(place, atMs),
    nameOf: (place) => places.history.versionsOf(place).at(-1)?.name ?? place,
  },
  duties: {
    slots: () => places.duties.slots(),
    find: (place, slot, atMs) => places.duties.find(place, slot, atMs),
    dutiesOf: (person, atMs) => places.duties.index.dutiesOf(person, atMs),
  },
  working: new WorkingCalendar(),
  positionOf: async () => null,
  channels: [],
  now: () => NOW_MS,
};
const desk = new CaseDesk(options);
const lists = new CaseLists(options);
const audit = new AuditChain(kysely);
const grids = places.history
  .subtreeAt("410700", NOW_MS)
  .filter(({ kind }) => kind === "grid")
  .map(({ id, path }) => ({ id, path }));
const heads = grids.flatMap(({ id }) => {
  const { persons, wentUp } = places.duties.find(id, "head", NOW_MS);
  return wentUp ? [] : persons.map((person) => ({ person, grid: id }));
});
const counties = places.history.subtreeAt("410700", NOW_MS).filter(({ kind }) => kind === "county");

try {
  await run();
} finally {
  await database.close();
}
report(`city, ${isServer ? "PostgreSQL" : "PGlite in memory"}`, figures);

async function run(): Promise<void> {
  await fillCases();
  const persons = [...new Set(heads.map(({ person }) => person))];
  await measureAudit({ kysely, desk, lists, options, persons, nowMs: NOW_MS }, (figure) => figures.push(figure));
  if (process.argv.includes("--audit-only")) return;
  await askAll("a member's list", heads.length, (i) => {
    const { person } = heads[(i * 7919) % heads.length];
    return { person, path: null, filter: { mine: true, limit: 50 } };
  });
  await askAll("a county's overdue list", counties.length, (i) => {
    const { id, path } = counties[i % counties.length];
    return { person: "nobody", path, filter: { place: id, overdue: true, limit: 50 } };
  });
  await askSyncs();
  const dispatch = await Dispatch.open({ database, desk, options, spots: await spotsOf(), nowMs: NOW_MS });
  await dispatchMany(dispatch);
  await openAlone();
  await stepMany();
  await askWhileBusy(dispatch);
}

/** Cases in every grid, a tenth of them open, due from two days before now to a day after it. */
async function fillCases(): Promise<void> {
  const model = await open(`model-0`, grids[0].id);
  const startedMs = performance.now();
  const columns = sql`id, type, type_version, state, place, path, slot, subject_kind, subject, opened_ms, due_ms, level,
    outcome, confirmation, closed_ms, version, body`;
  const ids = sql.val(grids.map(({ id }) => id));
  const paths = sql.val(grids.map(({ path }) => path));
  const day = 86_400_000;
  for (let from = 0; from < CASES; from += 100_000) {
    const to = Math.min(CASES, from + 100_000) - 1;
    await sql`
      insert into work_case (${columns})
      select 'bench-' || i, 'locked-vehicle', 1, case when i % 10 = 0 then 'new' else 'released' end, grid.id, grid.path,
             'head', 'vehicle', '豫G' || i || '_2', ${NOW_MS}::bigint - i % 1000 * 60000,
             case when i % 10 = 0 then ${NOW_MS}::bigint + (i::bigint * 7919 % ${sql.lit(3 * day)}) - ${sql.lit(2 * day)} end,
             0, case when i % 10 = 0 then null else 'resolved' end, 'none',
             case when i % 10 = 0 then null else ${NOW_MS}::bigint - i::bigint * 20000 end, 1, ${JSON.stringify(model.body)}::jsonb
      from generate_series(${sql.lit(from)}, ${sql.lit(to)}) as i
      join unnest(${ids}::text[], ${paths}::text[]) with ordinality as grid (id, path, n)
        on grid.n = 1 + (i / 10) % ${sql.lit(grids.length)}`.execute(kysely);
  }
  await sql`analyze`.execute(kysely);
  add("cases written by the server itself, for the bench", (performance.now() - startedMs) / 1000, "s", {
    sizes: { cases: CASES, open: CASES / 10, grids: grids.length, persons: heads.length },
  });
}

function open(id: string, place: string): ReturnType<CaseDesk["open"]> {
  return desk.open({
    id,
    type: lockedVehicle.id,
    place,
    subject: { kind: "vehicle", id: `豫G${id}_2` },
    title: { zh: "曾在某地附近停留 12 分钟，已进入本市", en: "was 12 min near some place and entered the city" },
    facts: { rule: "exposure", ruleVersion: 1, exposures: [] },
    atMs: NOW_MS,
  });
}

/** One asks after the other, as a page does: in the restricted role, and noted in the audit before it is shown. */
async function askAll(
  name: string,
  askers: number,
  askerOf: (i: number) => { person: string; path: string | null; filter: CaseFilter },
): Promise<void> {
  const took: number[] = [];
  let rows = 0;
  for (let i = 0; i < QUESTIONS + 20; i++) {
    const { person, path, filter } = askerOf(i);
    const holder = lists.holder(person);
    const paths = path === null ? holder.duties.map(({ place }) => places.getPath(place, NOW_MS)) : [path];
    const startedMs = performance.now();
    const page = await readAs(kysely, { paths, person }, (restricted) => lists.list(restricted, holder, filter));
    await audit.append({
      account: person,
      purpose: "case-work",
      kind: "search",
      subject: null,
      shape: "GET /api/v1/cases?mine",
      count: page.items.length,
      status: 200,
    });
    if (i >= 20) took.push(performance.now() - startedMs);
    rows += page.items.length;
  }
  const sizes = { askers, rows: Math.round(rows / (QUESTIONS + 20)) };
  add(`${name}, p50`, quantile(took, 0.5), "ms", { sizes });
  add(`${name}, p95`, quantile(took, 0.95), "ms", { sizes });
}

async function askSyncs(): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < 50; i++) {
    const { person, grid } = heads[(i * 104_729) % heads.length];
    const startedMs = performance.now();
    const paths = [places.getPath(grid, NOW_MS)];
    await readAs(kysely, { paths, person }, (restricted) => lists.sync(restricted, lists.holder(person), undefined));
    took.push(performance.now() - startedMs);
  }
  add("a phone's first sync of its grid, p95", quantile(took, 0.95), "ms");
}

/** A corner of each grid, moved a little inwards, that lies in a grid. */
async function spotsOf(): Promise<{ lon: number; lat: number }[]> {
  return grids.flatMap(({ id }) => {
    const { geometry } = places.history.getVersion(id, NOW_MS).shape;
    const ring = geometry.type === "Polygon" ? geometry.coordinates[0] : geometry.coordinates[0][0];
    const lon = ring.reduce((sum, [each]) => sum + each, 0) / ring.length;
    const lat = ring.reduce((sum, [, each]) => sum + each, 0) / ring.length;
    return places.findGridAt(lon, lat, NOW_MS) === undefined ? [] : [{ lon, lat }];
  });
}

async function dispatchMany(dispatch: Dispatch): Promise<void> {
  await dispatch.record(DISPATCHED);
  const seconds = await dispatch.follow();
  const { opened } = await kysely
    .selectFrom("work_case")
    .select(({ fn }) => fn.countAll<number>().as("opened"))
    .where("lock", "is not", null)
    .executeTakeFirstOrThrow();
  if (opened !== DISPATCHED) throw new Error(`${opened} of ${DISPATCHED} locks have a case`);
  add(
    `${DISPATCHED.toLocaleString("en")} locks of the ledger got their cases: placed, addressed, timed, told`,
    seconds,
    "s",
    {
      sizes: { cases: DISPATCHED },
    },
  );
  add("cases dispatched", DISPATCHED / seconds, "a second");
}

async function openAlone(): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < ALONE; i++) {
    const startedMs = performance.now();
    await open(`alone-${i}`, grids[(i * 31) % grids.length].id);
    took.push(performance.now() - startedMs);
  }
  add("a case that is opened alone, p50", quantile(took, 0.5), "ms");
  add("a case that is opened alone, p95", quantile(took, 0.95), "ms");
}

/** Members ask for their lists while locks come in and the ladder of a tenth of all cases fires. */
async function askWhileBusy(dispatch: Dispatch): Promise<void> {
  await dispatch.record(BUSY_LOCKS);
  let isBusy = true;
  const work = (async () => {
    await dispatch.follow();
    for (let i = 0; i < 5; i++) await desk.fireLadder(NOW_MS + 3_600_000);
  })().finally(() => {
    isBusy = false;
  });
  const took: number[] = [];
  for (let i = 0; isBusy; i++) {
    const { person, grid } = heads[(i * 7919) % heads.length];
    const holder = lists.holder(person);
    const startedMs = performance.now();
    const paths = [places.getPath(grid, NOW_MS)];
    const asked = { mine: true, limit: 50 };
    await readAs(kysely, { paths, person }, (restricted) => lists.list(restricted, holder, asked));
    took.push(performance.now() - startedMs);
  }
  await work;
  const sizes = { asked: took.length, locks: BUSY_LOCKS };
  add("a member's list while locks are dispatched and the ladder fires, p95", quantile(took, 0.95), "ms", { sizes });
  add("the longest of those waits", Math.max(...took), "ms", { sizes });
}

async function stepMany(): Promise<void> {
  const startedMs = performance.now();
  let done = 0;
  const untaken = await kysely
    .selectFrom("work_case")
    .select(["id", "place"])
    .where("state", "=", "new")
    .where("lock", "is not", null)
    .limit(STEPS)
    .execute();
  await atOnce(untaken.length, async (i) => {
    const { id, place } = untaken[i];
    const { persons, wentUp } = places.duties.find(place, "head", NOW_MS);
    const person = persons[0];
    if (person === undefined || wentUp) return;
    const action = { id: randomUUID(), action: "take", version: 1, form: {}, attachments: [] };
    await desk.act(id, { account: person, person }, action);
    done++;
  });
  add("steps done", done / ((performance.now() - startedMs) / 1000), "a second", {
    sizes: { steps: done, atOnce: AT_ONCE },
  });
}

async function atOnce(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let i = next++; i < count; i = next++) await work(i);
    }),
  );
}

function quantile(values: readonly number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * at)]!;
}
