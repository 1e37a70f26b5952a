import type { CityStop } from "../city/city.ts";
import { distanceToShape } from "../kernel/distance.ts";
import { findEntryMeters, placeOn, planDrive, type Drive } from "./drive.ts";
import type { FleetWorld, RiskStop, TruckPlan } from "./fleet-plan.ts";
import { Random } from "./random.ts";

/** What a terminal would report at an instant. Degrees WGS-84, whole seconds. */
export interface SimulatedFix {
  timeMs: number;
  lon: number;
  lat: number;
  altitudeM: number;
  speedKmh: number;
  /** Degrees clockwise from north, 0 to 359. */
  headingDeg: number;
  accOn: boolean;
  /** Whether the mobile network reaches the terminal. */
  covered: boolean;
  mileageKm: number;
}

/** A scheduled trip: a stay near a risk area, then a way into the city that crosses the fence at a set instant. */
interface Duty {
  at: CityStop;
  arriveMs: number;
  departMs: number;
  drive: Drive;
  engineOff: boolean;
  outage: { fromMs: number; toMs: number } | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WAITING_REPORT_MS = MINUTE_MS;
/** A sleeping terminal wakes up to report this often. */
const SLEEPING_REPORT_MS = 2 * HOUR_MS;
/** While simulated time runs fast reports are rarer, so that the number a second stays that of a real fleet. */
const FAST_REPORT_MS = 30_000;
const LIVE_REPORT_MS = 10_000;
const JITTER_METERS = 3;
const YARD_METERS = 70;
/** Share of an outsider's trips that end near a risk area. */
const OUTSIDER_RISK = 0.01;
/** Nothing is reported so shortly before the end of a drive: the truck is looking for its place on the yard. */
const ARRIVING_MS = 20_000;
const METERS_PER_DEGREE = 111_200;

/**
 * The life of a truck as the fixes of its terminal, without end, in time order. The fixes begin with the simulation, or
 * earlier when the truck then has a story to tell: those are what its terminal kept. Depends on nothing but its inputs.
 */
export function* simulateTruck(world: FleetWorld, plan: TruckPlan): Generator<SimulatedFix, never> {
  const truck = new Truck(world, plan);
  const { startMs } = world;
  const first = truck.nextDuty();
  if (plan.waitedMs > 0) {
    const { stop } = truck.random.pick(truck.riskyAt(startMs - plan.waitedMs, startMs));
    truck.begin(stop, startMs - plan.waitedMs, true);
    yield* truck.wait(startMs + truck.random.between(12, 30) * MINUTE_MS, false);
  } else if (first !== undefined && first.arriveMs < startMs + HOUR_MS) {
    truck.begin(first.at, first.arriveMs, true);
    yield* truck.serve(first);
  } else {
    // On the way or at rest somewhere already: the hours before the start are driven in silence.
    truck.begin(plan.home, startMs - truck.random.between(10, 150) * MINUTE_MS, false);
    if (truck.random.next() < 0.5) yield* truck.wait(truck.timeMs + truck.random.between(1, 30) * MINUTE_MS, false);
  }
  for (;;) {
    const duty = truck.nextDuty();
    if (duty !== undefined && truck.isTimeFor(duty)) yield* truck.serve(duty);
    else yield* truck.ordinaryTrip();
  }
}

class Truck {
  readonly random: Random;
  timeMs = 0;
  readonly #world: FleetWorld;
  readonly #plan: TruckPlan;
  #stop: CityStop;
  /** Where on the yard it stands: metres east and north of the stop. */
  #yard = { east: 0, north: 0 };
  #headingDeg = 0;
  #mileageKm: number;
  #dutyNumber: number;
  #duty: Duty | undefined;
  #outage: Duty["outage"] = null;
  /** Fixes before this instant are not reported: from before the simulation, or reported already. */
  #quietUntilMs: number;

  constructor(world: FleetWorld, plan: TruckPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#stop = plan.home;
    this.#dutyNumber = plan.entries?.first ?? 0;
    this.#quietUntilMs = world.startMs;
    this.random = new Random(world.seed, 1000 + plan.index);
    this.#mileageKm = this.random.between(20_000, 400_000);
  }

