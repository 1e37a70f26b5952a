import { WuxingError } from "../model/errors.ts";
import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { FIX_COLUMNS_SQL, viewFixes } from "./fix-columns.ts";
import { collectFixes, filesWhere, fixesWhere, overlaps, wholeMs, type Span } from "./fix-source.ts";
import { withoutRepetitions } from "./place-rows.ts";
import type { TrackDatabase } from "./track-database.ts";
import { planStays, type FixSource } from "./stay-plan.ts";
import type { BoxE6, Stretch } from "./visits.ts";

const TRACK_FIXES_MAX = 4_000_000;
/** Fixes that one pass of `eachTrack` sorts: some 100 MB. */
const PASS_FIXES = 1_000_000;
const PASS_VEHICLES_MAX = 4096;
/** Log places that one pass of `replay` sorts. */
const REPLAY_PASS = 1_000_000;
/** Chunks of 2,048 fixes in one batch of `replay`. */
const REPLAY_BATCH_CHUNKS = 8;

/** Repetitions stand one behind the other, the one that counts first: usable before unusable, then the earlier one. */
const TRACK_ORDER = `vehicle, time_ms, lon_e6, lat_e6, (flags & ${FIX_UNUSABLE}) <> 0, seq`;

/** Questions to the hot table and the files together, each in one transaction. */
export class FixQueries {
  private readonly database: TrackDatabase;
  private readonly source: FixSource;

  constructor(source: FixSource) {
    this.database = source.database;
    this.source = source;
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
  async stretchesIn(boxes: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs: number): Promise<Stretch[]> {
    const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
    const plan = await planStays(this.source, boxes, span, leastStayMs);
    return plan.stretches.map(({ vehicle, ...stretch }) => ({ vehicle, fromMs: stretch.fromMs, toMs: stretch.toMs }));
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

/** Column of the log place behind those of `FIX_COLUMNS_SQL`. */
const SEQ_COLUMN = 11;

function within({ fromMs, toMs }: Span): string {
  return `time_ms >= ${fromMs} AND time_ms < ${toMs}`;
}
