/**
 * `node bench/city-places.ts [--json]`: the demo's map. The operation that makes 4,995 of 4,507 grids, planned with every check
 * and executed; a restart; which grid a point is in, beside a bare walk over all boxes; who is addressed. On a PostgreSQL
 * server with `DATABASE_URL_TEST`, else on PGlite in memory.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillDemoHomes } from "../src/cli/demo-homes.ts";
import { fillPlaces } from "../src/city/place-folder.ts";
import { planOperation } from "../src/city/place-plan.ts";
import { boxOf } from "../src/city/partition.ts";
import { Places } from "../src/city/places.ts";
import { placeOperationInputSchema } from "../src/model/place.ts";
import { openTestDatabase } from "../src/store/database-for-tests.ts";
import { report, type Figure } from "./report.ts";

const DEMO = "demo/xinxiang";
const BEFORE = Date.parse("2025-02-01T00:00:00Z");
const AFTER = Date.parse("2025-07-01T00:00:00Z");
const POINTS = 200_000;

const figures: Figure[] = [];
const add = (name: string, value: number, unit: string, more: Partial<Figure> = {}): void => {
  figures.push({ name, value, unit, ...more });
};
const on = process.env["DATABASE_URL_TEST"] === undefined ? "PGlite in memory" : "PostgreSQL";
const database = await openTestDatabase();
const folder = mkdtempSync(join(tmpdir(), "wuxing-bench-places-"));
try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
  await database.close();
}
report(`places, ${on}`, figures);

async function run(): Promise<void> {
  // The demo's folder without its operations: those are done here, in one.
  const city = JSON.parse(readFileSync(join(DEMO, "city.json"), "utf8")) as Record<string, Record<string, string>>;
  delete city["places"]["operations"];
  const teams = city["teams"];
  delete city["teams"];
  for (const file of ["places.geojson"]) writeFileSync(join(folder, file), readFileSync(join(DEMO, file)));
  writeFileSync(join(folder, "city.json"), JSON.stringify(city));
  const places = await Places.open(database.kysely);
  const filling = performance.now();
  await fillPlaces(places, folder);
  add("4,507 grids imported, checked and written", (performance.now() - filling) / 1000, "s", {
    sizes: { places: places.history.subtreeAt("410700", BEFORE).length },
  });

  const operations = placeOperationInputSchema
    .array()
    .parse(JSON.parse(readFileSync(join(DEMO, "place-operations.json"), "utf8")));
  const changes = operations.flatMap((operation) => operation.changes);
  const effectiveAt = operations[0].effectiveAt;
  const planning = performance.now();
  const { problems } = planOperation(places.history, "bench", Date.parse(effectiveAt), changes);
  add("4,507 → 4,995 planned, with every check", performance.now() - planning, "ms", {
    sizes: { changes: changes.length },
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
  await fillDemoHomes({ places }, BEFORE);
  const previewing = performance.now();
  const spent = process.cpuUsage();
  const { rehomed } = await places.preview({ effectiveAt, reason: "bench", changes });
  const previewMs = performance.now() - previewing;
  const { user, system } = process.cpuUsage(spent);
  const sizes = {
    homes: (await places.homes.countAt("410700", BEFORE)).resident,
    flows: rehomed.length,
    cpuMs: Math.round((user + system) / 1000),
  };
  add("the same previewed, with where everybody who lives there goes", previewMs, "ms", { sizes });
  const executing = performance.now();
  await places.execute({ effectiveAt, reason: "bench", changes });
  add("the same executed in one transaction", performance.now() - executing, "ms", {
    sizes: { grids: places.history.leavesAt("civil", AFTER).length },
  });
  const checking = performance.now();
  if (places.check("civil", AFTER).length > 0) throw new Error("no partition");
  add("the whole partition checked", performance.now() - checking, "ms");

  const staffing = performance.now();
  await staff(places, teams);
  add("teams of 4,995 grids written", (performance.now() - staffing) / 1000, "s");

  const restarting = performance.now();
  const again = await Places.open(database.kysely);
  again.findGridAt(113.9, 35.3, AFTER);
  add("restart: everything read, index built", (performance.now() - restarting) / 1000, "s");
  const undone = again.history.with({ effectiveMs: AFTER, ended: [], begun: [] });
  const indexing = performance.now();
  undone.findLeafAt("civil", 113.9, 35.3, AFTER);
  add("index built anew, as the first question after an operation waits for", performance.now() - indexing, "ms");
  askPoints(again);
  askDuties(again);
}

async function staff(places: Places, teams: Record<string, string>): Promise<void> {
  const rows = readFileSync(join(DEMO, teams["file"]), "utf8").trim().split("\n").slice(1);
  const fromMs = Date.parse(`${teams["from"]}T00:00:00+08:00`);
  const names = new Map<string, string>();
  const duties = rows.map((row) => {
    const [place, slot, person, name] = row.split(",");
    if (name !== "") names.set(person, name);
    return { place, slot, person, fromMs, toMs: Infinity };
  });
  await places.duties.assign(duties, { persons: [...names].map(([id, name]) => ({ id, name })) });
}

function askPoints(places: Places): void {
  const grids = places.history.leavesAt("civil", AFTER);
  const boxes = grids.map(({ shape }) => boxOf(shape.geometry));
  const points = Array.from({ length: POINTS }, (_, n): [number, number] => [
    113.4 + ((n * 0.618_033_9) % 1) * 1.55,
    34.9 + ((n * 0.754_877_6) % 1) * 0.92,
  ]);
  let inside = 0;
  for (const [lon, lat] of points.slice(0, 20_000)) if (places.findGridAt(lon, lat, BEFORE) !== undefined) inside++;
  const asking = performance.now();
  for (const [n, [lon, lat]] of points.entries()) {
    if (places.findGridAt(lon, lat, n % 2 === 0 ? AFTER : BEFORE) !== undefined) inside++;
  }
  const micros = ((performance.now() - asking) * 1000) / POINTS;
  const walking = performance.now();
  let met = 0;
  for (const [lon, lat] of points.slice(0, POINTS / 100)) {
    for (const [west, south, east, north] of boxes)
      if (lon >= west && lon <= east && lat >= south && lat <= north) met++;
  }
  const bare = ((performance.now() - walking) * 1000) / (POINTS / 100);
  const versions = [...places.history.all()].length;
  add("which grid is this point in, on that date", micros, "µs", {
    ratio: micros / bare,
    comparedTo: "a walk over all boxes",
    sizes: { points: POINTS, versions, inside, met },
  });
}

function askDuties(places: Places): void {
  const grids = places.history.leavesAt("civil", AFTER);
  let persons = 0;
  for (const { id } of grids.slice(0, 500)) persons += places.duties.find(id, "member", AFTER).persons.length;
  const asking = performance.now();
  for (const { id } of grids) persons += places.duties.find(id, "member", AFTER).persons.length;
  add("who is addressed", ((performance.now() - asking) * 1000) / grids.length, "µs", { sizes: { persons } });
}
