import { expect, it } from "vitest";
import { Fleet } from "./fleet.ts";
import { clustersOf } from "./vehicle-clusters.ts";
import { mercatorOf, vehicleColumns } from "./vehicle-columns.ts";

/** `count` vehicles within a hundred metres of a place, and one half a degree to the west, in `state`. */
function fleetOf(count: number, state = 2, westE6 = 500_000): Fleet {
  const fleet = new Fleet();
  const number = Array.from({ length: count + 1 }, (_, index) => index);
  fleet.apply(
    {
      number,
      timeMs: number.map(() => 1000),
      lonE6: number.map((each) => (each === count ? 113_900_000 - westE6 : 113_900_000 + each * 10)),
      latE6: number.map(() => 35_300_000),
      headingDeg: number.map(() => 0),
      state: number.map((each) => (each === count ? state : 0)),
      vehicles: Object.fromEntries(number.map((each) => [each, `豫G${each}_2`])),
    },
    0,
    true,
  );
  return fleet;
}

it("many ordinary vehicles in one place are one mark with their number; whoever matters stands for itself", () => {
  const fleet = fleetOf(100);
  const { clusters, inCluster } = clustersOf(fleet, 8.7, -1, 0);
  expect(clusters).toEqual([{ lon: expect.closeTo(113.9005, 3), lat: expect.closeTo(35.3, 6), count: 100 }]);
  const options = { nowMs: 0, lostBeforeMs: 0, plainBut: null, inCluster };
  const { ordinary, special } = vehicleColumns(fleet, mercatorOf(114, 35), options);
  expect([[...ordinary.numbers], [...special.numbers]]).toEqual([[], [100]]);
});

it.each([
  ["a locked one", fleetOf(100, 2, 1000), -1],
  ["an exposed one", fleetOf(100, 1, 1000), -1],
  ["the chosen one", fleetOf(100, 0), 7],
])("no mark lies over %s", (_, fleet, chosen) => {
  expect(clustersOf(fleet, 8.7, chosen, 0).clusters).toEqual([]);
});

it("few vehicles, and all of them from near, stand for themselves", () => {
  expect(clustersOf(fleetOf(20), 8.7, -1, 0).clusters).toEqual([]);
  const near = clustersOf(fleetOf(100), 11, -1, 0);
  expect(near.clusters).toEqual([]);
  expect(near.inCluster.every((each) => each === 0)).toBe(true);
});

it("zooming a little moves no vehicle into another cluster", () => {
  const fleet = fleetOf(100);
  expect(clustersOf(fleet, 8.05, -1, 0)).toEqual(clustersOf(fleet, 8.95, -1, 0));
});
