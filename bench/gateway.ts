/**
 * `npm run bench:gateway [-- --connections N] [--seconds S] [--json]`: terminals over TCP against the gateway and the
 * track store, in another process. How many reports a second it takes, makes durable and acknowledges at full load, beside
 * a server that only checks and answers frames; and what holding many connections costs, each reporting every ten
 * seconds. Load and platform share the machine's cores. More than some 19,000 connections need a higher limit of open
 * files (`ulimit -n`).
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runLoad, type Load, type LoadProgress } from "../src/simulate/load.ts";
import type { Usage } from "./gateway-process.ts";
import { report, type Figure } from "./report.ts";

const { values: given } = parseArgs({
  options: {
    connections: { type: "string", default: "10000" },
    seconds: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(given.seconds);
const connections = Number(given.connections);
const figures: Figure[] = [];

interface Outcome {
  perSecond: number;
  cpuUsEach: number;
  load: LoadProgress;
}

async function full(kind: "gateway" | "bare"): Promise<Outcome> {
  const platform = await Platform.start(kind);
  const run = startLoad({ port: platform.port, connections: 200, pattern: { kind: "full", window: 50 } });
  await pause(3);
  const before = await platform.usage();
  const startMs = performance.now();
  await pause(seconds);
  const after = await platform.usage();
  const tookMs = performance.now() - startMs;
  const load = await run.stop();
  platform.stop();
  const reports = after.stored - before.stored;
  return { perSecond: (reports / tookMs) * 1000, cpuUsEach: ((after.cpuMs - before.cpuMs) * 1000) / reports, load };
}

/** Many connections, each reporting every ten seconds. */
async function hold(): Promise<void> {
  const platform = await Platform.start("gateway");
  const empty = await platform.usage();
  const everyMs = 10_000;
  const run = startLoad({ port: platform.port, connections, pattern: { kind: "paced", everyMs } });
  const startMs = performance.now();
  while ((run.last?.online ?? 0) < connections && performance.now() - startMs < 120_000) await pause(0.5);
  const openedMs = performance.now() - startMs;
  await pause(10);
  const before = await platform.usage();
  await pause(seconds);
  const after = await platform.usage();
  const online = run.last?.online ?? 0;
  const load = await run.stop();
  platform.stop();
  const held = { connections, reportsASecond: connections / (everyMs / 1000), seconds };
  figures.push({ name: "connections held", value: online, unit: "", sizes: held });
  figures.push({ name: "broken", value: load.broken, unit: "", sizes: held });
  figures.push({ name: "all registered and authenticated after", value: openedMs / 1000, unit: "s", sizes: held });
  figures.push({
    name: "memory a connection",
    value: ((after.rssMiB - empty.rssMiB) * 1024) / Math.max(1, online),
    unit: "KiB",
    sizes: held,
  });
  figures.push({
    name: "processor, share of a core",
    value: (after.cpuMs - before.cpuMs) / (seconds * 1000),
    unit: "",
    sizes: held,
  });
  figures.push({ name: "acknowledgement, median", value: load.ackMs.p50, unit: "ms", sizes: held });
  figures.push({ name: "acknowledgement, 99 of 100", value: load.ackMs.p99, unit: "ms", sizes: held });
}

/** Several own addresses: one has some 28,000 ports for one destination. */
function startLoad(load: Pick<Load, "port" | "connections" | "pattern">): {
  readonly last: LoadProgress | undefined;
  stop(): Promise<LoadProgress>;
} {
  const stop = new AbortController();
  const localAddresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
  let last: LoadProgress | undefined;
  const run = runLoad({
    host: "127.0.0.1",
    ...load,
    localAddresses,
    signal: stop.signal,
    onProgress: (progress) => {
      last = progress;
    },
  });
  return {
    get last() {
      return last;
    },
    stop: () => {
      stop.abort();
      return run;
    },
  };
}

class Platform {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: "gateway" | "bare"): Promise<Platform> {
    const child = fork(fileURLToPath(new URL("./gateway-process.ts", import.meta.url)), [kind]);
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Platform(child, port);
  }

  async usage(): Promise<Usage> {
    this.#child.send("usage");
    const [usage] = (await once(this.#child, "message")) as [Usage];
    return usage;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

function pause(forSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forSeconds * 1000));
}

const bare = await full("bare");
const gateway = await full("gateway");
const sizes = { connections: 200, window: 50, seconds };
const comparedTo = "a server that only checks and answers frames";
figures.push({
  name: "reports acknowledged",
  value: gateway.perSecond,
  unit: "1/s",
  comparedTo,
  ratio: gateway.perSecond / bare.perSecond,
  sizes,
});
figures.push({
  name: "processor time a report",
  value: gateway.cpuUsEach,
  unit: "µs",
  comparedTo,
  ratio: gateway.cpuUsEach / bare.cpuUsEach,
  sizes,
});
figures.push({ name: "acknowledgement, median", value: gateway.load.ackMs.p50, unit: "ms", sizes });
figures.push({ name: "acknowledgement, 99 of 100", value: gateway.load.ackMs.p99, unit: "ms", sizes });
await hold();
report("JT/T 808 over TCP, every report durable before it is acknowledged", figures);
