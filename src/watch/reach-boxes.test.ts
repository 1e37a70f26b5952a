import { describe, expect, test } from "vitest";
import type { Geometry } from "../model/area.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import { reachBoxes } from "./reach-boxes.ts";

const point: Geometry = { type: "Point", coordinates: [113.8, 35.3] };

const positions = (count: number): number[][] => Array.from({ length: count }, (_, index) => [100 + index / 100, 30]);

describe("the boxes in which an exposed vehicle has a fix", () => {
  test("reach 850 m to every side, and little more", () => {
    const [[west, south, east, north]] = reachBoxes(point, DEFAULT_RULE) as [[number, number, number, number]];
    // One degree at 35.3° is 110,952 m north and 90,976 m east (WGS-84).
    expect((35_300_000 - south) * 0.110952).toBeGreaterThan(850);
    expect((35_300_000 - south) * 0.110952).toBeLessThan(860);
    expect((113_800_000 - west) * 0.090976).toBeGreaterThan(850);
    expect((113_800_000 - west) * 0.090976).toBeLessThan(860);
    expect([113_800_000 - west, 35_300_000 - south]).toEqual([east - 113_800_000, north - 35_300_000]);
  });

  test("are one for each part, and one for all when there are too many parts", () => {
    expect(reachBoxes({ type: "MultiPoint", coordinates: positions(3) }, DEFAULT_RULE)).toHaveLength(3);
    expect(reachBoxes({ type: "MultiPoint", coordinates: positions(1001) }, DEFAULT_RULE)).toHaveLength(1);
    const ring = [
      [113.8, 35.3],
      [113.9, 35.3],
      [113.9, 35.4],
      [113.8, 35.3],
    ];
    expect(reachBoxes({ type: "Polygon", coordinates: [ring] }, DEFAULT_RULE)).toHaveLength(1);
  });

  test("are wider where a stay may lie between two fixes", () => {
    const short = reachBoxes(point, { ...DEFAULT_RULE, dwellMs: 60_000 });
    // 200 km/h for half of 300 s: 8,333 m.
    expect((35_300_000 - short[0][1]) * 0.110952).toBeGreaterThan(9183);
  });

  test("stay on the globe at a pole", () => {
    expect(reachBoxes({ type: "Point", coordinates: [0, 90] }, DEFAULT_RULE)[0][3]).toBe(90_000_000);
  });
});
