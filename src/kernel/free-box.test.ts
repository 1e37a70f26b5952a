import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RULE } from "../model/rule.ts";
import { eachCrossing } from "./crossing.ts";
import { distanceToShape } from "./distance.ts";
import { findFreeBox } from "./free-box.ts";
import { Matcher } from "./matcher.ts";
import { PlaceBox } from "./place-box.ts";
import { compileShape } from "./shape.ts";
import { World } from "./world.ts";

const unit = fc.double({ min: -1, max: 1, noNaN: true });
const place = fc.tuple(unit, unit);
/** An area of 50 to 2,000 m, its middle within some 5 km. */
const area = fc.record({
  at: place,
  size: fc.constantFrom(0.0005, 0.005, 0.02),
  corners: fc.integer({ min: 3, max: 8 }),
});

function ringOf(lon: number, lat: number, size: number, corners: number): number[][] {
  const ring = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners;
    return [lon + size * Math.cos(angle), lat + size * Math.sin(angle)];
  });
  return [...ring, ring[0]];
}

describe("the free box round a place", () => {
  it("leaves every area as near or far as it is, and crosses neither fence nor gate", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -178, max: 178, noNaN: true }),
        fc.double({ min: -65, max: 65, noNaN: true }),
        fc.array(area, { maxLength: 4 }),
        place,
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3)), { minLength: 1, maxLength: 20 }),
        (lon, lat, areas, fenceAt, goals) => {
          const fence = ringOf(lon + 0.02 * fenceAt[0], lat + 0.02 * fenceAt[1], 0.015, 5);
          const gate = [fence[0], fence[2]];
          const world = new World(DEFAULT_RULE, { type: "Polygon", coordinates: [fence] }, [{ id: "G", line: gate }]);
          for (const [i, { at, size, corners }] of areas.entries()) {
            const ring = ringOf(lon + 0.05 * at[0], lat + 0.05 * at[1], size, corners);
            const shape = compileShape({ type: "Polygon", coordinates: [ring] });
            world.addArea({ id: `R${i}`, version: 1, shape, fromMs: -Infinity, toMs: Infinity });
          }
          const lonE6 = Math.round(lon * 1e6);
          const latE6 = Math.round(lat * 1e6);
          const box = new PlaceBox();
          findFreeBox(world, lonE6, latE6, box);
          const { west, south, width, height } = box;
          if (width === 0) return;
          const isNear = (atLon: number, atLat: number): boolean[] =>
            world.areas
              .slice(world.firstAreaSlot)
              .map((each) => distanceToShape(each!.shape, atLon, atLat) <= DEFAULT_RULE.radiusMeters);
          for (const [share, edge] of goals) {
            // On the box's four edges.
            const end = edge & 2 ? 1 : 0;
            const goalLon = (west + Math.round((edge & 1 ? share : end) * (width - 1))) / 1e6;
            const goalLat = (south + Math.round((edge & 1 ? end : share) * (height - 1))) / 1e6;
            expect(isNear(goalLon, goalLat)).toEqual(isNear(lonE6 / 1e6, latE6 / 1e6));
            for (const line of [world.fenceLine!, world.gates[0].shape]) {
              eachCrossing(line, lonE6 / 1e6, latE6 / 1e6, goalLon, goalLat, () => expect.fail("it crosses a line"));
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("reaches a kilometre where there is nothing, and nowhere at the edge of a reach", () => {
    const world = new World(DEFAULT_RULE);
    const sideAt = (lonE6: number, latE6: number): number => {
      const box = new PlaceBox();
      findFreeBox(world, lonE6, latE6, box);
      return box.width;
    };
    expect(sideAt(113_900_000, 35_300_000)).toBeGreaterThan(12_600);
    const shape = compileShape({ type: "Point", coordinates: [113.9, 35.3] });
    world.addArea({ id: "R", version: 1, shape, fromMs: -Infinity, toMs: Infinity });
    expect(sideAt(113_900_000, 35_300_000)).toBeGreaterThan(10_000);
    expect(sideAt(113_900_000, 35_300_000 + 7209)).toBeLessThan(70);
  });
});

/** Steps of a truck that rests, creeps, drives or is silent, near two areas. */
const step = fc.record({
  seconds: fc.constantFrom(10, 30, 60, 290, 400, 2400, 30_000),
  metersEast: fc.constantFrom(0, 3, -4, 60, -80, 400, -700),
  metersNorth: fc.constantFrom(0, 2, -5, 90, -50, 300),
  /** Whether what lasts on is asked for. */
  isAsked: fc.option(fc.constant(true), { freq: 7 }),
});

describe("matching with free boxes", () => {
  it("tells exactly what matching without it tells", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: "max" }), fc.nat(1600), (steps, startMeters) => {
        const told = [false, true].map((isUsed) => {
          const fence = ringOf(113.9, 35.305, 0.012, 4);
          const world = new World(DEFAULT_RULE, { type: "Polygon", coordinates: [fence] }, []);
          for (const [i, lon] of [113.9, 113.912].entries()) {
            const shape = compileShape({ type: "Polygon", coordinates: [ringOf(lon, 35.3, 0.003, 6)] });
            world.addArea({ id: `R${i}`, version: 1, shape, fromMs: -Infinity, toMs: Infinity });
          }
          const findings: unknown[] = [];
          const matcher = new Matcher(world, 1, {
            exposure: (_, exposure, change) => findings.push([change, exposure]),
            passage: (_, passage) => findings.push(passage),
            fence: (_, event) => findings.push(event),
          });
          let timeMs = Date.UTC(2021, 10, 6);
          let east = startMeters;
          let north = 0;
          for (const { seconds, metersEast, metersNorth, isAsked } of steps) {
            timeMs += 1000 * seconds;
            east += metersEast;
            north += metersNorth;
            // Another version empties every box.
            if (!isUsed) world.version++;
            matcher.push(0, timeMs, Math.round(113.9e6 + 11 * east), Math.round(35.3e6 + 9 * north));
            if (isAsked) matcher.tellGrown();
          }
          matcher.tellGrown();
          return findings;
        });
        expect(told[1]).toEqual(told[0]);
      }),
      { numRuns: 1000 },
    );
  });
});
