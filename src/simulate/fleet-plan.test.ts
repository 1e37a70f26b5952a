import { beforeAll, describe, expect, it } from "vitest";
import { loadDemo, NOW_MS } from "../../test/demo-city.ts";
import type { City } from "../city/city.ts";
import { distanceMeters } from "../kernel/distance.ts";
import { matchTrack, type TrackFindings } from "../kernel/match-track.ts";
import { compileShape } from "../kernel/shape.ts";
import { World } from "../kernel/world.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import { planFleet, type FleetWorld, type TruckPlan } from "./fleet-plan.ts";
import type { FleetTiming } from "./fleet-timing.ts";
import { simulateTruck, type SimulatedFix } from "./journey.ts";

const HOUR_MS = 3_600_000;
const HOURS = 14;

interface Driven {
  plan: TruckPlan;
  fixes: SimulatedFix[];
  findings: TrackFindings;
}

let city: City;
let timing: FleetTiming;
let world: FleetWorld;
let fleet: Driven[];

beforeAll(async () => {
  ({ city, timing } = await loadDemo());
  const planned = planFleet({ city, timing });
  world = planned.world;
  const kernelWorld = worldOf(city);
  fleet = planned.trucks.map((plan) => {
    const fixes = drive(world, plan, timing.startMs + HOURS * HOUR_MS);
    return { plan, fixes, findings: matchTrack(kernelWorld, columnsOf(fixes)) };
  });
});

function worldOf({ fence, gates, areas }: City): World {
  const kernelWorld = new World(DEFAULT_RULE, fence, gates);
  for (const { id, geometry, from, to } of areas) {
    const [fromMs, toMs] = [from == null ? -Infinity : Date.parse(from), to == null ? Infinity : Date.parse(to)];
    kernelWorld.addArea({ id, version: 1, shape: compileShape(geometry), fromMs, toMs });
  }
  return kernelWorld;
}

function drive(in_: FleetWorld, plan: TruckPlan, untilMs: number): SimulatedFix[] {
  const fixes: SimulatedFix[] = [];
  for (const fix of simulateTruck(in_, plan)) {
    if (fix.timeMs > untilMs) return fixes;
    fixes.push(fix);
  }
  return fixes;
}

function columnsOf(fixes: readonly SimulatedFix[]): Parameters<typeof matchTrack>[1] {
  return {
    length: fixes.length,
    timeMs: Float64Array.from(fixes, ({ timeMs }) => timeMs),
    lonE6: Int32Array.from(fixes, ({ lon }) => Math.round(lon * 1e6)),
    latE6: Int32Array.from(fixes, ({ lat }) => Math.round(lat * 1e6)),
  };
}

const until = (hours: number): number => timing.startMs + hours * HOUR_MS;

