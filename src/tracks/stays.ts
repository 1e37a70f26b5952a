import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { collectFixes, parquet, wholeMs, type Span } from "./fix-source.ts";
import type { EdgeFix } from "./file-edges.ts";
import { STORED_COLUMNS_SQL, viewFixes, withRoom } from "./fix-columns.ts";
import { REST_LAT_SQL, REST_LON_SQL } from "./rests.ts";
import { PLACE_COLUMNS, sortPlaces } from "./place-rows.ts";
import { fixesBesideRests, planStays, type FixSource, type PlannedStretch, type StayPlan } from "./stay-plan.ts";
import { placesSql, spanOf, tracksIn, tracksOf } from "./stretch-fixes.ts";
import { momentOf, type PlanFile } from "./store-moment.ts";
import type { Stay } from "./track-port.ts";
import type { BoxE6 } from "./visits.ts";

/** Fixes that one pass reads, as far as can be told from the pass before. */
const PASS_FIXES = 1_000_000;
const FIRST_PASS_MS = 8192 * 600_000;
const PASS_STRETCHES_MIN = 64;
/** More cells than this are looked up by a table of them. */
const LISTED_CELLS_MAX = 512;
const FIRST_CAPACITY = 2048;
/** More stretches than this that are read from the files of fixes, and most of all, and no rests are read. */
const PLAIN_STRETCHES_MAX = 1000;

/** A plan's stretch whose fixes are all among the rests, but for those at the ends of files. */
interface Part {
  stretch: PlannedStretch;
  fixes: EdgeFix[];
}

/** See `TrackStore.staysIn`. */
export async function* staysIn(
  source: FixSource,
  boxes: readonly BoxE6[],
  { fromMs, toMs }: Span,
  leastStayMs: number,
): AsyncGenerator<Stay> {
  const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
  const { database } = source;
  const plan = await planStays(source, boxes, span, leastStayMs);
  const { plain, parts } = divided(plan, span);
  // In the order of places, so that each pass reads other row groups.
  const cellOf = ({ stretch }: Part): number => plan.visits.cell[stretch.visits[0]];
  parts.sort((a, b) => cellOf(a) - cellOf(b));
  let passMs = FIRST_PASS_MS;
  let at = 0;
  const next = async (): Promise<{ stretches: PlannedStretch[]; places: FixBatch | null } | null> => {
    if (at === parts.length) return null;
    const end = endOfPass(parts, at, passMs);
    const pass = parts
      .slice(at, end)
      .toSorted((a, b) => a.stretch.vehicle - b.stretch.vehicle || a.stretch.fromMs - b.stretch.fromMs);
    at = end;
    const stretches = pass.map(({ stretch }) => stretch);
    const places = await placesOf(source, plan, pass, span);
    const readMs = stretches.reduce((sum, stretch) => sum + stretch.toMs - stretch.fromMs, 0);
    if (places !== null && places.length > 0) passMs = (readMs * PASS_FIXES) / places.length;
    return { stretches, places };
  };
  // The next pass is read while this one is looked at.
  for (let reading = next(); ;) {
    const pass = await reading;
    if (pass === null) break;
    reading = next();
    reading.catch(() => {});
    // Compaction has changed the files: what the plan says of them is over, the fixes are where they always are.
    if (pass.places === null) plain.push(...pass.stretches);
    else for (const [vehicle, track] of tracksOf(pass.stretches, pass.places)) yield { vehicle, places: track };
  }
  // In the order of vehicles, as the files are: a pass in the order of places would read most of them each time.
  plain.sort((a, b) => a.vehicle - b.vehicle || a.fromMs - b.fromMs);
  for await (const [vehicle, track] of tracksIn(database, plain)) yield { vehicle, places: track };
}

/** Stretches that rests, ends of files and memory make whole, and those that are read from the files of fixes. */
function divided(plan: StayPlan, span: Span): { plain: PlannedStretch[]; parts: Part[] } {
  const plain: PlannedStretch[] = [];
  const parts: Part[] = [];
  for (const stretch of plan.stretches) {
    const fixes = fixesBesideRests(plan, stretch, span);
    if (fixes === null) plain.push(stretch);
    else parts.push({ stretch, fixes });
  }
  if (plain.length <= PLAIN_STRETCHES_MAX || plain.length <= parts.length) return { plain, parts };
  // The files of fixes are then read nearly whole, and have all that stands in rests: these need not be read as well.
  const needsRests = ({ stretch }: Part): boolean => stretch.visits.some((row) => plan.visits.coversToMs[row] !== 0);
  plain.push(...parts.filter(needsRests).map(({ stretch }) => stretch));
  return { plain, parts: parts.filter((part) => !needsRests(part)) };
}

