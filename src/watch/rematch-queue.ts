import type { FixBatch } from "../model/fix.ts";
import type { PlaceTrack, TrackStore } from "../tracks/track-store.ts";
import type { OpenExposure } from "./late-stretch.ts";
import { LateFixes } from "./late-fixes.ts";

/** Why a vehicle is matched again: fixes came late, or these areas (by id) changed, each with its cause. */
export interface RematchReason {
  late: boolean;
  /** Earliest and latest time of the fixes that came late, ms UTC; Infinity: all since then were not matched. */
  lateFromMs: number;
  lateToMs: number;
  areas: ReadonlyMap<string, "area-published" | "area-edited" | "area-withdrawn">;
}

export interface RematchQueueOptions {
  tracks: Pick<TrackStore, "track" | "eachStretch">;
  /**
   * Matches a vehicle's history, all of it in any order, and replaces what is live by it. Called once for every
   * vehicle that was asked for, synchronously: no fix is ingested between the last row of `track` and its end.
   */
  rematch(vehicle: number, track: PlaceTrack, reason: RematchReason): void;
  /** All exposures of the vehicle that became known before the call. */
  exposuresOf(vehicle: number): Promise<readonly OpenExposure[]>;
  /**
   * Matches again, synchronously, the stretch that late fixes touch, from a part of the vehicle's history.
   * @returns whether it is done, or on which side of the part more is needed
   */
  rematchLate(vehicle: number, part: LatePart): "done" | "earlier" | "later";
  /** True while findings have to wait: nothing is read then. */
  isHeldUp(): boolean;
  /** Told that a vehicle's history could not be read; it is tried again. */
  onProblem(error: Error): void;
}

/** A part of a vehicle's history, in any order, with its fixes of `[fromMs, toMs]`. */
export interface LatePart {
  track: PlaceTrack;
  fromMs: number;
  toMs: number;
  reason: RematchReason;
  exposures: readonly OpenExposure[];
}

/** All times that a fix can have, ms UTC: those of a `Date`. */
export const ALL_TIME_MS = { from: -8_640_000_000_000_000, to: 8_640_000_000_000_000 } as const;

/** Vehicles of one pass over the files for a changed area: some 64 MiB of fixes at most, seen as progress. */
const SLICE_VEHICLES = 64;
/** Late vehicles that are read at the same time. */
const URGENT_READS = 2;
/** So far beyond the late fixes history is read first; then so many times as far, until more than a month is all. */
const LATE_MARGIN_MS = 2 * 3_600_000;
const LATE_MARGIN_GROWTH = 6;
const LATE_MARGIN_MAX_MS = 31 * 86_400_000;
const RETRY_MS = 500;
const HOLD_MS = 50;

/**
 * Vehicles whose history is matched again, each once however often it is asked for. Those with late fixes come first
 * and one by one, only as far as it can have changed; those behind a changed area follow in slices, in the background. While a vehicle's history is being
 * read, the fixes that arrive for it are kept beside it, so that nothing falls between reading and matching.
 */
export class RematchQueue {
  readonly #options: RematchQueueOptions;
  readonly #urgent = new Map<number, Reason>();
  readonly #background = new Map<number, Reason>();
  /** Vehicles whose history is being read, with what arrives meanwhile. */
  readonly #reading = new Map<number, { reason: Reason; arrived: LateFixes }>();
  #urgentReads = 0;
  #readsSlice = false;
  #closed = false;
  readonly #closing = Promise.withResolvers<void>();
  #waiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Vehicles matched again since the start. */
  rematches = 0;

  constructor(options: RematchQueueOptions) {
    this.#options = options;
  }

  /** Vehicles that wait or are being read. */
  get size(): number {
    return this.#urgent.size + this.#background.size + this.#reading.size;
  }

