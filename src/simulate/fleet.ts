import type { City } from "../city/city.ts";
import type { LocationReportInput } from "../wire/jt808/0200-location-report.ts";
import { LocationStatus } from "../wire/jt808/0200-location-report.ts";
import { createClock, type SimulatedClock } from "./clock.ts";
import { planFleet, type TruckPlan } from "./fleet-plan.ts";
import type { FleetTiming } from "./fleet-timing.ts";
import { simulateTruck, type SimulatedFix } from "./journey.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";
import { isUnplugged, TollGates, type TollAddress } from "./toll-gates.ts";

export interface FleetRun {
  host: string;
  port: number;
  city: City;
  timing: FleetTiming;
  /** When the simulation is taken up again: when its last fix was made, ms UTC; null (or none) when it begins. */
  lastFixMs?: number | null;
  /** When simulated time starts to run, ms UTC on the wall; now when not given. */
  wallStartMs?: number;
  /** Trucks; what the city's `fleet.json` says when not given. */
  trucks?: number | undefined;
  /** Where the gantries of the city's `toll.json` send what they see; nowhere when not given. */
  toll?: TollAddress | undefined;
  signal: AbortSignal;
  /** Called once a second of wall time. */
  onProgress?: (progress: FleetProgress) => void;
}

export interface FleetProgress {
  /** Simulated now, ms UTC. */
  cityTimeMs: number;
  trucks: number;
  online: number;
  /** Reports made, acknowledged by the platform, and not acknowledged yet (kept by their terminals). */
  reported: number;
  acknowledged: number;
  pending: number;
  /** Why none of the trucks that were switched on is online; undefined when one is. */
  problem?: string | undefined;
}

/** Between two looks at the clock, ms of wall time. */
const STEP_MS = 100;
/** What a taken-up simulation reports again: terminals may have held it without coverage. The platform knows doubles. */
const OVERLAP_MS = 30 * 60_000;
/** Reports that all terminals together keep while the platform is away: some 250 MB. */
const KEPT_MAX = 1_000_000;
/** Terminals switched on within one step, so that a fleet does not connect as one wave. */
const STARTS_PER_STEP = 40;

/**
 * Lets a city's simulated fleet drive: every truck is a JT/T 808 terminal with a connection of its own. Resolves when
 * `signal` aborts and all terminals have logged out.
 * @throws WuxingError CITY_INVALID when the city's folder has no roads, stops or fleet.
 */
export async function runFleet(run: FleetRun): Promise<FleetProgress> {
  const { city, timing, signal, lastFixMs = null, wallStartMs = Date.now() } = run;
  const clock = fleetClock(timing, lastFixMs, wallStartMs);
  const beginMs = clock.at(wallStartMs);
  const isResumed = beginMs > timing.startMs;
  const { world, trucks } = planFleet({ city, timing, trucks: run.trucks });

  const progress: FleetProgress = {
    cityTimeMs: beginMs,
    trucks: trucks.length,
    online: 0,
    reported: 0,
    acknowledged: 0,
    pending: 0,
  };
  const { host, port } = run;
  const shared = {
    platform: { host, port },
    capacity: Math.max(200, Math.min(5000, Math.floor(KEPT_MAX / trucks.length))),
    onSettled: (acknowledged: number): void => void (progress.acknowledged += acknowledged),
  };
  const toll = run.toll && new TollGates(city, run.toll);
  const driven = trucks.map(
    (plan) => new DrivenTruck(plan, simulateTruck(world, plan), new Terminal(terminalOf(plan, shared)), beginMs, toll),
  );

  let started = 0;
  let lastProgressMs = 0;
  const step = (): void => {
    const wallMs = Date.now();
    progress.cityTimeMs = clock.at(wallMs);
    const nextStart = Math.min(driven.length, started + STARTS_PER_STEP);
    for (const truck of driven.slice(started, nextStart)) truck.switchOn(isResumed ? beginMs - OVERLAP_MS : 0);
    started = nextStart;
    for (const truck of driven.slice(0, started)) progress.reported += truck.advance(progress.cityTimeMs);
    if (wallMs - lastProgressMs < 1000) return;
    lastProgressMs = wallMs;
    void toll?.send();
    progress.online = driven.filter(({ terminal }) => terminal.isOnline).length;
    progress.problem =
      progress.online > 0 ? undefined : driven.find(({ terminal }) => terminal.problem)?.terminal.problem;
    progress.pending = driven.reduce((sum, { terminal }) => sum + terminal.pending, 0);
    run.onProgress?.({ ...progress });
  };

  if (!signal.aborted) {
    const timer = setInterval(step, STEP_MS);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    clearInterval(timer);
  }
  await Promise.all(driven.map(({ terminal }) => terminal.stop()));
  return progress;
}

