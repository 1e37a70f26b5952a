import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { WuxingError } from "../model/errors.ts";

const LOCK_FILE = "LOCK";
/** A stale lock can be taken away by another process between two looks; more than this is no accident. */
const ATTEMPTS = 5;

/**
 * Makes this process the only one that uses a folder. The lock is a file with the process's number and the instant at
 * which it started, so that a lock left behind by a crash, or by an earlier life of a container whose process has the
 * same number, is seen as such.
 *
 * @returns a function that gives the folder free again
 * @throws DATA_LOCKED naming the process that holds it; DATA_UNREADABLE when the file cannot be written
 */
export function lockFolder(dir: string): () => void {
  const path = join(dir, LOCK_FILE);
  const own = describeProcess(process.pid);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (writeNew(path, own)) return () => rmSync(path, { force: true });
    const holder = readLock(path);
    if (holder === null) continue;
    const pid = Number.parseInt(holder, 10);
    if (isAlive(pid) && describeProcess(pid) === holder) break;
    takeAway(path, holder);
  }
  throw new WuxingError("DATA_LOCKED", `${dir} is used by process ${readLock(path)?.split(" ")[0] ?? "unknown"}`);
}

/** Process number and, where /proc tells it, the start in clock ticks since boot (field 22 of /proc/PID/stat). */
function describeProcess(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, field 2, may hold spaces and brackets: count from behind its closing one.
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return `${pid} `;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function writeNew(path: string, text: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new WuxingError("DATA_UNREADABLE", `${path}: ${(error as Error).message}`, [], { cause: error });
  }
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Removes a stale lock without removing a new one that another process has put in its place meanwhile. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readLock(aside) === holder) rmSync(aside, { force: true });
  else renameSync(aside, path);
}
