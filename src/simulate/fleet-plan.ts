import type { City, CityStop } from "../city/city.ts";
import { distanceToShape } from "../kernel/distance.ts";
import { compileShape, type Shape } from "../kernel/shape.ts";
import { WuxingError } from "../model/errors.ts";
import { EntrySchedule } from "./duties.ts";
import type { FleetTiming } from "./fleet-timing.ts";
import { Random } from "./random.ts";
import { buildRoadGraph, type RoadGraph } from "./road-graph.ts";

/**
 * What a truck does for a living. `local`: in the city. `commuter`: between the city and its neighbours, now and then by
 * way of a risk area (its entry is scheduled). `outsider`: among the neighbours, never in the city.
 */
type TruckRole = "local" | "commuter" | "outsider";

export interface TruckPlan {
  index: number;
  plate: string;
  /** JT/T 415: 1 blue, 2 yellow. */
  plateColour: 1 | 2;
  phone: string;
  version: "2013" | "2019";
  role: TruckRole;
  /** The driver's share of the speed limit. */
  pace: number;
  avoidsTolls: boolean;
  home: CityStop;
  /** Which of the scheduled entries are this truck's: `first`, `first + every`, …; null when none are. */
  entries: { first: number; every: number } | null;
  /** Simulated ms for which the truck has waited near a risk area when the simulation starts; 0 for most. */
  waitedMs: number;
  /** When its terminal has no network wherever it is: an aerial torn off, a SIM card without credit. */
  outages: { fromMs: number; toMs: number }[];
}

/** A stop within the reach of risk areas, with the hours in which any of them is valid. */
export interface RiskStop {
  stop: CityStop;
  /** `[from, to)`, ms UTC. */
  valid: { fromMs: number; toMs: number }[];
}

/** Everything that the trucks share. */
export interface FleetWorld {
  graph: RoadGraph;
  seed: number;
  startMs: number;
  /** From then on simulated time is real time. */
  caughtUpMs: number;
  inside: CityStop[];
  /** Outside the city and well away from every risk area. */
  safe: CityStop[];
  risky: RiskStop[];
  deadZones: Shape[];
  schedule: EntrySchedule;
}

export interface FleetOptions {
  city: City;
  timing: FleetTiming;
  /** Trucks; what the city's `fleet.json` says when not given. */
  trucks?: number | undefined;
}

/** Near a risk area: well within the 800 m, wherever on the yard the truck stands. Safe: well beyond. */
const NEAR_METERS = 700;
const SAFE_METERS = 1100;

/**
 * The trucks of a city and the world they drive in; the same options give the same fleet.
 * @throws WuxingError CITY_INVALID when the folder has no roads, stops or fleet, or not enough of them.
 */
export function planFleet(options: FleetOptions): { world: FleetWorld; trucks: TruckPlan[] } {
  const { city, timing } = options;
  const { seed, startMs, caughtUpMs } = timing;
  if (city.fleet === null) throw missing("fleet", "a file that says how many trucks there are");
  const graph = buildRoadGraph(city);
  const inside = city.stops.filter(({ at }) => graph.isInside(...at));
  const outside = city.stops.filter((stop) => !inside.includes(stop));
  const reach = new Map(outside.map((stop) => [stop.id, areasBy(city, stop)]));
  const world: FleetWorld = {
    graph,
    seed,
    startMs,
    caughtUpMs,
    inside,
    safe: outside.filter(({ id }) => reach.get(id)!.every(({ meters }) => meters > SAFE_METERS)),
    risky: outside.flatMap((stop) => {
      const valid = reach.get(stop.id)!.filter(({ meters }) => meters <= NEAR_METERS);
      return valid.length > 0 ? [{ stop, valid }] : [];
    }),
    deadZones: city.deadZones.map((zone) => compileShape(zone)),
    schedule: new EntrySchedule(timing),
  };
  if (inside.length < 2) throw missing("stops", "at least two in the city");
  if (world.safe.length < 2) throw missing("stops", "at least two outside the city and away from every risk area");
  return { world, trucks: planTrucks(world, options.trucks ?? city.fleet.trucks, city.fleet.plates) };
}

