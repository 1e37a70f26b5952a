import { sql, type Kysely, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";
import type { PlaceTables } from "./place-tables.ts";

/** A version with its outline, as it stands in the tables. */
export type StoredVersion = PlaceTables["place_version"] &
  Pick<PlaceTables["place"], "tree" | "kind"> & { area_m2: number };
export type StoredShape = PlaceTables["place_shape"];

/** What an operation writes. */
export interface OperationRows {
  operation: Omit<PlaceTables["place_operation"], "number" | "undone_ms" | "undone_by">;
  places: readonly PlaceTables["place"][];
  shapes: readonly StoredShape[];
  /** Places whose last version ends at the operation's instant. */
  ended: readonly string[];
  versions: readonly PlaceTables["place_version"][];
}

/** Held while an operation is recorded, so that each sees the ones before it. "wxpl" in ASCII. */
const ADVISORY_LOCK = 0x7778706c;
/** Rows of one statement: some megabytes of outlines. */
const ROWS_MAX = 2000;

/** Every version of every place, and every outline, once. */
export async function loadPlaces(kysely: Kysely<Tables>): Promise<{
  operations: number;
  versions: StoredVersion[];
  shapes: StoredShape[];
}> {
  const operations = await countOperations(kysely);
  const versions = await kysely
    .selectFrom("place_version")
    .innerJoin("place", "place.id", "place_version.place")
    .innerJoin("place_shape", "place_shape.id", "place_version.shape")
    .selectAll("place_version")
    .select(["place.tree", "place.kind", "place_shape.area_m2"])
    .orderBy("from_ms")
    .execute();
  const shapes = await kysely.selectFrom("place_shape").selectAll().execute();
  return { operations, versions, shapes };
}

/** An operation in the list: without its outlines, with the first names of what it ends and creates. */
export type ListedOperation = Pick<
  PlaceTables["place_operation"],
  "id" | "effective_ms" | "recorded_ms" | "account" | "reason" | "undone_ms"
> & { changes: number; ops: string[]; closed: string[]; created: string[] };

/** Operations, the last recorded first, without what they hold. */
export function listOperations(kysely: Kysely<Tables>, limit: number): Promise<ListedOperation[]> {
  return kysely
    .selectFrom("place_operation")
    .select(["id", "effective_ms", "recorded_ms", "account", "reason", "undone_ms"])
    .select([
      sql<number>`jsonb_array_length(changes)`.as("changes"),
      sql<string[]>`jsonb_path_query_array(changes, '$[0 to 99].op')`.as("ops"),
      sql<string[]>`jsonb_path_query_array(preview, '$.closed[0 to 4].name')`.as("closed"),
      sql<string[]>`jsonb_path_query_array(preview, '$.created[0 to 4].name')`.as("created"),
    ])
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
}

/** What it takes to take an operation back; undefined when there is none, or none any more. */
export async function findOperation(
  kysely: Kysely<Tables>,
  id: string,
): Promise<Pick<PlaceTables["place_operation"], "effective_ms" | "preview" | "duties_before"> | undefined> {
  return kysely
    .selectFrom("place_operation")
    .select(["effective_ms", "preview", "duties_before"])
    .where("id", "=", id)
    .where("undone_ms", "is", null)
    .executeTakeFirst();
}

/** Takes an operation out of the versions and the duties; the operation itself stays on record. */
export async function writeUndo(
  transaction: Transaction<Tables>,
  undo: {
    operation: string;
    undoneMs: number;
    account: string | null;
    resumed: readonly { id: string; fromMs: number }[];
    dutiesBefore: readonly (readonly [id: string, toMs: number | null])[];
  },
): Promise<void> {
  const { operation, undoneMs, account, resumed, dutiesBefore } = undo;
  const ofIt = (table: "duty") => transaction.selectFrom(table).select("id").where("operation", "=", operation);
  await transaction.deleteFrom("substitute").where("duty", "in", ofIt("duty")).execute();
  await transaction.deleteFrom("duty").where("operation", "=", operation).execute();
  await transaction.deleteFrom("place_version").where("operation", "=", operation).execute();
  await transaction.deleteFrom("place").where("operation", "=", operation).execute();
  for (const part of inParts(resumed)) {
    await sql`
      update place_version set to_ms = null
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (id text, "fromMs" bigint)
      where place = row.id and from_ms = row."fromMs"
    `.execute(transaction);
  }
  for (const part of inParts(dutiesBefore)) {
    const rows = part.map(([id, toMs]) => ({ id, to_ms: toMs }));
    await sql`
      update duty set to_ms = row.to_ms
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (id text, to_ms bigint)
      where duty.id = row.id
    `.execute(transaction);
  }
  await transaction
    .updateTable("place_operation")
    .set({ undone_ms: undoneMs, undone_by: account })
    .where("id", "=", operation)
    .execute();
}

/** Takes the turn among all that record operations, until the transaction ends; gives how many there are. */
export async function lockOperations(transaction: Transaction<Tables>): Promise<number> {
  await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
  return countOperations(transaction);
}

export async function writeOperation(transaction: Transaction<Tables>, rows: OperationRows): Promise<void> {
  const { operation } = rows;
  await sql`
    insert into place_operation (id, effective_ms, recorded_ms, account, reason, changes, preview, duties_before)
    values (${operation.id}, ${operation.effective_ms}, ${operation.recorded_ms}, ${operation.account},
      ${operation.reason}, ${JSON.stringify(operation.changes)}::jsonb, ${JSON.stringify(operation.preview)}::jsonb,
      ${JSON.stringify(operation.duties_before)}::jsonb)
  `.execute(transaction);
  for (const part of inParts(rows.places)) {
    await sql`
      insert into place (id, tree, kind, operation)
      select id, tree, kind, operation
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (id text, tree text, kind text, operation text)
    `.execute(transaction);
  }
  for (const part of inParts(rows.shapes)) {
    await sql`
      insert into place_shape (id, area_m2, geometry)
      select id, area_m2, geometry
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (id text, area_m2 float8, geometry jsonb)
      on conflict (id) do nothing
    `.execute(transaction);
  }
  for (const part of inParts(rows.ended)) {
    await sql`
      update place_version set to_ms = ${operation.effective_ms} where to_ms is null and place = any(${part})
    `.execute(transaction);
  }
  for (const part of inParts(rows.versions)) {
    await sql`
      insert into place_version (place, from_ms, to_ms, name, parent, path, shape, operation)
      select place, from_ms, to_ms, name, parent, path, shape, operation
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (
        place text, from_ms bigint, to_ms bigint, name text, parent text, path text, shape text, operation text
      )
    `.execute(transaction);
  }
}

/** Persons, duties, leaves and substitutes; a person that is known keeps the name that is given last. */
export async function writeDuties(
  transaction: Transaction<Tables>,
  rows: {
    persons?: readonly PlaceTables["person"][];
    duties?: readonly PlaceTables["duty"][];
    leaves?: readonly PlaceTables["leave"][];
    substitutes?: readonly PlaceTables["substitute"][];
  },
): Promise<void> {
  for (const part of inParts(rows.persons ?? [])) {
    await sql`
      insert into person (id, name, recorded_ms)
      select id, name, recorded_ms
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (id text, name text, recorded_ms bigint)
      on conflict (id) do update set name = excluded.name
    `.execute(transaction);
  }
  for (const part of inParts(rows.duties ?? [])) {
    await sql`
      insert into duty (id, place, slot, person, from_ms, to_ms, recorded_ms, account, operation)
      select id, place, slot, person, from_ms, to_ms, recorded_ms, account, operation
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (
        id text, place text, slot text, person text, from_ms bigint, to_ms bigint, recorded_ms bigint, account text,
        operation text
      )
      on conflict (id) do update set to_ms = excluded.to_ms
    `.execute(transaction);
  }
  for (const part of inParts(rows.leaves ?? [])) {
    await sql`
      insert into leave (id, person, from_ms, to_ms, recorded_ms, account)
      select id, person, from_ms, to_ms, recorded_ms, account
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (
        id text, person text, from_ms bigint, to_ms bigint, recorded_ms bigint, account text
      )
      on conflict (id) do update set to_ms = excluded.to_ms
    `.execute(transaction);
  }
  for (const part of inParts(rows.substitutes ?? [])) {
    await sql`
      insert into substitute (id, duty, person, from_ms, to_ms, recorded_ms, account)
      select id, duty, person, from_ms, to_ms, recorded_ms, account
      from jsonb_to_recordset(${JSON.stringify(part)}::jsonb) as row (
        id text, duty text, person text, from_ms bigint, to_ms bigint, recorded_ms bigint, account text
      )
      on conflict (id) do update set to_ms = excluded.to_ms
    `.execute(transaction);
  }
}

export async function loadDuties(kysely: Kysely<Tables>): Promise<{
  persons: PlaceTables["person"][];
  duties: PlaceTables["duty"][];
  leaves: PlaceTables["leave"][];
  substitutes: PlaceTables["substitute"][];
}> {
  return {
    persons: await kysely.selectFrom("person").selectAll().execute(),
    duties: await kysely.selectFrom("duty").selectAll().execute(),
    leaves: await kysely.selectFrom("leave").selectAll().execute(),
    substitutes: await kysely.selectFrom("substitute").selectAll().execute(),
  };
}

async function countOperations(kysely: Kysely<Tables>): Promise<number> {
  const { count } = await kysely
    .selectFrom("place_operation")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return count;
}

function* inParts<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) yield rows.slice(at, at + ROWS_MAX);
}
