import { createByteColumn, setBytes } from "../model/byte-column.ts";
import { ABSENT_I16, ABSENT_U16, createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import { WuxingError } from "../model/errors.ts";
import { QUARANTINE_AHEAD_MS } from "./fix-collector.ts";
import type { IngestSink, VehicleFacts } from "./ingest-sink.ts";

/** A position as a source that is no JT/T 808 terminal reports it; degrees, WGS-84. */
export interface ReportedPosition {
  /** ms UTC, by the device. */
  timeMs: number;
  longitude: number;
  latitude: number;
  speedKmh?: number;
  /** Degrees clockwise from north. */
  direction?: number;
  /** Metres. */
  altitude?: number;
  /** JT/T 808 words, where the source has them. */
  statusFlags?: number;
  alarmFlags?: number;
  /** False when the source says that it has no position. */
  fixed?: boolean;
  /** Sent from a store after an outage. */
  stored?: boolean;
  /** Passed through the secrecy plug-in. */
  processed?: boolean;
  /** What was said beside the position, as additional items of JT/T 808. */
  items?: Uint8Array;
}

/** Positions on their way to the disk above which senders are asked to come again; some 30 MB. */
const UNDER_WAY_MAX = 400_000;
const NO_BYTES = new Uint8Array(0);

interface Gathering {
  batch: FixBatch;
  durable: Promise<void>;
}

/**
 * Gathers the positions of many small messages into one batch every few milliseconds. `take` resolves when what it was
 * given is durable; callers hold back their senders while too much is under way.
 */
export class PositionIntake {
  readonly #sink: IngestSink;
  readonly #collectMs: number;
  readonly #capacity: number;
  readonly #underWayMax: number;
  #gathering: Gathering | undefined;
  #start: (() => void) | undefined;
  #underWay = 0;

  constructor(sink: IngestSink, options: { collectMs?: number; capacity?: number; underWayMax?: number } = {}) {
    this.#sink = sink;
    this.#collectMs = options.collectMs ?? 5;
    this.#capacity = options.capacity ?? 4096;
    this.#underWayMax = options.underWayMax ?? UNDER_WAY_MAX;
  }

  /** Fixes taken and not durable yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /**
   * For senders that cannot be held back: asks whether `positions` more may come. One message may always come when nothing waits.
   * @throws WuxingError OVERLOADED when too much waits for the disk already; nothing was taken then.
   */
  checkRoom(positions: number): void {
    if (this.#underWay === 0 || this.#underWay + positions <= this.#underWayMax) return;
    throw new WuxingError("OVERLOADED", `${this.#underWay} positions wait for the disk`);
  }

  /**
   * Takes the positions of one vehicle (at most the capacity of a batch). The marks of the rule's section 1 are made here, once.
   * @throws WuxingError STORE_UNAVAILABLE when they could not be made durable; nothing of them may be acknowledged.
   */
  async take(facts: VehicleFacts, positions: readonly ReportedPosition[], receivedMs: number): Promise<void> {
    if (positions.length === 0) return;
    const vehicle = this.#sink.vehicleNumber(facts);
    if (this.#gathering !== undefined && this.#gathering.batch.length + positions.length > this.#capacity) this.flush();
    const { batch, durable } = (this.#gathering ??= this.#gather());
    for (const position of positions) addRow(batch, vehicle, position, receivedMs);
    this.#underWay += positions.length;
    try {
      await durable;
    } finally {
      this.#underWay -= positions.length;
    }
  }

  /** Hands over what has been gathered. */
  flush(): void {
    this.#start?.();
  }

  #gather(): Gathering {
    const batch = createFixBatch(this.#capacity);
    const begun = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#collectMs);
      this.#start = () => {
        clearTimeout(timer);
        resolve();
        this.#gathering = undefined;
        this.#start = undefined;
      };
    });
    const durable = begun.then(() => {
      if (this.#gathering?.batch === batch) this.flush();
      return this.#sink.append(batch);
    });
    // Every caller awaits it; this keeps a batch whose callers are gone from being an unhandled rejection.
    durable.catch(() => {});
    return { batch, durable };
  }
}

function addRow(batch: FixBatch, vehicle: number, position: ReportedPosition, receivedMs: number): void {
  const row = batch.length++;
  const { longitude, latitude, timeMs, direction, altitude, speedKmh } = position;
  const inRange = Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;
  const dated = Number.isFinite(timeMs);
  const located = inRange && position.fixed !== false && !(longitude === 0 && latitude === 0);
  batch.vehicle[row] = vehicle;
  batch.timeMs[row] = dated ? Math.round(timeMs) : receivedMs;
  batch.lonE6[row] = inRange ? Math.round(longitude * 1e6) : 0;
  batch.latE6[row] = inRange ? Math.round(latitude * 1e6) : 0;
  batch.speedKmh10[row] = within(speedKmh, 0, 6553) ? Math.round(speedKmh * 10) : ABSENT_U16;
  batch.headingDeg[row] = within(direction, 0, 360) ? Math.round(direction) % 360 : ABSENT_U16;
  batch.altitudeM[row] = within(altitude, -1000, 32_000) ? Math.round(altitude) : ABSENT_I16;
  batch.status[row] = position.statusFlags ?? 0;
  batch.alarm[row] = position.alarmFlags ?? 0;
  batch.receivedMs[row] = receivedMs;
  batch.flags[row] =
    (located && dated ? 0 : FixFlag.invalid) |
    (dated && timeMs > receivedMs + QUARANTINE_AHEAD_MS ? FixFlag.quarantined : 0) |
    (position.stored === true ? FixFlag.stored : 0) |
    (position.processed === true ? FixFlag.processed : 0);
  const { items } = position;
  if (items !== undefined) batch.items ??= createByteColumn(batch.vehicle.length);
  if (batch.items !== undefined) setBytes(batch.items, row, items ?? NO_BYTES, 0, items?.length ?? 0);
}

function within(value: number | undefined, least: number, most: number): value is number {
  return value !== undefined && value >= least && value <= most;
}
