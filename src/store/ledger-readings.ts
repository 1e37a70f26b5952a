import { sql, type Kysely } from "kysely";
import type { Area } from "../model/area.ts";
import type { Exposure, FenceEvent, Lock, Passage } from "../model/finding.ts";
import type { Tables } from "./tables.ts";

/** An exposure with what its lock needs; instants ms UTC. */
export interface StandingExposure {
  body: Exposure;
  /** The end, or the last instant known to belong to it while it is open. */
  lastMs: number;
  lockMs: number | null;
  enteredMs: number | null;
}

/** What stands of one vehicle. */
export interface VehicleFindings {
  exposures: StandingExposure[];
  passages: Passage[];
  fenceEvents: FenceEvent[];
}

/** What decides about the locks of one vehicle. */
export interface VehicleLocks {
  exposures: StandingExposure[];
  locks: Lock[];
}

/** What matching reads back: before it compares, and when it starts. */
export interface LedgerReadings {
  /** All areas, withdrawn ones too. */
  allAreas(): Promise<Area[]>;
  /**
   * Findings of each vehicle that lasted until `fromMs` (exposures), or happened since then; without any: left out.
   * `exposures`: only those.
   */
  findingsOf(
    vehicles: readonly string[],
    fromMs: number,
    kinds?: "all" | "exposures",
  ): Promise<Map<string, VehicleFindings>>;
  /** Exposures and locks of each of the vehicles, oldest first; a vehicle without any is left out. */
  locksOf(vehicles: readonly string[]): Promise<Map<string, VehicleLocks>>;
  /** Vehicles with an exposure that lasted until `sinceMs` or later, and those with a live lock or one in review. */
  vehiclesAtRisk(sinceMs: number): Promise<string[]>;
  /** Vehicles with an exposure to the area. */
  vehiclesExposedTo(area: string): Promise<string[]>;
  /** Vehicles whose live lock ends before the instant, at most 1000. */
  vehiclesToExpire(ms: number): Promise<string[]>;
}

const EXPIRE_MAX = 1000;

export function createReadings(kysely: Kysely<Tables>): LedgerReadings {
  const exposures = (): ReturnType<typeof selectExposures> => selectExposures(kysely);
  return {
    async allAreas() {
      const rows = await kysely.selectFrom("area").select("body").orderBy("id").execute();
      return rows.map(({ body }) => body);
    },
    async findingsOf(vehicles, fromMs, kinds = "all") {
      const [exposed, passages, fenceEvents] = await Promise.all([
        exposures().where(isOneOf(vehicles)).where("last_ms", ">=", fromMs).execute(),
        kinds === "all" ? happenedSince(kysely, "passage", vehicles, fromMs) : [],
        kinds === "all" ? happenedSince(kysely, "fence_event", vehicles, fromMs) : [],
      ]);
      const found = new Map<string, VehicleFindings>();
      const of = (vehicle: string): VehicleFindings =>
        getOrMake(found, vehicle, () => ({ exposures: [], passages: [], fenceEvents: [] }));
      for (const row of exposed) of(row.vehicle).exposures.push(standing(row));
      for (const { body } of passages) of(body.vehicle).passages.push(body);
      for (const { body } of fenceEvents) of(body.vehicle).fenceEvents.push(body);
      return found;
    },
    async locksOf(vehicles) {
      const found = new Map<string, VehicleLocks>();
      if (vehicles.length === 0) return found;
      const of = (vehicle: string): VehicleLocks => getOrMake(found, vehicle, () => ({ exposures: [], locks: [] }));
      const [exposed, locks] = await Promise.all([
        exposures().where(isOneOf(vehicles)).orderBy("exposed_ms").orderBy("id").execute(),
        kysely.selectFrom("lock").select(["vehicle", "body"]).where(isOneOf(vehicles)).orderBy("id").execute(),
      ]);
      for (const row of exposed) of(row.vehicle).exposures.push(standing(row));
      for (const { vehicle, body } of locks) of(vehicle).locks.push(body);
      return found;
    },
    async vehiclesAtRisk(sinceMs) {
      const rows = await kysely
        .selectFrom("exposure")
        .select("vehicle")
        .where("last_ms", ">=", sinceMs)
        .union(kysely.selectFrom("lock").select("vehicle").where("state", "in", ["live", "review"]))
        .execute();
      return rows.map(({ vehicle }) => vehicle);
    },
    async vehiclesExposedTo(area) {
      const rows = await kysely.selectFrom("exposure").select("vehicle").distinct().where("area", "=", area).execute();
      return rows.map(({ vehicle }) => vehicle);
    },
    async vehiclesToExpire(ms) {
      const rows = await kysely
        .selectFrom("lock")
        .select("vehicle")
        .where("state", "=", "live")
        .where("expires_ms", "<", ms)
        .orderBy("expires_ms")
        .limit(EXPIRE_MAX)
        .execute();
      return rows.map(({ vehicle }) => vehicle);
    },
  };
}

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  const present = map.get(key) ?? make();
  map.set(key, present);
  return present;
}

/** One parameter for any number of vehicles: PostgreSQL takes at most 65,535 of them. */
const isOneOf = (vehicles: readonly string[]) => sql<boolean>`vehicle = any(${vehicles})`;

function happenedSince<T extends "passage" | "fence_event">(
  kysely: Kysely<Tables>,
  table: T,
  vehicles: readonly string[],
  fromMs: number,
): Promise<{ body: Tables[T]["body"] }[]> {
  return sql<{ body: Tables[T]["body"] }>`
    select body from ${sql.table(table)} where ${isOneOf(vehicles)} and time_ms >= ${fromMs}`
    .execute(kysely)
    .then(({ rows }) => rows);
}

const selectExposures = (kysely: Kysely<Tables>) =>
  kysely.selectFrom("exposure").select(["vehicle", "body", "last_ms", "lock_ms", "entered_ms"]);

function standing(row: Pick<Tables["exposure"], "body" | "last_ms" | "lock_ms" | "entered_ms">): StandingExposure {
  return { body: row.body, lastMs: row.last_ms, lockMs: row.lock_ms, enteredMs: row.entered_ms };
}