/** The clock of a fleet that runs, or is taken up again, from `wallStartMs` on. */
export function fleetClock(timing: FleetTiming, lastFixMs: number | null, wallStartMs: number): SimulatedClock {
  return createClock(Math.max(timing.startMs, lastFixMs ?? 0), wallStartMs, timing.speed);
}

class DrivenTruck {
  readonly terminal: Terminal;
  readonly #fixes: Generator<SimulatedFix, never>;
  readonly #beginMs: number;
  readonly #plan: TruckPlan;
  readonly #toll: TollGates | undefined;
  #last: SimulatedFix | undefined;
  #next: SimulatedFix;
  #covered = true;

  constructor(
    plan: TruckPlan,
    fixes: Generator<SimulatedFix, never>,
    terminal: Terminal,
    beginMs: number,
    toll: TollGates | undefined,
  ) {
    this.#plan = plan;
    this.#toll = toll;
    this.terminal = terminal;
    this.#fixes = fixes;
    this.#beginMs = beginMs;
    this.#next = fixes.next().value;
  }

  /** Fixes from before `fromMs` have been reported by an earlier run. */
  switchOn(fromMs: number): void {
    while (this.#next.timeMs < fromMs) this.#next = this.#fixes.next().value;
    this.terminal.start();
  }

  /** Reports what was due by `cityTimeMs`, from before the begin as kept by the terminal; returns how much. */
  advance(cityTimeMs: number): number {
    let reports = 0;
    for (; this.#next.timeMs <= cityTimeMs; this.#next = this.#fixes.next().value) {
      const fix = this.#next;
      if (fix.covered !== this.#covered) {
        this.#covered = fix.covered;
        this.terminal.setCoverage(fix.covered);
      }
      if (this.#last !== undefined) this.#toll?.watch(this.#plan, this.#last, fix);
      this.#last = fix;
      // Only where gantries can show it: a fleet without them is whole.
      if (this.#toll !== undefined && isUnplugged(this.#plan, fix.timeMs)) continue;
      this.terminal.report(reportOf(fix), fix.timeMs < this.#beginMs);
      reports++;
    }
    return reports;
  }
}

type SharedOptions = Pick<TerminalOptions, "platform" | "capacity" | "onSettled">;

function terminalOf(plan: TruckPlan, shared: SharedOptions): TerminalOptions {
  return {
    ...shared,
    phone: plan.phone,
    version: plan.version,
    registration: {
      // 410700 Xinxiang (GB/T 2260).
      provinceId: 41,
      cityId: 700,
      manufacturerId: "WXSIM",
      terminalModel: "WX-808",
      terminalId: String(plan.index + 1).padStart(7, "0"),
      plateColor: plan.plateColour,
      plate: plan.plate,
    },
  };
}

function reportOf(fix: SimulatedFix): LocationReportInput {
  return {
    timeMs: fix.timeMs,
    longitude: fix.lon,
    latitude: fix.lat,
    altitude: fix.altitudeM,
    speedKmh: fix.speedKmh,
    direction: fix.headingDeg,
    statusFlags: LocationStatus.fixed | (fix.accOn ? LocationStatus.accOn : 0),
    extras: { mileageKm: fix.mileageKm, rssi: 21, satellites: 14 },
  };
}
