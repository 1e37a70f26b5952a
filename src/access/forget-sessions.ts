import type { Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";

/** Forgets the sessions of an account that are over since before an instant, ms UTC. */
export async function forgetEnded(kysely: Kysely<Tables>, account: string, beforeMs: number): Promise<void> {
  await kysely
    .deleteFrom("session")
    .where("account", "=", account)
    .where((either) => either.or([either("expires_ms", "<", beforeMs), either("ended_ms", "<", beforeMs)]))
    .execute();
}

/** Keeps the newest sessions that an account has begun at an address. */
export async function keepNewest(
  kysely: Kysely<Tables>,
  account: string,
  address: string,
  count: number,
): Promise<void> {
  const kept = kysely
    .selectFrom("session")
    .select("id")
    .where("account", "=", account)
    .where("address", "=", address)
    .orderBy("created_ms", "desc")
    .orderBy("id")
    .limit(count);
  await kysely
    .deleteFrom("session")
    .where("account", "=", account)
    .where("address", "=", address)
    .where("id", "not in", kept)
    .execute();
}
