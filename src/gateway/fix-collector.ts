import { createByteColumn, setBytes, startOf, type ByteColumn } from "../model/byte-column.ts";
import { MAX_FUTURE_MS } from "../model/rule.ts";
import { ABSENT_U16, createFixBatch, FixFlag, type FixBatch } from "../model/fix.ts";
import { LOCATION_BASIC_BYTES, LocationStatus, readLocationInto } from "../wire/jt808/0200-location-report.ts";
import type { Jt808Counters } from "./counters.ts";
import { countReportDeviations } from "./deviations.ts";
import type { IngestSink } from "./ingest-sink.ts";

/** Device time later than receipt by more than this is quarantined. */
export const QUARANTINE_AHEAD_MS = MAX_FUTURE_MS;

/** Converts a place into WGS-84: degrees in, `[longitude, latitude]` out. */
export type ToWgs84 = (longitude: number, latitude: number) => readonly [number, number];

/** Who is answered when the fixes of a message are durable. */
export interface Acknowledged {
  /** The fixes of `fixes` messages of this sender are durable, or not (then nothing may be acknowledged). */
  settle(fixes: number): void;
  /** A message whose fixes are all durable. */
  acknowledge(serial: number, messageId: number): void;
  /** After the last `acknowledge` of a run: what is ready may be written to the socket. */
  flushAnswers(): void;
}

/**
 * Gathers the fixes of all sockets into one batch every few milliseconds, hands it to the sink, and answers each message
 * when the sink says that it is durable. What cannot be stored is never acknowledged.
 */
export class FixCollector<Sender extends Acknowledged> {
  readonly #sink: IngestSink;
  readonly #counters: Jt808Counters;
  readonly #toWgs84: ToWgs84 | undefined;
  readonly #collectMs: number;
  readonly #onSettled: (error: unknown) => void;
  readonly #batch: FixBatch;
  readonly #items: ByteColumn;
  readonly #capacity: number;
  #senders: Sender[] = [];
  #rows: number[] = [];
  #answers: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #appending = new Set<Promise<void>>();

  /** `onSettled` is called after each append, with its error if it failed. */
  constructor(
    sink: IngestSink,
    counters: Jt808Counters,
    options: { toWgs84: ToWgs84 | undefined; collectMs: number; capacity: number },
    onSettled: (error: unknown) => void,
  ) {
    this.#sink = sink;
    this.#counters = counters;
    this.#toWgs84 = options.toWgs84;
    this.#collectMs = options.collectMs;
    this.#capacity = options.capacity;
    this.#batch = createFixBatch(options.capacity);
    this.#items = createByteColumn(options.capacity);
    this.#onSettled = onSettled;
  }

