import type { Span } from "./fix-source.ts";
import { edgesOf, narrowEdges, vehiclesAtEdges, type EdgeFix, type FileEdges } from "./file-edges.ts";
import type { HeldFiles } from "./held-files.ts";
import { collectNumbers, type AskNumbers } from "./number-columns.ts";
import { AROUND_MS, momentOf, type HeldMoments, type StoreMoment } from "./store-moment.ts";
import type { TrackDatabase } from "./track-database.ts";
import { BRIDGED_MS, visitsIn, type BoxE6, type Stretch, type VisitColumns } from "./visits.ts";

/** Where fixes are: in the database's hot table and files, and the newest of these in memory too. */
export interface FixSource {
  database: TrackDatabase;
  held: HeldFiles;
  moments: HeldMoments;
}

/** A stretch with the visits (rows) that it is made of, ascending by the fix before them. */
export interface PlannedStretch extends Stretch {
  visits: number[];
}

/** What may be stays, and where the fixes are found that decide it. */
export interface StayPlan {
  /** In the order of the numbers in `visits.file`. */
  moment: StoreMoment;
  visits: VisitColumns;
  /** Of vehicles with a visit at an end of its file. */
  edges: FileEdges;
  /** Ascending by vehicle and time. */
  stretches: PlannedStretch[];
}

/** See `TrackStore.stretchesIn`. */
export async function planStays(
  { database, held, moments }: FixSource,
  boxes: readonly BoxE6[],
  span: Span,
  leastStayMs: number,
): Promise<StayPlan> {
  const planOf = async (moment: StoreMoment, ask: AskNumbers): Promise<StayPlan> => {
    const visits = await visitsIn(moment, ask, database.filesDir, { boxes, span });
    const edges = await edgesOf(moment, ask, database.filesDir, vehiclesAtEdges(visits));
    narrowEdges(visits, moment.files, edges);
    const stretches = joined(visits, leastStayMs).filter((stretch) => stretch.toMs - stretch.fromMs >= leastStayMs);
    return { moment, visits, edges, stretches };
  };
  const inMemory = await moments.find(span);
  if (inMemory !== null) return planOf(inMemory, () => Promise.reject(new Error("all is in memory")));
  return database.transaction("quick", async (connection) =>
    planOf(await momentOf(connection, held, span), (sql, count) => collectNumbers(connection, sql, count)),
  );
}

/** The stretches that visits come to; of vehicles that were not there for `leastStayMs` from the first to the last, none. */
function joined({ length, vehicle, fromMs, toMs }: VisitColumns, leastStayMs: number): PlannedStretch[] {
  const reached = new Map<number, Stretch>();
  for (let row = 0; row < length; row++) {
    const reach = reached.get(vehicle[row]);
    if (reach === undefined) {
      reached.set(vehicle[row], { vehicle: vehicle[row], fromMs: fromMs[row], toMs: toMs[row] });
      continue;
    }
    if (fromMs[row] < reach.fromMs) reach.fromMs = fromMs[row];
    if (toMs[row] > reach.toMs) reach.toMs = toMs[row];
  }
  const rows: number[] = [];
  for (let row = 0; row < length; row++) {
    const reach = reached.get(vehicle[row])!;
    if (reach.toMs - reach.fromMs >= leastStayMs) rows.push(row);
  }
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

/**
 * The fixes that make a stretch whole together with its rests and what is held in memory: those at the ends of files. Each rest holds all usable
 * fixes of its vehicle in its file over the time that it covers; where the rests of each file cover all of the stretch that
 * the file can have fixes of, nothing else is left to read. Null where they do not.
 */
export function fixesBesideRests(
  { moment: { files }, visits, edges }: StayPlan,
  stretch: PlannedStretch,
  span: Span,
): EdgeFix[] | null {
  if (stretch.fromMs < span.fromMs - AROUND_MS || stretch.toMs > span.toMs + AROUND_MS) return null;
  const fixes: EdgeFix[] = [];
  const spans = edges.get(stretch.vehicle);
  for (let file = 0; file < files.length; file++) {
    const { minTimeMs, maxTimeMs, minVehicle, maxVehicle, restsName, held } = files[file];
    if (held !== undefined || stretch.vehicle < minVehicle || stretch.vehicle > maxVehicle) continue;
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
