import type { MatchSink } from "./findings.ts";
import { Motion } from "./motion.ts";
import { WaitingFixes } from "./waiting-fixes.ts";
import type { World } from "./world.ts";

/**
 * The vehicles that are near something, or wait for something: each has an object (`motion.ts`), and a place where fixes wait that change nothing
 * (`waiting-fixes.ts`). Whoever gets an object here gets it with all that waited.
 *
 * One more object is spare: who passes an area at a distance is near nothing after the fix for which it was looked at.
 */
export class BusyVehicles {
  readonly #world: World;
  readonly #sink: MatchSink;
  readonly #motions = new Map<number, Motion>();
  readonly #waiting: WaitingFixes;
  #spare: Motion;
  /** Objects of vehicles that are busy no more. */
  readonly #idle: Motion[] = [];

  /** `plainE6PerMs` as for `WaitingFixes`. */
  constructor(world: World, sink: MatchSink, plainE6PerMs: number) {
    this.#world = world;
    this.#sink = sink;
    this.#waiting = new WaitingFixes(world.rule.maxGapMs, plainE6PerMs);
    this.#spare = new Motion(world, sink);
  }

  /** How many they are. */
  get size(): number {
    return this.#motions.size;
  }

  /** The object of a vehicle; undefined where it is not busy. */
  find(vehicle: number): Motion | undefined {
    const motion = this.#motions.get(vehicle);
    if (motion !== undefined) this.#waiting.release(motion.place, motion);
    return motion;
  }

  /** Whether a busy vehicle is inside the fence; undefined where it is not busy. */
  isInside(vehicle: number): boolean | undefined {
    return this.#motions.get(vehicle)?.isInside;
  }

  /** The spare object, for a vehicle that was not busy, at its last accepted fix. It is another's at the next call, unless it is kept. */
  wake(vehicle: number, timeMs: number, lonE6: number, latE6: number, isInside: boolean): Motion {
    this.#spare.start(vehicle, timeMs, lonE6, latE6, isInside);
    return this.#spare;
  }

  /** Keeps the spare object as its vehicle's. */
  keep(motion: Motion): void {
    if (motion !== this.#spare) return;
    motion.place = this.#waiting.open();
    this.#motions.set(motion.vehicle, motion);
    this.#spare = this.#idle.pop() ?? new Motion(this.#world, this.#sink);
  }

  /** The vehicle is busy no more. */
  drop(vehicle: number): void {
    const motion = this.#motions.get(vehicle);
    if (motion === undefined) return;
    this.#waiting.close(motion.place);
    this.#motions.delete(vehicle);
    this.#idle.push(motion);
  }

  /** From here on fixes may wait, as long as they change nothing. */
  letWait({ place, freeBox, freeUntilMs, timeMs, lonE6, latE6 }: Motion): void {
    if (freeBox.width > 0 && timeMs < freeUntilMs) {
      this.#waiting.begin(place, freeBox, freeUntilMs, timeMs, lonE6, latE6);
    }
  }

  /** Lets a fix wait at a vehicle's place; false when it may not. */
  putAside(place: number, timeMs: number, lonE6: number, latE6: number): boolean {
    return this.#waiting.put(place, timeMs, lonE6, latE6);
  }

  /** The world has changed: no fix may wait until it has been looked at. */
  endBoxes(): void {
    this.#waiting.endBoxes();
  }

  /** Tells of all exposures that have lasted on since they were told. */
  tellGrown(): void {
    for (const vehicle of this.#motions.keys()) this.find(vehicle)!.tellGrown();
  }
}
