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
   * a person, or that somebody objects to as long as that is not decided; of those in review also when they have been withdrawn: the time of `dwellMs` before it counted.
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
          select jsonb_array_elements_text(lock.body -> 'exposures') from lock
          where state in ('live', 'review') or exists (
            select 1 from work_case join work_case objection on objection.parent = work_case.id
            where work_case.lock = lock.id and objection.closed_ms is null))
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
