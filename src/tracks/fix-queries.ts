import { WuxingError } from "../model/errors.ts";
import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { FIX_COLUMNS_SQL, retainFixes, viewFixes } from "./fix-columns.ts";
import { collectFixes, filesWhere, fixesWhere, overlaps, wholeMs, type Span } from "./fix-source.ts";
import type { TrackDatabase } from "./track-database.ts";
import type { PlaceTrack } from "./track-port.ts";
import { stretchesIn, type BoxE6, type Stretch } from "./visits.ts";

const TRACK_FIXES_MAX = 4_000_000;
/** Fixes that one pass of `eachTrack` sorts: some 100 MB. */
const PASS_FIXES = 1_000_000;
const PASS_VEHICLES_MAX = 4096;
const PASS_STRETCHES = 1024;
/** Of short stretches one pass reads more: so many slots of time in all, at a fix a second 5 million fixes. */
const PASS_SLOTS = 8192;
/** A range of numbers of which the vehicles in question are more than one in so many is read as a whole. */
const DENSE_SHARE = 3;
const SLOT_MS = 600_000;
const SLOTS_MAX = 100_000;
/** Log places that one pass of `replay` sorts. */
const REPLAY_PASS = 1_000_000;
/** Chunks of 2,048 fixes in one batch of `replay`. */
const REPLAY_BATCH_CHUNKS = 8;

/** Repetitions stand one behind the other, the one that counts first: usable before unusable, then the earlier one. */
const TRACK_ORDER = `vehicle, time_ms, lon_e6, lat_e6, (flags & ${FIX_UNUSABLE}) <> 0, seq`;

const PLACE_COLUMNS = ["vehicle", "timeMs", "lonE6", "latE6", "flags"] as const;

/** Questions to the hot table and the files together, each in one transaction. */
export class FixQueries {
  private readonly database: TrackDatabase;

  constructor(database: TrackDatabase) {
    this.database = database;
  }

  /** See `TrackStore.track`. */
  track(vehicle: number, fromMs: number, toMs: number): Promise<FixBatch> {
    const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
    return this.database.transaction("quick", async (connection) => {
      const files = await filesWhere(
        connection,
        `${overlaps(span)} AND min_vehicle <= ${vehicle} AND max_vehicle >= ${vehicle}`,
      );
      const source = fixesWhere(this.database.filesDir, files, `vehicle = ${vehicle} AND ${within(span)}`);
      const track = await collectFixes(
        connection,
        `SELECT ${FIX_COLUMNS_SQL} FROM ${source} ORDER BY ${TRACK_ORDER} LIMIT ${TRACK_FIXES_MAX + 1}`,
      );
      if (track.length > TRACK_FIXES_MAX) {
        throw new WuxingError("OVERLOADED", `vehicle ${vehicle} has more than ${TRACK_FIXES_MAX} fixes in the span`);
      }
      return withoutRepetitions(track);
    });
  }

  /** See `TrackStore.eachTrack`. */
  async eachTrack(
    vehicles: Uint32Array,
    fromMs: number,
    toMs: number,
    onTrack: (vehicle: number, track: FixBatch) => void | Promise<void>,
  ): Promise<void> {
    const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
    const wanted = vehicles.toSorted().filter((vehicle, index, all) => index === 0 || vehicle !== all[index - 1]);
    const perPass = await this.vehiclesPerPass(span);
    for (let at = 0; at < wanted.length; at += perPass) {
      const fixes = await this.tracksOf(wanted.subarray(at, at + perPass), span);
      for (let from = 0, to = 0; from < fixes.length; from = to) {
        const vehicle = fixes.vehicle[from];
        while (to < fixes.length && fixes.vehicle[to] === vehicle) to++;
        await onTrack(vehicle, withoutRepetitions(viewFixes(fixes, from, to)));
      }
    }
  }

  /** See `TrackStore.stretchesIn`. */
  stretchesIn(boxes: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs: number): Promise<Stretch[]> {
    const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
    return this.database.transaction("quick", (connection) =>
      stretchesIn(connection, this.database.filesDir, boxes, span, leastStayMs),
    );
  }

