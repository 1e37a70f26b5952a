import { sql, type Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** When a vehicle's fixes prove a finding that still counts, ms UTC: the stay, and the entry that locks. */
export interface Evidence {
  vehicle: string;
  startMs: number;
  lastMs: number;
  lockMs: number | null;
  enteredMs: number | null;
}

export interface LedgerEvidence {
  /**
   * Exposures that lasted until `sinceMs` or later (they can still lock), and those of a lock that is live or waits for
   * a person; of the latter also when they have been withdrawn: the time of `dwellMs` before it counted.
   */
  evidence(sinceMs: number, dwellMs: number): Promise<Evidence[]>;
}

export function createEvidence(kysely: Kysely<Tables>): LedgerEvidence {
  return {
    async evidence(sinceMs, dwellMs) {
      const { rows } = await sql<Evidence>`
        select vehicle, start_ms as "startMs", last_ms as "lastMs", lock_ms as "lockMs", entered_ms as "enteredMs"
        from exposure
        where last_ms >= ${sinceMs} or id in (
          select jsonb_array_elements_text(body -> 'exposures') from lock where state in ('live', 'review'))
        union all
        select vehicle, ${instantMs("exposedAt")} - ${dwellMs}::bigint, ${instantMs("exposedAt")}, locked_ms,
          ${instantMs("enteredAt")}
        from lock where state = 'review'`.execute(kysely);
      return rows;
    },
  };
}

/** An instant of a lock's body, ms UTC. */
const instantMs = (name: "exposedAt" | "enteredAt") =>
  sql`round(extract(epoch from (body ->> ${name})::timestamptz) * 1000)::bigint`;
