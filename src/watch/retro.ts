import type { Area } from "../model/area.ts";
import type { Rule } from "../model/rule.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import type { AreaCause } from "./area-desk.ts";
import type { LedgerPort } from "./ledger-port.ts";
import { reachBoxes } from "./reach-boxes.ts";
import { ALL_TIME_MS, type RematchQueue } from "./rematch-queue.ts";

export interface RetroOptions {
  tracks: Pick<TrackStore, "vehicles" | "vehiclesIn">;
  ledger: Pick<LedgerPort, "vehiclesExposedTo">;
  rule: Rule;
  queue: RematchQueue;
  onProblem(error: Error): void;
}

/** How far the past of one area is matched. */
export interface RetroProgress {
  area: string;
  /** Vehicles that were near it; 0 while they are being looked for. */
  vehicles: number;
  done: number;
}

const RETRY_MS = 500;

/**
 * Answers a published or edited area from the past: finds the vehicles that were near it, and those that the ledger
 * has as exposed to it, and has their history matched again behind live matching.
 */
export class Retro {
  readonly #options: RetroOptions;
  readonly #runs = new Map<string, Run>();
  #closed = false;

  constructor(options: RetroOptions) {
    this.#options = options;
  }

  /** Starts over when the area's past is being matched already. */
  start(area: Area, cause: AreaCause): void {
    this.stop(area.id);
    const run: Run = { vehicles: null, done: Promise.resolve() };
    this.#runs.set(area.id, run);
    run.done = this.#run(area, cause, run);
  }

  /** Ends the run of an area; what it found stays. */
  stop(area: string): void {
    if (this.#runs.delete(area)) this.#options.queue.dropArea(area);
  }

  progress(): RetroProgress[] {
    const progress: RetroProgress[] = [];
    for (const [area, { vehicles }] of this.#runs) {
      const waiting = vehicles === null ? 0 : this.#options.queue.waitingFor(area);
      if (vehicles !== null && waiting === 0) this.#runs.delete(area);
      else progress.push({ area, vehicles: vehicles ?? 0, done: (vehicles ?? 0) - waiting });
    }
    return progress;
  }

  /** Resolves when every area that was started has put its vehicles into the queue. */
  async idle(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    await Promise.all(runs.map(({ done }) => done));
  }

  async #run(area: Area, cause: AreaCause, run: Run): Promise<void> {
    const isOn = (): boolean => !this.#closed && this.#runs.get(area.id) === run;
    while (isOn()) {
      try {
        const vehicles = await this.#vehiclesNear(area);
        if (!isOn()) return;
        run.vehicles = vehicles.size;
        for (const vehicle of vehicles) this.#options.queue.addForArea(vehicle, area.id, cause);
        return;
      } catch (error) {
        this.#options.onProblem(error instanceof Error ? error : new Error(String(error)));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #vehiclesNear(area: Area): Promise<Set<number>> {
    const { tracks, ledger, rule } = this.#options;
    const fromMs = area.from === null ? ALL_TIME_MS.from : Date.parse(area.from);
    const toMs = area.to === null ? ALL_TIME_MS.to : Date.parse(area.to);
    // A fix beside the validity's edge can still begin or end a segment that reaches into it.
    const near = await tracks.vehiclesIn(
      reachBoxes(area.geometry, rule),
      Math.max(ALL_TIME_MS.from, fromMs - rule.maxParkedMs),
      Math.min(ALL_TIME_MS.to, toMs + rule.maxParkedMs),
      // Who only drove past cannot be exposed. Under a rule with a shorter dwell a stay may lie between two fixes.
      rule.dwellMs > rule.maxGapMs ? rule.dwellMs : 0,
    );
    const vehicles = new Set<number>(near);
    if (area.version > 1) {
      for (const id of await ledger.vehiclesExposedTo(area.id)) {
        const vehicle = tracks.vehicles.find(id);
        if (vehicle !== undefined) vehicles.add(vehicle);
      }
    }
    return vehicles;
  }
}

interface Run {
  /** How many vehicles were near; null while they are being looked for. */
  vehicles: number | null;
  done: Promise<void>;
}
