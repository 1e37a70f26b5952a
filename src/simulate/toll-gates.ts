import type { City } from "../city/city.ts";
import { passagesOf } from "../kernel/gate.ts";
import { compileShape } from "../kernel/shape.ts";
import type { TrackPoint } from "../kernel/findings.ts";
import type { KernelGate } from "../kernel/world.ts";
import type { TollEntry } from "../model/etc.ts";
import type { TruckPlan } from "./fleet-plan.ts";

/** Where the simulated toll system sends its records. */
export interface TollAddress {
  /** Of the server, `http://127.0.0.1:8080`. */
  url: string;
  /** Of a source that may send them. */
  key: string;
}

const HOUR_MS = 3_600_000;
/** Longest way between two reports on which a gantry still sees a truck, ms. */
const SEEN_MS = 120_000;
/** Records that wait while the server is away. */
const WAITING_MAX = 10_000;
const TOGETHER = 500;
const AXLES = [2, 3, 4, 6];

/** One truck in 29 has no tag that works: gantries see nothing of it. */
function hasNoTag({ index }: TruckPlan): boolean {
  return index % 29 === 4;
}

/** One truck in 31 has its terminal unplugged for every third hour. */
export function isUnplugged({ index }: TruckPlan, timeMs: number): boolean {
  return index % 31 === 9 && Math.floor(timeMs / HOUR_MS) % 3 === index % 3;
}

/** The gantries and stations at a city's gates: what they see of the simulated trucks is sent to the platform. */
export class TollGates {
  readonly #address: TollAddress;
  readonly #gates: readonly KernelGate[];
  readonly #places: readonly TollEntry[];
  #waiting: object[] = [];
  #sending = false;

  constructor({ gates, toll }: Pick<City, "gates" | "toll">, address: TollAddress) {
    this.#address = address;
    this.#places = toll;
    this.#gates = gates
      .filter(({ id }) => toll.some(({ gate }) => gate === id))
      .map(({ id, line }) => ({ id, shape: compileShape({ type: "LineString", coordinates: line }) }));
  }

  /** A truck drove from one place to the next: each gantry on the way makes a record. */
  watch(plan: TruckPlan, from: TrackPoint, to: TrackPoint): void {
    if (to.timeMs - from.timeMs > SEEN_MS || hasNoTag(plan)) return;
    for (const gate of this.#gates) {
      for (const { timeMs, inbound } of passagesOf(gate, { from, to })) {
        const way = inbound ? "inbound" : "outbound";
        const place = this.#places.find((each) => each.gate === gate.id && each.passage === way);
        if (place !== undefined) this.#waiting.push(recordOf(plan, place, Math.round(timeMs)));
      }
    }
    if (this.#waiting.length > WAITING_MAX) this.#waiting = this.#waiting.slice(-WAITING_MAX);
  }

  /** Sends what waits; what cannot be sent now waits on. Sending a record twice doubles nothing. */
  async send(): Promise<void> {
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = true;
    const passages = this.#waiting.slice(0, TOGETHER);
    try {
      const response = await fetch(`${this.#address.url}/api/v1/etc/passages?colours=jt415`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${this.#address.key}` },
        body: JSON.stringify({ passages }),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) this.#waiting = this.#waiting.slice(passages.length);
      await response.body?.cancel();
    } catch {
      // The server is away, as at its restart: they wait.
    } finally {
      this.#sending = false;
    }
  }
}

function recordOf(plan: TruckPlan, { station, gantry, direction, lanes }: TollEntry, timeMs: number): object {
  const { index, plate, plateColour } = plan;
  const axles = AXLES[index % AXLES.length]!;
  return {
    transaction: `SIM-${station ?? gantry}-${index}-${Math.round(timeMs / 1000)}`,
    plate,
    plateColour,
    vehicleClass: Math.min(16, 10 + axles),
    axles,
    weightKg: axles * 4200 + (index % 40) * 100,
    ...(station === undefined ? { gantry } : { station }),
    lane: lanes?.[0] ?? `0${1 + (index % 2)}`,
    ...(direction === undefined ? {} : { direction }),
    time: timeMs,
  };
}
