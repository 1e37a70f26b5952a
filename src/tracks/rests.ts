import { FIX_UNUSABLE } from "../model/fix.ts";
import { parquet } from "./fix-source.ts";

/**
 * A rest is a visit in which a vehicle may have been in its cell for five minutes or longer, by the fixes round it. The
 * places of rests stand once more in a file of their own, in the order of cells, three minutes before and behind them
 * included: whoever asks who stayed somewhere finds nearly all fixes that decide it side by side. Some 60 of 100 fixes
 * are in there; resting ones are cheap. Behind them stand the first and the last fix of each vehicle in the file, so that
 * what lies in two files, one behind the other, is joined.
 */
const REST_MS = 300_000;
/** How much of the way before and behind stands with a rest; at least the fix before and the fix behind. */
const MARGIN_MS = 180_000;
/** Stands as the cell of each vehicle's first and last fix in the file. */
export const EDGE_CELL = 4_294_967_295;

/** Whether a visit, over the columns of visits, is a rest. */
export const IS_REST_SQL = `(before_ms + lasted_ms + after_ms >= ${REST_MS})`;
/** From when to when the places of a rest are complete: all usable fixes of its vehicle in its file. */
export const COVERS_FROM_SQL = `(first_ms - greatest(before_ms, ${MARGIN_MS}))`;
export const COVERS_TO_SQL = `(first_ms + lasted_ms + greatest(after_ms, ${MARGIN_MS}))`;

/** Longitude and latitude over the columns of rests. */
export const REST_LON_SQL = "(lon_high * 256 + lon_low)::INTEGER";
export const REST_LAT_SQL = "(lat_high * 256 + lat_low)::INTEGER";

/** Selects the places of the rests of a file of fixes, given its visits, in the order of their own file. */
export function restsOf(filesDir: string, file: string, visitsFile: string): string {
  // A delta encoding would spend on each fix at rest what the way to it needs: the high bytes hardly change, and pack well.
  return `SELECT cell, vehicle, time_ms, (lon_e6 >> 8)::INTEGER AS lon_high, (lon_e6 & 255)::UTINYINT AS lon_low,
      (lat_e6 >> 8)::INTEGER AS lat_high, (lat_e6 & 255)::UTINYINT AS lat_low
    FROM (
      SELECT cell, fix.vehicle AS vehicle, time_ms, lon_e6, lat_e6, first_ms, flags
      FROM ${parquet(filesDir, [file])} AS fix
      JOIN (
        SELECT cell, vehicle, first_ms, ${COVERS_FROM_SQL} AS from_ms, ${COVERS_TO_SQL} AS to_ms
        FROM ${parquet(filesDir, [visitsFile])} WHERE ${IS_REST_SQL}
      ) AS rest ON fix.vehicle = rest.vehicle AND time_ms BETWEEN from_ms AND to_ms
      WHERE (flags & ${FIX_UNUSABLE}) = 0
      UNION ALL
      SELECT ${EDGE_CELL}::UINTEGER, fix.vehicle, time_ms, lon_e6, lat_e6, 0, flags
      FROM ${parquet(filesDir, [file])} AS fix
      JOIN (
        SELECT vehicle, min(time_ms) AS first_ms, max(time_ms) AS last_ms
        FROM ${parquet(filesDir, [file])} WHERE (flags & ${FIX_UNUSABLE}) = 0 GROUP BY vehicle
      ) AS edge ON fix.vehicle = edge.vehicle AND (time_ms = edge.first_ms OR time_ms = edge.last_ms)
      WHERE (flags & ${FIX_UNUSABLE}) = 0
    )
    ORDER BY cell, vehicle, first_ms, time_ms`;
}
