import { FIX_UNUSABLE } from "../model/fix.ts";
import { parquet, type Span } from "./fix-source.ts";
import { grown, type AskNumbers } from "./number-columns.ts";
import { COVERS_FROM_SQL, COVERS_TO_SQL, IS_REST_SQL } from "./rests.ts";
import type { StoreMoment } from "./store-moment.ts";

/**
 * A visit is a run of consecutive usable fixes of one vehicle in one cell of a grid. Beside every file of fixes, which
 * is in the order of vehicles, stands a small one of visits in the order of cells, so that "who was there" reads a few
 * row groups of it and no fixes at all.
 */

/** Size of a cell in 1e-6 degree: in China's middle some 2 km by 1.2 km. */
export const CELL_LON = 22_000;
export const CELL_LAT = 11_000;
export const ROW_CELLS = 32_768;
/** The box of a visit is rounded outwards to multiples of so much: few values, which pack to a third. */
const BOX_LON = 1024;
const BOX_LAT = 256;
/** A box of more rows of cells than this is looked up by its whole range of rows. */
const CELL_ROWS_MAX = 64;
/** More boxes than this are looked up by a table of their cells: each visit is compared with those of its cell only. */
const LISTED_BOXES_MAX = 16;
const TABLE_CELLS_MAX = 100_000;
/** So many cells are listed one by one. */
const LISTED_CELLS_MAX = 64;
/** Where a file does not tell the fix before or after a visit: the longest gap that may count as presence (6 h). */
export const UNKNOWN_EDGE_MS = 21_600_000;

/** Runs that are no further apart than this count as one: an outlier, or two, may lie between. */
export const BRIDGED_MS = 300_000;

/** West, south, east, north in 1e-6 degree, closed. */
export type BoxE6 = readonly [west: number, south: number, east: number, north: number];

/** The cell of a fix, over the columns of fixes. Rows of cells from the south, in each from the west. */
const CELL_SQL = `((lat_e6 + 90000000) // ${CELL_LAT}) * ${ROW_CELLS} + (lon_e6 + 180000000) // ${CELL_LON}`;

/** The cell of a place, 1e-6 degree. */
export function cellAt(lonE6: number, latE6: number): number {
  return Math.floor((latE6 + 90e6) / CELL_LAT) * ROW_CELLS + Math.floor((lonE6 + 180e6) / CELL_LON);
}

/**
 * Selects the visits of a file of fixes, which is sorted by vehicle and time backwards, in the order of their own file.
 * `before_ms` and `after_ms` are how long before the first and behind the last one the vehicle's next fixes lie.
 */
export function visitsOf(filesDir: string, file: string): string {
  // The windows have no order of their own: DuckDB keeps the order of the file, in which the fix behind comes before, and
  // runs them as it reads.
  return `SELECT cell, vehicle, first_ms, last_ms - first_ms AS lasted_ms, first_ms - previous_ms AS before_ms,
      next_ms - last_ms AS after_ms, ${down("west", BOX_LON)} AS west, ${down("south", BOX_LAT)} AS south,
      ${down("east", BOX_LON)} + ${BOX_LON - 1} AS east, ${down("north", BOX_LAT)} + ${BOX_LAT - 1} AS north
    FROM (
      SELECT cell, vehicle, min(time_ms) AS first_ms, max(time_ms) AS last_ms, min(before_ms) AS previous_ms,
        max(after_ms) AS next_ms, min(lon_e6) AS west, min(lat_e6) AS south, max(lon_e6) AS east, max(lat_e6) AS north
    FROM (
      SELECT *, count(*) FILTER (is_first) OVER (ROWS UNBOUNDED PRECEDING) AS visit
      FROM (
        SELECT vehicle, time_ms, lon_e6, lat_e6, cell,
          coalesce(lag(vehicle) OVER () <> vehicle OR lag(cell) OVER () <> cell, true) AS is_first,
          CASE WHEN lead(vehicle) OVER () = vehicle THEN lead(time_ms) OVER () ELSE time_ms - ${UNKNOWN_EDGE_MS} END AS before_ms,
          CASE WHEN lag(vehicle) OVER () = vehicle THEN lag(time_ms) OVER () ELSE time_ms + ${UNKNOWN_EDGE_MS} END AS after_ms
        FROM (
          SELECT vehicle, time_ms, lon_e6, lat_e6, (${CELL_SQL})::UINTEGER AS cell
          FROM ${parquet(filesDir, [file])} 
          WHERE (flags & ${FIX_UNUSABLE}) = 0 AND abs(lon_e6) <= 180000000 AND abs(lat_e6) <= 90000000
        )
      )
    )
    GROUP BY visit, vehicle, cell) ORDER BY cell, vehicle, first_ms`;
}

