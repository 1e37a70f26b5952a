import { describe, expect, it } from "vitest";
import { vehicleStateSchema, type Positions } from "../../model/vehicle.ts";
import { Fleet, VEHICLE_STATES } from "./fleet.ts";

function message(rows: [number: number, lon: number, lat: number, state?: number][]): Positions {
  return {
    number: rows.map(([number]) => number),
    timeMs: rows.map(() => 1_000),
    lonE6: rows.map(([, lon]) => Math.round(lon * 1e6)),
    latE6: rows.map(([, , lat]) => Math.round(lat * 1e6)),
    headingDeg: rows.map(() => 90),
    state: rows.map(([, , , state]) => state ?? 0),
    vehicles: Object.fromEntries(rows.map(([number]) => [String(number), `V${number}`])),
  };
}

describe("the fleet on the map", () => {
  it("counts the states in the order of the model", () => {
    expect(VEHICLE_STATES).toEqual(vehicleStateSchema.options);
  });

  it("moves a vehicle from where it is drawn to its new fix over the time between its fixes", () => {
    const fleet = new Fleet();
    fleet.apply(message([[3, 113, 35]]), 0, true);
    fleet.apply(message([[3, 113.01, 35]]), 2_000);
    expect(fleet.placeOf(3, 2_000)).toEqual([113, 35]);
    const [lon] = fleet.placeOf(3, 3_050)!;
    expect(lon).toBeCloseTo(113.005, 6);
    expect(fleet.placeOf(3, 60_000)![0]).toBeCloseTo(113.01, 9);
  });

  it("goes on from half way when the next fix comes early, without a jump", () => {
    const fleet = new Fleet();
    fleet.apply(message([[0, 113, 35]]), 0, true);
    fleet.apply(message([[0, 113.01, 35]]), 4_000);
    const before = fleet.placeOf(0, 5_000)!;
    fleet.apply(message([[0, 113.02, 35]]), 5_000);
    expect(fleet.placeOf(0, 5_000)![0]).toBeCloseTo(before[0], 9);
  });

  it("puts a vehicle that comes from afar where it is", () => {
    const fleet = new Fleet();
    fleet.apply(message([[0, 113, 35]]), 0, true);
    fleet.apply(message([[0, 114, 35]]), 1_000);
    expect(fleet.placeOf(0, 1_000)).toEqual([114, 35]);
  });

  it("forgets who is not in a message of all", () => {
    const fleet = new Fleet();
    fleet.apply(
      message([
        [0, 113, 35],
        [1, 113, 35],
      ]),
      0,
      true,
    );
    fleet.apply(message([[1, 113, 35]]), 1_000, true);
    expect(fleet.placeOf(0, 1_000)).toBeNull();
    expect(fleet.placeOf(1, 1_000)).not.toBeNull();
  });

  it("notes a change of state only when it happens before our eyes", () => {
    const fleet = new Fleet();
    fleet.apply(message([[0, 113, 35, 2]]), 0, true);
    expect(fleet.changedMs[0]).toBe(-Infinity);
    fleet.apply(message([[0, 113, 35, 3]]), 1_000);
    expect(fleet.changedMs[0]).toBe(1_000);
  });

  it("finds a locked vehicle before an ordinary one that is a little nearer", () => {
    const fleet = new Fleet();
    fleet.apply(
      message([
        [0, 113, 35, 0],
        [1, 113.0004, 35, 2],
      ]),
      0,
      true,
    );
    expect(fleet.nearest(113, 35, 0.001, 0.001, 0)).toBe(1);
    expect(fleet.nearest(113.5, 35, 0.001, 0.001, 0)).toBeNull();
  });

  it("grows without losing a row", () => {
    const fleet = new Fleet();
    fleet.apply(message([[0, 113, 35]]), 0, true);
    fleet.apply(message([[50_000, 114, 36]]), 10);
    expect(fleet.placeOf(0, 10)).toEqual([113, 35]);
    expect(fleet.placeOf(50_000, 10)).toEqual([114, 36]);
    expect(fleet.idOf(50_000)).toBe("V50000");
    expect(fleet.numberOf("V0")).toBe(0);
  });
});
