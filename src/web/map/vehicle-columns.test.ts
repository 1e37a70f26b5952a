import { describe, expect, it } from "vitest";
import { Fleet } from "./fleet.ts";
import { mercatorOf, ROW_FLOATS, vehicleColumns } from "./vehicle-columns.ts";

it("the world is a square: its corners and its middle are where EPSG:3857 has them", () => {
  expect(mercatorOf(0, 0)).toEqual([0.5, 0.5]);
  expect(mercatorOf(-180, 85.0511287798066)[0]).toBe(0);
  expect(mercatorOf(-180, 85.0511287798066)[1]).toBeCloseTo(0, 9);
  // The example of EPSG guidance note 7-2 for method 1024: 24°22′54.433″ N, 100°20′00″ W.
  const half = 20037508.342789244;
  const [x, y] = mercatorOf(-(100 + 20 / 60), 24 + 22 / 60 + 54.433 / 3600);
  expect((x - 0.5) * 2 * half).toBeCloseTo(-11_169_055.58, 1);
  expect((0.5 - y) * 2 * half).toBeCloseTo(2_800_000, 1);
});

describe("the columns of a moment", () => {
  const fleet = new Fleet();
  fleet.apply(
    {
      number: [4, 1],
      timeMs: [1000, 900_000],
      lonE6: [114_000_000, 113_500_000],
      latE6: [35_300_000, 35_200_000],
      headingDeg: [90, 180],
      state: [2, 0],
      vehicles: { 4: "豫G00004_2", 1: "豫G00001_2" },
    },
    0,
    true,
  );
  const origin = mercatorOf(114, 35.3);

  it("keep what matters apart, and leave out numbers without a vehicle", () => {
    const { ordinary, special } = vehicleColumns(fleet, origin, { nowMs: 0, lostBeforeMs: 500_000, plainBut: null });
    expect([[...ordinary.numbers], [...special.numbers]]).toEqual([[1], [4]]);
    expect(Array.from(special.rows.slice(6, 9))).toEqual([90, 2, 1]);
    expect(Array.from(ordinary.rows.slice(6, 9))).toEqual([180, 0, 0]);
    expect(ordinary.rows).toHaveLength(ROW_FLOATS);
  });

  it("draw ordinary vehicles plain on demand, but for the chosen and the lost, whose marks need more", () => {
    const passes = (lostBeforeMs: number, plainBut: number): number[][] => {
      const { plain, ordinary, special } = vehicleColumns(fleet, origin, { nowMs: 0, lostBeforeMs, plainBut });
      return [plain, ordinary, special].map(({ numbers }) => [...numbers]);
    };
    expect(passes(500_000, -1)).toEqual([[1], [], [4]]);
    expect(passes(500_000, 1)).toEqual([[], [1], [4]]);
    expect(passes(950_000, -1)).toEqual([[], [1], [4]]);
  });

  it("hold a plain vehicle once for each corner of its arrow, and once where it is only a point", () => {
    const rows = (isCrowd: boolean): Float32Array =>
      vehicleColumns(fleet, origin, { nowMs: 0, lostBeforeMs: 0, plainBut: -1, isCrowd }).plain.rows;
    expect(rows(true)).toHaveLength(ROW_FLOATS);
    expect([...rows(false)]).toEqual([...rows(true), ...rows(true), ...rows(true), ...rows(true)]);
  });

  it("place a vehicle within a few centimetres of where it is, from an origin half a degree away", () => {
    const { ordinary } = vehicleColumns(fleet, origin, { nowMs: 0, lostBeforeMs: 0, plainBut: null });
    const [x, y] = mercatorOf(113.5, 35.2);
    const metres = 40_075_016 * Math.cos((35.2 * Math.PI) / 180);
    expect(Math.abs(ordinary.rows[0] + origin[0] - x) * metres).toBeLessThan(0.05);
    expect(Math.abs(ordinary.rows[1] + origin[1] - y) * metres).toBeLessThan(0.05);
  });
});
