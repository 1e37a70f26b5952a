import fc from "fast-check";
import gcoord from "gcoord";
import { describe, expect, it } from "vitest";
import { distanceMeters } from "./distance.ts";
import { fromWgs84, isInChinaBox, toWgs84 } from "./datum.ts";

/** Every place whose image lies inside the box as well. */
const inChina = fc.tuple(fc.double({ min: 73, max: 136, noNaN: true }), fc.double({ min: 3, max: 54, noNaN: true }));

describe.each(["gcj02", "bd09"] as const)("%s", (datum) => {
  const crs = datum === "gcj02" ? gcoord.GCJ02 : gcoord.BD09;

  it("is undone within 1 cm everywhere in China", () => {
    fc.assert(
      fc.property(inChina, ([lon, lat]) => {
        const there = fromWgs84(datum, lon, lat);
        const back = toWgs84(datum, ...there);
        expect(distanceMeters(lon, lat, ...back)).toBeLessThan(0.01);
        expect(distanceMeters(...there, ...fromWgs84(datum, ...toWgs84(datum, ...there)))).toBeLessThan(0.01);
      }),
      { numRuns: 2000 },
    );
  });

  it("agrees with gcoord, which made its own", () => {
    fc.assert(
      fc.property(inChina, ([lon, lat]) => {
        const theirs = gcoord.transform([lon, lat], gcoord.WGS84, crs);
        expect(distanceMeters(...fromWgs84(datum, lon, lat), theirs[0], theirs[1])).toBeLessThan(0.01);
      }),
      { numRuns: 2000 },
    );
  });

  it("moves Xinxiang's centre by some hundred metres, and back", () => {
    const there = fromWgs84(datum, 113.9268, 35.303);
    expect(distanceMeters(113.9268, 35.303, ...there)).toBeGreaterThan(300);
    expect(toWgs84(datum, ...there)[0]).toBeCloseTo(113.9268, 8);
  });

  it.each([
    [2.35, 48.85],
    [-74, 40.7],
    [151.2, -33.9],
    [179.99, 0],
  ])("is the identity outside China, at %d %d", (lon, lat) => {
    expect(isInChinaBox(lon, lat)).toBe(false);
    expect(fromWgs84(datum, lon, lat)).toEqual([lon, lat]);
    expect(toWgs84(datum, lon, lat)).toEqual([lon, lat]);
  });
});
