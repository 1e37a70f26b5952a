import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openTrackStore, type TrackStep } from "../../src/tracks/track-store.ts";
import { numberOf, vehicleIdOf } from "./numbered-fixes.ts";

export interface Cut {
  /** Kill at this step's n-th occurrence, or after a time. */
  at: { step: TrackStep; occurrence: number } | { afterMs: number };
}

/** What one life of the writer acknowledged: all fixes before `acknowledged`. */
export interface Life {
  acknowledged: number;
  /** False when the process was gone before it had opened the store. */
  opened: boolean;
}

const LIFE_MS_MAX = 20_000;

/** Runs the writer on a folder from fix `first` on until it is killed. */
export async function liveAndDie(dir: string, first: number, { at }: Cut): Promise<Life> {
  const script = fileURLToPath(new URL("track-writer.ts", import.meta.url));
  const where = "step" in at ? [at.step, String(at.occurrence)] : ["-", "0"];
  const child = spawn(process.execPath, [script, dir, String(first), ...where], { stdio: ["ignore", "pipe", "pipe"] });
  const life: Life = { acknowledged: first, opened: false };
  let rest = "";
  let complaint = "";
  let killer: NodeJS.Timeout | undefined;
  child.stderr.on("data", (part: Buffer) => {
    complaint += part.toString();
  });
  child.stdout.on("data", (part: Buffer) => {
    const lines = (rest + part.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "open") {
        life.opened = true;
        // A step that is not reached in time must not hold up the test.
        killer = setTimeout(() => child.kill("SIGKILL"), "step" in at ? LIFE_MS_MAX : at.afterMs);
        continue;
      }
      const [from, end] = line.split(" ").map(Number) as [number, number];
      if (from !== life.acknowledged) throw new Error(`acknowledged ${line} behind ${life.acknowledged}`);
      life.acknowledged = end;
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once("close", (...how) => resolve(how));
  });
  clearTimeout(killer);
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself (${code}):\n${complaint}`);
  return life;
}

export interface Findings {
  /** Fixes in the store. */
  stored: number;
  missing: number;
  doubled: number;
  damaged: number;
  faults: number;
}

/** Opens the folder and counts what is wrong: of the fixes before `acknowledged` each must be there, once and whole. */
export async function inspect(dir: string, acknowledged: number): Promise<Findings> {
  const store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null });
  try {
    const findings: Findings = { stored: 0, missing: 0, doubled: 0, damaged: 0, faults: 0 };
    const end = store.health().position + 1;
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
  } finally {
    await store.close();
  }
}
