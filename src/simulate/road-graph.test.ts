import { beforeAll, describe, expect, it } from "vitest";
import { loadDemo } from "../../test/demo-city.ts";
import type { City, CityStop } from "../city/city.ts";
import { distanceMeters } from "../kernel/distance.ts";
import { buildRoadGraph, type RoadGraph, type Route } from "./road-graph.ts";

let city: City;
let graph: RoadGraph;
beforeAll(async () => {
  ({ city } = await loadDemo());
  graph = buildRoadGraph(city);
});

function stopOf(id: string): CityStop {
  return city.stops.find((stop) => stop.id === id)!;
}

function routeOf(from: string, to: string, avoidsTolls = false): Route {
  return graph.route(stopOf(from), stopOf(to), avoidsTolls)!;
}

const secondsOf = ({ alongMeters, limitMps }: Route): number =>
  alongMeters.reduce((sum, meters, i) => (i === 0 ? 0 : sum + (meters - alongMeters[i - 1]) / limitMps[i]), 0);

describe("a city's roads", { timeout: 240_000 }, () => {
  it("lead from every stop to every other one, without a jump", () => {
    for (const from of city.stops) {
      for (const to of city.stops) {
        if (from === to) continue;
        const route = graph.route(from, to, false)!;
        expect([route.lon[0], route.lat[0]]).toEqual(from.at);
        expect([route.lon.at(-1), route.lat.at(-1)]).toEqual(to.at);
        for (let i = 1; i < route.lon.length; i++) {
          const meters = distanceMeters(route.lon[i - 1], route.lat[i - 1], route.lon[i], route.lat[i]);
          expect(route.alongMeters[i] - route.alongMeters[i - 1]).toBeCloseTo(meters, 6);
          expect(meters).toBeLessThan(3000);
        }
      }
    }
  });

  it("are as long the one way as the other", () => {
    const [there, back] = [routeOf("jiaozuo", "puyang"), routeOf("puyang", "jiaozuo")];
    expect(secondsOf(there)).toBeCloseTo(secondsOf(back), 3);
    // 150 km as the crow flies.
    expect(there.alongMeters.at(-1)).toBeGreaterThan(150_000);
    expect(there.alongMeters.at(-1)).toBeLessThan(230_000);
  });

  it("are driven the quickest way; who avoids tolls takes longer and drives less on motorways", () => {
    const motorwayMeters = ({ alongMeters, limitMps }: Route): number =>
      alongMeters.reduce((sum, meters, i) => (limitMps[i] > 24 ? sum + meters - alongMeters[i - 1] : sum), 0);
    let saved = 0;
    for (const to of ["anyang-steel", "zhengzhou-baisha", "heze", "qixian", "kaifeng"]) {
      const [quick, cheap] = [routeOf("xinxiang-trade", to), routeOf("xinxiang-trade", to, true)];
      expect(secondsOf(quick)).toBeLessThanOrEqual(secondsOf(cheap) + 1e-6);
      expect(motorwayMeters(cheap)).toBeLessThanOrEqual(motorwayMeters(quick) + 1e-6);
      saved += motorwayMeters(quick) - motorwayMeters(cheap);
    }
    expect(saved).toBeGreaterThan(20_000);
  });

  it("say where they are inside the city", () => {
    const { inside } = routeOf("jiaozuo", "xinxiang-trade");
    expect(inside[0]).toBe(0);
    expect(inside.at(-1)).toBe(1);
    expect(graph.isInside(113.9, 35.3)).toBe(true);
    expect(graph.isInside(113.6, 34.75)).toBe(false);
  });

  it("cross without meeting where they share no position", () => {
    const bridge = {
      ...city,
      roads: [
        {
          ...city.roads[0],
          id: "a",
          line: [
            [113.8, 35.3],
            [113.9, 35.3],
          ] as [number, number][],
        },
        {
          ...city.roads[0],
          id: "b",
          line: [
            [113.85, 35.25],
            [113.85, 35.35],
          ] as [number, number][],
        },
      ],
      stops: [
        { ...city.stops[0], id: "west", at: [113.801, 35.301] as [number, number] },
        { ...city.stops[0], id: "north", at: [113.851, 35.349] as [number, number] },
      ],
    };
    const [west, north] = bridge.stops;
    expect(buildRoadGraph(bridge).route(west, north, false)).toBeUndefined();
  });

  it("must lead past every stop", () => {
    const far = { ...city, stops: [{ ...city.stops[0], id: "nowhere", at: [113.0, 34.0] as [number, number] }] };
    expect(() => buildRoadGraph(far)).toThrow(
      expect.objectContaining({ code: "CITY_INVALID", problems: [expect.objectContaining({ where: "stop nowhere" })] }),
    );
  });
});
