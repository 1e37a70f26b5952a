import type { Positions, VehicleState } from "../../model/vehicle.ts";

/** In the order of `vehicleStateSchema`, in which positions carry them. */
export const VEHICLE_STATES: readonly VehicleState[] = ["ordinary", "exposed", "locked", "released"];

/** A motion never takes longer than this: after it the vehicle stands at its last fix, ms. */
const MOTION_MAX_MS = 20_000;
const MOTION_MIN_MS = 300;
/** A vehicle that comes back from further away than this is put there and not driven there, degrees (about 5 km). */
const JUMP_DEGREES = 0.05;

/**
 * Where every vehicle is drawn at any moment. A fix is a place to go to: the vehicle is drawn moving there from where it was,
 * over the time that its fixes are apart, and so trails the truth by one fix and never jumps. Columns by the
 * vehicle's number on the server; degrees, WGS-84; times ms of `performance.now()` but for `fixMs` (event time, UTC).
 */
export class Fleet {
  /** Highest number + 1. */
  length = 0;
  /** Grows with every change, so that a reader sees that there is something new to draw. */
  revision = 0;
  lon: Float64Array = new Float64Array(0);
  lat: Float64Array = new Float64Array(0);
  deltaLon: Float64Array = new Float64Array(0);
  deltaLat: Float64Array = new Float64Array(0);
  startMs: Float64Array = new Float64Array(0);
  durationMs: Float64Array = new Float64Array(0);
  /** Degrees clockwise from north. */
  heading: Float32Array = new Float32Array(0);
  /** Index into `VEHICLE_STATES`; 255 for a number without a vehicle. */
  state: Uint8Array = new Uint8Array(0);
  /** When the state changed before our eyes; -Infinity when it was so from the start. */
  changedMs: Float64Array = new Float64Array(0);
  fixMs: Float64Array = new Float64Array(0);
  readonly #ids = new Map<number, string>();
  readonly #numbers = new Map<string, number>();

  get count(): number {
    return this.#ids.size;
  }

  /** Takes in one message of the stream. `all`: it holds every vehicle there is, those not in it are gone. */
  apply(positions: Positions, nowMs: number, all = false): void {
    for (const [number, id] of Object.entries(positions.vehicles)) {
      this.#ids.set(Number(number), id);
      this.#numbers.set(id, Number(number));
    }
    if (all) this.#forgetOthers(positions.number);
    for (let row = 0; row < positions.number.length; row++) {
      const number = positions.number[row]!;
      if (number >= this.state.length) this.#grow(number + 1);
      if (number >= this.length) this.length = number + 1;
      this.#move(number, positions, row, nowMs);
    }
    this.revision++;
  }

  idOf(number: number): string | null {
    return this.#ids.get(number) ?? null;
  }

  numberOf(id: string): number | null {
    return this.#numbers.get(id) ?? null;
  }

  stateOf(number: number): VehicleState | null {
    return VEHICLE_STATES[this.state[number] ?? 255] ?? null;
  }

  /** Longitude and latitude at which the vehicle is drawn, null when there is none of this number. */
  placeOf(number: number, nowMs: number): [number, number] | null {
    if ((this.state[number] ?? 255) === 255) return null;
    const share = progress(nowMs, this.startMs[number]!, this.durationMs[number]!);
    return [this.lon[number]! + this.deltaLon[number]! * share, this.lat[number]! + this.deltaLat[number]! * share];
  }

  /** The vehicle drawn nearest to a place, within a box of the given half sizes; one that matters goes first. */
  nearest(lon: number, lat: number, halfLon: number, halfLat: number, nowMs: number): number | null {
    let best: number | null = null;
    let bestRank = Infinity;
    for (let number = 0; number < this.length; number++) {
      const state = this.state[number]!;
      if (state === 255) continue;
      const share = progress(nowMs, this.startMs[number]!, this.durationMs[number]!);
      const x = (this.lon[number]! + this.deltaLon[number]! * share - lon) / halfLon;
      const y = (this.lat[number]! + this.deltaLat[number]! * share - lat) / halfLat;
      const distance = x * x + y * y;
      if (distance > 1) continue;
      const rank = distance - (state === 2 ? 2 : state === 0 ? 0 : 1);
      if (rank >= bestRank) continue;
      best = number;
      bestRank = rank;
    }
    return best;
  }

  /** How many vehicles are in each state, in the order of `VEHICLE_STATES`. */
  stateCounts(): number[] {
    const counts = VEHICLE_STATES.map(() => 0);
    for (let number = 0; number < this.length; number++) {
      const state = this.state[number]!;
      if (state !== 255) counts[state]!++;
    }
    return counts;
  }

  /** Those that stay go on from where they are drawn. */
  #forgetOthers(numbers: readonly number[]): void {
    const present = new Set(numbers);
    for (let number = 0; number < this.length; number++) if (!present.has(number)) this.state[number] = 255;
  }

  #move(number: number, positions: Positions, row: number, nowMs: number): void {
    const lon = positions.lonE6[row]! / 1e6;
    const lat = positions.latE6[row]! / 1e6;
    const state = positions.state[row]!;
    const from = this.placeOf(number, nowMs);
    const fresh = from === null;
    const far = fresh || Math.abs(lon - from[0]) > JUMP_DEGREES || Math.abs(lat - from[1]) > JUMP_DEGREES;
    this.lon[number] = far ? lon : from[0];
    this.lat[number] = far ? lat : from[1];
    this.deltaLon[number] = far ? 0 : lon - from[0];
    this.deltaLat[number] = far ? 0 : lat - from[1];
    const apartMs = fresh ? MOTION_MIN_MS : nowMs - this.startMs[number]!;
    this.durationMs[number] = Math.min(MOTION_MAX_MS, Math.max(MOTION_MIN_MS, apartMs * 1.05));
    this.startMs[number] = nowMs;
    const heading = positions.headingDeg[row]!;
    if (heading >= 0) this.heading[number] = heading;
    if (!fresh && this.state[number] !== state) this.changedMs[number] = nowMs;
    else if (fresh) this.changedMs[number] = -Infinity;
    this.state[number] = state;
    this.fixMs[number] = positions.timeMs[row]!;
  }

  #grow(least: number): void {
    const size = Math.max(1024, least, this.state.length * 2);
    this.lon = grown(new Float64Array(size), this.lon);
    this.lat = grown(new Float64Array(size), this.lat);
    this.deltaLon = grown(new Float64Array(size), this.deltaLon);
    this.deltaLat = grown(new Float64Array(size), this.deltaLat);
    this.startMs = grown(new Float64Array(size), this.startMs);
    this.durationMs = grown(new Float64Array(size).fill(1), this.durationMs);
    this.heading = grown(new Float32Array(size), this.heading);
    this.state = grown(new Uint8Array(size).fill(255), this.state);
    this.changedMs = grown(new Float64Array(size).fill(-Infinity), this.changedMs);
    this.fixMs = grown(new Float64Array(size), this.fixMs);
  }
}

function progress(nowMs: number, startMs: number, durationMs: number): number {
  return Math.min(1, Math.max(0, (nowMs - startMs) / durationMs));
}

function grown<Column extends Float64Array | Float32Array | Uint8Array>(into: Column, from: Column): Column {
  into.set(from);
  return into;
}
