import type { QueryClient } from "@tanstack/react-query";
import type { Area } from "../../model/area.ts";
import type { Exposure, FindingEvent, Lock, Passage } from "../../model/finding.ts";
import type { Page } from "./client.ts";
import { keys } from "./keys.ts";

/** Puts what became known into the lists that the pages show, without asking the server again. */
export function applyFindings(queries: QueryClient, events: readonly FindingEvent[]): void {
  const vehicles = new Set<string>();
  for (const event of events) {
    if (event.vehicle !== null && event.kind !== "passage" && event.kind !== "fence" && event.kind !== "gate")
      vehicles.add(event.vehicle);
    switch (event.kind) {
      case "lock":
        applyLock(queries, event);
        break;
      case "exposure":
        applyExposure(queries, event);
        break;
      case "area":
        applyArea(queries, event.body as Area);
        break;
      case "passage":
        applyPassage(queries, event);
        break;
      case "fence":
      case "gate":
        break;
    }
  }
  for (const vehicle of vehicles) void queries.invalidateQueries({ queryKey: keys.vehicle(vehicle) });
}

function applyLock(queries: QueryClient, event: FindingEvent): void {
  const lock = event.body as Lock;
  const open = lock.state === "live" || lock.state === "review";
  queries.setQueryData<Lock[]>(keys.openLocks, (locks) => {
    if (locks === undefined) return locks;
    const others = locks.filter(({ id }) => id !== lock.id);
    return open && event.change !== "withdrawn" ? [lock, ...others] : others;
  });
  queries.setQueryData(keys.lock(lock.id), lock);
  queries.setQueryData<Page<Lock>>(keys.vehicleLocks(lock.vehicle), (page) => upserted(page, lock));
  void queries.invalidateQueries({ queryKey: keys.lockList });
}

function applyExposure(queries: QueryClient, event: FindingEvent): void {
  const exposure = event.body as Exposure;
  const gone = event.change === "withdrawn";
  queries.setQueryData<Page<Exposure>>(keys.vehicleExposures(exposure.vehicle), (page) =>
    upserted(page, exposure, gone),
  );
}

function applyArea(queries: QueryClient, area: Area): void {
  queries.setQueryData<Area[]>(keys.areas, (areas) =>
    areas === undefined ? areas : [area, ...areas.filter(({ id }) => id !== area.id)],
  );
  queries.setQueryData(keys.area(area.id), area);
}

function applyPassage(queries: QueryClient, event: FindingEvent): void {
  const passage = event.body as Passage;
  const gone = event.change === "withdrawn";
  queries.setQueryData<Page<Passage>>(keys.vehiclePassages(passage.vehicle), (page) => upserted(page, passage, gone));
}

/** A list with the item put in or replaced, or taken out; newest first, as lists are. */
function upserted<Item extends { id: string }>(
  page: Page<Item> | undefined,
  item: Item,
  gone = false,
): Page<Item> | undefined {
  if (page === undefined) return page;
  const at = page.items.findIndex(({ id }) => id === item.id);
  const items = page.items.filter(({ id }) => id !== item.id);
  if (!gone) items.splice(at < 0 ? 0 : at, 0, item);
  return { ...page, items };
}
