import { PGlite } from "@electric-sql/pglite";
import { postgis } from "@electric-sql/pglite-postgis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leastDistance, nearIntervals, nearIntervalsMax } from "./near.ts";
import { compileShape, type KernelGeometry } from "./shape.ts";

/**
 * PostGIS, which shares no line with the kernel, as the judge: `ST_Distance` on geography measures the geodesic from a place to a
 * shape whose edges are great circles. Ours are straight in longitude and latitude, so they are cut into pieces of some 20 m first; over
 * those the difference is below a micrometre.
 */
const RADIUS_METERS = 800;
const WORLDS = 400;
/** The time that the vehicle takes for its segment. */
const SEGMENT_MS = 300_000;
const PIECE_DEGREES = 0.0002;

let database: PGlite;

beforeAll(async () => {
  database = await PGlite.create({ extensions: { postgis } });
  await database.exec("CREATE EXTENSION postgis");
}, 240_000);

afterAll(() => database.close());

describe("PostGIS in the process", () => {
  it("finds the same crossings of the reach within 0.1 s and the same least distances within 0.1 m", async () => {
    const random = seeded(20_220_510);
    let crossings = 0;
    for (let world = 0; world < WORLDS; world++) {
      const { geometry, a, b } = makeWorld(random);
      const shape = compileShape(geometry);
      const out = new Float64Array(2 * nearIntervalsMax(shape));
      const count = nearIntervals(shape, RADIUS_METERS, a[0], a[1], b[0], b[1], out);
      const ends = [...out.subarray(0, 2 * count)].filter((s) => s > 0 && s < 1);
      const least = new Float64Array(2);
      leastDistance(shape, a[0], a[1], b[0], b[1], least);
      const step = 0.1 / (SEGMENT_MS / 1000);
      // A tenth of a second before and after each crossing PostGIS has to be on the two sides of the reach.
      const fractions = [least[1], ...ends.flatMap((s) => [s, s - step, s + step])];
      const meters = await distances(
        geometry,
        fractions.map((s) => along(a, b, s)),
      );
      expect(Math.abs(meters[0] - least[0])).toBeLessThan(0.1);
      ends.forEach((_, i) => {
        const [at, before, after] = meters.slice(1 + 3 * i, 4 + 3 * i);
        expect(Math.abs(at - RADIUS_METERS)).toBeLessThan(0.1);
        expect(Math.min(before, after)).toBeLessThan(RADIUS_METERS);
        expect(Math.max(before, after)).toBeGreaterThan(RADIUS_METERS);
      });
      crossings += ends.length;
    }
    expect(crossings).toBeGreaterThan(WORLDS / 2);
  }, 600_000);

  it("agrees which of many places along a segment are near", async () => {
    const random = seeded(7);
    let near = 0;
    for (let world = 0; world < 20; world++) {
      const { geometry, a, b } = makeWorld(random);
      const shape = compileShape(geometry);
      const out = new Float64Array(2 * nearIntervalsMax(shape));
      const count = nearIntervals(shape, RADIUS_METERS, a[0], a[1], b[0], b[1], out);
      const fractions = Array.from({ length: 101 }, (_, i) => i / 100);
      const meters = await distances(
        geometry,
        fractions.map((s) => along(a, b, s)),
      );
      const ours = fractions.map((s) =>
        Array.from({ length: count }).some((_, i) => out[2 * i] <= s && s <= out[2 * i + 1]),
      );
      const clear = fractions.map((_, i) => i).filter((i) => Math.abs(meters[i] - RADIUS_METERS) > 0.1);
      expect(clear.map((i) => ours[i])).toEqual(clear.map((i) => meters[i] <= RADIUS_METERS));
      near += ours.filter(Boolean).length;
    }
    expect(near).toBeGreaterThan(100);
  }, 600_000);
});

async function distances(geometry: KernelGeometry, places: readonly (readonly number[])[]): Promise<number[]> {
  const { rows } = await database.query<{ meters: number }>(
    `SELECT ST_Distance(ST_SetSRID(ST_GeomFromGeoJSON($1), 4326)::geography, ST_SetSRID(ST_MakePoint(x, y), 4326)::geography, true) AS meters
     FROM unnest($2::float8[], $3::float8[]) WITH ORDINALITY AS place(x, y, i) ORDER BY i`,
    [JSON.stringify(densified(geometry)), places.map(([x]) => x), places.map(([, y]) => y)],
  );
  return rows.map(({ meters }) => meters);
}

function densified(geometry: KernelGeometry): KernelGeometry {
  if (geometry.type === "LineString") return { ...geometry, coordinates: densifiedLine(geometry.coordinates) };
  if (geometry.type === "Polygon") return { type: "Polygon", coordinates: geometry.coordinates.map(densifiedLine) };
  return geometry;
}

function densifiedLine(line: readonly (readonly number[])[]): number[][] {
  const out: number[][] = [[...line[0]]];
  for (let i = 1; i < line.length; i++) {
    const [x0, y0] = line[i - 1];
    const [x1, y1] = line[i];
    const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / PIECE_DEGREES));
    for (let k = 1; k <= pieces; k++) out.push([x0 + (k / pieces) * (x1 - x0), y0 + (k / pieces) * (y1 - y0)]);
  }
  return out;
}

function makeWorld(random: () => number): { geometry: KernelGeometry; a: number[]; b: number[] } {
  const lon = 75 + 55 * random();
  const lat = 5 + 50 * random();
  const at = (size: number): number[] => [lon + (2 * random() - 1) * size, lat + (2 * random() - 1) * size];
  const kind = Math.floor(3 * random());
  let geometry: KernelGeometry;
  if (kind === 0) geometry = { type: "Point", coordinates: at(0.01) };
  else if (kind === 1) geometry = { type: "LineString", coordinates: [at(0.02), at(0.02), at(0.02)] };
  else {
    const corners = Array.from({ length: 7 }, (_, i) => {
      const radius = 0.003 + 0.012 * random();
      return [lon + radius * Math.cos((2 * Math.PI * i) / 7), lat + radius * Math.sin((2 * Math.PI * i) / 7)];
    });
    geometry = { type: "Polygon", coordinates: [[...corners, corners[0]]] };
  }
  return { geometry, a: at(0.03), b: at(0.03) };
}

function along(a: number[], b: number[], s: number): number[] {
  return [a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])];
}

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
