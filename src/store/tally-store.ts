import { sql, type Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** How much came in, by hour and name. */
export interface TallyStore {
  /** Adds to the hour that `atMs` (ms UTC) lies in. */
  add(atMs: number, counts: ReadonlyMap<string, number>): Promise<void>;
  /** Sums of `[fromMs, toMs)` by name, and the first hour of it that was counted; null when none was. */
  sums(fromMs: number, toMs: number): Promise<{ sinceMs: number; counts: Map<string, number> } | null>;
}

const HOUR_MS = 3_600_000;

export function createTallyStore(kysely: Kysely<Tables>): TallyStore {
  return {
    async add(atMs, counts) {
      if (counts.size === 0) return;
      const hour_ms = Math.floor(atMs / HOUR_MS) * HOUR_MS;
      await kysely
        .insertInto("tally")
        .values([...counts].map(([name, count]) => ({ hour_ms, name, count })))
        .onConflict((conflict) =>
          conflict.columns(["hour_ms", "name"]).doUpdateSet({ count: sql`tally.count + excluded.count` }),
        )
        .execute();
    },
    async sums(fromMs, toMs) {
      const rows = await kysely
        .selectFrom("tally")
        .where("hour_ms", ">=", fromMs)
        .where("hour_ms", "<", toMs)
        .groupBy("name")
        .select(["name", sql<number>`sum(count)::bigint`.as("count"), sql<number>`min(hour_ms)`.as("sinceMs")])
        .execute();
      if (rows.length === 0) return null;
      return {
        sinceMs: Math.min(...rows.map(({ sinceMs }) => sinceMs)),
        counts: new Map(rows.map(({ name, count }) => [name, count])),
      };
    },
  };
}
