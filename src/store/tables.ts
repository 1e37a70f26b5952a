import type { Generated } from "kysely";
import type { Area } from "../model/area.ts";
import type { Exposure, FenceEvent, FindingEvent, Lock, Passage } from "../model/finding.ts";
import type { AccessTables } from "./access-tables.ts";
import type { ArrivalTables } from "./arrival-tables.ts";
import type { CaseTables } from "./case-tables.ts";
import type { CommandTables } from "./command-tables.ts";
import type { EtcTables } from "./etc-tables.ts";
import type { HomeTables } from "./home-store.ts";
import type { PlaceTables } from "./place-tables.ts";
import type { RuleTables } from "./rule-tables.ts";

/** The tables as the newest migration leaves them. Instants are ms UTC. */
export interface Tables
  extends AccessTables, ArrivalTables, CaseTables, CommandTables, EtcTables, HomeTables, PlaceTables, RuleTables {
  migration: { number: number; name: string; digest: string; applied_ms: number };
  area: { id: string; version: number; state: Area["state"]; published_ms: number; body: Area };
  area_version: { area: string; version: number; body: Area };
  exposure: {
    id: string;
    vehicle: string;
    area: string;
    start_ms: number;
    end_ms: number | null;
    exposed_ms: number;
    last_ms: number;
    lock_ms: number | null;
    entered_ms: number | null;
    body: Exposure;
  };
  passage: {
    id: string;
    vehicle: string;
    gate: string;
    direction: Passage["direction"];
    time_ms: number;
    body: Passage;
  };
  fence_event: { id: string; vehicle: string; kind: FenceEvent["kind"]; time_ms: number; body: FenceEvent };
  lock: {
    id: string;
    vehicle: string;
    state: Lock["state"];
    locked_ms: number;
    expires_ms: number;
    ended_ms: number | null;
    body: Lock;
  };
  checkpoint: { id: number; position: number; seq: number; world: string };
  event: {
    seq: Generated<number>;
    at_ms: number;
    kind: FindingEvent["kind"];
    change: FindingEvent["change"];
    id: string;
    vehicle: string | null;
    cause: FindingEvent["cause"];
    body: unknown;
  };
}
