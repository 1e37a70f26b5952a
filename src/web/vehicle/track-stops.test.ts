import { expect, it } from "vitest";
import type { Track } from "../../model/vehicle.ts";
import { trackStops } from "./track-stops.ts";

const MINUTE = 60_000;
/** `[minute, metres east]`. */
const track = (fixes: readonly [number, number][]): Track => ({
  vehicle: "豫G00001_2",
  timeMs: fixes.map(([minute]) => minute * MINUTE),
  lonE6: fixes.map(([, east]) => 114_000_000 + Math.round((east / 90_900) * 1e6)),
  latE6: fixes.map(() => 35_300_000),
  speedKmh: fixes.map(() => null),
  headingDeg: fixes.map(() => null),
});
const found = (fixes: readonly [number, number][]) =>
  trackStops(track(fixes)).map(({ kind, fromMs, toMs }) => [kind, fromMs / MINUTE, toMs / MINUTE]);

it("who drives on has no stop", () => {
  expect(found(Array.from({ length: 30 }, (_, i) => [i, i * 1000]))).toEqual([]);
});

it("standing for five minutes within 100 m is a stop, shorter is traffic", () => {
  const fixes: [number, number][] = [
    [0, 0],
    [1, 1000],
    [2, 1040],
    [4, 960],
    [6, 1080],
    [7, 3000],
    [8, 3010],
    [10, 3050],
    [11, 5000],
  ];
  expect(found(fixes)).toEqual([["stop", 1, 6]]);
});

it("a terminal that sleeps at one place is parked, one that wakes elsewhere left a gap", () => {
  const fixes: [number, number][] = [
    [0, 0],
    [1, 30],
    [121, 60],
    [122, 2000],
    [142, 60_000],
    [143, 61_000],
  ];
  expect(found(fixes)).toEqual([
    ["parked", 0, 121],
    ["gap", 122, 142],
  ]);
});

it("a silence longer than the longest parked time is a gap, even at the same place", () => {
  const fixes: [number, number][] = [
    [0, 0],
    [5, 0],
    [400, 0],
    [405, 0],
  ];
  expect(found(fixes)).toEqual([
    ["stop", 0, 5],
    ["gap", 5, 400],
    ["stop", 400, 405],
  ]);
});

it("nothing is known of an empty track", () => {
  expect(found([])).toEqual([]);
});
