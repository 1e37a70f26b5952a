import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FleetTiming } from "./fleet-timing.ts";
import { fleetClock, type FleetProgress } from "./fleet.ts";
import type { TollAddress } from "./toll-gates.ts";

export interface FleetProcessOptions {
  /** The city's folder. */
  cityDir: string;
  host: string;
  port: number;
  timing: FleetTiming;
  /** When the simulation is taken up again: when its last fix was made, ms UTC. */
  lastFixMs?: number | null;
  /** Trucks; what the city's `fleet.json` says when not given. */
  trucks?: number;
  /** Where the simulated gantries send what they see. */
  toll?: TollAddress;
  onProgress?: (progress: FleetProgress) => void;
}

/** What the parent tells the child: once, at the start. */
export type FleetOrder = Omit<FleetProcessOptions, "onProgress"> & { wallStartMs: number };
/** What the child tells the parent. */
export type FleetNews = { progress: FleetProgress } | { failure: string };

export interface FleetProcess {
  readonly pid: number | undefined;
  /** The simulated city's time now, ms UTC: no truck is ahead of it. */
  cityTimeMs(): number;
  /** Resolves when the process has ended: with the reason when it failed, with undefined when it was stopped. */
  readonly ended: Promise<Error | undefined>;
  /** Lets all terminals log out and ends the process. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 5000;

/**
 * Starts a city's simulated fleet in a process of its own, so that it takes no time from the platform's. It ends when the
 * parent does.
 */
export function startFleetProcess({ onProgress, ...order }: FleetProcessOptions): FleetProcess {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const child = fork(fileURLToPath(new URL(`./fleet-child.${extension}`, import.meta.url)), [], {
    // Not those of the parent: `--inspect`, `--input-type` and the like are not for a second process.
    execArgv: ["--max-old-space-size=1024"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let failure: Error | undefined;
  child.on("message", (news: FleetNews) => {
    if ("progress" in news) onProgress?.(news.progress);
    else failure = new Error(news.failure);
  });
  child.on("error", (error) => (failure ??= error));
  const wallStartMs = Date.now();
  const clock = fleetClock(order.timing, order.lastFixMs ?? null, wallStartMs);
  child.send({ ...order, wallStartMs } satisfies FleetOrder);
  let isStopping = false;
  const ended = (async (): Promise<Error | undefined> => {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (failure === undefined && !isStopping) {
      failure = new Error(`the simulated fleet has ended (${signal ?? `exit code ${code}`})`);
    }
    return failure;
  })();
  return {
    pid: child.pid,
    cityTimeMs: () => clock.at(Date.now()),
    ended,
    stop: async () => {
      isStopping = true;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