  /** `tellsAll`: fixes from before the start of the simulation are reported too. */
  begin(stop: CityStop, atMs: number, tellsAll: boolean): void {
    this.#stop = stop;
    this.timeMs = wholeSeconds(atMs);
    if (tellsAll) this.#quietUntilMs = this.timeMs;
    this.#park();
  }

  /** The next scheduled trip of this truck, planned once. */
  nextDuty(): Duty | undefined {
    const { entries } = this.#plan;
    if (entries === null) return undefined;
    for (let tries = 0; this.#duty === undefined && tries < 3; tries++) {
      this.#duty = this.#planDuty(this.#dutyNumber);
      if (this.#duty === undefined) this.#dutyNumber += entries.every;
    }
    return this.#duty;
  }

  /** Risk stops whose areas are valid in the whole of `[fromMs, toMs]`. */
  riskyAt(fromMs: number, toMs: number): RiskStop[] {
    return this.#world.risky.filter(({ valid }) => valid.some((span) => span.fromMs <= fromMs && span.toMs > toMs));
  }

  /** Whether an ordinary round would make the truck late for the duty. */
  isTimeFor(duty: Duty): boolean {
    return duty.arriveMs - this.timeMs < 6 * HOUR_MS;
  }

  *serve(duty: Duty): Generator<SimulatedFix> {
    this.#duty = undefined;
    this.#dutyNumber += this.#plan.entries!.every;
    if (this.#stop.id !== duty.at.id) {
      const there = this.#planDrive(this.#stop, duty.at);
      if (there === undefined) return;
      yield* this.wait(Math.max(this.timeMs, duty.arriveMs - there.seconds * 1000), true);
      yield* this.#drive(there);
    }
    this.#outage = duty.outage;
    if (this.timeMs < duty.departMs) yield* this.wait(duty.departMs, duty.engineOff);
    yield* this.#drive(duty.drive);
    yield* this.wait(this.timeMs + this.random.between(30, 120) * MINUTE_MS, true);
    this.#outage = null;
  }

  *ordinaryTrip(): Generator<SimulatedFix> {
    const drive = this.#ordinaryDrive();
    if (drive === undefined) {
      yield* this.wait(this.timeMs + HOUR_MS, true);
      return;
    }
    yield* this.#drive(drive);
    const minutes = this.#stop.kind === "service" ? this.random.between(12, 30) : this.random.between(20, 110);
    yield* this.wait(this.timeMs + minutes * MINUTE_MS, minutes > 20 && this.random.next() < 0.6);
  }

  /** Stands where it is. With the engine off the terminal sleeps and wakes only to report every two hours. */
  *wait(untilMs: number, engineOff: boolean): Generator<SimulatedFix> {
    const end = wholeSeconds(Math.max(untilMs, this.timeMs));
    const sleeps = engineOff && end - this.timeMs > 12 * MINUTE_MS;
    const stepMs = sleeps ? SLEEPING_REPORT_MS : WAITING_REPORT_MS;
    // Two minutes of engine first: a driver does not switch off at the barrier.
    for (let now = this.timeMs; now < end; now += sleeps && now === this.timeMs ? 2 * MINUTE_MS : stepMs) {
      yield* this.#emit(now, ...this.#standing(), 0, !sleeps || now === this.timeMs);
    }
    this.timeMs = end;
    yield* this.#emit(end, ...this.#standing(), 0, true);
  }

  *#drive(drive: Drive): Generator<SimulatedFix> {
    const departMs = this.timeMs;
    const end = wholeSeconds(departMs + drive.seconds * 1000);
    const startKm = this.#mileageKm;
    let now = departMs;
    for (;;) {
      now += now < this.#world.caughtUpMs ? FAST_REPORT_MS : LIVE_REPORT_MS;
      if (now > end - ARRIVING_MS) break;
      const { alongMeters, speedMps } = drive.at((now - departMs) / 1000);
      const place = placeOn(drive.route, alongMeters);
      this.#headingDeg = place.headingDeg;
      this.#mileageKm = startKm + alongMeters / 1000;
      yield* this.#emit(now, place.lon, place.lat, speedMps * 3.6, true);
    }
    this.timeMs = end;
    this.#mileageKm = startKm + drive.route.alongMeters.at(-1)! / 1000;
    this.#stop = drive.route.to;
    this.#park();
  }