describe("the demo's fleet", () => {
  it("has at least 300 trucks, each with a plate and a number of its own", () => {
    expect(fleet.length).toBeGreaterThanOrEqual(300);
    expect(new Set(fleet.map(({ plan }) => plan.plate)).size).toBe(fleet.length);
    expect(new Set(fleet.map(({ plan }) => plan.phone)).size).toBe(fleet.length);
    for (const { plan } of fleet) expect(plan.plate).toMatch(/^\p{Script=Han}[A-HJ-NP-Z][A-HJ-NP-Z\d]\d{4}$/u);
  });

  it("reports in the order of time, whole seconds, and never from the future of its start", () => {
    for (const { fixes } of fleet) {
      expect(fixes.every(({ timeMs }, i) => timeMs % 1000 === 0 && (i === 0 || timeMs > fixes[i - 1].timeMs))).toBe(
        true,
      );
      expect(fixes[0].timeMs).toBeGreaterThan(timing.startMs - 2 * HOUR_MS);
    }
  });

  it("drives plausibly: at most 90 km/h, no place left out, no outliers", () => {
    let fastestKmh = 0;
    for (const { fixes, findings } of fleet) {
      expect(findings.marks).toEqual({ outliersMs: [], conflictingRows: [] });
      for (let i = 1; i < fixes.length; i++) {
        const [a, b] = [fixes[i - 1], fixes[i]];
        // The receiver's jitter: up to 9 m to each side at each end.
        const meters = Math.max(0, distanceMeters(a.lon, a.lat, b.lon, b.lat) - 30);
        fastestKmh = Math.max(fastestKmh, b.speedKmh, meters / ((b.timeMs - a.timeMs) / 3600));
      }
    }
    expect(fastestKmh).toBeLessThan(90.01);
    expect(fastestKmh).toBeGreaterThan(80);
  });

  it("is on the move by day and by night, about half of it at a time", () => {
    for (let hour = 0; hour < HOURS; hour++) {
      const moving = fleet.filter(({ fixes }) => {
        const fix = fixes.findLast(({ timeMs }) => timeMs <= until(hour + 0.5));
        return fix !== undefined && fix.speedKmh > 3;
      });
      expect(moving.length / fleet.length).toBeGreaterThan(0.35);
      expect(moving.length / fleet.length).toBeLessThan(0.7);
    }
  });

  it("makes every truck drive and stop again and again", () => {
    for (const { fixes } of fleet) {
      expect(fixes.some(({ speedKmh }) => speedKmh > 40)).toBe(true);
      expect(fixes.some(({ speedKmh, accOn }) => speedKmh === 0 && accOn)).toBe(true);
    }
    expect(fleet.filter(({ fixes }) => fixes.some(({ accOn }) => !accOn)).length).toBeGreaterThan(fleet.length / 2);
    expect(fleet.filter(({ fixes }) => fixes.some(({ covered }) => !covered)).length).toBeGreaterThan(10);
  });

  it("passes all 19 gates within two and a half hours of its own time: five minutes on the wall", () => {
    const passed = fleet.flatMap(({ findings }) => findings.passages.filter(({ timeMs }) => timeMs < until(2.5)));
    expect(new Set(passed.map(({ gate }) => gate))).toEqual(new Set(city.gates.map(({ id }) => id)));
  });

  it("crosses the fence at gates, and most trucks that enter were never exposed", () => {
    const entering = fleet.filter(({ findings }) => findings.fenceEvents.some(({ kind }) => kind === "entry"));
    const entries = entering.flatMap(({ findings }) => findings.fenceEvents.filter(({ kind }) => kind === "entry"));
    const inbound = fleet.flatMap(({ findings }) => findings.passages.filter((passage) => passage.inbound));
    expect(Math.abs(inbound.length - entries.length)).toBeLessThan(entries.length * 0.05);
    expect(entering.length).toBeGreaterThan(100);
    expect(entering.filter(({ findings }) => findings.exposures.length > 0).length).toBeLessThan(entering.length / 5);
  });

  it("exposes two to seven of a hundred trucks in twelve hours, most of which then enter the city and are locked", () => {
    const exposed = fleet.filter(({ findings }) => findings.exposures.some(({ exposedMs }) => exposedMs < until(12)));
    expect(exposed.length / fleet.length).toBeGreaterThan(0.02);
    expect(exposed.length / fleet.length).toBeLessThan(0.07);
    const locked = exposed.filter(({ findings }) => findings.exposures.some(({ lockMs }) => lockMs !== null));
    expect(locked.length).toBeGreaterThan(exposed.length / 2);
    const kinds = new Set(exposed.flatMap(({ findings }) => findings.exposures.map(({ certainty }) => certainty)));
    expect(kinds).toEqual(new Set(["observed", "inferred"]));
  });

  it("exposes and locks a truck within two minutes on the wall, and a second and a third", () => {
    const locks = fleet
      .flatMap(({ findings }) => findings.exposures.flatMap(({ lockMs }) => lockMs ?? []))
      .toSorted((a, b) => a - b);
    const twoMinutes = timing.startMs + 120_000 * timing.speed;
    expect(locks.filter((lockMs) => lockMs < twoMinutes).length).toBeGreaterThanOrEqual(3);
    const exposures = fleet.flatMap(({ findings }) => findings.exposures);
    const soon = timing.startMs + 10_000 * timing.speed;
    expect(exposures.some(({ exposedMs }) => exposedMs > timing.startMs && exposedMs < soon)).toBe(true);
  });

  it("keeps scheduled entries to the second", () => {
    for (let k = 0; world.schedule.entryMs(k) < until(HOURS - 1); k++) {
      const entryMs = world.schedule.entryMs(k);
      const nearest = fleet.flatMap(({ findings }) =>
        findings.exposures.map(({ enteredMs }) => Math.abs((enteredMs ?? 0) - entryMs)),
      );
      // The road crosses the fence somewhere between two vertices of the way.
      expect(Math.min(...nearest)).toBeLessThan(90_000);
    }
  });

  it("is the same for the same seed, and another for another", () => {
    const again = planFleet({ city, timing });
    const plan = again.trucks[17];
    expect(again.trucks).toEqual(fleet.map((truck) => truck.plan));
    expect(drive(again.world, plan, until(3))).toEqual(fleet[17].fixes.filter(({ timeMs }) => timeMs <= until(3)));
    const other = planFleet({ city, timing: { ...timing, seed: 2 } });
    expect(other.trucks[17].plate).not.toBe(plan.plate);
  });

  it("reports every half minute on the way while time runs fast, every ten seconds after that", () => {
    const usualStepMs = (fromMs: number, toMs: number): number => {
      const steps = fleet.flatMap(({ fixes }) => {
        const moving = fixes.filter(({ timeMs, speedKmh }) => timeMs > fromMs && timeMs < toMs && speedKmh > 3);
        return moving.slice(1).map(({ timeMs }, i) => timeMs - moving[i].timeMs);
      });
      return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)];
    };
    expect(usualStepMs(until(0), until(1))).toBe(30_000);
    expect(usualStepMs(timing.caughtUpMs + 60_000, until(HOURS))).toBe(10_000);
  });
});

describe("a fleet of another size or city", () => {
  it("has as many trucks as asked", () => {
    expect(planFleet({ city, timing, trucks: 7 }).trucks).toHaveLength(7);
  });

  it("drives without risk areas too", () => {
    const calm = planFleet({ city: { ...city, areas: [] }, timing, trucks: 20 });
    for (const plan of calm.trucks) expect(drive(calm.world, plan, NOW_MS).length).toBeGreaterThan(50);
  });

  it.each([
    ["a fleet", { fleet: null }, "city.json: fleet"],
    ["stops", { stops: [] }, "city.json: stops"],
  ])("needs %s", (_, without, where) => {
    expect(() => planFleet({ city: { ...city, ...without }, timing })).toThrow(
      expect.objectContaining({ code: "CITY_INVALID", problems: [expect.objectContaining({ where })] }),
    );
  });
});