  /** See `TrackStore.eachStretch`; the stretches are in order. */
  async eachStretch(
    stretches: readonly Stretch[],
    onStretch: (vehicle: number, places: PlaceTrack) => void | Promise<void>,
  ): Promise<void> {
    for (let at = 0, end = 0; at < stretches.length; at = end) {
      end = endOfPass(stretches, at);
      const part = stretches.slice(at, end);
      const places = await this.placesOf(part);
      let row = 0;
      for (const { vehicle, toMs } of part) {
        const from = row;
        while (row < places.length && places.vehicle[row] === vehicle && places.timeMs[row] <= toMs) row++;
        if (row > from) await onStretch(vehicle, placesOnce(places, from, row));
      }
    }
  }

  private placesOf(stretches: readonly Stretch[]): Promise<FixBatch> {
    const span = {
      fromMs: wholeMs(Math.min(...stretches.map(({ fromMs }) => fromMs))),
      toMs: wholeMs(Math.max(...stretches.map(({ toMs }) => toMs)) + 1),
    };
    const [first, last] = [stretches[0].vehicle, stretches[stretches.length - 1].vehicle];
    // A list is compared with the zone maps of the row groups, a join is not; where it holds most of a range, the range is.
    const vehicles = [...new Set(stretches.map(({ vehicle }) => vehicle))];
    const isDense = vehicles.length * DENSE_SHARE > last - first + 1;
    const among = isDense ? `vehicle BETWEEN ${first} AND ${last}` : `vehicle IN (${vehicles.join(", ")})`;
    const inSlot = areShort(stretches) ? `AND fix.time_ms // ${SLOT_MS} = slot` : "";
    return this.database.transaction("long", async (connection) => {
      const files = await filesWhere(
        connection,
        `${overlaps(span)} AND min_vehicle <= ${last} AND max_vehicle >= ${first}`,
      );
      const source = fixesWhere(this.database.filesDir, files, `${among} AND ${within(span)}`);
      const fixes = await collectFixes(
        connection,
        `SELECT fix.vehicle, fix.time_ms::DOUBLE, fix.lon_e6, fix.lat_e6, fix.flags FROM ${source} AS fix
         JOIN (${boundsOf(stretches)}) AS bound ON fix.vehicle = v AND fix.time_ms BETWEEN a AND z ${inSlot}`,
        { columns: PLACE_COLUMNS },
      );
      sortPlaces(fixes);
      return fixes;
    });
  }

  /** See `TrackStore.replay`; `end` is the durable position. */
  async replay(
    from: number,
    end: number,
    onBatch: (batch: FixBatch, position: number) => void | Promise<void>,
  ): Promise<void> {
    for (let start = from; start < end; start += REPLAY_PASS) {
      const { fixes, marks } = await this.logPart(start, Math.min(end, start + REPLAY_PASS));
      let row = 0;
      for (let index = 0; index < marks.length; index++) {
        if ((index + 1) % REPLAY_BATCH_CHUNKS !== 0 && index !== marks.length - 1) continue;
        await onBatch(viewFixes(fixes, row, marks[index].rows), marks[index].position);
        row = marks[index].rows;
      }
    }
  }

  /** Fixes with log places `[from, end)` in their order, and after some rows the position reached. */
  private logPart(
    from: number,
    end: number,
  ): Promise<{ fixes: FixBatch; marks: { rows: number; position: number }[] }> {
    return this.database.transaction("long", async (connection) => {
      const files = await filesWhere(connection, `max_seq >= ${from} AND min_seq < ${end}`);
      const source = fixesWhere(this.database.filesDir, files, `seq >= ${from} AND seq < ${end}`);
      const marks: { rows: number; position: number }[] = [];
      const sql = `SELECT ${FIX_COLUMNS_SQL}, seq::DOUBLE FROM ${source} ORDER BY seq`;
      const fixes = await collectFixes(connection, sql, {
        onChunk: (chunk, rows) => {
          const lastSeq = Number(chunk.getColumnVector(SEQ_COLUMN).getItem(chunk.rowCount - 1));
          marks.push({ rows, position: lastSeq + 1 });
        },
      });
      return { fixes, marks };
    });
  }

  private async vehiclesPerPass(span: Span): Promise<number> {
    return this.database.use("long", async (connection) => {
      // Fixes of a vehicle in the span, as if each file held them evenly.
      const result = await connection.runAndReadAll(
        `SELECT coalesce(sum(fixes / (max_vehicle - min_vehicle + 1)
           * least(1, (least(max_time_ms + 1, ${span.toMs}) - greatest(min_time_ms, ${span.fromMs})) / (max_time_ms - min_time_ms + 1))), 0)::DOUBLE
         FROM track_file WHERE ${overlaps(span)}
         UNION ALL SELECT (count(*) / greatest(1, count(DISTINCT vehicle)))::DOUBLE FROM hot_fix WHERE ${within(span)}`,
      );
      const expected = result.getRows().reduce((sum, [fixes]) => sum + Number(fixes), 0);
      return Math.max(1, Math.min(PASS_VEHICLES_MAX, Math.floor(PASS_FIXES / Math.max(1, expected))));
    });
  }