  /** Fixes that one message may have: all of them go into one batch, so that one answer stands for them. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for a message of `fixes` fixes. */
  reserve(fixes: number): void {
    if (this.#batch.length + fixes > this.#capacity) this.flush();
  }

  /** Adds the location report in `body[start, end)`; false when it is shorter than 28 bytes. Reserve first. */
  add(body: Uint8Array, start: number, end: number, vehicle: number, receivedMs: number, stored: boolean): boolean {
    const batch = this.#batch;
    const row = batch.length;
    if (!readLocationInto(body, start, end, batch, row)) return false;
    batch.length = row + 1;
    setBytes(this.#items, row, body, start + LOCATION_BASIC_BYTES, end);
    this.#counters.unacknowledgedItemBytes += end - start - LOCATION_BASIC_BYTES;
    batch.vehicle[row] = vehicle;
    batch.receivedMs[row] = receivedMs;
    countReportDeviations(this.#counters.deviations, batch, row, body, start, end, !stored);
    batch.flags[row] = this.#flagsOf(row, receivedMs) | (stored ? FixFlag.stored : 0);
    if (batch.headingDeg[row] !== ABSENT_U16 && batch.headingDeg[row]! >= 360) {
      batch.headingDeg[row] = batch.headingDeg[row] === 360 ? 0 : ABSENT_U16;
    }
    this.#counters.fixes++;
    return true;
  }

  /** The message `serial` of `sender` is complete: answer it when the `fixes` added since are durable. */
  endMessage(sender: Sender, serial: number, messageId: number, fixes: number): void {
    this.#senders.push(sender);
    this.#rows.push(fixes);
    this.#answers.push(serial * 0x1_0000 + messageId);
    this.#counters.unacknowledgedFixes += fixes;
    this.#timer ??= setTimeout(() => this.flush(), this.#collectMs);
  }

  /** Hands over what has been gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#senders.length === 0) return;
    const batch = cut(this.#batch, this.#items);
    const senders = this.#senders;
    const rows = this.#rows;
    const answers = this.#answers;
    this.#batch.length = 0;
    this.#senders = [];
    this.#rows = [];
    this.#answers = [];
    const appending = this.#append(batch)
      .then((error) => this.#settle(senders, rows, answers, batch, error))
      .finally(() => this.#appending.delete(appending));
    this.#appending.add(appending);
  }

  /** Hands over what has been gathered and waits until every append has been settled. */
  async drain(): Promise<void> {
    this.flush();
    await Promise.allSettled(this.#appending);
  }

  /** Resolves with the error of an append that failed. A batch without fixes needs none. */
  async #append(batch: FixBatch): Promise<unknown> {
    try {
      if (batch.length > 0) await this.#sink.append(batch);
      return undefined;
    } catch (error) {
      return error ?? new Error("append failed");
    }
  }

  #settle(senders: Sender[], rows: number[], answers: number[], batch: FixBatch, error: unknown): void {
    const counters = this.#counters;
    if (error === undefined) counters.fixesStored += batch.length;
    else counters.fixesNotStored += batch.length;
    counters.unacknowledgedItemBytes -= batch.items?.bytes.length ?? 0;
    let last: Sender | undefined;
    for (let i = 0; i < senders.length; i++) {
      const sender = senders[i]!;
      counters.unacknowledgedFixes -= rows[i]!;
      if (sender !== last) last?.flushAnswers();
      last = sender;
      sender.settle(rows[i]!);
      if (error === undefined) sender.acknowledge(Math.floor(answers[i]! / 0x1_0000), answers[i]! % 0x1_0000);
    }
    last?.flushAnswers();
    this.#onSettled(error);
  }

  /** Marks that are made once, at receipt; converts the place when the source has another datum. */
  #flagsOf(row: number, receivedMs: number): number {
    const batch = this.#batch;
    const status = batch.status[row]!;
    let lon = batch.lonE6[row]!;
    let lat = batch.latE6[row]!;
    let flags = (status & LocationStatus.processed) === 0 ? 0 : FixFlag.processed;
    const outOfRange = lon > 180_000_000 || lon < -180_000_000 || lat > 90_000_000 || lat < -90_000_000;
    if ((status & LocationStatus.fixed) === 0 || (lon === 0 && lat === 0) || outOfRange) flags |= FixFlag.invalid;
    if (this.#toWgs84 !== undefined && !outOfRange) {
      [lon, lat] = this.#toWgs84(lon / 1e6, lat / 1e6) as [number, number];
      batch.lonE6[row] = Math.round(lon * 1e6);
      batch.latE6[row] = Math.round(lat * 1e6);
    }
    if (Number.isNaN(batch.timeMs[row])) {
      batch.timeMs[row] = receivedMs;
      flags |= FixFlag.invalid;
      this.#counters.faults["noDate"] = (this.#counters.faults["noDate"] ?? 0) + 1;
    } else if (batch.timeMs[row]! > receivedMs + QUARANTINE_AHEAD_MS) {
      flags |= FixFlag.quarantined;
      this.#counters.fixesQuarantined++;
    }
    if ((flags & FixFlag.invalid) !== 0) this.#counters.fixesInvalid++;
    return flags;
  }
}

/** The rows of a batch in arrays of their own, no longer than they need to be. */
function cut(batch: FixBatch, { ends, bytes }: ByteColumn): FixBatch {
  const { length } = batch;
  const itemBytes = startOf({ ends, bytes }, length);
  return {
    length,
    vehicle: batch.vehicle.slice(0, length),
    timeMs: batch.timeMs.slice(0, length),
    lonE6: batch.lonE6.slice(0, length),
    latE6: batch.latE6.slice(0, length),
    speedKmh10: batch.speedKmh10.slice(0, length),
    headingDeg: batch.headingDeg.slice(0, length),
    altitudeM: batch.altitudeM.slice(0, length),
    status: batch.status.slice(0, length),
    alarm: batch.alarm.slice(0, length),
    receivedMs: batch.receivedMs.slice(0, length),
    flags: batch.flags.slice(0, length),
    ...(itemBytes > 0 && { items: { ends: ends.slice(0, length), bytes: bytes.slice(0, itemBytes) } }),
  };
}
