import type { CaseRow } from "../../cases/case-record.ts";
import type { PlaceFinder, SubjectPosition } from "../../cases/ports.ts";
import type { Bilingual } from "../../model/case.ts";

/** Where somebody declared that a vehicle goes. Instants are ms UTC. */
export interface DeclaredDestination {
  /** The declaration's identity. */
  arrival: string;
  /** A place of the city's civil tree; null when what was declared lies outside of it. */
  place: string | null;
  /** As it was declared: an address, or the place's name. */
  text: string;
  /** Who said so, and when. */
  source: Bilingual;
  saidMs: number;
  /** The declaration is about this span. */
  fromMs: number;
  toMs: number;
}

/** What is declared of vehicles, by vehicle, what was said last first; vehicles of which nothing is are left out. */
export type DestinationFinder = (
  vehicles: readonly string[],
) => Promise<ReadonlyMap<string, readonly DeclaredDestination[]>>;

export interface PlacementPorts {
  places: PlaceFinder;
  positionOf: SubjectPosition;
  destinationsOf: DestinationFinder;
  /** Where a case stands whose vehicle is nowhere in the city: its top place. */
  cityPlace: string;
}

/** Where a lock's case stands, and why there. */
export interface Placement {
  place: string;
  position: CaseRow["body"]["position"];
  by: "declaration" | "position" | "city";
  /** The declaration that was used, or the one that could not be. */
  arrival: string | null;
  says: Bilingual;
}

/**
 * The place of the declared destination, as far as a declaration is about this instant and lies in the city; else the grid of
 * the present position; else the whole city. It says which it was, and why not the one before.
 */
export async function placeVehicles(
  ports: PlacementPorts,
  asked: readonly { vehicle: string; atMs: number }[],
): Promise<Placement[]> {
  const declared = await ports.destinationsOf([...new Set(asked.map(({ vehicle }) => vehicle))]);
  return Promise.all(asked.map(({ vehicle, atMs }) => placeOne(ports, vehicle, atMs, declared.get(vehicle) ?? [])));
}

async function placeOne(
  { places, positionOf, cityPlace }: PlacementPorts,
  vehicle: string,
  atMs: number,
  declared: readonly DeclaredDestination[],
): Promise<Placement> {
  const known = await positionOf({ kind: "vehicle", id: vehicle }, atMs);
  const position =
    known === null ? null : { lon: known.lon, lat: known.lat, time: new Date(known.timeMs).toISOString() };
  const present = declared.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  const usable = present.find(({ place }) => place !== null && exists(places, place, atMs));
  if (usable !== undefined)
    return {
      place: usable.place!,
      position,
      by: "declaration",
      arrival: usable.arrival,
      says: {
        zh: `派至申报的目的地：${usable.text}（${usable.source.zh}，${beijing(usable.saidMs)} 申报）`,
        en: `At the declared destination: ${usable.text} (declared by ${usable.source.en}, ${beijing(usable.saidMs)})`,
      },
    };
  const grid = known === null ? undefined : places.findGridAt(known.lon, known.lat, atMs);
  const instead =
    grid === undefined
      ? { zh: "车辆位置未知或不在本市，派至全市", en: "the vehicle is nowhere in the city: the whole city has it" }
      : { zh: "派至车辆当前位置所在网格", en: "at the grid of its present position" };
  const refused = present[0] ?? declared[0];
  const why = reasonAgainst(refused, present.length > 0);
  return {
    place: grid ?? cityPlace,
    position,
    by: grid === undefined ? "city" : "position",
    arrival: refused?.arrival ?? null,
    says: { zh: `${why.zh}，${instead.zh}`, en: `${why.en}: ${instead.en}` },
  };
}

function reasonAgainst(declared: DeclaredDestination | undefined, isPresent: boolean): Bilingual {
  if (declared === undefined) return { zh: "没有申报目的地", en: "No destination was declared" };
  const { text, fromMs, toMs } = declared;
  return isPresent
    ? { zh: `申报的目的地“${text}”不在本市`, en: `The declared destination, ${text}, is not in the city` }
    : {
        zh: `申报的目的地“${text}”只在 ${beijing(fromMs)} 至 ${beijing(toMs)} 有效`,
        en: `The declared destination, ${text}, holds only from ${beijing(fromMs)} to ${beijing(toMs)}`,
      };
}

function exists(places: PlaceFinder, place: string, atMs: number): boolean {
  try {
    return places.getPath(place, atMs) !== "";
  } catch {
    return false;
  }
}

/** `04-08 10:00` in Beijing, for sentences. */
function beijing(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(5, 16).replace("T", " ");
}
