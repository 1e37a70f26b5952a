import type { FixBatch } from "../model/fix.ts";
import { vehicleStateSchema, type VehicleState } from "../model/vehicle.ts";

const STATES = vehicleStateSchema.options;

/** Index of a state in `vehicleStateSchema.options`, as it stands in `LivePositions.state`. */
function stateIndex(state: VehicleState): number {
  return STATES.indexOf(state);
}

/**
 * The last position and the state of every vehicle, in columns by vehicle number (0 to `count - 1`). WGS-84, 1e-6
 * degree, times ms UTC. A vehicle without a usable fix has `timeMs` -Infinity.
 *
 * The columns may be replaced when they grow: read them from here each time, never keep one.
 */
export class LivePositions {
  count = 0;
  timeMs: Float64Array;
  lonE6: Int32Array;
  latE6: Int32Array;
  /** 0.1 km/h, `ABSENT_U16` when not given. */
  speedKmh10: Uint16Array;
  /** Degrees clockwise from north, `ABSENT_U16` when not given. */
  headingDeg: Uint16Array;
  /** Index into `vehicleStateSchema.options`. */
  state: Uint8Array;
  /** 1 inside the fence, 0 outside, -1 when no usable fix says so. */
  insideFence: Int8Array;
  /** The tick in which the row changed last. */
  private changedTick: Uint32Array;
  private tick = 1;

  constructor(capacity = 1024) {
    this.timeMs = new Float64Array(capacity).fill(-Infinity);
    this.lonE6 = new Int32Array(capacity);
    this.latE6 = new Int32Array(capacity);
    this.speedKmh10 = new Uint16Array(capacity);
    this.headingDeg = new Uint16Array(capacity);
    this.state = new Uint8Array(capacity);
    this.insideFence = new Int8Array(capacity).fill(-1);
    this.changedTick = new Uint32Array(capacity);
  }

  /** Makes room for `vehicle` and counts it. */
  ensure(vehicle: number): void {
    if (vehicle >= this.timeMs.length) this.grow(Math.max(vehicle + 1, this.timeMs.length * 2));
    if (vehicle >= this.count) this.count = vehicle + 1;
  }

  /** Takes over a fix, unless the vehicle has a newer one. */
  take(batch: FixBatch, row: number): void {
    const vehicle = batch.vehicle[row];
    const timeMs = batch.timeMs[row];
    this.ensure(vehicle);
    if (timeMs < this.timeMs[vehicle]) return;
    this.timeMs[vehicle] = timeMs;
    this.lonE6[vehicle] = batch.lonE6[row];
    this.latE6[vehicle] = batch.latE6[row];
    this.speedKmh10[vehicle] = batch.speedKmh10[row];
    this.headingDeg[vehicle] = batch.headingDeg[row];
    this.touch(vehicle);
  }

  /** Sets the side of the fence and, when it is another one, marks the row as changed. */
  setInside(vehicle: number, inside: -1 | 0 | 1): void {
    this.ensure(vehicle);
    if (this.insideFence[vehicle] === inside) return;
    this.insideFence[vehicle] = inside;
    this.touch(vehicle);
  }

  /** Marks the row as changed in the running tick. */
  touch(vehicle: number): void {
    this.changedTick[vehicle] = this.tick;
  }

  /** Sets the state and, when it is another one, marks the row as changed. */
  setState(vehicle: number, state: VehicleState): void {
    this.ensure(vehicle);
    const index = stateIndex(state);
    if (this.state[vehicle] === index) return;
    this.state[vehicle] = index;
    this.touch(vehicle);
  }

  /**
   * The vehicles with a position that changed since the tick `since` (0: all of them), and the tick to ask with next
   * time. Each reader keeps its own tick; a change is never missed and at most told twice. One pass over a column:
   * 0.2 ms for 200,000 vehicles.
   */
  changedSince(since: number): { tick: number; vehicles: number[] } {
    const next = ++this.tick;
    const vehicles: number[] = [];
    const { changedTick, timeMs } = this;
    for (let vehicle = 0; vehicle < this.count; vehicle++) {
      if (changedTick[vehicle] >= since && timeMs[vehicle] > -Infinity) vehicles.push(vehicle);
    }
    return { tick: next, vehicles };
  }

  /** How many vehicles are in each state. */
  stateCounts(): Record<VehicleState, number> {
    const counts = { ordinary: 0, exposed: 0, locked: 0, released: 0 };
    for (let vehicle = 0; vehicle < this.count; vehicle++) counts[STATES[this.state[vehicle]]]++;
    return counts;
  }

  private grow(capacity: number): void {
    this.timeMs = copied(new Float64Array(capacity).fill(-Infinity), this.timeMs);
    this.lonE6 = copied(new Int32Array(capacity), this.lonE6);
    this.latE6 = copied(new Int32Array(capacity), this.latE6);
    this.speedKmh10 = copied(new Uint16Array(capacity), this.speedKmh10);
    this.headingDeg = copied(new Uint16Array(capacity), this.headingDeg);
    this.state = copied(new Uint8Array(capacity), this.state);
    this.insideFence = copied(new Int8Array(capacity).fill(-1), this.insideFence);
    this.changedTick = copied(new Uint32Array(capacity), this.changedTick);
  }
}

function copied<T extends { set(from: T): void }>(into: T, from: T): T {
  into.set(from);
  return into;
}
