import type { Generated } from "kysely";
import type { EtcRecord, GateFinding } from "../model/etc.ts";
import type { Passage } from "../model/finding.ts";

/** Tables of migration 0006. Instants are ms UTC. */
export interface EtcTables {
  etc_passage: {
    id: string;
    seq: Generated<number>;
    source: string;
    vehicle: string;
    time_ms: number;
    /** Kind and id: `gantry G000441001000110010`. */
    facility: string;
    lane: string | null;
    road_direction: string | null;
    goods: boolean;
    gate: string | null;
    direction: Passage["direction"] | null;
    digest: string;
    body: EtcRecord;
  };
  gate_finding: {
    id: string;
    vehicle: string;
    gate: string;
    direction: Passage["direction"];
    kind: GateFinding["kind"];
    time_ms: number;
    body: GateFinding;
  };
  etc_join: {
    id: number;
    world: string;
    event_seq: number;
    etc_seq: number;
    first_ms: number | null;
    etc_decided_ms: number | null;
    fix_decided_ms: number | null;
  };
}
