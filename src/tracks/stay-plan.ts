import type { DuckDBConnection } from "@duckdb/node-api";
import { overlaps, type Span } from "./fix-source.ts";
import { edgesOf, narrowEdges, vehiclesAtEdges, type EdgeFix, type FileEdges } from "./file-edges.ts";
import { BRIDGED_MS, visitsIn, type BoxE6, type Stretch, type VisitColumns } from "./visits.ts";

/** A file of the manifest, as far as the plan needs it; times and vehicles of all its fixes. */
export interface PlanFile {
  name: string;
  visitsName: string;
  /** Empty for a file that has none. */
  restsName: string;
  minTimeMs: number;
  maxTimeMs: number;
  minVehicle: number;
  maxVehicle: number;
}

/** A stretch with the visits (rows) that it is made of, ascending by the fix before them. */
export interface PlannedStretch extends Stretch {
  visits: number[];
}

/** What may be stays, and where the fixes are found that decide it. */
export interface StayPlan {
  /** In the order of the numbers in `visits.file`. */
  files: PlanFile[];
  visits: VisitColumns;
  /** Of vehicles with a visit at an end of its file. */
  edges: FileEdges;
  /** Ascending by vehicle and time. */
  stretches: PlannedStretch[];
}

/** Files that end or begin so long before or behind the span are asked for as well: a stretch can reach beyond it. */
const AROUND_MS = 86_400_000;

/** See `TrackStore.stretchesIn`. */
export async function planStays(
  connection: DuckDBConnection,
  filesDir: string,
  boxes: readonly BoxE6[],
  span: Span,
  leastStayMs: number,
): Promise<StayPlan> {
  const files = await planFiles(connection, span);
  const visits = await visitsIn(
    connection,
    filesDir,
    files.map(({ visitsName }) => visitsName),
    { boxes, span },
  );
  const edges = await edgesOf(connection, filesDir, files, vehiclesAtEdges(visits));
  narrowEdges(visits, files, edges);
  const stretches = joined(visits).filter((stretch) => stretch.toMs - stretch.fromMs >= leastStayMs);
  return { files, visits, edges, stretches };
}

function joined({ length, vehicle, fromMs, toMs }: VisitColumns): PlannedStretch[] {
  const rows = Array.from({ length }, (_, row) => row);
  rows.sort((a, b) => vehicle[a] - vehicle[b] || fromMs[a] - fromMs[b]);
  const stretches: PlannedStretch[] = [];
  let open: PlannedStretch | undefined;
  for (const row of rows) {
    if (open?.vehicle === vehicle[row] && fromMs[row] <= open.toMs + BRIDGED_MS) {
      open.toMs = Math.max(open.toMs, toMs[row]);
      open.visits.push(row);
    } else {
      open = { vehicle: vehicle[row], fromMs: fromMs[row], toMs: toMs[row], visits: [row] };
      stretches.push(open);
    }
  }
  return stretches;
}

/** The files that hold fixes round the span, in a fixed order. */
export async function planFiles(connection: DuckDBConnection, { fromMs, toMs }: Span): Promise<PlanFile[]> {
  const result = await connection.runAndReadAll(
    `SELECT name, visits_name, rests_name, min_time_ms::DOUBLE, max_time_ms::DOUBLE, min_vehicle, max_vehicle FROM track_file
     WHERE ${overlaps({ fromMs: fromMs - AROUND_MS, toMs: toMs + AROUND_MS })} ORDER BY run, name`,
  );
  return result.getRows().map(([name, visitsName, restsName, ...numbers]) => {
    const [minTimeMs, maxTimeMs, minVehicle, maxVehicle] = numbers.map(Number);
    return {
      name: String(name),
      visitsName: String(visitsName),
      restsName: String(restsName),
      minTimeMs,
      maxTimeMs,
      minVehicle,
      maxVehicle,
    };
  });
}

/**
 * The fixes that make a stretch whole together with its rests: those at the ends of files. Each rest holds all usable
 * fixes of its vehicle in its file over the time that it covers; where the rests of each file cover all of the stretch that
 * the file can have fixes of, nothing else is left to read. Null where they do not.
 */
export function fixesBesideRests(
  { files, visits, edges }: StayPlan,
  stretch: PlannedStretch,
  span: Span,
): EdgeFix[] | null {
  if (stretch.fromMs < span.fromMs - AROUND_MS || stretch.toMs > span.toMs + AROUND_MS) return null;
  const fixes: EdgeFix[] = [];
  const spans = edges.get(stretch.vehicle);
  for (let file = 0; file < files.length; file++) {
    const { minTimeMs, maxTimeMs, minVehicle, maxVehicle, restsName } = files[file];
    if (stretch.vehicle < minVehicle || stretch.vehicle > maxVehicle) continue;
    const own = spans?.get(file);
    if (spans !== undefined && own === undefined && restsName !== "") continue;
    const fromMs = Math.max(stretch.fromMs, own?.firstMs ?? minTimeMs);
    const toMs = Math.min(stretch.toMs, own?.lastMs ?? maxTimeMs);
    if (fromMs > toMs || (restsName !== "" && isCovered(visits, stretch, file, fromMs, toMs))) continue;
    // Only the vehicle's last fix of the file before the stretch's others, or its first one behind them.
    if (own === undefined || fromMs !== toMs) return null;
    fixes.push(...own.fixes.filter(({ timeMs }) => timeMs === fromMs));
  }
  return fixes;
}

function isCovered(visits: VisitColumns, stretch: PlannedStretch, file: number, fromMs: number, toMs: number): boolean {
  // Visits of one vehicle in one file are in the order of time, and so are the times that they cover.
  let reachedMs = fromMs;
  for (const row of stretch.visits) {
    if (visits.file[row] !== file || visits.coversToMs[row] <= visits.coversFromMs[row]) continue;
    if (visits.coversFromMs[row] > reachedMs) return false;
    reachedMs = Math.max(reachedMs, visits.coversToMs[row]);
    if (reachedMs >= toMs) return true;
  }
  return false;
}
