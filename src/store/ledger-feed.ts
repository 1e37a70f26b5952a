import { sql, type Kysely } from "kysely";
import type { FindingEvent } from "../model/finding.ts";
import { pageLimit } from "./cursor.ts";
import type { LedgerQueries } from "./ledger.ts";
import type { Tables } from "./tables.ts";

type Feed = Pick<LedgerQueries, "eventsAfter" | "lastSeq" | "subscribe"> & {
  /** Tells the subscribers of events that are committed. */
  publish: (events: readonly FindingEvent[]) => void;
};

/** The outbox as it is read: by number from the table, and as it grows by subscription. */
export async function createFeed(kysely: Kysely<Tables>): Promise<Feed> {
  const listeners = new Set<(events: readonly FindingEvent[]) => void>();
  // Not the newest row: old events are deleted, and those who have read further must not seem to be ahead.
  const newest = await sql<{ seq: number }>`
    select case when is_called then last_value else 0 end as seq from event_seq_seq`.execute(kysely);
  let lastSeq = newest.rows[0]!.seq;

  return {
    async eventsAfter(afterSeq, limit) {
      const rows = await kysely
        .selectFrom("event")
        .selectAll()
        .where("seq", ">", afterSeq)
        .orderBy("seq")
        .limit(pageLimit(limit))
        .execute();
      return rows.map(({ seq, at_ms, kind, change, id, vehicle, cause, body }) => {
        return { seq, at: new Date(at_ms).toISOString(), kind, change, id, vehicle, cause, body };
      });
    },
    lastSeq: () => lastSeq,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    publish(events) {
      const last = events.at(-1);
      if (last === undefined) return;
      lastSeq = last.seq;
      for (const listener of listeners) listener(events);
    },
  };
}
