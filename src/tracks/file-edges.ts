import { FIX_UNUSABLE } from "../model/fix.ts";
import { parquet } from "./fix-source.ts";
import type { AskNumbers } from "./number-columns.ts";
import { EDGE_CELL, REST_LAT_SQL, REST_LON_SQL } from "./rests.ts";
import type { PlanFile, StoreMoment } from "./store-moment.ts";
import { UNKNOWN_EDGE_MS, type VisitColumns } from "./visits.ts";

/** A usable fix with which a vehicle begins or ends in a file. */
export interface EdgeFix {
  timeMs: number;
  lonE6: number;
  latE6: number;
}

/** What a file has of a vehicle: from its first to its last usable fix. */
export interface FileSpan {
  firstMs: number;
  lastMs: number;
  /** Those with the first and the last time. */
  fixes: EdgeFix[];
}

/** Of each vehicle that was asked for, each file (number; -1: the hot table) that has usable fixes of it. */
export type FileEdges = ReadonlyMap<number, ReadonlyMap<number, FileSpan>>;

/** Vehicles with a visit at an end of its file: the fix before or behind it is in another file, if anywhere. */
export function vehiclesAtEdges({ length, vehicle, fromMs, firstMs, lastMs, toMs, file }: VisitColumns): number[] {
  const vehicles = new Set<number>();
  for (let row = 0; row < length; row++) {
    const isAtEdge = firstMs[row] - fromMs[row] === UNKNOWN_EDGE_MS || toMs[row] - lastMs[row] === UNKNOWN_EDGE_MS;
    if (file[row] >= 0 && isAtEdge) vehicles.add(vehicle[row]);
  }
  return [...vehicles];
}

/** The edges of vehicles in all files that have rests or are held in memory, and in the hot table. */
export async function edgesOf(
  { files, hasHot }: StoreMoment,
  ask: AskNumbers,
  filesDir: string,
  vehicles: readonly number[],
): Promise<FileEdges> {
  const edges = new Map<number, Map<number, FileSpan>>(vehicles.map((vehicle) => [vehicle, new Map()]));
  for (const [file, { held }] of files.entries()) {
    for (const [vehicle, spans] of held === undefined ? [] : edges) {
      const span = held?.tracks.spanOf(vehicle);
      if (span !== undefined) spans.set(file, { ...span, fixes: [] });
    }
  }
  const numbers = [...files.keys()].filter((file) => files[file].restsName !== "" && files[file].held === undefined);
  const wanted = `(SELECT unnest([${vehicles.join(", ")}])::UINTEGER AS v)`;
  const queries: string[] = [];
  if (numbers.length > 0) {
    const rests = parquet(
      filesDir,
      numbers.map((file) => files[file].restsName),
    );
    queries.push(`SELECT vehicle, file_index::INTEGER, time_ms, ${REST_LON_SQL}, ${REST_LAT_SQL}
      FROM ${rests} JOIN ${wanted} ON vehicle = v WHERE cell = ${EDGE_CELL}`);
  }
  if (hasHot) {
    queries.push(`SELECT vehicle, -1, unnest([min(time_ms), max(time_ms)]), 0, 0
      FROM hot_fix JOIN ${wanted} ON vehicle = v WHERE (flags & ${FIX_UNUSABLE}) = 0 GROUP BY vehicle`);
  }
  if (vehicles.length === 0 || queries.length === 0) return edges;
  const [vehicle, file, timeMs, lonE6, latE6] = await ask(
    `SELECT COLUMNS(*)::DOUBLE FROM (${queries.join(" UNION ALL ")})`,
    5,
  );
  for (let row = 0; row < vehicle.length; row++) {
    const spans = edges.get(vehicle[row])!;
    const number = file[row] < 0 ? -1 : numbers[file[row]];
    const span = spans.get(number) ?? { firstMs: Infinity, lastMs: -Infinity, fixes: [] };
    spans.set(number, span);
    span.firstMs = Math.min(span.firstMs, timeMs[row]);
    span.lastMs = Math.max(span.lastMs, timeMs[row]);
    span.fixes.push({ timeMs: timeMs[row], lonE6: lonE6[row], latE6: latE6[row] });
  }
  return edges;
}

/**
 * Sets the fixes before and behind visits at the ends of files to those that other files have, where these lie wholly
 * before or behind; where they overlap the visit's own time, or cannot tell, it stays as it is.
 */
export function narrowEdges(visits: VisitColumns, files: readonly PlanFile[], edges: FileEdges): void {
  const { length, vehicle, fromMs, firstMs, lastMs, toMs, file } = visits;
  for (let row = 0; row < length; row++) {
    const spans = edges.get(vehicle[row]);
    if (spans === undefined || file[row] < 0) continue;
    if (firstMs[row] - fromMs[row] === UNKNOWN_EDGE_MS && canTell(files, vehicle[row], fromMs[row], firstMs[row])) {
      let isApart = true;
      let nearestMs = fromMs[row];
      for (const [number, span] of spans) {
        if (number === file[row] || span.firstMs > firstMs[row]) continue;
        if (span.lastMs >= firstMs[row]) isApart = false;
        nearestMs = Math.max(nearestMs, span.lastMs);
      }
      if (isApart) fromMs[row] = nearestMs;
    }
    if (toMs[row] - lastMs[row] === UNKNOWN_EDGE_MS && canTell(files, vehicle[row], lastMs[row], toMs[row])) {
      let isApart = true;
      let nearestMs = toMs[row];
      for (const [number, span] of spans) {
        if (number === file[row] || span.lastMs < lastMs[row]) continue;
        if (span.firstMs <= lastMs[row]) isApart = false;
        nearestMs = Math.min(nearestMs, span.firstMs);
      }
      if (isApart) toMs[row] = nearestMs;
    }
  }
}

/** False when a file with neither rests nor its fixes in memory may have fixes of the vehicle in the time. */
function canTell(files: readonly PlanFile[], vehicle: number, fromMs: number, toMs: number): boolean {
  return files.every(
    (file) =>
      file.restsName !== "" ||
      file.held !== undefined ||
      vehicle < file.minVehicle ||
      vehicle > file.maxVehicle ||
      file.maxTimeMs < fromMs ||
      file.minTimeMs > toMs,
  );
}
