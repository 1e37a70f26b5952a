import { eachCrossing } from "./crossing.ts";
import { distanceToShape } from "./distance.ts";
import { compileShape, type GeometryFault, type Shape } from "./shape.ts";

type Ring = readonly (readonly number[])[];

/** Nearer than this is on the boundary: hole and outer ring may share corners and edges. */
const TOUCH_METERS = 0.001;

/**
 * What is wrong with a polygon's holes, at most one fault each: a hole lies inside the outer ring, is not all of it, and overlaps no other hole.
 * Every ring must have passed by itself before. An edge is cut where it crosses the other ring; between two cuts it is on one side, which its middle
 * tells.
 */
export function checkHoles(rings: readonly Ring[], path: string, faults: GeometryFault[]): void {
  const shapes = rings.map((ring) => compileShape({ type: "Polygon", coordinates: [ring] }));
  for (let hole = 1; hole < rings.length; hole++) {
    const inOuter = sidesOf(rings[hole], shapes[0]);
    const other = shapes.findIndex((_, i) => i > 0 && i < hole && overlaps(rings, shapes, hole, i));
    const [value, expected] = inOuter.hasOutside
      ? ["a hole that leaves the outer ring", "a hole inside the outer ring"]
      : !inOuter.hasInside
        ? ["a hole along all of the outer ring", "a hole smaller than the outer ring"]
        : other > 0
          ? [`a hole that overlaps hole ${other}`, "holes that do not overlap"]
          : [];
    if (value !== undefined && expected !== undefined) faults.push({ path: `${path}[${hole}]`, value, expected });
  }
}

/** Whether two holes have more than boundary in common. */
function overlaps(rings: readonly Ring[], shapes: readonly Shape[], a: number, b: number): boolean {
  const ofA = sidesOf(rings[a], shapes[b]);
  const ofB = sidesOf(rings[b], shapes[a]);
  const areSame = !ofA.hasInside && !ofA.hasOutside && !ofB.hasInside && !ofB.hasOutside;
  return ofA.hasInside || ofB.hasInside || areSame;
}

/** Whether parts of a ring lie inside and outside another one, more than `TOUCH_METERS` from it. */
function sidesOf(ring: Ring, other: Shape): { hasInside: boolean; hasOutside: boolean } {
  const boundary = other.withoutSurface();
  const sides = { hasInside: false, hasOutside: false };
  for (let i = 0; i + 1 < ring.length; i++) {
    const lon = other.nearLon(ring[i][0]);
    const lat = ring[i][1];
    const lonStep = other.nearLon(ring[i + 1][0]) - lon;
    const latStep = ring[i + 1][1] - lat;
    const cuts = [0, 1];
    eachCrossing(boundary, ring[i][0], lat, ring[i + 1][0], ring[i + 1][1], (fraction) => cuts.push(fraction));
    cuts.sort((a, b) => a - b);
    for (let cut = 0; cut + 1 < cuts.length; cut++) {
      const middle = (cuts[cut] + cuts[cut + 1]) / 2;
      const atLon = lon + middle * lonStep;
      const atLat = lat + middle * latStep;
      const side = other.covers(atLon, atLat) ? "hasInside" : "hasOutside";
      // Measured for the first of either side only.
      if (!sides[side] && distanceToShape(boundary, atLon, atLat) > TOUCH_METERS) sides[side] = true;
    }
  }
  return sides;
}
