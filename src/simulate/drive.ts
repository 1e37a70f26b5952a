import type { Route } from "./road-graph.ts";

/** A drive along a route as stretches of constant acceleration. Times are seconds from departure. */
export interface Drive {
  route: Route;
  seconds: number;
  /** Where the drive is at a time: metres along the route, and m/s. Clamped to the drive. */
  at(seconds: number): { alongMeters: number; speedMps: number };
  /** Seconds from departure at which the truck has come so far. */
  whenAt(alongMeters: number): number;
}

/** 90 km/h: what the speed limiter of a heavy truck lets it drive. */
const LIMITER_MPS = 25;
const SPEED_UP = 0.45;
const SLOW_DOWN = 0.7;
/** Above this bend at a vertex, degrees, a truck slows down to `RAMP_MPS`: an interchange or a crossroads. */
const BEND_DEG = 35;
const RAMP_MPS = 8;

/**
 * Drives a route from standstill to standstill. `pace` is the driver's share of the limit, about 0.85 to 1.05. Speeds up
 * and slows down as a loaded truck does (0.45 and 0.7 m/s²).
 */
export function planDrive(route: Route, pace: number): Drive {
  const count = route.alongMeters.length;
  const speedAt = speedsAtVertices(route, pace);

  // Up to three stretches on the way to each vertex: faster, steady, slower.
  const startSeconds: number[] = [];
  const startMeters: number[] = [];
  const startSpeed: number[] = [];
  const acceleration: number[] = [];
  let seconds = 0;
  const stretch = (meters: number, fromMps: number, toMps: number, startAt: number): void => {
    if (meters <= 0) return;
    startSeconds.push(seconds);
    startMeters.push(startAt);
    startSpeed.push(fromMps);
    const lasts = (2 * meters) / (fromMps + toMps);
    acceleration.push((toMps - fromMps) / lasts);
    seconds += lasts;
  };
  for (let i = 1; i < count; i++) {
    const meters = route.alongMeters[i]! - route.alongMeters[i - 1]!;
    const [before, after, limit] = [speedAt[i - 1]!, speedAt[i]!, Math.min(LIMITER_MPS, route.limitMps[i]! * pace)];
    const reach = Math.sqrt(
      (2 * SPEED_UP * SLOW_DOWN * meters + SLOW_DOWN * before ** 2 + SPEED_UP * after ** 2) / (SPEED_UP + SLOW_DOWN),
    );
    const top = Math.max(before, after, Math.min(limit, reach));
    const up = Math.min(meters, (top ** 2 - before ** 2) / (2 * SPEED_UP));
    const down = Math.min(meters - up, (top ** 2 - after ** 2) / (2 * SLOW_DOWN));
    const from = route.alongMeters[i - 1]!;
    stretch(up, before, top, from);
    stretch(meters - up - down, top, top, from + up);
    stretch(down, top, after, from + meters - down);
  }
  const totalMeters = route.alongMeters[count - 1]!;

  return {
    route,
    seconds,
    at: (time) => {
      if (time <= 0) return { alongMeters: 0, speedMps: 0 };
      if (time >= seconds) return { alongMeters: totalMeters, speedMps: 0 };
      const i = lastNotAbove(startSeconds, time);
      const since = time - startSeconds[i]!;
      return {
        alongMeters: startMeters[i]! + since * (startSpeed[i]! + (acceleration[i]! * since) / 2),
        speedMps: startSpeed[i]! + acceleration[i]! * since,
      };
    },
    whenAt: (meters) => {
      const i = lastNotAbove(startMeters, meters);
      const [rest, speed, a] = [meters - startMeters[i]!, startSpeed[i]!, acceleration[i]!];
      if (Math.abs(a) < 1e-9) return startSeconds[i]! + rest / speed;
      return startSeconds[i]! + (Math.sqrt(Math.max(0, speed ** 2 + 2 * a * rest)) - speed) / a;
    },
  };
}

/** Position on the route, degrees, and the course there, degrees clockwise from north. */
export function placeOn(route: Route, alongMeters: number): { lon: number; lat: number; headingDeg: number } {
  const i = Math.min(lastNotAbove(route.alongMeters, alongMeters), route.alongMeters.length - 2);
  const length = route.alongMeters[i + 1]! - route.alongMeters[i]!;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, (alongMeters - route.alongMeters[i]!) / length));
  const [dLon, dLat] = [route.lon[i + 1]! - route.lon[i]!, route.lat[i + 1]! - route.lat[i]!];
  return {
    lon: route.lon[i]! + t * dLon,
    lat: route.lat[i]! + t * dLat,
    headingDeg: courseDeg(dLon, dLat, route.lat[i]!),
  };
}

/** Metres along the route at which it first enters the city; undefined when it does not. */
export function findEntryMeters(route: Route): number | undefined {
  for (let i = 1; i < route.inside.length; i++) {
    if (route.inside[i] === 1 && route.inside[i - 1] === 0)
      return (route.alongMeters[i - 1]! + route.alongMeters[i]!) / 2;
  }
  return undefined;
}

function speedsAtVertices(route: Route, pace: number): Float64Array {
  const count = route.alongMeters.length;
  const speed = new Float64Array(count);
  for (let i = 1; i < count - 1; i++) {
    const before = courseDeg(route.lon[i]! - route.lon[i - 1]!, route.lat[i]! - route.lat[i - 1]!, route.lat[i]!);
    const after = courseDeg(route.lon[i + 1]! - route.lon[i]!, route.lat[i + 1]! - route.lat[i]!, route.lat[i]!);
    const bend = Math.abs(((after - before + 540) % 360) - 180);
    speed[i] = Math.min(LIMITER_MPS, route.limitMps[i]! * pace, route.limitMps[i + 1]! * pace);
    if (bend > BEND_DEG) speed[i] = Math.min(speed[i]!, RAMP_MPS);
  }
  for (let i = 1; i < count; i++) {
    const meters = route.alongMeters[i]! - route.alongMeters[i - 1]!;
    speed[i] = Math.min(speed[i]!, reached(speed[i - 1]!, meters, SPEED_UP));
  }
  for (let i = count - 2; i >= 0; i--) {
    const meters = route.alongMeters[i + 1]! - route.alongMeters[i]!;
    speed[i] = Math.min(speed[i]!, reached(speed[i + 1]!, meters, SLOW_DOWN));
  }
  return speed;
}

/** Speed after `meters` at a constant acceleration, m/s. */
function reached(fromMps: number, meters: number, acceleration: number): number {
  return Math.sqrt(fromMps ** 2 + 2 * acceleration * meters);
}

function courseDeg(dLon: number, dLat: number, lat: number): number {
  const degrees = (Math.atan2(dLon * Math.cos((lat * Math.PI) / 180), dLat) * 180) / Math.PI;
  return (degrees + 360) % 360;
}

function lastNotAbove(ascending: ArrayLike<number>, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