/** A bound of a box, rounded down. */
function down(column: string, step: number): string {
  return `((${column} + 180000000) // ${step} * ${step} - 180000000)::INTEGER`;
}

/** What may have been one stay of a vehicle: from the fix before it to the fix behind it, integer ms UTC, closed. */
export interface Stretch {
  vehicle: number;
  fromMs: number;
  toMs: number;
}

/**
 * Visits that touch the boxes and the span, in columns that may be longer, in no order; hot fixes in the boxes stand as one
 * visit a vehicle. A visit that touches several boxes may be there several times.
 */
export interface VisitColumns {
  length: number;
  vehicle: Float64Array;
  /** The fix before the visit and the fix behind it; 6 h further where they are not known. */
  fromMs: Float64Array;
  toMs: Float64Array;
  /** Its first and its last fix. */
  firstMs: Float64Array;
  lastMs: Float64Array;
  cell: Float64Array;
  /** What the rests of its file hold of its vehicle round it (`rests.ts`); nothing when it begins and ends at 0. */
  coversFromMs: Float64Array;
  coversToMs: Float64Array;
  /** Number of its file in the list; -1 for hot fixes. */
  file: Float64Array;
}

/** The visits in files, and in the hot table when it has any fix. */
export async function visitsIn(
  { files, hasHot }: StoreMoment,
  ask: AskNumbers,
  filesDir: string,
  { boxes, span }: { boxes: readonly BoxE6[]; span: Span },
): Promise<VisitColumns> {
  const numbers = [...files.keys()].filter((file) => files[file].held === undefined);
  const queries: string[] = [];
  if (hasHot) {
    const holding = boxes.map(([w, s, e, n]) => `(lon_e6 BETWEEN ${w} AND ${e} AND lat_e6 BETWEEN ${s} AND ${n})`);
    queries.push(`SELECT vehicle, min(time_ms) - ${UNKNOWN_EDGE_MS}, max(time_ms) + ${UNKNOWN_EDGE_MS},
         min(time_ms), max(time_ms), 0, 0, 0, -1
       FROM hot_fix WHERE (flags & ${FIX_UNUSABLE}) = 0 AND time_ms >= ${span.fromMs} AND time_ms < ${span.toMs}
       AND (${holding.join(" OR ")}) GROUP BY vehicle`);
  }
  if (numbers.length > 0) {
    const visits = parquet(
      filesDir,
      numbers.map((file) => files[file].visitsName),
    );
    queries.push(`SELECT vehicle, first_ms - before_ms, first_ms + lasted_ms + after_ms, first_ms, first_ms + lasted_ms, cell,
         CASE WHEN ${IS_REST_SQL} THEN ${COVERS_FROM_SQL} ELSE 0 END, CASE WHEN ${IS_REST_SQL} THEN ${COVERS_TO_SQL} ELSE 0 END,
         file_index::INTEGER
       FROM ${visitsTouching(visits, boxes)} AND first_ms < ${span.toMs} AND first_ms + lasted_ms >= ${span.fromMs}`);
  }
  const columns =
    queries.length === 0
      ? Array.from({ length: VISIT_COLUMNS }, () => new Float64Array(0))
      : await ask(`SELECT COLUMNS(*)::DOUBLE FROM (${queries.join(" UNION ALL ")})`, VISIT_COLUMNS);
  let { length } = columns[0];
  const fileOf = columns[VISIT_COLUMNS - 1];
  for (let row = 0; row < length; row++) if (fileOf[row] >= 0) fileOf[row] = numbers[fileOf[row]];
  for (const [file, { held }] of files.entries()) {
    for (const box of held === undefined ? [] : boxes) {
      held?.visits.each(box, span, ({ vehicle, fromMs, toMs, firstMs, lastMs, cell }) => {
        const row = [vehicle, fromMs, toMs, firstMs, lastMs, cell, 0, 0, file];
        for (let at = 0; at < VISIT_COLUMNS; at++) {
          columns[at] = grown(columns[at], length + 1);
          columns[at][length] = row[at];
        }
        length++;
      });
    }
  }
  const [vehicle, fromMs, toMs, firstMs, lastMs, cell, coversFromMs, coversToMs, file] = columns;
  return { length, vehicle, fromMs, toMs, firstMs, lastMs, cell, coversFromMs, coversToMs, file };
}

