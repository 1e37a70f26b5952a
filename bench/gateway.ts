/**
 * `npm run bench:gateway [-- --seconds N] [--connections N] [--held N] [--json]`: the real server before the real track
 * store in one process, terminals in another; every frame that is counted was durable and acknowledged.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Jt808Counters } from "../src/gateway/counters.ts";
import type { Outcome, Plan } from "./gateway-load.ts";
import { report, type Figure } from "./report.ts";

const { values: given } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    connections: { type: "string", default: "1000" },
    held: { type: "string", default: "15000" },
    json: { type: "boolean", default: false },
  },
});
const connections = Number(given.connections);
const measureMs = Number(given.seconds) * 1000;

interface ServerFigures {
  rss: number;
  cpuUs: { user: number; system: number };
  metrics: Jt808Counters;
  stored: number;
}

const figures: Figure[] = [];

/** One run against a server of its own. Every fix that was acknowledged stands in the store afterwards. */
async function run(name: string, plan: Partial<Plan>): Promise<{ outcome: Outcome; rss: number; cores: number }> {
  const dir = mkdtempSync(join(tmpdir(), "wuxing-bench-gateway-"));
  const server = fork(new URL("gateway-server.ts", import.meta.url), [dir], { stdio: "inherit" });
  try {
    const [{ port }] = (await once(server, "message")) as [{ port: number }];
    const whole: Plan = {
      port,
      connections,
      burst: 1,
      window: 1,
      everyMs: 0,
      batchFixes: 0,
      warmUpMs: 3000,
      measureMs,
      ...plan,
    };
    const load = fork(new URL("gateway-load.ts", import.meta.url), [JSON.stringify(whole)], { stdio: "inherit" });
    await answerOf(load, (message) => message === "measuring");
    const before = await figuresOf(server);
    const startMs = performance.now();
    const outcome = (await answerOf(load, (message) => typeof message === "object")) as Outcome;
    const after = await figuresOf(server);
    const usedUs = after.cpuUs.user + after.cpuUs.system - before.cpuUs.user - before.cpuUs.system;
    const cores = usedUs / 1000 / (performance.now() - startMs);
    check(outcome, after, whole);
    if (!given.json) console.error(name, outcome, { rssMB: Math.round(after.rss / 1e6), cores });
    return { outcome, rss: after.rss, cores };
  } finally {
    server.send("close");
    await once(server, "exit");
    rmSync(dir, { recursive: true, force: true });
  }
}

function check(outcome: Outcome, { metrics, stored }: ServerFigures, plan: Plan): void {
  const { faults, fixesNotStored, fixesStored } = metrics;
  if (outcome.broken > 0 || outcome.online < plan.connections || fixesNotStored > 0 || Object.keys(faults).length > 0) {
    throw new Error(`a run that went wrong: ${JSON.stringify({ outcome, faults, fixesNotStored })}`);
  }
  if (stored < fixesStored) throw new Error(`${fixesStored} fixes acknowledged, ${stored} in the store`);
}

async function figuresOf(server: ChildProcess): Promise<ServerFigures> {
  server.send("figures");
  const [answer] = (await once(server, "message")) as [ServerFigures];
  return answer;
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

const GOAL = "goal";
{
  const { outcome, cores } = await run("single", { window: 60 });
  const { framesPerSecond, p99Ms } = outcome;
  const sizes = { connections, window: 60 };
  add("0x0200, one frame a write", framesPerSecond, "frames/s", {
    comparedTo: GOAL,
    ratio: framesPerSecond / 40_000,
    sizes,
  });
  add("… p99 to the acknowledgement", p99Ms, "ms");
  add("… processor of the server", cores, "cores");
}
{
  const { outcome, cores } = await run("bursts", { burst: 10, window: 200 });
  const { framesPerSecond, p99Ms } = outcome;
  const sizes = { connections, window: 200 };
  add("0x0200, bursts of ten", framesPerSecond, "frames/s", {
    comparedTo: GOAL,
    ratio: framesPerSecond / 150_000,
    sizes,
  });
  add("… p99 to the acknowledgement", p99Ms, "ms");
  add("… processor of the server", cores, "cores");
}
{
  const { outcome, cores } = await run("batches", { batchFixes: 30, window: 20 });
  const { fixesPerSecond, p99Ms } = outcome;
  const sizes = { connections, "fixes a message": 30, window: 20 };
  add("0x0704", fixesPerSecond, "fixes/s", { comparedTo: GOAL, ratio: fixesPerSecond / 400_000, sizes });
  add("… p99 to the acknowledgement", p99Ms, "ms");
  add("… processor of the server", cores, "cores");
}
{
  const { outcome, cores } = await run("paced", { everyMs: connections / 20, window: 1000 });
  const { framesPerSecond, p99Ms, p50Ms } = outcome;
  const sizes = { connections, "frames/s": Math.round(framesPerSecond) };
  add("p99 to the acknowledgement at 20,000 frames/s", p99Ms, "ms", { comparedTo: GOAL, ratio: p99Ms / 200, sizes });
  add("… p50", p50Ms, "ms");
  add("… processor of the server", cores, "cores");
}
{
  const held = Number(given.held);
  const { outcome, rss, cores } = await run("held", {
    connections: held,
    everyMs: 30_000,
    window: 1000,
    measureMs: 30_000,
  });
  const sizes = { connections: held };
  add("connections held, each reporting every 30 s: memory", rss / 2 ** 20, "MiB", { sizes });
  add("… p99 to the acknowledgement", outcome.p99Ms, "ms");
  add("… logged in", held / (outcome.connectMs / 1000), "terminals/s");
  add("… processor of the server", cores, "cores");
}
report("gateway", figures);