function areasBy(city: City, { at }: CityStop): { meters: number; fromMs: number; toMs: number }[] {
  return city.areas.map(({ geometry, from, to }) => ({
    meters: distanceToShape(compileShape(geometry), at[0], at[1]),
    fromMs: from == null ? -Infinity : Date.parse(from),
    toMs: to == null ? Infinity : Date.parse(to),
  }));
}

const MINUTE_MS = 60_000;
/** Share of the trucks that now and then stay near a risk area and then come to the city. */
const EXPOSED_SHARE = 0.14;
/** How long the first outsiders have waited when the simulation starts: their ten minutes are nearly over. */
const WAITED_MINUTES = [9.4, 8.6, 5];

function planTrucks(
  world: FleetWorld,
  count: number,
  plates: readonly { prefix: string; share: number }[],
): TruckPlan[] {
  const random = new Random(world.seed, 1);
  const taken = new Set<string>();
  const trucks = Array.from({ length: count }, (_, index): TruckPlan => {
    const role = roleOf(index, world.risky.length > 0);
    const outages: TruckPlan["outages"] = [];
    if (index % 37 === 5) {
      const fromMs = world.startMs + random.between(10, 600) * MINUTE_MS;
      outages.push({ fromMs, toMs: fromMs + random.between(15, 55) * MINUTE_MS });
    }
    return {
      index,
      plate: plateOf(random, pickShare(random, plates), taken),
      plateColour: random.next() < 0.9 ? 2 : 1,
      // 0141 is not given out to anybody: nobody's number is sent.
      phone: String(14_100_000_000 + index + 1),
      version: index % 4 === 3 ? "2019" : "2013",
      role,
      pace: random.between(0.85, 1.02),
      avoidsTolls: random.next() < 0.35,
      home: random.pick(
        { local: world.inside, commuter: [...world.inside, ...world.safe], outsider: world.safe }[role],
      ),
      entries: null,
      waitedMs: 0,
      outages,
    };
  });
  if (world.risky.length === 0) return trucks;
  // Few have their customers there: a city in which every truck is locked has no list to work on.
  const exposed = trucks.filter(({ role }) => role === "commuter").slice(0, Math.ceil(count * EXPOSED_SHARE));
  for (const [i, truck] of exposed.entries()) truck.entries = { first: i, every: exposed.length };
  const outsiders = trucks.filter(({ role }) => role === "outsider");
  for (const [i, minutes] of WAITED_MINUTES.entries()) {
    if (outsiders[i] !== undefined) outsiders[i].waitedMs = minutes * MINUTE_MS;
  }
  return trucks;
}

/** Of twenty trucks eight are local, nine commute and three stay outside. */
function roleOf(index: number, areRisks: boolean): TruckRole {
  const place = (index * 7) % 20;
  if (place < 8) return "local";
  return place < 17 || !areRisks ? "commuter" : "outsider";
}

function pickShare(random: Random, plates: readonly { prefix: string; share: number }[]): string {
  let left = random.next() * plates.reduce((sum, { share }) => sum + share, 0);
  for (const { prefix, share } of plates) {
    left -= share;
    if (left < 0) return prefix;
  }
  return plates.at(-1)!.prefix;
}

/** Five characters after the prefix (GA 36): digits, or a letter and four digits; I and O are never used. */
function plateOf(random: Random, prefix: string, taken: Set<string>): string {
  for (;;) {
    const digits = String(random.below(10_000)).padStart(4, "0");
    const head = random.next() < 0.5 ? random.pick("ABCDEFGHJKLMNPQRSTUVWXYZ".split("")) : String(random.below(10));
    const plate = `${prefix}${head}${digits}`;
    if (taken.has(plate)) continue;
    taken.add(plate);
    return plate;
  }
}

function missing(where: string, expected: string): WuxingError {
  return new WuxingError("CITY_INVALID", "the fleet cannot be simulated", [{ where: `city.json: ${where}`, expected }]);
}
