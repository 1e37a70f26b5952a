import type { City, CityRoad, CityStop } from "../city/city.ts";
import { distanceMeters, distanceToShape } from "../kernel/distance.ts";
import { compileShape } from "../kernel/shape.ts";
import { WuxingError } from "../model/errors.ts";

/** A way from stop to stop: vertices with the limit on the way to each. Degrees WGS-84, metres, m/s. */
export interface Route {
  from: CityStop;
  to: CityStop;
  lon: Float64Array;
  lat: Float64Array;
  /** Metres from the start to each vertex. */
  alongMeters: Float64Array;
  /** Speed limit of the stretch that ends at each vertex, m/s; 0 at the first. */
  limitMps: Float64Array;
  /** Whether each vertex lies inside the city's fence. */
  inside: Uint8Array;
}

/** The roads of a city as a graph with its stops tied to it. */
export interface RoadGraph {
  stops: readonly CityStop[];
  /**
   * The quickest way, or the one of a driver who would rather not pay tolls; undefined when there is none. Routes are
   * computed once and shared.
   */
  route(from: CityStop, to: CityStop, avoidsTolls: boolean): Route | undefined;
  isInside(lon: number, lat: number): boolean;
}

interface Edge {
  to: number;
  meters: number;
  limitMps: number;
  isTolled: boolean;
}

/** Somebody who avoids tolls uses a motorway only where it saves so much: its time counts as longer by this factor. */
const TOLL_FACTOR = 1.8;
const ACCESS_METERS_MAX = 3000;
const ACCESS_KMH = 25;

/**
 * Joins roads where they share a position, and every stop to the nearest vertex.
 * @throws WuxingError CITY_INVALID for a stop further than 3 km from every road.
 */
