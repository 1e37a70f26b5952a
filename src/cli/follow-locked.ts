import { LockedTracking, type LockedTrackingOptions, type TrackingDesk } from "../gateway/locked-tracking.ts";
import type { Lock } from "../model/finding.ts";
import type { Ledger } from "../store/ledger.ts";

/**
 * Asks the terminals of vehicles with a live lock for a report every few seconds, as long as the lock lives: those that are
 * locked now, and those that become so. The answer ends it.
 */
export async function followLocked(
  ledger: Pick<Ledger, "locks" | "subscribe">,
  desk: TrackingDesk,
  options: LockedTrackingOptions = {},
): Promise<() => void> {
  const tracking = new LockedTracking(desk, options);
  const unsubscribe = ledger.subscribe((events) => {
    for (const { kind, vehicle, change, body } of events) {
      if (kind !== "lock" || vehicle === null) continue;
      tracking.setLocked(vehicle, change !== "withdrawn" && (body as Lock).state === "live");
    }
  });
  let cursor: string | undefined;
  do {
    const { items, next } = await ledger.locks({ state: "live", limit: 1000, cursor });
    for (const { vehicle } of items) tracking.setLocked(vehicle, true);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return () => {
    unsubscribe();
    tracking.close();
  };
}
