import type { FixBatch } from "../model/fix.ts";
import { collectFixes, filesWhere, fixesWhere, overlaps, wholeMs } from "./fix-source.ts";
import { PLACE_COLUMNS, placesOnce, sortPlaces } from "./place-rows.ts";
import type { TrackDatabase } from "./track-database.ts";
import type { PlaceTrack } from "./track-port.ts";
import type { Stretch } from "./visits.ts";

const PASS_STRETCHES = 1024;
/** More make the condition on the vehicles too long. */
const PASS_STRETCHES_MAX = 16_384;
/** Of short stretches one pass reads more: so many slots of time in all, at a fix a second 5 million fixes. */
const PASS_SLOTS = 8192;
/** A range of numbers of which the vehicles in question are more than one in so many is read as a whole. */
const DENSE_SHARE = 3;
const SLOT_MS = 600_000;
const SLOTS_MAX = 100_000;

/** See `TrackStore.eachStretch`; the stretches are in order. */
export async function* tracksIn(
  database: TrackDatabase,
  stretches: readonly Stretch[],
): AsyncGenerator<[vehicle: number, PlaceTrack]> {
  let at = 0;
  const next = async (): Promise<{ part: readonly Stretch[]; places: FixBatch } | null> => {
    if (at === stretches.length) return null;
    const part = stretches.slice(at, endOfPass(stretches, at));
    at += part.length;
    return { part, places: await placesOf(database, part) };
  };
  // The next pass is read while this one is looked at.
  for (let reading = next(); ;) {
    const pass = await reading;
    if (pass === null) return;
    reading = next();
    reading.catch(() => {});
    yield* tracksOf(pass.part, pass.places);
  }
}

/** What of sorted places belongs to each of the stretches, which are in order; those without any are left out. */
export function* tracksOf(stretches: readonly Stretch[], places: FixBatch): Generator<[vehicle: number, PlaceTrack]> {
  const { length, vehicle: vehicles, timeMs } = places;
  let row = 0;
  for (const { vehicle, fromMs, toMs } of stretches) {
    while (row < length && (vehicles[row] < vehicle || (vehicles[row] === vehicle && timeMs[row] < fromMs))) row++;
    const from = row;
    while (row < length && vehicles[row] === vehicle && timeMs[row] <= toMs) row++;
    if (row > from) yield [vehicle, placesOnce(places, from, row)];
  }
}

/** The condition that leaves the files and hot fixes of the vehicles in question. */
function amongVehicles(stretches: readonly Stretch[]): string {
  // A list is compared with the zone maps of the row groups, a join is not; where it holds most of a range, the range is.
  const vehicles = [...new Set(stretches.map(({ vehicle }) => vehicle))];
  const [first, last] = [Math.min(...vehicles), Math.max(...vehicles)];
  const isDense = vehicles.length * DENSE_SHARE > last - first + 1;
  return isDense ? `vehicle BETWEEN ${first} AND ${last}` : `vehicle IN (${vehicles.join(", ")})`;
}

/** The query for the places in `source` (a table expression of fixes) that lie in the stretches. */
export function placesSql(source: string, stretches: readonly Stretch[]): string {
  const inSlot = areShort(stretches) ? `AND fix.time_ms // ${SLOT_MS} = slot` : "";
  return `SELECT fix.vehicle, fix.time_ms::DOUBLE, fix.lon_e6, fix.lat_e6, fix.flags FROM ${source} AS fix
    JOIN (${boundsOf(stretches)}) AS bound ON fix.vehicle = v AND fix.time_ms BETWEEN a AND z ${inSlot}`;
}

/** From the first to behind the last of the stretches. */
export function spanOf(stretches: readonly Stretch[]): { fromMs: number; toMs: number } {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const stretch of stretches) {
    fromMs = Math.min(fromMs, stretch.fromMs);
    toMs = Math.max(toMs, stretch.toMs);
  }
  return { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs + 1) };
}

function endOfPass(stretches: readonly Stretch[], from: number): number {
  let end = from;
  for (let slots = 0; end < stretches.length; end++) {
    slots += (stretches[end].toMs - stretches[end].fromMs) / SLOT_MS;
    if (end - from >= PASS_STRETCHES && (slots > PASS_SLOTS || end - from >= PASS_STRETCHES_MAX)) break;
  }
  return end;
}

function placesOf(database: TrackDatabase, stretches: readonly Stretch[]): Promise<FixBatch> {
  const span = spanOf(stretches);
  const [first, last] = [stretches[0].vehicle, stretches[stretches.length - 1].vehicle];
  return database.transaction("long", async (connection) => {
    const files = await filesWhere(
      connection,
      `${overlaps(span)} AND min_vehicle <= ${last} AND max_vehicle >= ${first}`,
    );
    const among = `${amongVehicles(stretches)} AND time_ms >= ${span.fromMs} AND time_ms < ${span.toMs}`;
    const source = fixesWhere(database.filesDir, files, among);
    const fixes = await collectFixes(connection, placesSql(source, stretches), { columns: PLACE_COLUMNS });
    sortPlaces(fixes);
    return fixes;
  });
}

/** Stretches as a table: of short ones a row for each slot of time, so that a fix is compared with those of its own slot only. */
function boundsOf(stretches: readonly Stretch[]): string {
  const list = (values: readonly number[]): string => `unnest([${values.join(", ")}])`;
  const rows = `SELECT ${list(stretches.map(({ vehicle }) => vehicle))}::UINTEGER AS v,
    ${list(stretches.map(({ fromMs }) => wholeMs(fromMs)))}::BIGINT AS a,
    ${list(stretches.map(({ toMs }) => Math.floor(wholeMs(toMs))))}::BIGINT AS z`;
  if (!areShort(stretches)) return rows;
  return `SELECT v, a, z, unnest(range(a // ${SLOT_MS}, z // ${SLOT_MS} + 1)) AS slot FROM (${rows})`;
}

function areShort(stretches: readonly Stretch[]): boolean {
  return stretches.reduce((sum, stretch) => sum + slotsOf(stretch), 0) <= SLOTS_MAX;
}

/** Slots that a stretch lies in, at most. */
function slotsOf({ fromMs, toMs }: Stretch): number {
  return (toMs - fromMs) / SLOT_MS + 2;
}
