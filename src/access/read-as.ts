import { sql, type Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";
import type { Principal } from "./principal.ts";

/**
 * Asks the database in the role that owns nothing, with the rights of a principal: what a list shows and what a get allows is
 * one predicate, and PostgreSQL itself holds it (migrations 0005 and 0017). Nothing can be written.
 * @param rights of the asker; without them nothing is seen that belongs to no place
 */
export function readAs<T>(
  kysely: Kysely<Tables>,
  { paths, person, rights }: Pick<Principal, "paths" | "person"> & Partial<Pick<Principal, "rights">>,
  run: (database: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return kysely
    .transaction()
    .setAccessMode("read only")
    .execute(async (transaction) => {
      await sql`
        select set_config('role', 'wuxing_app', true),
               set_config('wuxing.paths', ${paths.join(" ")}, true),
               set_config('wuxing.person', ${person ?? ""}, true),
               set_config('wuxing.watch', ${rights?.has("watch") === true ? "on" : ""}, true)`.execute(transaction);
      return run(transaction);
    });
}