  *#emit(timeMs: number, lon: number, lat: number, speedKmh: number, accOn: boolean): Generator<SimulatedFix> {
    const east = this.random.normal() * JITTER_METERS;
    const north = this.random.normal() * JITTER_METERS;
    if (timeMs < this.#quietUntilMs) return;
    this.#quietUntilMs = timeMs + 1;
    yield {
      timeMs,
      lon: lon + east / METERS_PER_DEGREE / Math.cos((lat * Math.PI) / 180),
      lat: lat + north / METERS_PER_DEGREE,
      altitudeM: altitudeAt(lon, lat),
      speedKmh: Math.max(0, speedKmh),
      headingDeg: Math.round(this.#headingDeg) % 360,
      accOn,
      covered: this.#isCovered(timeMs, lon, lat),
      mileageKm: this.#mileageKm,
    };
  }

  #isCovered(timeMs: number, lon: number, lat: number): boolean {
    const down = ({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean => timeMs >= fromMs && timeMs < toMs;
    if ((this.#outage !== null && down(this.#outage)) || this.#plan.outages.some(down)) return false;
    return !this.#world.deadZones.some((zone) => distanceToShape(zone, lon, lat) === 0);
  }

  #ordinaryDrive(): Drive | undefined {
    const { inside, safe, risky } = this.#world;
    let candidates = inside;
    if (this.#plan.role === "commuter" && this.#world.graph.isInside(...this.#stop.at)) candidates = safe;
    if (this.#plan.role === "outsider") {
      candidates = this.random.next() < OUTSIDER_RISK ? risky.map(({ stop }) => stop) : safe;
    }
    for (let tries = 0; tries < 8; tries++) {
      const to = this.random.pick(candidates.length > 0 ? candidates : safe);
      if (to.id === this.#stop.id) continue;
      const drive = this.#planDrive(this.#stop, to);
      if (drive === undefined) continue;
      if (this.#plan.role === "outsider" && drive.route.inside.includes(1)) continue;
      return drive;
    }
    return undefined;
  }

  #planDrive(from: CityStop, to: CityStop): Drive | undefined {
    const route = this.#world.graph.route(from, to, this.#plan.avoidsTolls);
    return route && planDrive(route, this.#plan.pace);
  }

  /** Entry number `k`, counted back from its instant: the crossing of the fence, the departure, the stay. */
  #planDuty(k: number): Duty | undefined {
    const entryMs = this.#world.schedule.entryMs(k);
    const random = new Random(this.#world.seed, 1_000_000 + k);
    const candidates = this.riskyAt(entryMs - 4 * HOUR_MS, entryMs);
    if (candidates.length === 0) return undefined;
    const at = random.pick(candidates).stop;
    const drive = this.#planDrive(at, random.pick(this.#world.inside));
    const entryMeters = drive && findEntryMeters(drive.route);
    if (drive === undefined || entryMeters === undefined) return undefined;
    const departMs = wholeSeconds(entryMs - drive.whenAt(entryMeters) * 1000);
    const arriveMs = wholeSeconds(departMs - random.between(13, 45) * MINUTE_MS);
    const silent = k >= 4 && k % 5 === 3;
    const outage = silent ? { fromMs: arriveMs + 3 * MINUTE_MS, toMs: entryMs + 6 * MINUTE_MS } : null;
    return { at, arriveMs, departMs, drive, engineOff: random.next() < 0.35, outage };
  }

  #standing(): [lon: number, lat: number] {
    const [lon, lat] = this.#stop.at;
    return [
      lon + this.#yard.east / METERS_PER_DEGREE / Math.cos((lat * Math.PI) / 180),
      lat + this.#yard.north / METERS_PER_DEGREE,
    ];
  }

  #park(): void {
    const [angle, meters] = [this.random.between(0, 2 * Math.PI), this.random.between(5, YARD_METERS)];
    this.#yard = { east: meters * Math.sin(angle), north: meters * Math.cos(angle) };
  }
}

/** The plain lies at some 75 m; to the northwest the Taihang mountains rise to 1,000 m. */
function altitudeAt(lon: number, lat: number): number {
  return Math.round(75 + Math.min(1000, Math.max(0, lat - 35.3) * Math.max(0, 113.9 - lon) * 3500));
}

function wholeSeconds(timeMs: number): number {
  return Math.round(timeMs / 1000) * 1000;
}
