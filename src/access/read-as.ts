import { sql, type Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";
import type { Principal } from "./principal.ts";

/**
 * Asks the database in the role that owns nothing, with the rights of a principal: what a list shows and what a get allows is
 * one predicate, and PostgreSQL itself holds it (migration 0005). Nothing can be written.
 */
export function readAs<T>(
  kysely: Kysely<Tables>,
  { paths, person }: Pick<Principal, "paths" | "person">,
  run: (database: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return kysely
    .transaction()
    .setAccessMode("read only")
    .execute(async (transaction) => {
      await sql`
        select set_config('role', 'wuxing_app', true),
               set_config('wuxing.paths', ${paths.join(" ")}, true),
               set_config('wuxing.person', ${person ?? ""}, true)`.execute(transaction);
      return run(transaction);
    });
}
