import { sql, type Kysely, type Transaction } from "kysely";
import { MoveTally, type BoundMove, type Reshaping } from "../city/reshaping.ts";
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

/** Places that know which of them went on with another outline after one instant and up to another. */
export interface ChangingPlaces extends PlaceFinder {
  recutBetween: (afterMs: number, upToMs: number) => readonly string[];
}

/** Where open cases go by an operation on places, for its preview. */
export async function countMoves(kysely: Kysely<Tables>, reshaping: Reshaping): Promise<BoundMove[]> {
  const { places, leafBefore, leafAfter, pathAfter } = reshaping;
  if (places.length === 0) return [];
  const rows = await kysely
    .selectFrom("work_case")
    .select(["place", "path", sql<CaseBody["position"]>`body -> 'position'`.as("position")])
    .where("closed_ms", "is", null)
    .where("place", "in", places)
    .execute();
  const tally = new MoveTally();
  for (const { place, path, position } of rows) {
    const grid = (leaf: Reshaping["leafBefore"]): string | undefined =>
      position === null ? undefined : leaf("civil", position.lon, position.lat);
    const isThere = pathAfter(place) !== undefined;
    const above = path.slice(0, -1).split("/");
    const to = isThere
      ? newHome(place, grid(leafBefore), grid(leafAfter))
      : (grid(leafAfter) ?? above.findLast((each) => pathAfter(each) !== undefined));
    if (to !== undefined) tally.add("case", place, to);
  }
  return tally.all();
}

/** Up to which instant cases have followed what changed of places. */
const FOLLOWER = "homes of cases";

/** Notes, in the transaction of an operation on places, that cases have to be looked at from its instant on. */
export async function rehomeFrom(transaction: Transaction<Tables>, effectiveMs: number): Promise<void> {
  await sql`
    insert into follower (name, seq) values (${FOLLOWER}, ${effectiveMs - 1})
    on conflict (name) do update set seq = least(follower.seq, excluded.seq)`.execute(transaction);
}

/**
 * Finds open cases another home whose place is not there any more, lies elsewhere, or has lost the ground on which they are: the grid
 * at their position, else the nearest place above that is still there. Looks at what holds at `nowMs`, so that operations of the
 * future come in their time and nothing is missed after a stop. @returns how many moved
 */
export async function rehomeCases(
  kysely: Kysely<Tables>,
  desk: CaseDesk,
  places: ChangingPlaces,
  nowMs: number,
): Promise<number> {
  const looked = await kysely.selectFrom("follower").select("seq").where("name", "=", FOLLOWER).executeTakeFirst();
  const sinceMs = looked?.seq ?? nowMs;
  const recut = new Set(places.recutBetween(sinceMs, nowMs));
  const homes = await kysely
    .selectFrom("work_case")
    .select(["place", "path"])
    .where("closed_ms", "is", null)
    .groupBy(["place", "path"])
    .execute();
  let moved = 0;
  for (const { place, path } of homes) {
    const present = findPath(places, place, nowMs);
    if (present === path && !recut.has(place)) continue;
    const rows = await kysely
      .selectFrom("work_case")
      .select(["id", "body"])
      .where("closed_ms", "is", null)
      .where("place", "=", place)
      .where("path", "=", path)
      .execute();
    const above = path.slice(0, -1).split("/");
    for (const { id, body } of rows) {
      const { position } = body as CaseBody;
      const gridAt = (atMs: number): string | undefined =>
        position === null ? undefined : places.findGridAt(position.lon, position.lat, atMs);
      const home =
        present === undefined
          ? (gridAt(nowMs) ?? above.findLast((each) => findPath(places, each, nowMs) !== undefined))
          : (newHome(place, gridAt(sinceMs), gridAt(nowMs)) ?? place);
      if (home === undefined) continue;
      if ((await desk.move(id, home, position, PLACE_CHANGED, true)) !== null) moved++;
    }
  }
  // Unless an operation came meanwhile that has to be looked at.
  await kysely
    .updateTable("follower")
    .set({ seq: nowMs })
    .where("name", "=", FOLLOWER)
    .where("seq", "=", sinceMs)
    .where("seq", "<", nowMs)
    .execute();
  return moved;
}

/** Another grid, when a case lay in its own and its ground is another's now: one that was elsewhere before is there for a reason. */
function newHome(place: string, before: string | undefined, after: string | undefined): string | undefined {
  return before === place && after !== place ? after : undefined;
}

/** What the story says of a move that an operation on places made. */
const PLACE_CHANGED = { says: { zh: "网格已调整，随之转移", en: "Its place was changed" } };

function findPath(places: PlaceFinder, place: string, nowMs: number): string | undefined {
  try {
    return places.getPath(place, nowMs);
  } catch (error) {
    if (error instanceof WuxingError && error.code === "PLACE_NOT_FOUND") return undefined;
    throw error;
  }
}