function endOfPass(parts: readonly Part[], from: number, passMs: number): number {
  let end = from;
  for (let ms = 0; end < parts.length; end++) {
    const { fromMs, toMs } = parts[end].stretch;
    ms += toMs - fromMs;
    if (end - from >= PASS_STRETCHES_MIN && ms > passMs) break;
  }
  return end;
}

/**
 * The places of stretches, sorted: from memory, from the rests, from the ends of files, and from the hot table. Null when files
 * were asked and are others than those of the plan.
 */
async function placesOf(
  { database, held }: FixSource,
  plan: StayPlan,
  pass: readonly Part[],
  span: Span,
): Promise<FixBatch | null> {
  const stretches = pass.map(({ stretch }) => stretch);
  const { files, hasHot } = plan.moment;
  const { fromMs, toMs } = spanOf(stretches);
  const hot = `(SELECT ${STORED_COLUMNS_SQL} FROM hot_fix WHERE time_ms >= ${fromMs} AND time_ms < ${toMs})`;
  const queries = hasHot ? [placesSql(hot, stretches)] : [];
  const rests = restsSql(database.filesDir, plan, stretches);
  if (rests !== null) queries.push(rests);
  if (queries.length === 0) return addHeld(createFixBatch(FIRST_CAPACITY), files, pass);
  const fixes = await database.transaction("long", async (connection) => {
    const now = await momentOf(connection, held, span);
    const isSame = now.files.length === files.length && now.files.every(({ name }, i) => name === files[i].name);
    return isSame ? collectFixes(connection, queries.join(" UNION ALL "), { columns: PLACE_COLUMNS }) : null;
  });
  if (fixes === null) return null;
  const places = addHeld(fixes, files, pass);
  sortPlaces(places);
  return places;
}

/** Adds what is held of stretches, and the fixes at the ends of files; alone it is sorted. */
function addHeld(fixes: FixBatch, files: readonly PlanFile[], pass: readonly Part[]): FixBatch {
  let batch = fixes;
  for (const { stretch, fixes: edges } of pass) {
    const from = batch.length;
    let sources = 0;
    for (const { held, minVehicle, maxVehicle } of files) {
      if (held === undefined || stretch.vehicle < minVehicle || stretch.vehicle > maxVehicle) continue;
      const before = batch.length;
      batch = held.tracks.read(stretch.vehicle, stretch.fromMs, stretch.toMs, batch);
      if (batch.length > before) sources++;
    }
    if (edges.length > 0) {
      batch = addEdges(batch, stretch.vehicle, edges);
      sources++;
    }
    if (sources > 1) sortPlaces(viewFixes(batch, from, batch.length));
  }
  return batch;
}

/** The query for the rests of stretches; null when they have none. A few fixes of other times are among what it gives. */
function restsSql(
  filesDir: string,
  { moment: { files }, visits }: StayPlan,
  stretches: readonly PlannedStretch[],
): string | null {
  const numbers = new Set<number>();
  const cells = new Set<number>();
  for (const stretch of stretches) {
    for (const row of stretch.visits) {
      if (visits.coversToMs[row] === 0 || files[visits.file[row]].restsName === "") continue;
      numbers.add(visits.file[row]);
      cells.add(visits.cell[row]);
    }
  }
  if (numbers.size === 0) return null;
  const names = [...numbers].map((file) => files[file].restsName);
  const listed = [...cells];
  const inCells =
    listed.length <= LISTED_CELLS_MAX
      ? `WHERE cell IN (${listed.join(", ")})`
      : `JOIN (SELECT unnest([${listed.join(", ")}])::UINTEGER AS c) ON cell = c`;
  const vehicles = [...new Set(stretches.map(({ vehicle }) => vehicle))];
  return `SELECT vehicle, time_ms::DOUBLE, ${REST_LON_SQL}, ${REST_LAT_SQL}, 0::UTINYINT FROM ${parquet(filesDir, names)}
    JOIN (SELECT unnest([${vehicles.join(", ")}])::UINTEGER AS v) ON vehicle = v ${inCells}`;
}

function addEdges(fixes: FixBatch, vehicle: number, edges: readonly EdgeFix[]): FixBatch {
  const batch = withRoom(fixes, fixes.length + edges.length);
  for (const { timeMs, lonE6, latE6 } of edges) {
    const row = batch.length++;
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = timeMs;
    batch.lonE6[row] = lonE6;
    batch.latE6[row] = latE6;
    batch.flags[row] = 0;
  }
  return batch;
}
