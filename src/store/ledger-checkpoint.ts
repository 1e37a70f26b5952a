import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** How far matching has been decided and written. */
export interface Checkpoint {
  /** Everything before it in the track store's log is decided. */
  position: number;
  /** Newest event that was known then: areas that changed later are not answered from the past yet. */
  seq: number;
  /** Digest of the rule, the fence and the gates that it was decided by. */
  world: string;
}

/** One checkpoint, kept beside the findings that it speaks of. */
export interface LedgerCheckpoint {
  /** Null before the first. */
  checkpoint(): Promise<Checkpoint | null>;
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Ids of the areas that were published, edited or withdrawn after an event. */
  areasChangedSince(seq: number): Promise<string[]>;
}

const ONLY = 1;

export function createCheckpoint(kysely: Kysely<Tables>): LedgerCheckpoint {
  return {
    async checkpoint() {
      const row = await kysely.selectFrom("checkpoint").select(["position", "seq", "world"]).executeTakeFirst();
      return row ?? null;
    },
    async saveCheckpoint({ position, seq, world }) {
      await kysely
        .insertInto("checkpoint")
        .values({ id: ONLY, position, seq, world })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ position, seq, world }))
        .execute();
    },
    async areasChangedSince(seq) {
      const rows = await kysely
        .selectFrom("event")
        .select("id")
        .distinct()
        .where("kind", "=", "area")
        .where("seq", ">", seq)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}
