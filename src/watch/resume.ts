import type { FixBatch } from "../model/fix.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { PlaceTrack, TrackStore } from "../tracks/track-store.ts";
import { ALL_TIME_MS } from "./rematch-queue.ts";

export interface ResumeOptions {
  tracks: Pick<TrackStore, "eachStretch" | "replay">;
  /** Last usable fix of every vehicle. */
  last: FixBatch;
  /** Position up to which everything is decided and written; null: nothing is known to be. */
  position: number | null;
  /** Vehicles whose exposures can still grow or lock. */
  atRisk: ReadonlySet<number>;
  rule: { maxGapMs: number };
  /** Nothing is within reach of the place (1e-6 degree). */
  isClear: (lonE6: number, latE6: number) => boolean;
  /** Matches a vehicle's whole history and settles what is found. */
  rematch: (vehicle: number, track: PlaceTrack) => void;
  /** Takes the state at the end of the track, and tells nobody. */
  takeOver: (vehicle: number, track: PlaceTrack) => void;
  /** Matches fixes live; the vehicles of `skip` are matched already. */
  ingest: (batch: FixBatch, skip: ReadonlySet<number>) => void;
  /** Waits while too many findings wait to be written. */
  room: () => Promise<void>;
}

/** Vehicles whose history is read in one pass over the files. */
const SLICE = 128;
const SHORT_SLICE = 16_384;
/** More fixes than this behind the checkpoint are not taken up one by one. */
const REPLAY_MAX = 2_000_000;
/** An outlier waits for its next fix and is judged by the one before: the last three decide what goes on. */
const LAST_FIXES = 3;

/**
 * Brings live matching to where the stores are, so that it goes on as if it had never stopped.
 *
 * With a checkpoint only those histories are matched whole that can still matter: of vehicles at risk, and of those
 * within reach of anything at their last fixes. Any other vehicle's state is its last fixes. What was appended behind
 * the checkpoint is then matched live, in its order. Without one every history is matched whole and settled.
 *
 * @returns the position in the log that matching has reached
 */
export async function resumeMatching(options: ResumeOptions): Promise<number | null> {
  const { tracks, last, position } = options;
  const all = last.vehicle.subarray(0, last.length);
  const behind = position === null ? null : await fixesBehind(tracks, position);
  if (position === null || behind === null) {
    await rematchAll(options, all);
    return null;
  }
  const whole = await takeOverShort(options, behind);
  await rematchAll(options, Uint32Array.from(whole).toSorted());
  return tracks.replay(position, async (batch) => {
    options.ingest(batch, whole);
    await options.room();
  });
}

/** The fixes behind a checkpoint: of each vehicle the earliest time, and every place and time. */
type Behind = Map<number, { firstMs: number; fixes: Set<string> }>;

async function fixesBehind(tracks: ResumeOptions["tracks"], position: number): Promise<Behind | null> {
  const behind: Behind = new Map();
  let count = 0;
  await tracks.replay(position, (batch) => {
    count += batch.length;
    if (count > REPLAY_MAX) return behind.clear();
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row] & FIX_UNUSABLE) !== 0) continue;
      const vehicle = batch.vehicle[row];
      const present = behind.get(vehicle) ?? { firstMs: Infinity, fixes: new Set() };
      present.firstMs = Math.min(present.firstMs, batch.timeMs[row]);
      present.fixes.add(keyOf(batch, row));
      behind.set(vehicle, present);
    }
    return undefined;
  });
  return count > REPLAY_MAX ? null : behind;
}

/** Takes over the vehicles whose last fixes say all; returns the others. */
async function takeOverShort(options: ResumeOptions, behind: Behind): Promise<Set<number>> {
  const { tracks, last, atRisk, rule, takeOver } = options;
  const whole = new Set<number>();
  const stretches = [];
  for (let row = 0; row < last.length; row++) {
    const vehicle = last.vehicle[row];
    whole.add(vehicle);
    if (atRisk.has(vehicle)) continue;
    const untilMs = Math.min(last.timeMs[row], behind.get(vehicle)?.firstMs ?? Infinity);
    stretches.push({ vehicle, fromMs: untilMs - 2 * rule.maxGapMs, toMs: last.timeMs[row] });
  }
  for (let at = 0; at < stretches.length; at += SHORT_SLICE) {
    await tracks.eachStretch(stretches.slice(at, at + SHORT_SLICE), (vehicle, track) => {
      const before = trackBefore(track, behind.get(vehicle));
      if (before === null || !endsClear(before, options)) return;
      takeOver(vehicle, before);
      whole.delete(vehicle);
    });
  }
  return whole;
}

/** The usable fixes before those behind the checkpoint; null when there are none, or when both are interleaved. */
function trackBefore(
  track: PlaceTrack,
  behind: { firstMs: number; fixes: Set<string> } | undefined,
): PlaceTrack | null {
  const rows: number[] = [];
  for (let row = 0; row < track.length; row++) {
    if ((track.flags[row] & FIX_UNUSABLE) !== 0) continue;
    if (behind === undefined || track.timeMs[row] < behind.firstMs) rows.push(row);
    else if (!behind.fixes.has(keyOf(track, row))) return null;
  }
  if (rows.length === 0) return null;
  return {
    length: rows.length,
    timeMs: Float64Array.from(rows, (row) => track.timeMs[row]),
    lonE6: Int32Array.from(rows, (row) => track.lonE6[row]),
    latE6: Int32Array.from(rows, (row) => track.latE6[row]),
    flags: new Uint8Array(rows.length),
  };
}

function endsClear({ length, lonE6, latE6 }: PlaceTrack, { isClear }: ResumeOptions): boolean {
  for (let row = Math.max(0, length - LAST_FIXES); row < length; row++) {
    if (!isClear(lonE6[row], latE6[row])) return false;
  }
  return true;
}

async function rematchAll({ tracks, rematch, room }: ResumeOptions, vehicles: Uint32Array): Promise<void> {
  const stretches = Array.from(vehicles, (vehicle) => ({
    vehicle,
    fromMs: ALL_TIME_MS.from,
    toMs: ALL_TIME_MS.to,
  }));
  for (let at = 0; at < stretches.length; at += SLICE) {
    await tracks.eachStretch(stretches.slice(at, at + SLICE), async (vehicle, track) => {
      rematch(vehicle, track);
      await room();
    });
  }
}

function keyOf({ timeMs, lonE6, latE6 }: Pick<PlaceTrack, "timeMs" | "lonE6" | "latE6">, row: number): string {
  return `${timeMs[row]} ${lonE6[row]} ${latE6[row]}`;
}
