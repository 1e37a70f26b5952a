import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openTrackStore } from "../../src/tracks/track-store.ts";
import { numberOf, vehicleIdOf } from "./numbered-fixes.ts";

export interface Cut {
  /** Kill at this point's n-th occurrence, or some time after the stores are open. */
  at: { step: string; occurrence: number } | { afterMs: number };
}

/** What one life of a writer acknowledged: everything before `acknowledged`. */
export interface Life {
  acknowledged: number;
  /** True when the process came to its end before it was killed. */
  ended: boolean;
}

const LIFE_MS_MAX = 20_000;

/** Runs the writer of fixes on a folder from fix `first` on until it is killed. */
export async function liveAndDie(dir: string, first: number, cut: Cut): Promise<Life> {
  const life = await runUntilCut(new URL("track-writer.ts", import.meta.url), [dir], first, cut);
  if (life.ended) throw new Error("the writer ended by itself");
  return life;
}

/**
 * Runs a script with `args`, `first` and the cut's step and occurrence as arguments. It writes `open` when its stores
 * are open, and `from end` for each acknowledgement. Without a cut, and as `batch`, it must come to its end.
 */
export async function runUntilCut(
  script: URL,
  args: readonly string[],
  first: number,
  how: Cut | "batch" | null,
): Promise<Life> {
  const cut = how === "batch" ? null : how;
  const where =
    cut !== null && "step" in cut.at ? [cut.at.step, String(cut.at.occurrence)] : [how === "batch" ? how : "-", "0"];
  const child = spawn(process.execPath, [fileURLToPath(script), ...args, String(first), ...where], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const life: Life = { acknowledged: first, ended: false };
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
        // A step that is not reached in time must not hold up the test.
        const ms = cut === null ? null : "step" in cut.at ? LIFE_MS_MAX : cut.at.afterMs;
        if (ms !== null) killer = setTimeout(() => child.kill("SIGKILL"), ms);
        continue;
      }
      const [from, end] = line.split(" ").map(Number);
      if (from !== life.acknowledged) throw new Error(`acknowledged ${line} behind ${life.acknowledged}`);
      life.acknowledged = end;
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once("close", (...end) => resolve(end));
  });
  clearTimeout(killer);
  life.ended = code === 0;
  if (!life.ended && (cut === null || signal !== "SIGKILL")) {
    throw new Error(`the writer ended with ${code ?? signal}:\n${complaint}`);
  }
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
