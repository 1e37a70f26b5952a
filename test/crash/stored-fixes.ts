import type { TrackStore } from "../../src/tracks/track-store.ts";
import { numberOf, vehicleIdOf } from "./numbered-fixes.ts";

export interface Findings {
  /** Fixes in the store. */
  stored: number;
  missing: number;
  doubled: number;
  damaged: number;
  faults: number;
}

/** Reads a store through and counts what is wrong: of the fixes before `acknowledged` each must be there, once and whole. */
export async function inspect(store: TrackStore, acknowledged: number): Promise<Findings> {
  const findings: Findings = { stored: 0, missing: 0, doubled: 0, damaged: 0, faults: 0 };
  const end = Math.max(acknowledged, store.health().position + 1);
  const times = new Uint8Array(end);
  const vehicles = Uint32Array.from({ length: store.vehicles.count }, (_, vehicle) => vehicle);
  for (const vehicle of vehicles) if (store.vehicles.idOf(vehicle) !== vehicleIdOf(vehicle)) findings.damaged++;
  await store.eachTrack(vehicles, -Infinity, Infinity, (_vehicle, track) => {
    for (let row = 0; row < track.length; row++) {
      const { fix, isWhole } = numberOf(track, row);
      if (times[fix] < 255) times[fix] += 1;
      if (!isWhole || fix >= end) findings.damaged++;
    }
  });
  const replayed = new Uint8Array(end);
  await store.replay(0, (batch) => {
    // What was durable and not acknowledged was sent again: until it is merged, the log has it twice.
    for (let row = 0; row < batch.length; row++) replayed[numberOf(batch, row).fix] = 1;
  });
  for (let fix = 0; fix < end; fix++) {
    if (times[fix] > 0) findings.stored++;
    if (times[fix] > 1) findings.doubled++;
    if ((fix < acknowledged && times[fix] === 0) || replayed[fix] !== Math.min(1, times[fix])) findings.missing++;
  }
  const present = await store.vehiclesIn([[113_000_000, 35_000_000, 114_000_000, 36_000_000]], -Infinity, Infinity);
  const last = await store.lastPositions();
  if (present.length !== last.length) findings.damaged++;
  const snapshot = await store.snapshots.load("crash");
  if (snapshot !== null) {
    const isWhole = Buffer.from(snapshot.state).toString() === String(snapshot.position);
    if (!isWhole || snapshot.position > store.health().position) findings.damaged++;
  }
  findings.faults = (await store.verify()).faults.length;
  return findings;
}

export function isWrong({ missing, doubled, damaged, faults }: Findings): boolean {
  return missing + doubled + damaged + faults > 0;
}