  private tracksOf(vehicles: Uint32Array, span: Span): Promise<FixBatch> {
    const [first, last] = [vehicles[0], vehicles[vehicles.length - 1]];
    return this.database.transaction("long", async (connection) => {
      const files = await filesWhere(
        connection,
        `${overlaps(span)} AND min_vehicle <= ${last} AND max_vehicle >= ${first}`,
      );
      // An IN list is compared with the zone maps of the row groups, a join is not.
      const where = `vehicle IN (${vehicles.join(", ")}) AND ${within(span)}`;
      const source = fixesWhere(this.database.filesDir, files, where);
      return collectFixes(connection, `SELECT ${FIX_COLUMNS_SQL} FROM ${source} ORDER BY ${TRACK_ORDER}`);
    });
  }
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

function endOfPass(stretches: readonly Stretch[], from: number): number {
  let end = from;
  for (let slots = 0; end < stretches.length; end++) {
    slots += slotsOf(stretches[end]);
    if (end - from >= PASS_STRETCHES && slots > PASS_SLOTS) break;
  }
  return end;
}

/** Slots that a stretch lies in, at most. */
function slotsOf({ fromMs, toMs }: Stretch): number {
  return (toMs - fromMs) / SLOT_MS + 2;
}

/** Column of the log place behind those of `FIX_COLUMNS_SQL`. */
const SEQ_COLUMN = 11;

function within({ fromMs, toMs }: Span): string {
  return `time_ms >= ${fromMs} AND time_ms < ${toMs}`;
}

function withoutRepetitions(track: FixBatch): FixBatch {
  let [timeMs, lonE6, latE6] = [Number.NaN, 0, 0];
  retainFixes(track, (row) => {
    if (track.timeMs[row] === timeMs && track.lonE6[row] === lonE6 && track.latE6[row] === latE6) return false;
    timeMs = track.timeMs[row];
    lonE6 = track.lonE6[row];
    latE6 = track.latE6[row];
    return true;
  });
  return track;
}

/**
 * Brings places into the order of tracks; of repetitions, which differ in nothing else that is asked here, the usable one
 * first. By vehicle they are counted; what one vehicle has comes in order mostly, so this is a fifth of DuckDB's sorting.
 */
function sortPlaces(fixes: FixBatch): void {
  const { length, vehicle, timeMs, lonE6, latE6, flags } = fixes;
  if (length === 0) return;
  let [first, last] = [vehicle[0], vehicle[0]];
  for (let row = 1; row < length; row++) {
    if (vehicle[row] < first) first = vehicle[row];
    else if (vehicle[row] > last) last = vehicle[row];
  }
  // Where the rows of each vehicle begin; then, where its next one goes.
  const starts = new Uint32Array(last - first + 2);
  for (let row = 0; row < length; row++) starts[vehicle[row] - first + 1]++;
  for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[starts[vehicle[row] - first]++] = row;
  const compare = (a: number, b: number): number =>
    timeMs[a] - timeMs[b] ||
    lonE6[a] - lonE6[b] ||
    latE6[a] - latE6[b] ||
    Number((flags[a] & FIX_UNUSABLE) !== 0) - Number((flags[b] & FIX_UNUSABLE) !== 0);
  for (let from = 0, at = 0; at < starts.length - 1; at++) {
    const rows = order.subarray(from, starts[at]);
    from = starts[at];
    let isSorted = true;
    for (let row = 1; row < rows.length && isSorted; row++) isSorted = compare(rows[row - 1], rows[row]) <= 0;
    if (!isSorted) rows.sort(compare);
  }
  for (const column of [vehicle, timeMs, lonE6, latE6, flags]) {
    const unsorted = column.slice(0, length);
    for (let row = 0; row < length; row++) column[row] = unsorted[order[row]];
  }
}

function placesOnce(fixes: FixBatch, from: number, to: number): PlaceTrack {
  const { length, timeMs, lonE6, latE6, flags } = withoutRepetitions(viewFixes(fixes, from, to));
  return { length, timeMs, lonE6, latE6, flags };
}
