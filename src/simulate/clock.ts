/** Simulated time as a function of wall time, both ms UTC. */
export interface SimulatedClock {
  /** Simulated now at wall time `wallMs`; never later than `wallMs - LAG_MS`. */
  at(wallMs: number): number;
  /** The simulated instant from which on time runs as on the wall. */
  readonly caughtUpMs: number;
}

/** Simulated time stays this far behind the wall clock, so that no device time is ever in the future. */
export const LAG_MS = 1000;

/**
 * A clock that starts at `startMs` when the wall shows `wallStartMs`, runs `speed` times as fast, and at 1× once it has
 * caught up with the wall. A start that is not in the past starts caught up.
 * @throws RangeError when `speed` is not at least 1.
 */
export function createClock(startMs: number, wallStartMs: number, speed: number): SimulatedClock {
  if (!(speed >= 1)) throw new RangeError(`speed ${speed}: expected at least 1`);
  const begin = Math.min(startMs, wallStartMs - LAG_MS);
  const behindMs = wallStartMs - LAG_MS - begin;
  const caughtUpMs = speed === 1 ? begin : begin + (behindMs * speed) / (speed - 1);
  return {
    at: (wallMs) => Math.min(begin + (wallMs - wallStartMs) * speed, wallMs - LAG_MS),
    caughtUpMs,
  };
}