const VISIT_COLUMNS = 9;

/** `visits WHERE …`: those that touch a box; a visit that touches several boxes may be there several times. */
function visitsTouching(visits: string, boxes: readonly BoxE6[]): string {
  const ranges = boxes.map(cellRanges);
  const cells = ranges.flat().reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (boxes.length <= LISTED_BOXES_MAX || cells > TABLE_CELLS_MAX) {
    const touching = boxes.map(([w, s, e, n]) => `(west <= ${e} AND east >= ${w} AND south <= ${n} AND north >= ${s})`);
    return `${visits} WHERE ${cellsOf(ranges.flat())} AND (${touching.join(" OR ")})`;
  }
  const rows = boxes.flatMap((box, index) => ranges[index].map((range) => [...range, ...box].map(Math.round)));
  const [first, last, w, s, e, n] = [0, 1, 2, 3, 4, 5].map(
    (at) => `unnest([${rows.map((row) => row[at]).join(", ")}])`,
  );
  return `${visits} JOIN (
      SELECT unnest(range(first, last + 1))::UINTEGER AS in_cell, w, s, e, n
      FROM (SELECT ${first} AS first, ${last} AS last, ${w} AS w, ${s} AS s, ${e} AS e, ${n} AS n)
    ) ON cell = in_cell WHERE west <= e AND east >= w AND south <= n AND north >= s`;
}

/** The cells of a box: first and last of each row of cells. */
export function cellRanges([west, south, east, north]: BoxE6): [first: number, last: number][] {
  const [firstRow, lastRow] = [south, north].map((lat) => Math.floor((lat + 90e6) / CELL_LAT));
  const [firstCell, lastCell] = [west, east].map((lon) => Math.floor((lon + 180e6) / CELL_LON));
  if (lastRow - firstRow >= CELL_ROWS_MAX) return [[firstRow * ROW_CELLS, (lastRow + 1) * ROW_CELLS - 1]];
  return Array.from({ length: lastRow - firstRow + 1 }, (_, row): [number, number] => {
    const start = (firstRow + row) * ROW_CELLS;
    return [start + firstCell, start + lastCell];
  });
}

/** The condition on `cell` for ranges of cells, so that it is compared with zone maps well: a short list, or few ranges. */
function cellsOf(ranges: [number, number][]): string {
  const cells = new Set(
    ranges.length <= LISTED_CELLS_MAX ? ranges.flatMap(([first, last]) => numbersOf(first, last)) : [],
  );
  if (cells.size > 0 && cells.size <= LISTED_CELLS_MAX) return `cell IN (${[...cells].join(", ")})`;
  ranges.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of ranges) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return `(${merged.map(([first, last]) => `cell BETWEEN ${first} AND ${last}`).join(" OR ")})`;
}

/** The whole numbers of a range; none where there are more than would be listed. */
function numbersOf(first: number, last: number): number[] {
  return Array.from({ length: Math.min(last - first, LISTED_CELLS_MAX) + 1 }, (_, index) => first + index);
}
