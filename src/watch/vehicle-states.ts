import type { Lock } from "../model/finding.ts";
import type { VehicleState } from "../model/vehicle.ts";
import type { StandingExposure } from "./ledger-port.ts";
import type { LivePositions } from "./live-positions.ts";

/** How long a released vehicle is shown as released, ms of the clock by which it was released. */
const RELEASED_SHOWN_MS = 3_600_000;

/** What the state of one vehicle follows from; instants ms UTC. */
interface Standing {
  locked: boolean;
  /** Event time until which an exposure that no release covers can still lock. */
  exposedUntilMs: number;
  releasedUntilMs: number;
}

/**
 * The state that the map shows of each vehicle. `locked` while a lock is live or waits for a person (review),
 * `exposed` while an exposure that no release covers is younger than the lookback, `released` for an hour after a
 * release, otherwise `ordinary`. Only vehicles that are not ordinary take room here.
 */
export class VehicleStates {
  private readonly live: LivePositions;
  private readonly lookbackMs: number;
  private readonly standing = new Map<number, Standing>();

  constructor(live: LivePositions, lookbackMs: number) {
    this.live = live;
    this.lookbackMs = lookbackMs;
  }

  /** Takes over what stands of a vehicle in the ledger. */
  set(
    vehicle: number,
    exposures: readonly StandingExposure[],
    locks: readonly Lock[],
    cityTimeMs: number,
    nowMs: number,
  ): void {
    const released = locks.filter(({ state }) => state === "released");
    const covered = new Set(released.flatMap((lock) => lock.exposures));
    const lastMs = exposures.filter(({ body }) => !covered.has(body.id)).map((exposure) => exposure.lastMs);
    const releases = released.map(({ release }) => (release === null ? -Infinity : Date.parse(release.at)));
    this.standing.set(vehicle, {
      locked: locks.some(({ state }) => state === "live" || state === "review"),
      exposedUntilMs: Math.max(-Infinity, ...lastMs) + this.lookbackMs,
      releasedUntilMs: Math.max(-Infinity, ...releases) + RELEASED_SHOWN_MS,
    });
    this.show(vehicle, cityTimeMs, nowMs);
  }

  /** Lets time pass: states that are over become ordinary. */
  tick(cityTimeMs: number, nowMs: number): void {
    for (const vehicle of this.standing.keys()) this.show(vehicle, cityTimeMs, nowMs);
  }

  private show(vehicle: number, cityTimeMs: number, nowMs: number): void {
    const { locked, exposedUntilMs, releasedUntilMs } = this.standing.get(vehicle)!;
    let state: VehicleState = "ordinary";
    if (locked) state = "locked";
    else if (exposedUntilMs >= cityTimeMs) state = "exposed";
    else if (releasedUntilMs >= nowMs) state = "released";
    this.live.setState(vehicle, state);
    if (state === "ordinary") this.standing.delete(vehicle);
  }
}
