import { sql, type InsertObject, type Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/**
 * Inserts rows in one statement with one parameter, however many there are. A row whose key is there already is left out.
 * @param columns of every row; columns with JSON take the value itself, not its text
 * @param key the columns by which a row is known to be there
 * @returns the `returning` column of the rows that were inserted
 */
export async function insertRows<Table extends keyof Tables>(
  database: Kysely<Tables>,
  table: Table,
  columns: readonly (keyof Tables[Table] & string)[],
  rows: readonly InsertObject<Tables, Table>[],
  key: readonly (keyof Tables[Table] & string)[] = [],
): Promise<string[]> {
  if (rows.length === 0) return [];
  const named = sql.join(columns.map((column) => sql.ref(column)));
  const returned = key[0] ?? columns[0]!;
  const { rows: inserted } = await sql<{ returned: string }>`
    insert into ${sql.table(table)} (${named})
    select ${named} from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)
    ${key.length === 0 ? sql`` : sql`on conflict (${sql.join(key.map((column) => sql.ref(column)))}) do nothing`}
    returning ${sql.ref(returned)} as returned`.execute(database);
  return inserted.map((row) => row.returned);
}
