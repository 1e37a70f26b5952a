/**
 * `npm run bench:gateway [-- --seconds N] [--connections N] [--held N] [--json]`: the real server before the real track
 * store in one process, terminals in others; every frame that is counted was durable and acknowledged. The same load goes
 * to a server that only checks and answers frames. `--connections 50000` (more than 5,000) only holds connections, half of them
 * and all; where one process may not open so many files, in as many processes beside the gateway as it takes.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Outcome, Plan } from "./gateway-load.ts";
import type { Usage } from "./gateway-process.ts";
import { report, type Figure } from "./report.ts";

const { values: given } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    connections: { type: "string", default: "1000" },
    held: { type: "string", default: "50000" },
    json: { type: "boolean", default: false },
  },
});
const HELD_ONLY_ABOVE = 5000;
const isHeldOnly = Number(given.connections) > HELD_ONLY_ABOVE;
const connections = isHeldOnly ? 1000 : Number(given.connections);
const measureMs = Number(given.seconds) * 1000;
const ONE_BY_ONE = { burst: 1, window: 1, everyMs: 0, batchFixes: 0, first: 0, warmUpMs: 3000 };
/** Terminals of one load process. */
const LOAD_MAX = 10_000;
/** Files that a server has open beside its sockets, with room. */
const OTHER_FILES = 1200;

const figures: Figure[] = [];

interface Measured extends Outcome {
  rssMiB: number;
  /** Of the server, all its threads and processes. */
  cores: number;
}

/** One run against a server of its own. Every fix that was acknowledged was durable, and nothing was refused. */
async function run(
  name: string,
  plan: Partial<Plan>,
  kind: "gateway" | "bare" = "gateway",
  processes = 0,
): Promise<Measured> {
  const server = fork(new URL("gateway-process.ts", import.meta.url), [kind, String(processes)]);
  const [{ port }] = (await once(server, "message")) as [{ port: number }];
  const whole: Plan = { port, connections, ...ONE_BY_ONE, measureMs, ...plan };
  const loads: ChildProcess[] = [];
  for (let first = 0; first < whole.connections; first += LOAD_MAX) {
    const part = { ...whole, first, connections: Math.min(LOAD_MAX, whole.connections - first) };
    loads.push(fork(new URL("gateway-load.ts", import.meta.url), [JSON.stringify(part)]));
  }
  await Promise.all(loads.map((load) => answerOf(load, (message) => message === "measuring")));
  const before = await usageOf(server);
  const startMs = performance.now();
  const outcomes = await Promise.all(loads.map((load) => answerOf(load, (message) => typeof message === "object")));
  const outcome = together(outcomes as Outcome[]);
  const after = await usageOf(server);
  const cores = (after.cpuMs - before.cpuMs) / (performance.now() - startMs);
  server.disconnect();
  await once(server, "exit");
  check(outcome, after, whole);
  const measured = { ...outcome, rssMiB: after.rssMiB, cores };
  if (!given.json) console.error(`${name} (${kind})`, measured);
  return measured;
}

/** What several load processes measured, as one: sums, and the worst of the times. */
function together(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  const worst = (of: (outcome: Outcome) => number): number => Math.max(...outcomes.map(of));
  return {
    framesPerSecond: sum((each) => each.framesPerSecond),
    fixesPerSecond: sum((each) => each.fixesPerSecond),
    p50Ms: worst((each) => each.p50Ms),
    p99Ms: worst((each) => each.p99Ms),
    maxMs: worst((each) => each.maxMs),
    online: sum((each) => each.online),
    broken: sum((each) => each.broken),
    connectMs: worst((each) => each.connectMs),
  };
}

function check(outcome: Outcome, { metrics }: Usage, plan: Plan): void {
  const refused = metrics === undefined ? 0 : metrics.fixesNotStored + Object.keys(metrics.faults).length;
  if (outcome.broken > 0 || outcome.online < plan.connections || refused > 0) {
    throw new Error(`a run that went wrong: ${JSON.stringify({ outcome, metrics })}`);
  }
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  server.send("usage");
  const [usage] = (await once(server, "message")) as [Usage];
  return usage;
}

function answerOf(child: ChildProcess, isIt: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the load ended with ${code}`)));
    child.on("message", (message: unknown) => isIt(message) && resolve(message));
  });
}

function add(name: string, value: number, unit: string, more: Partial<Figure> = {}): void {
  figures.push({ name, value, unit, ...more });
}

/** A shape of load at full window, beside the server that only checks and answers. */
async function full(name: string, plan: Partial<Plan>, unit: "frames/s" | "fixes/s"): Promise<void> {
  const bare = await run(name, plan, "bare");
  const { p99Ms, cores, ...gateway } = await run(name, plan);
  const of = ({ framesPerSecond, fixesPerSecond }: Outcome): number =>
    unit === "frames/s" ? framesPerSecond : fixesPerSecond;
  const sizes = { connections, "under way each": plan.window ?? 1 };
  const comparedTo = "a server that only checks and answers frames";
  add(name, of({ p99Ms, ...gateway }), unit, { comparedTo, ratio: of({ p99Ms, ...gateway }) / of(bare), sizes });
  add("… p99 to the acknowledgement", p99Ms, "ms");
  add("… processor of the server", cores, "cores");
}

if (!isHeldOnly) {
  await full("0x0200, one frame a write", { window: 60 }, "frames/s");
  await full("0x0200, bursts of ten", { burst: 10, window: 200 }, "frames/s");
  await full("0x0704 of 30 fixes", { batchFixes: 30, window: 20 }, "fixes/s");
  const { framesPerSecond, p50Ms, p99Ms, cores } = await run("paced", { everyMs: connections / 20, window: 1000 });
  add("paced at 20,000 frames/s: acknowledged", framesPerSecond, "frames/s", { sizes: { connections } });
  add("… p50 to the acknowledgement", p50Ms, "ms");
  add("… p99 to the acknowledgement", p99Ms, "ms");
  add("… processor of the server", cores, "cores");
}
await hold(isHeldOnly ? Number(given.connections) : Number(given.held));
report("JT/T 808 over TCP, every report durable before it is acknowledged", figures);

/** Connections held at once, each reporting every 30 s, by as many processes as their files ask for. */
async function hold(asked: number): Promise<void> {
  const processes = Math.ceil(asked / (openFilesMax() - OTHER_FILES));
  for (const share of [1 / 2, 1]) {
    const plan = { connections: Math.floor(asked * share), everyMs: 30_000, window: 1000, measureMs: 30_000 };
    const { rssMiB, p99Ms, connectMs, cores } = await run("held", plan, "gateway", processes > 1 ? processes : 0);
    const sizes = { connections: plan.connections, "processes beside the gateway": processes > 1 ? processes : 0 };
    add("connections held, each reporting every 30 s: memory of all processes", rssMiB, "MiB", { sizes });
    add("… p99 to the acknowledgement", p99Ms, "ms");
    add("… logged in", plan.connections / (connectMs / 1000), "terminals/s");
    add("… processor of the server", cores, "cores");
  }
}

function openFilesMax(): number {
  return Number(/Max open files\s+(\d+)/u.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1024);
}