  /** A fix of the vehicle came late (`toMs` its time), or could not be matched when it came (`toMs` Infinity). */
  addLate(vehicle: number, fromMs: number, toMs: number): void {
    if (this.#closed) return;
    const reading = this.#reading.get(vehicle);
    const reason = reading?.reason ?? this.#urgent.get(vehicle) ?? this.#background.get(vehicle) ?? newReason();
    reason.late = true;
    reason.lateFromMs = Math.min(reason.lateFromMs, fromMs);
    reason.lateToMs = Math.max(reason.lateToMs, toMs);
    if (reading) return;
    this.#background.delete(vehicle);
    this.#urgent.set(vehicle, reason);
    this.#start();
  }

  /** An area changed near which the vehicle was. */
  addForArea(vehicle: number, area: string, cause: "area-published" | "area-edited" | "area-withdrawn"): void {
    if (this.#closed) return;
    const present = this.#reading.get(vehicle)?.reason ?? this.#urgent.get(vehicle) ?? this.#background.get(vehicle);
    const reason = present ?? newReason();
    reason.areas.set(area, cause);
    if (!present) this.#background.set(vehicle, reason);
    this.#start();
  }

  /** Drops what an area asked for and what nothing else asks for. */
  dropArea(area: string): void {
    for (const [vehicle, reason] of this.#background) {
      if (reason.areas.delete(area) && reason.areas.size === 0) this.#background.delete(vehicle);
    }
    this.#wake();
  }

  /** How many vehicles still wait because of the area. */
  waitingFor(area: string): number {
    let waiting = 0;
    for (const { areas } of this.#background.values()) if (areas.has(area)) waiting++;
    for (const { areas } of this.#urgent.values()) if (areas.has(area)) waiting++;
    for (const { reason } of this.#reading.values()) if (reason.areas.has(area)) waiting++;
    return waiting;
  }

  /** Keeps a usable fix that arrives while the history of its vehicle is being read. Nothing to do for any other. */
  arrived(batch: FixBatch, row: number): void {
    if (this.#reading.size > 0) this.#reading.get(batch.vehicle[row])?.arrived.add(batch, row);
  }

  /** Resolves when no vehicle waits. */
  async idle(): Promise<void> {
    while (this.size > 0 && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Drops what waits and resolves when nothing is being read. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    clearTimeout(this.#timer);
    this.#urgent.clear();
    this.#background.clear();
    this.#wake();
    while (this.#reading.size > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #start(): void {
    if (this.#closed) return;
    if (this.#options.isHeldUp()) {
      this.#startLater(HOLD_MS);
      return;
    }
    while (this.#urgentReads < URGENT_READS && this.#urgent.size > 0) {
      this.#urgentReads++;
      void this.#read(this.#take(this.#urgent, 1)).finally(() => {
        this.#urgentReads--;
        this.#start();
      });
    }
    if (this.#readsSlice || this.#background.size === 0) return;
    this.#readsSlice = true;
    void this.#read(this.#take(this.#background, SLICE_VEHICLES)).finally(() => {
      this.#readsSlice = false;
      this.#start();
    });
  }

  #startLater(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), delayMs);
  }

  #take(lane: Map<number, Reason>, count: number): Uint32Array {
    const vehicles: number[] = [];
    for (const [vehicle, reason] of lane) {
      if (vehicles.length === count) break;
      vehicles.push(vehicle);
      lane.delete(vehicle);
      this.#reading.set(vehicle, { reason, arrived: new LateFixes() });
    }
    return Uint32Array.from(vehicles).toSorted();
  }

  async #read(vehicles: Uint32Array): Promise<void> {
    const { tracks } = this.#options;
    const { from, to } = ALL_TIME_MS;
    try {
      if (vehicles.length === 1) {
        await this.#readOne(vehicles[0]);
      } else {
        const stretches = Array.from(vehicles, (vehicle) => ({ vehicle, fromMs: from, toMs: to }));
        await tracks.eachStretch(stretches, async (vehicle, track) => {
          this.#rematch(vehicle, track);
          // Live batches that came meanwhile go first.
          await new Promise((resolve) => setImmediate(resolve));
        });
        for (const vehicle of vehicles) if (this.#reading.has(vehicle)) this.#rematch(vehicle, null);
      }
    } catch (error) {
      this.#options.onProblem(error instanceof Error ? error : new Error(String(error)));
      for (const vehicle of vehicles) this.#putBack(vehicle);
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.#wake();
  }

  async #readOne(vehicle: number): Promise<void> {
    const { tracks } = this.#options;
    const { from, to } = ALL_TIME_MS;
    const { reason } = this.#reading.get(vehicle)!;
    if (reason.late && reason.areas.size === 0 && (await this.#readStretch(vehicle))) return;
    this.#rematch(vehicle, await tracks.track(vehicle, from, to));
  }

  /** Reads as much round the late fixes as it takes; false when something else than these asks by now. */
  async #readStretch(vehicle: number): Promise<boolean> {
    const { tracks } = this.#options;
    const { reason, arrived } = this.#reading.get(vehicle)!;
    // The ledger may be out of reach for as long as it likes.
    const exposures = await Promise.race([this.#options.exposuresOf(vehicle), this.#closing.promise]);
    let [before, after] = [LATE_MARGIN_MS, LATE_MARGIN_MS];
    while (reason.areas.size === 0) {
      const [lateFromMs, lateToMs] = [reason.lateFromMs, reason.lateToMs];
      const fromMs = before > LATE_MARGIN_MAX_MS ? ALL_TIME_MS.from : lateFromMs - before;
      const toMs = Math.min(ALL_TIME_MS.to, after > LATE_MARGIN_MAX_MS ? ALL_TIME_MS.to : lateToMs + after);
      const track = this.#closed ? null : await tracks.track(vehicle, fromMs, toMs + 1);
      if (this.#closed || !exposures) {
        this.#reading.delete(vehicle);
        return true;
      }
      // More came late while it was read.
      if (reason.lateFromMs < lateFromMs || reason.lateToMs > toMs || reason.areas.size > 0) continue;
      const need = this.#options.rematchLate(vehicle, {
        track: arrived.behind(track),
        fromMs,
        toMs,
        reason,
        exposures,
      });
      if (need === "done") {
        this.#reading.delete(vehicle);
        this.rematches++;
        return true;
      }
      if (need === "earlier") before *= LATE_MARGIN_GROWTH;
      else after *= LATE_MARGIN_GROWTH;
    }
    return false;
  }

  #rematch(vehicle: number, track: PlaceTrack | null): void {
    const { reason, arrived } = this.#reading.get(vehicle)!;
    if (!this.#closed) this.#options.rematch(vehicle, arrived.behind(track), reason);
    this.#reading.delete(vehicle);
    this.rematches++;
  }

  #putBack(vehicle: number): void {
    const reading = this.#reading.get(vehicle);
    if (!reading) return;
    this.#reading.delete(vehicle);
    if (!this.#closed) (reading.reason.late ? this.#urgent : this.#background).set(vehicle, reading.reason);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

interface Reason extends RematchReason {
  areas: Map<string, "area-published" | "area-edited" | "area-withdrawn">;
}

function newReason(): Reason {
  return { late: false, lateFromMs: Infinity, lateToMs: -Infinity, areas: new Map() };
}
