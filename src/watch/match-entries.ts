import type { Geometry } from "../model/area.ts";
import type { ListEntry, MatchedPlace } from "../model/area-import.ts";

/** A place of the register: its name, the names above it (county, township), its outline in WGS-84. */
export interface RegisterPlace {
  id: string;
  name: string;
  kind: MatchedPlace["kind"];
  /** Names from the county down to the parent; none for a county. */
  above: readonly string[];
  geometry: Geometry;
}

/** Endings that sources write or leave out. */
const COMMUNITY_ENDINGS = /(?:社区|村)?(?:居民委员会|村民委员会|村委会|居委会)$|(?:社区|村)$/;
const TOWN_ENDINGS = /(?:街道办事处|办事处|（地区）乡|（地区）镇|地区|街道|镇|乡|苏木)$/;
/** What says that the whole place is meant. */
const WHOLE = /(?:全域|全镇|全乡|全街道|辖区|全部区域|所有区域)$/;

/**
 * Finds for each entry in the city the smallest place of the register that it names: exactly, or as what it lies in. A name counts only below
 * its own county and township, since villages of one name are in every county; what could be two places is none.
 */
export function matchEntries(
  entries: readonly ListEntry[],
  city: string,
  places: readonly RegisterPlace[],
): ListEntry[] {
  const counties = places.filter(({ kind }) => kind === "county");
  const towns = groupedBy(places, "township", ({ name, above }) => `${above[0]}/${townName(name)}`);
  const communities = groupedBy(places, "community", ({ name, above }) =>
    [above[0], townName(above[1] ?? ""), communityName(name)].join("/"),
  );
  return entries.map((entry) => (entry.city === city ? { ...entry, match: matchOf(entry) } : entry));

  function matchOf({ county, town, place, kind }: ListEntry): MatchedPlace | null {
    if (kind === "remainder") return null;
    const within = counties.find(({ name }) => name === county);
    if (within === undefined) return null;
    const rest = place.startsWith(town) ? place.slice(town.length) : place;
    const inTown = town === "" ? undefined : only(towns.get(`${county}/${townName(town)}`));
    if (inTown !== undefined) {
      const name = /^.{1,15}?(?:社区|村)/.exec(rest)?.[0];
      const key = name === undefined ? null : [county, townName(town), communityName(name)].join("/");
      const community = key === null ? undefined : only(communities.get(key));
      if (community !== undefined) return matched(community, isWhole(rest, name!));
      return matched(inTown, isWhole(rest, ""));
    }
    return matched(within, town === "" && isWhole(rest, county));
  }
}

function matched({ id, name, kind, above, geometry }: RegisterPlace, exact: boolean): MatchedPlace {
  return { id, name: [...above, name].join(""), kind, geometry, exact };
}

/** Nothing but the name, or the name and that all of it is meant. */
function isWhole(text: string, name: string): boolean {
  const left = text.startsWith(name) ? text.slice(name.length) : text;
  return left === "" || left.replace(WHOLE, "") === "";
}

function groupedBy(
  places: readonly RegisterPlace[],
  kind: RegisterPlace["kind"],
  keyOf: (place: RegisterPlace) => string,
): Map<string, RegisterPlace[]> {
  const groups = new Map<string, RegisterPlace[]>();
  for (const place of places) {
    if (place.kind !== kind) continue;
    const key = keyOf(place);
    groups.set(key, [...(groups.get(key) ?? []), place]);
  }
  return groups;
}

function only(places: readonly RegisterPlace[] | undefined): RegisterPlace | undefined {
  return places?.length === 1 ? places[0] : undefined;
}

function townName(name: string): string {
  return name.replace(TOWN_ENDINGS, "");
}

function communityName(name: string): string {
  return name.replace(COMMUNITY_ENDINGS, "");
}
