import { flushCompileCache } from "node:module";
import { text } from "node:stream/consumers";
import type { Order } from "./lives.ts";

/** Waits for the order of this process's life. */
export async function readOrder(): Promise<Order> {
  // A process that is killed writes nothing at its end.
  flushCompileCache();
  return JSON.parse(await text(process.stdin)) as Order;
}

/** Kills this process when the order's point is reached for the n-th time. */
export function reachOf({ killAt }: Order): (point: string) => void {
  let killIn = killAt?.occurrence ?? 0;
  return (point) => {
    if (point === killAt?.step && --killIn <= 0) process.kill(process.pid, "SIGKILL");
  };
}
