/**
 * Outlines from boundaries that share their borders edge by edge, as the package's lattice data does: what two
 * counties share runs once in each direction and cancels; what is left is the outline of their union.
 */
export type Position = [number, number];
export type Ring = Position[];
const LATTICE = 1024;

/**
 * Simple closed rings around the union of `rings`: outer rings counter-clockwise, holes clockwise (RFC 7946), largest
 * first. Spurs and repeated vertices vanish; a ring that touches itself is split where it does. Rings with less than
 * `areaMin` square degrees (slivers of the lattice) are dropped.
 * @throws Error when the edges that are left do not form closed rings.
 */
export function outlineOf(rings: readonly Ring[], areaMin: number): Ring[] {
  const vertices = new Set(rings.flat().map((position) => keyOf(position)));
  const directed = new Map<string, { from: Position; to: Position; net: number }>();
  for (const ring of rings) {
    const untied = uncross(ring);
    const turned = signedArea(untied) < 0 ? untied.toReversed() : untied;
    for (let i = 0; i < turned.length; i++) {
      const way = stepsBetween(turned[i], turned[(i + 1) % turned.length], vertices);
      for (let k = 1; k < way.length; k++) addEdge(directed, way[k - 1], way[k]);
    }
  }

  const outgoing = new Map<string, Position[]>();
  for (const { from, to, net } of directed.values()) {
    const [start, end] = net > 0 ? [from, to] : [to, from];
    for (let n = Math.abs(net); n > 0; n--) outgoing.set(keyOf(start), [...(outgoing.get(keyOf(start)) ?? []), end]);
  }

  const found: Ring[] = [];
  for (const start of outgoing.keys()) {
    while ((outgoing.get(start)?.length ?? 0) > 0) found.push(...splitWhereItTouches(walk(outgoing, start)));
  }
  return found
    .filter((ring) => Math.abs(signedArea(ring)) >= areaMin)
    .toSorted((a, b) => Math.abs(signedArea(b)) - Math.abs(signedArea(a)))
    .map((ring) => [...ring, ring[0]!]);
}

/** A GeoJSON geometry from the rings of `outlineOf`: each hole goes to the outer ring that holds its first vertex. */
export function geometryOf(
  rings: readonly Ring[],
): { type: "Polygon"; coordinates: Ring[] } | { type: "MultiPolygon"; coordinates: Ring[][] } {
  const polygons = rings.filter((ring) => signedArea(ring) > 0).map((ring) => [ring]);
  for (const hole of rings.filter((ring) => signedArea(ring) < 0)) {
    const owner = polygons.find(([outer]) => holds(outer, hole[0]));
    if (owner === undefined) throw new Error(`a hole at ${hole[0].join(", ")} lies in no outer ring`);
    owner.push(hole);
  }
  return polygons.length === 1
    ? { type: "Polygon", coordinates: polygons[0] }
    : { type: "MultiPolygon", coordinates: polygons };
}

/** A position some metres east and north of another, rounded to 1e-6 degree; good to 1 % near 35.25° north. */
export function shift([lon, lat]: Position, eastMeters: number, northMeters: number): Position {
  return [
    Math.round((lon + eastMeters / 111_200 / 0.8166) * 1e6) / 1e6,
    Math.round((lat + northMeters / 111_200) * 1e6) / 1e6,
  ];
}

/** Positive for a counter-clockwise ring; square degrees. */
function signedArea(ring: readonly Position[]): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    sum += (ring[j][0] - ring[i][0]) * (ring[j][1] + ring[i][1]);
  }
  return sum / 2;
}

/** An edge, cut where it passes over another vertex: all positions are multiples of 1/1024 degree. */
function stepsBetween(from: Position, to: Position, vertices: ReadonlySet<string>): Position[] {
  const [dx, dy] = [(to[0] - from[0]) * LATTICE, (to[1] - from[1]) * LATTICE];
  const steps = greatestDivisor(Math.abs(dx), Math.abs(dy));
  const way: Position[] = [from];
  for (let n = 1; n < steps; n++) {
    const between: Position = [from[0] + (dx / steps / LATTICE) * n, from[1] + (dy / steps / LATTICE) * n];
    if (vertices.has(keyOf(between))) way.push(between);
  }
  return [...way, to];
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function addEdge(
  directed: Map<string, { from: Position; to: Position; net: number }>,
  from: Position,
  to: Position,
): void {
  const [a, b] = [keyOf(from), keyOf(to)];
  if (a === b) return;
  const key = a < b ? `${a}|${b}` : `${b}|${a}`;
  const edge = directed.get(key) ?? (a < b ? { from, to, net: 0 } : { from: to, to: from, net: 0 });
  edge.net += a < b ? 1 : -1;
  directed.set(key, edge);
}

function walk(outgoing: Map<string, Position[]>, start: string): Ring {
  const ring: Ring = [];
  let at = start;
  do {
    const next = outgoing.get(at)?.pop();
    if (next === undefined) throw new Error(`the outline is not closed at ${at}`);
    ring.push(next);
    at = keyOf(next);
  } while (at !== start);
  return ring;
}

/** Cuts a closed walk at every vertex that it passes twice, so that each ring is simple. */
function splitWhereItTouches(ring: Ring): Ring[] {
  const parts: Ring[] = [];
  const path: Ring = [];
  const at = new Map<string, number>();
  for (const position of ring) {
    const key = keyOf(position);
    const first = at.get(key);
    if (first !== undefined) {
      const loop = path.splice(first);
      for (const passed of loop) at.delete(keyOf(passed));
      parts.push(loop);
    }
    at.set(key, path.length);
    path.push(position);
  }
  parts.push(path);
  return parts.filter((part) => part.length >= 3);
}

/** Where two edges of a ring cross (the lattice tied a knot), the stretch between them is turned round, which unties it. */
function uncross(ring: Ring): Ring {
  for (let i = 0; i < ring.length - 2; i++) {
    for (let j = i + 2; j < ring.length; j++) {
      const [a, b, c, d] = [ring[i], ring[i + 1], ring[j], ring[(j + 1) % ring.length]];
      if (side(a, b, c) * side(a, b, d) >= 0 || side(c, d, a) * side(c, d, b) >= 0) continue;
      return [...ring.slice(0, i + 1), ...ring.slice(i + 1, j + 1).toReversed(), ...ring.slice(j + 1)];
    }
  }
  return ring;
}

function side(a: Position, b: Position, p: Position): number {
  return Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
}

function holds(ring: Ring, [x, y]: Position): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function keyOf([lon, lat]: Position): string {
  return `${lon},${lat}`;
}
