/** The process that startFleetProcess (fleet-process.ts) starts: one order comes in, progress goes out. */
import { loadCity } from "../city/city.ts";
import type { FleetNews, FleetOrder } from "./fleet-process.ts";
import { runFleet } from "./fleet.ts";

const stop = new AbortController();
// The parent decides when this process ends, also on Ctrl-C, which reaches both.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.once("disconnect", () => stop.abort());
process.once("message", (order: FleetOrder) => void drive(order));

async function drive({ cityDir, lastFixMs, ...order }: FleetOrder): Promise<void> {
  try {
    const city = await loadCity(cityDir, { startMs: order.timing.startMs });
    await runFleet({
      ...order,
      city,
      signal: stop.signal,
      lastFixMs: lastFixMs ?? null,
      onProgress: (progress) => tell({ progress }),
    });
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
  if (process.connected) process.disconnect?.();
}

function tell(news: FleetNews): void {
  // Between the question and the sending the parent may have died: then nobody is told, and "disconnect" ends this process.
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}
