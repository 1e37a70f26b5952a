import type { Datum } from "../model/area.ts";
import { ABSENT_I16, createFixBatch, FixFlag } from "../model/fix.ts";
import { readTracks, type RejectedRow } from "./read-tracks.ts";
import type { RecordedTrack } from "./recorded-tracks.ts";
import type { TrackStore } from "./track-port.ts";

export interface ImportRequest {
  /** CSV (plain or gzipped), Parquet, GPX, GeoJSON; see `readTracks`. */
  paths: readonly string[];
  /** In which the coordinates of the files are. */
  datum: Datum;
  onReject?: (row: RejectedRow) => void;
  onProgress?: (progress: { file: string; rowsRead: number; fixesStored: number }) => void;
}

export interface ImportReport {
  files: number;
  vehicles: number;
  /** Fixes that are now in the store; those that were there before are counted, and not doubled. */
  fixes: number;
  rejected: number;
}

const BATCH_FIXES = 50_000;
const IN_FLIGHT = 4;

/**
 * Reads files of fixes into the store, file by file (each takes 20 bytes of memory a fix). It can be cut off and
 * repeated: a fix that is there already stays one. A position of 0/0 is marked as not located. The time of receipt is
 * that of the import.
 *
 * @throws WuxingError INPUT_INVALID when a file cannot be read, naming it: the files before it are in the store
 * @throws WuxingError STORE_UNAVAILABLE
 */
export async function importTracks(store: TrackStore, request: ImportRequest): Promise<ImportReport> {
  const { paths, datum, onReject, onProgress } = request;
  const report: ImportReport = { files: 0, vehicles: 0, fixes: 0, rejected: 0 };
  const seen = new Set<number>();
  const receivedMs = Date.now();
  for (const path of paths) {
    const read = await readTracks([path], {
      datum,
      ...(onReject === undefined ? {} : { onReject }),
      onProgress: ({ rows }) => onProgress?.({ file: path, rowsRead: rows, fixesStored: report.fixes }),
    });
    report.rejected += read.rejected;
    const pending = new Set<Promise<unknown>>();
    for (const track of read.tracks) {
      const vehicle = store.vehicles.numberOf(track.vehicle);
      seen.add(vehicle);
      for (let from = 0; from < track.length; from += BATCH_FIXES) {
        const to = Math.min(track.length, from + BATCH_FIXES);
        const append = store
          .append(batchOf(track, vehicle, from, to, receivedMs))
          .finally(() => pending.delete(append));
        pending.add(append);
        if (pending.size >= IN_FLIGHT) await Promise.race(pending);
        report.fixes += to - from;
        onProgress?.({ file: path, rowsRead: read.rows, fixesStored: report.fixes });
      }
    }
    await Promise.all(pending);
    report.files++;
  }
  report.vehicles = seen.size;
  return report;
}

function batchOf(
  track: RecordedTrack,
  vehicle: number,
  from: number,
  to: number,
  receivedMs: number,
): ReturnType<typeof createFixBatch> {
  const batch = createFixBatch(to - from);
  batch.length = to - from;
  batch.vehicle.fill(vehicle);
  batch.timeMs.set(track.timeMs.subarray(from, to));
  batch.receivedMs.fill(receivedMs);
  batch.lonE6.set(track.lonE6.subarray(from, to));
  batch.latE6.set(track.latE6.subarray(from, to));
  batch.speedKmh10.set(track.speedKmh10.subarray(from, to));
  batch.headingDeg.set(track.headingDeg.subarray(from, to));
  batch.altitudeM.fill(ABSENT_I16);
  for (let row = 0; row < batch.length; row++) {
    if (batch.lonE6[row] === 0 && batch.latE6[row] === 0) batch.flags[row] = FixFlag.invalid;
  }
  return batch;
}
