import { sql, type Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Table of migration 0016. Instants are ms UTC. */
export interface HomeTables {
  home: {
    kind: "resident" | "device";
    id: string;
    lon_e6: number;
    lat_e6: number;
    recorded_ms: number;
    account: string | null;
  };
}

/** How many have their home at one point; 1e-6 degree. */
export interface HomesAt {
  kind: HomeTables["home"]["kind"];
  lonE6: number;
  latE6: number;
  count: number;
}

/** Rows of one statement: nobody waits long behind it. */
const ROWS_MAX = 1000;

/** Sets homes, each once; what is written before a failure stays. @returns how many were new or stood elsewhere */
export async function writeHomes(kysely: Kysely<Tables>, rows: readonly HomeTables["home"][]): Promise<number> {
  let changed = 0;
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    const result = await sql`
      insert into home (kind, id, lon_e6, lat_e6, recorded_ms, account)
      select kind, id, lon_e6, lat_e6, recorded_ms, account
      from jsonb_to_recordset(${JSON.stringify(rows.slice(at, at + ROWS_MAX))}::jsonb) as row (
        kind text, id text, lon_e6 integer, lat_e6 integer, recorded_ms bigint, account text
      )
      on conflict (kind, id) do update set lon_e6 = excluded.lon_e6, lat_e6 = excluded.lat_e6,
        recorded_ms = excluded.recorded_ms, account = excluded.account
      where (home.lon_e6, home.lat_e6) is distinct from (excluded.lon_e6, excluded.lat_e6)`.execute(kysely);
    changed += Number(result.numAffectedRows ?? 0);
  }
  return changed;
}

/** @returns how many were there */
export async function deleteHomes(
  kysely: Kysely<Tables>,
  homes: readonly Pick<HomeTables["home"], "kind" | "id">[],
): Promise<number> {
  const result = await sql`
    delete from home using jsonb_to_recordset(${JSON.stringify(homes)}::jsonb) as row (kind text, id text)
    where home.kind = row.kind and home.id = row.id`.execute(kysely);
  return Number(result.numAffectedRows ?? 0);
}

/** The homes in a box (west, south, east, north; degrees), those at the same point counted together. */
export async function homesIn(
  kysely: Kysely<Tables>,
  [west, south, east, north]: readonly [number, number, number, number],
): Promise<HomesAt[]> {
  const { rows } = await sql<HomesAt>`
    select kind, lon_e6 as "lonE6", lat_e6 as "latE6", count(*)::integer as count from home
    where lon_e6 between ${Math.floor(west * 1e6)} and ${Math.ceil(east * 1e6)}
      and lat_e6 between ${Math.floor(south * 1e6)} and ${Math.ceil(north * 1e6)}
    group by kind, lon_e6, lat_e6`.execute(kysely);
  return rows;
}
