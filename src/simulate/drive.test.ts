import { beforeAll, describe, expect, it } from "vitest";
import { loadDemo } from "../../test/demo-city.ts";
import type { City } from "../city/city.ts";
import { findEntryMeters, placeOn, planDrive } from "./drive.ts";
import { buildRoadGraph, type RoadGraph, type Route } from "./road-graph.ts";

let city: City;
let graph: RoadGraph;
beforeAll(async () => {
  ({ city } = await loadDemo());
  graph = buildRoadGraph(city);
});

function routeOf(from: string, to: string): Route {
  const stop = (id: string): City["stops"][number] => city.stops.find((each) => each.id === id)!;
  return graph.route(stop(from), stop(to), false)!;
}

describe("a drive", () => {
  it("begins and ends at a standstill, at the two stops", () => {
    const route = routeOf("puyang", "xinxiang-trade");
    const drive = planDrive(route, 0.9);
    expect(drive.at(-5)).toEqual({ alongMeters: 0, speedMps: 0 });
    expect(drive.at(drive.seconds + 5)).toEqual({ alongMeters: route.alongMeters.at(-1), speedMps: 0 });
    expect(drive.at(drive.seconds - 1e-6).alongMeters).toBeCloseTo(route.alongMeters.at(-1)!, 3);
  });

  it.each([0.85, 1, 1.2])(
    "is never faster than 90 km/h or the driver's pace of %d, and its speed never jumps",
    (pace) => {
      const drive = planDrive(routeOf("jincheng", "heze"), pace);
      let before = drive.at(0);
      for (let second = 1; second <= drive.seconds; second++) {
        const now = drive.at(second);
        expect(now.speedMps).toBeLessThanOrEqual(Math.min(25, (90 / 3.6) * pace) + 1e-9);
        expect(Math.abs(now.speedMps - before.speedMps)).toBeLessThan(0.71);
        expect(now.alongMeters - before.alongMeters).toBeCloseTo((now.speedMps + before.speedMps) / 2, 0);
        before = now;
      }
    },
  );

  it("slows down where the road bends sharply", () => {
    const route: Route = {
      ...routeOf("puyang", "heze"),
      lon: Float64Array.of(113.9, 113.95, 113.95),
      lat: Float64Array.of(35.3, 35.3, 35.35),
      alongMeters: Float64Array.of(0, 4546, 10_093),
      limitMps: Float64Array.of(0, 20, 20),
      inside: Uint8Array.of(1, 1, 1),
    };
    const drive = planDrive(route, 1);
    expect(drive.at(drive.whenAt(4546)).speedMps).toBeCloseTo(8, 6);
    expect(drive.at(drive.whenAt(3000)).speedMps).toBeCloseTo(20, 6);
  });

  it("knows when it comes to a place", () => {
    const drive = planDrive(routeOf("kaifeng", "weihui"), 0.95);
    for (let meters = 10; meters < drive.route.alongMeters.at(-1)!; meters += 777) {
      expect(drive.at(drive.whenAt(meters)).alongMeters).toBeCloseTo(meters, 3);
    }
  });

  it("has a place and a course everywhere on its way", () => {
    const route = routeOf("puyang", "heze");
    expect(placeOn(route, 0)).toMatchObject({ lon: route.lon[0], lat: route.lat[0] });
    expect(placeOn(route, 1e9)).toMatchObject({ lon: route.lon.at(-1), lat: route.lat.at(-1) });
    const straight = {
      ...route,
      lon: Float64Array.of(113, 113),
      lat: Float64Array.of(35, 35.1),
      alongMeters: Float64Array.of(0, 11_100),
    };
    expect(placeOn(straight, 5550)).toMatchObject({ lon: 113, lat: 35.05, headingDeg: 0 });
  });

  it("finds where a way enters the city, and that others do not", () => {
    const route = routeOf("jiaozuo", "huojia");
    const { lon, lat } = placeOn(route, findEntryMeters(route)! + 1500);
    expect(graph.isInside(lon, lat)).toBe(true);
    expect(findEntryMeters(routeOf("xinxiang-trade", "weihui"))).toBeUndefined();
    expect(findEntryMeters(routeOf("anyang-steel", "linzhou"))).toBeUndefined();
  });
});
