import type { OpenInput } from "../../cases/case-writer.ts";
import type { Exposure, FindingEvent, Lock } from "../../model/finding.ts";
import type { LedgerQueries } from "../../store/ledger.ts";
import { placeVehicles, type Placement, type PlacementPorts } from "./lock-placement.ts";
import { lockedVehicle } from "./locked-vehicle.ts";

export interface OpeningPorts extends PlacementPorts {
  ledger: Pick<LedgerQueries, "findExposures" | "area">;
}

/** An exposure as a case shows it. */
interface Evidence extends Pick<
  Exposure,
  "id" | "area" | "start" | "end" | "exposedAt" | "minDistanceM" | "certainty" | "rule" | "ruleVersion"
> {
  areaName: string;
  minutes: number;
}

/** The ledger answers so many ids at once. */
const EXPOSURES_AT_ONCE = 1000;

/** What opens the cases of locks, in their order: what each rests on, and where it stands. Asks once for all of them. */
export async function openingsOf(ports: OpeningPorts, events: readonly FindingEvent[]): Promise<OpenInput[]> {
  const locks = events.map(({ body }) => body as Lock);
  const evidence = await evidenceOf(
    ports,
    locks.flatMap(({ exposures }) => exposures),
  );
  const placements = await placeVehicles(
    ports,
    locks.map(({ vehicle, learntAt }) => ({ vehicle, atMs: Date.parse(learntAt) })),
  );
  return locks.map((lock, i) => {
    // Event time decides: a case is as old as its lock, not as the day on which it is read.
    const atMs = Math.min(Date.parse(events[i]!.at), Date.parse(lock.learntAt));
    const exposures = lock.exposures.flatMap((id) => evidence.get(id) ?? []);
    return openingOf(lock, atMs, exposures, placements[i]!);
  });
}

/** A lock has one case; its identity follows from the lock's. */
export function caseIdOf(lock: string): string {
  return `case-${lock}`;
}

/** The plate of a vehicle's id (`豫G12345_2`), as people say it. */
export function plateOf(vehicle: string): string {
  return vehicle.replace(/_\d+$/, "");
}

async function evidenceOf({ ledger }: OpeningPorts, ids: readonly string[]): Promise<Map<string, Evidence>> {
  const asked = [...new Set(ids)];
  const exposures: Exposure[] = [];
  for (let from = 0; from < asked.length; from += EXPOSURES_AT_ONCE)
    exposures.push(...(await ledger.findExposures(asked.slice(from, from + EXPOSURES_AT_ONCE))));
  const names = new Map<string, string>();
  for (const { area } of exposures) if (!names.has(area)) names.set(area, (await ledger.area(area)).name ?? area);
  return new Map(
    exposures.map(({ id, area, start, end, exposedAt, durationS, minDistanceM, certainty, rule, ruleVersion }) => {
      const minutes = Math.floor(durationS / 60);
      const areaName = names.get(area)!;
      const shown = { id, area, areaName, start, end, exposedAt, minutes, minDistanceM, certainty, rule, ruleVersion };
      return [id, shown];
    }),
  );
}

function openingOf(
  lock: Lock,
  atMs: number,
  exposures: readonly Evidence[],
  { place, position, by, arrival, says }: Placement,
): OpenInput {
  const plate = plateOf(lock.vehicle);
  const [first] = exposures;
  return {
    id: caseIdOf(lock.id),
    type: lockedVehicle.id,
    place,
    subject: { kind: "vehicle", id: lock.vehicle },
    lock: lock.id,
    title:
      first === undefined
        ? { zh: `${plate} 已锁定`, en: `${plate} is locked` }
        : {
            zh: `${plate} 曾在${first.areaName}附近停留 ${first.minutes} 分钟，已进入本市`,
            en: `${plate} was ${first.minutes} min near ${first.areaName} and entered the city`,
          },
    position,
    facts: {
      rule: first?.rule ?? null,
      ruleVersion: first?.ruleVersion ?? null,
      lockedAt: lock.lockedAt,
      expiresAt: lock.expiresAt,
      exposures,
    },
    detail: { by, arrival, says },
    atMs,
  };
}
