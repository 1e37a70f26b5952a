import fc from "fast-check";
import { Geodesic } from "geographiclib-geodesic";
import { describe, expect, it } from "vitest";
import { distanceMeters, distanceToShape } from "./distance.ts";
import { compileShape, type KernelGeometry } from "./shape.ts";

function geodesicMeters(lon1: number, lat1: number, lon2: number, lat2: number): number {
  return Geodesic.WGS84.Inverse(lat1, lon1, lat2, lon2).s12!;
}

/** A point, a bearing and a distance up to 2 km; longitudes round the 180th meridian as well. */
const pair = fc.record({
  lat: fc.double({ min: -60, max: 60, noNaN: true }),
  lon: fc.oneof(
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.double({ min: 179.99, max: 180, noNaN: true }),
    fc.double({ min: -180, max: -179.99, noNaN: true }),
  ),
  bearing: fc.double({ min: 0, max: 360, noNaN: true }),
  meters: fc.double({ min: 0, max: 2000, noNaN: true }),
});

describe("distances", () => {
  it("agree with the geodesic to a millimetre up to 2 km, from 60° south to 60° north, also across the 180th meridian", () => {
    fc.assert(
      fc.property(pair, ({ lat, lon, bearing, meters }) => {
        const { lat2, lon2 } = Geodesic.WGS84.Direct(lat, lon, bearing, meters);
        expect(Math.abs(distanceMeters(lon, lat, lon2!, lat2!) - meters)).toBeLessThan(0.001);
      }),
      { numRuns: 5000 },
    );
  });

  it("to an edge agree with the least of many geodesics to its points to 0.1 m", () => {
    fc.assert(
      fc.property(pair, pair, ({ lat, lon, bearing, meters }, other) => {
        const a = Geodesic.WGS84.Direct(lat, lon, bearing, meters);
        const b = Geodesic.WGS84.Direct(a.lat2!, a.lon2!, other.bearing, other.meters);
        const edge: KernelGeometry = {
          type: "LineString",
          coordinates: [
            [a.lon2!, a.lat2!],
            [b.lon2!, b.lat2!],
          ],
        };
        const turn = b.lon2! - a.lon2!;
        const dx = turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn;
        let least = Infinity;
        for (let i = 0; i <= 400; i++) {
          const s = i / 400;
          least = Math.min(least, geodesicMeters(lon, lat, a.lon2! + s * dx, a.lat2! + s * (b.lat2! - a.lat2!)));
        }
        const got = distanceToShape(compileShape(edge), lon, lat);
        // The samples are 5 m apart: the true least lies below theirs, by at most what half a step adds.
        const halfStep = other.meters / 800;
        expect(got).toBeLessThan(least + 0.1);
        expect(got).toBeGreaterThan(Math.sqrt(Math.max(0, least * least - halfStep * halfStep)) - halfStep - 0.1);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, 0],
    [113.9, 35.3],
    [179.9999, 60],
  ])("are 0 from a place to itself, at %d %d", (lon, lat) => {
    expect(distanceMeters(lon, lat, lon, lat)).toBe(0);
    expect(distanceToShape(compileShape({ type: "Point", coordinates: [lon, lat] }), lon, lat)).toBe(0);
  });

  it("are 0 inside a polygon and in its hole the way to the hole's edge", () => {
    const donut = compileShape({
      type: "Polygon",
      coordinates: [square(113.9, 35.3, 0.02), square(113.9, 35.3, 0.01)],
    });
    expect(distanceToShape(donut, 113.915, 35.3)).toBe(0);
    expect(distanceToShape(donut, 113.9, 35.3)).toBeCloseTo(geodesicMeters(113.9, 35.3, 113.91, 35.3), 1);
    expect(distanceToShape(donut, 113.93, 35.3)).toBeCloseTo(geodesicMeters(113.93, 35.3, 113.92, 35.3), 1);
  });

  it("know a polygon that lies on both sides of the 180th meridian", () => {
    const island = compileShape({
      type: "Polygon",
      coordinates: [
        [
          [179.99, 10],
          [-179.99, 10],
          [-179.99, 10.02],
          [179.99, 10.02],
          [179.99, 10],
        ],
      ],
    });
    expect(distanceToShape(island, 180, 10.01)).toBe(0);
    expect(distanceToShape(island, -180, 10.01)).toBe(0);
    expect(distanceToShape(island, -179.98, 10.01)).toBeCloseTo(geodesicMeters(-179.98, 10.01, -179.99, 10.01), 1);
  });
});

function square(lon: number, lat: number, half: number): [number, number][] {
  return [
    [lon - half, lat - half],
    [lon + half, lat - half],
    [lon + half, lat + half],
    [lon - half, lat + half],
    [lon - half, lat - half],
  ];
}
