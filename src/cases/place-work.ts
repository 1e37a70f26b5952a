import { sql, type Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";
import { WuxingError } from "../model/errors.ts";
import type { CaseDesk } from "./case-desk.ts";
import type { CaseBody } from "./case-record.ts";
import type { PlaceFinder } from "./ports.ts";

/** Open and overdue cases below each of some paths (closed by a slash), in one query along the index of paths. */
export async function countBelow(
  kysely: Kysely<Tables>,
  paths: readonly string[],
  nowMs: number,
): Promise<{ path: string; open: number; overdue: number }[]> {
  if (paths.length === 0) return [];
  // What begins with `a/b/` lies from `a/b/` up to `a/b0`: the character behind the slash.
  const { rows } = await sql<{ path: string; open: number; overdue: number }>`
    select asked.path, count(work_case.id)::integer as open,
           (count(*) filter (where work_case.due_ms < ${nowMs}))::integer as overdue
    from unnest(${sql.val([...paths])}::text[]) as asked (path)
    left join work_case on work_case.closed_ms is null
      and work_case.path ~>=~ asked.path and work_case.path ~<~ (left(asked.path, -1) || '0')
    group by asked.path`.execute(kysely);
  return rows;
}

/** Open cases at places, for the preview of an operation on them. */
export async function countAtPlaces(
  kysely: Kysely<Tables>,
  places: readonly string[],
): Promise<{ what: string; place: string; count: number }[]> {
  if (places.length === 0) return [];
  const rows = await kysely
    .selectFrom("work_case")
    .select(({ fn }) => ["place", fn.countAll<number>().as("count")])
    .where("closed_ms", "is", null)
    .where("place", "in", places)
    .groupBy("place")
    .execute();
  return rows.map(({ place, count }) => ({ what: "case", place, count }));
}

/**
 * Finds open cases another home whose place is not there any more or lies elsewhere: the grid at their position, else the
 * nearest place above that is still there. Looks at what holds at `nowMs`, so that operations of the future come in their time and
 * nothing is missed after a stop. @returns how many moved
 */
export async function rehomeCases(
  kysely: Kysely<Tables>,
  desk: CaseDesk,
  places: PlaceFinder,
  nowMs: number,
): Promise<number> {
  const homes = await kysely
    .selectFrom("work_case")
    .select(["place", "path"])
    .where("closed_ms", "is", null)
    .groupBy(["place", "path"])
    .execute();
  let moved = 0;
  for (const { place, path } of homes) {
    const present = findPath(places, place, nowMs);
    if (present === path) continue;
    const rows = await kysely
      .selectFrom("work_case")
      .select(["id", "body"])
      .where("closed_ms", "is", null)
      .where("place", "=", place)
      .where("path", "=", path)
      .execute();
    for (const { id, body } of rows) {
      const { position } = body as CaseBody;
      const home = present === undefined ? newHome(places, path, position, nowMs) : place;
      if (home === undefined) continue;
      if ((await desk.move(id, home, position, PLACE_CHANGED, true)) !== null) moved++;
    }
  }
  return moved;
}

/** What the story says of a move that an operation on places made. */
const PLACE_CHANGED = { says: { zh: "网格已调整，随之转移", en: "Its place was changed" } };

function newHome(places: PlaceFinder, path: string, position: CaseBody["position"], nowMs: number): string | undefined {
  const grid = position === null ? undefined : places.findGridAt(position.lon, position.lat, nowMs);
  const above = path.slice(0, -1).split("/").toReversed();
  return grid ?? above.find((each) => findPath(places, each, nowMs) !== undefined);
}

function findPath(places: PlaceFinder, place: string, nowMs: number): string | undefined {
  try {
    return places.getPath(place, nowMs);
  } catch (error) {
    if (error instanceof WuxingError && error.code === "PLACE_NOT_FOUND") return undefined;
    throw error;
  }
}
