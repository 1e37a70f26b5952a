import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** When a life ends: at this point's n-th occurrence, some time after it was told to begin, or after its stores are open. */
export type Cut = { step: string; occurrence: number } | { afterStartMs: number } | { afterOpenMs: number };

/** What a writer is told, as one line of JSON on its standard input. */
export interface Order {
  dir: string;
  /** The first fix (or batch) that has not been acknowledged. */
  first: number;
  /** Where it kills itself; null: it waits to be killed, or comes to its end. */
  killAt: { step: string; occurrence: number } | null;
  /** Of a world of findings. */
  seed?: number;
  isBatch?: boolean;
}

export interface Life<T> {
  /** Everything before it is acknowledged. */
  acknowledged: number;
  /** What the writer said of the store when it had opened it; null when it was killed before. */
  found: T | null;
  /** True when the process came to its end before it was killed. */
  ended: boolean;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A step that is not reached in time must not hold up the test. */
const LIFE_MS_MAX = 20_000;

/**
 * Runs a script again and again, each time as a process of its own. While one lives the next one starts already, and waits
 * for its order: loading the program is most of what a life costs.
 */
export class Lives<T> {
  private readonly script: string;
  /** Compiled code of the program, so that it is made once: half of what starting costs. */
  private readonly compiledDir = mkdtempSync(join(tmpdir(), "wuxing-compiled-"));
  private spare: Child | null = null;

  constructor(script: URL) {
    this.script = fileURLToPath(script);
  }

  /**
   * The writer says `open`, with what it found as JSON, when its stores are open, and `from end` for each acknowledgement.
   * Without a cut it must come to its end.
   */
  async live(order: Omit<Order, "killAt">, cut: Cut | null): Promise<Life<T>> {
    const child = this.spare ?? this.start();
    this.spare = null;
    const life: Life<T> = { acknowledged: order.first, found: null, ended: false };
    let rest = "";
    let complaint = "";
    let wrong: Error | null = null;
    let killer: NodeJS.Timeout | undefined;
    const killAfter = (ms: number): void => {
      clearTimeout(killer);
      killer = setTimeout(() => child.kill("SIGKILL"), ms);
    };
    child.stderr.on("data", (part: Buffer) => {
      complaint += part.toString();
    });
    child.stdout.on("data", (part: Buffer) => {
      const lines = (rest + part.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("open ")) {
          life.found = JSON.parse(line.slice(5)) as T;
          this.spare = this.start();
          if (cut !== null && !("afterStartMs" in cut)) killAfter("step" in cut ? LIFE_MS_MAX : cut.afterOpenMs);
          continue;
        }
        const [from, end] = line.split(" ").map(Number);
        if (from !== life.acknowledged) wrong ??= new Error(`acknowledged ${line} behind ${life.acknowledged}`);
        life.acknowledged = end;
      }
    });
    // One that is killed at once has not read its order.
    child.stdin.on("error", () => {});
    const killAt = cut !== null && "step" in cut ? cut : null;
    child.stdin.end(`${JSON.stringify({ ...order, killAt } satisfies Order)}\n`);
    if (cut !== null && "afterStartMs" in cut) killAfter(cut.afterStartMs);
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      child.once("close", (...end) => resolve(end));
    });
    clearTimeout(killer);
    if (wrong !== null) throw wrong;
    life.ended = code === 0;
    if (!life.ended && (cut === null || signal !== "SIGKILL")) {
      throw new Error(`the writer ended with ${code ?? signal}:\n${complaint}`);
    }
    return life;
  }

  /** Ends the process that waits, and removes what was kept for it. */
  close(): void {
    this.spare?.kill("SIGKILL");
    this.spare = null;
    rmSync(this.compiledDir, { recursive: true, force: true, maxRetries: 5 });
  }

  private start(): Child {
    const env = { ...process.env, NODE_COMPILE_CACHE: this.compiledDir };
    return spawn(process.execPath, [this.script], { stdio: ["pipe", "pipe", "pipe"], env });
  }
}

/** Where a cut was, for people. */
export function describeCut(cut: Cut): string {
  if ("step" in cut) return `at ${cut.step} ${cut.occurrence}`;
  if ("afterStartMs" in cut) return `${Math.round(cut.afterStartMs)} ms after its start`;
  return `after ${Math.round(cut.afterOpenMs)} ms`;
}