export function buildRoadGraph(city: City): RoadGraph {
  const lon: number[] = [];
  const lat: number[] = [];
  const edges: Edge[][] = [];
  const numbers = new Map<string, number>();

  const vertexAt = (at: readonly [number, number]): number => {
    const key = `${at[0]},${at[1]}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, lon.length);
    edges.push([]);
    lat.push(at[1]);
    return lon.push(at[0]) - 1;
  };
  const join = (a: number, b: number, limitMps: number, isTolled: boolean): void => {
    const meters = distanceMeters(lon[a]!, lat[a]!, lon[b]!, lat[b]!);
    edges[a]!.push({ to: b, meters, limitMps, isTolled });
    edges[b]!.push({ to: a, meters, limitMps, isTolled });
  };

  for (const road of city.roads) joinRoad(road, vertexAt, join);
  const roadVertices = lon.length;
  const stopVertices = new Map(
    city.stops.map((stop) => {
      const nearest = nearestVertex(lon, lat, roadVertices, stop);
      const vertex = vertexAt(stop.at);
      join(vertex, nearest, ACCESS_KMH / 3.6, false);
      return [stop.id, vertex];
    }),
  );

  const fence = compileShape(city.fence);
  const isInside = (x: number, y: number): boolean => distanceToShape(fence, x, y) === 0;
  const inside = Uint8Array.from(lon, (x, i) => (isInside(x, lat[i]!) ? 1 : 0));

  const trees = new Map<string, Int32Array>();
  const routes = new Map<string, Route | undefined>();
  const route = (from: CityStop, to: CityStop, avoidsTolls: boolean): Route | undefined => {
    const treeKey = `${from.id} ${avoidsTolls}`;
    const key = `${treeKey} ${to.id}`;
    if (routes.has(key)) return routes.get(key);
    const [start, end] = [stopVertices.get(from.id)!, stopVertices.get(to.id)!];
    const tree = trees.get(treeKey) ?? quickestTree(edges, start, avoidsTolls ? TOLL_FACTOR : 1);
    trees.set(treeKey, tree);
    const path = pathTo(tree, start, end);
    const found = path && routeAlong(path, from, to, lon, lat, edges, inside);
    routes.set(key, found);
    return found;
  };
  return { stops: city.stops, route, isInside };
}

function joinRoad(
  road: CityRoad,
  vertexAt: (at: readonly [number, number]) => number,
  join: (a: number, b: number, limitMps: number, isTolled: boolean) => void,
): void {
  for (let i = 1; i < road.line.length; i++) {
    join(vertexAt(road.line[i - 1]!), vertexAt(road.line[i]!), road.speedKmh / 3.6, road.class === "motorway");
  }
}

function nearestVertex(lon: readonly number[], lat: readonly number[], count: number, stop: CityStop): number {
  let best = -1;
  let bestMeters = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (Math.abs(lat[i]! - stop.at[1]) > 0.03) continue;
    const meters = distanceMeters(lon[i]!, lat[i]!, stop.at[0], stop.at[1]);
    if (meters < bestMeters) [best, bestMeters] = [i, meters];
  }
  if (bestMeters > ACCESS_METERS_MAX) {
    const expected = `at most ${ACCESS_METERS_MAX} m from a road`;
    throw new WuxingError("CITY_INVALID", undefined, [
      { where: `stop ${stop.id}`, value: stop.at.join(", "), expected },
    ]);
  }
  return best;
}

/** Dijkstra with a binary heap: for each vertex the one before it on the quickest way from `start`; -1 without a way. */
function quickestTree(edges: readonly Edge[][], start: number, tollFactor: number): Int32Array {
  const before = new Int32Array(edges.length).fill(-1);
  const seconds = new Float64Array(edges.length).fill(Number.POSITIVE_INFINITY);
  const heap: { vertex: number; seconds: number }[] = [{ vertex: start, seconds: 0 }];
  seconds[start] = 0;
  for (let top = popLeast(heap); top !== undefined; top = popLeast(heap)) {
    if (top.seconds > seconds[top.vertex]!) continue;
    for (const edge of edges[top.vertex]!) {
      const reached = top.seconds + (edge.meters / edge.limitMps) * (edge.isTolled ? tollFactor : 1);
      if (reached >= seconds[edge.to]!) continue;
      seconds[edge.to] = reached;
      before[edge.to] = top.vertex;
      pushUp(heap, { vertex: edge.to, seconds: reached });
    }
  }
  return before;
}

function pushUp(heap: { vertex: number; seconds: number }[], entry: { vertex: number; seconds: number }): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]!.seconds <= entry.seconds) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function popLeast(heap: { vertex: number; seconds: number }[]): { vertex: number; seconds: number } | undefined {
  const least = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return least;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.seconds < heap[child]!.seconds) child++;
    if (heap[child]!.seconds >= last.seconds) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return least;
}

function pathTo(before: Int32Array, start: number, end: number): number[] | undefined {
  if (start !== end && before[end] === -1) return undefined;
  const path = [end];
  while (path.at(-1) !== start) path.push(before[path.at(-1)!]!);
  return path.toReversed();
}

function routeAlong(
  path: readonly number[],
  from: CityStop,
  to: CityStop,
  lon: readonly number[],
  lat: readonly number[],
  edges: readonly Edge[][],
  inside: Uint8Array,
): Route {
  const route: Route = {
    from,
    to,
    lon: Float64Array.from(path, (vertex) => lon[vertex]!),
    lat: Float64Array.from(path, (vertex) => lat[vertex]!),
    alongMeters: new Float64Array(path.length),
    limitMps: new Float64Array(path.length),
    inside: Uint8Array.from(path, (vertex) => inside[vertex]!),
  };
  for (let i = 1; i < path.length; i++) {
    const edge = edges[path[i - 1]!]!.find((each) => each.to === path[i])!;
    route.alongMeters[i] = route.alongMeters[i - 1]! + edge.meters;
    route.limitMps[i] = edge.limitMps;
  }
  return route;
}
