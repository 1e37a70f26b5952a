import type { Writable } from "node:stream";
import type { CaseRow } from "../cases/case-record.ts";
import { positionsText } from "./position-columns.ts";
import { statusOf } from "./health.ts";
import { errorBody } from "./error-answer.ts";
import { eventText } from "./event-text.ts";
import type { HttpLimits, ServerParts } from "./parts.ts";
import { findingText, StreamReader } from "./stream-reader.ts";

interface Reader {
  stream: StreamReader;
  /** Paths of the places whose cases the reader is told of. */
  paths: readonly string[];
  out: Writable;
  /** The tick of positions from which on it has missed some; null when it has them all. */
  missedSince: number | null;
}

/**
 * The live stream: findings as they become known, positions and status once a tick, to every reader. Messages are
 * written once and shared.
 */
export class LiveStream {
  /** Readers that were ended because they took nothing. */
  dropped = 0;
  readonly #parts: ServerParts;
  readonly #limits: HttpLimits;
  readonly #readers = new Set<Reader>();
  /** Vehicles whose names have gone out with a shared message of positions. */
  readonly #named = new Set<number>();
  #tick = 1;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: (() => void)[];

  constructor(parts: ServerParts, limits: HttpLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#everyTick(), limits.streamTickMs).unref();
    this.#unsubscribe = [
      parts.ledger.subscribe((events) => {
        if (this.#readers.size === 0) return;
        const texts = events.map(findingText);
        for (const { stream } of this.#readers) stream.findings(events, texts);
      }),
      parts.cases?.desk.subscribe((row) => this.#tellCase(row)) ?? (() => {}),
    ];
  }

  get open(): number {
    return this.#readers.size;
  }

  get full(): boolean {
    return this.#readers.size >= this.#limits.streams;
  }

  /**
   * Begins to send: status, every vehicle's position, then what changes; findings after `afterSeq`, or only new ones
   * when it is null. A number that this ledger has not reached yet is another ledger's: `reset` says so. That a case changed
   * is told to readers whose `paths` hold its place.
   */
  add(out: Writable, afterSeq: number | null, paths: readonly string[]): void {
    const { ledger, watch, tracks } = this.#parts;
    const lastSeq = ledger.lastSeq();
    const foreign = afterSeq !== null && afterSeq > lastSeq;
    out.write("retry: 2000\n\n");
    if (foreign) out.write(eventText("reset", { seq: lastSeq }));
    out.write(eventText("status", statusOf(this.#parts)));
    const { vehicles } = watch.live.changedSince(0);
    out.write(positionsText(watch.live, vehicles, tracks.vehicles, () => true));
    const stream = new StreamReader({
      out,
      ledger,
      afterSeq: afterSeq === null || foreign ? lastSeq : afterSeq,
      bytesMax: this.#limits.streamBytes,
    });
    const reader: Reader = { stream, out, paths, missedSince: null };
    this.#readers.add(reader);
    out.on("close", () => {
      stream.gone();
      this.#readers.delete(reader);
    });
    out.on("error", () => out.destroy());
  }

  /** Ends every reader: the server goes down. */
  close(): void {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const { stream } of this.#readers) stream.end(eventText("end", { reason: "shutdown" }));
    this.#readers.clear();
  }

  /** Only that it changed: what it is now is asked for, with the asker's rights. A reader that is behind asks anyway. */
  #tellCase({ id, state, version, path }: CaseRow): void {
    const text = eventText("case", { id, state, version, path });
    for (const { stream, paths } of this.#readers) {
      if (!stream.busy && paths.some((each) => path.startsWith(each))) stream.send(text);
    }
  }

  #everyTick(): void {
    const { watch, tracks } = this.#parts;
    const since = this.#tick;
    const { tick, vehicles } = watch.live.changedSince(since);
    this.#tick = tick;
    const positions =
      vehicles.length === 0
        ? ""
        : positionsText(watch.live, vehicles, tracks.vehicles, (vehicle) => this.#isNew(vehicle));
    if (this.#readers.size === 0) return;
    const text = positions + eventText("status", statusOf(this.#parts));
    const nowMs = performance.now();
    for (const reader of this.#readers) {
      reader.stream.watchStall(nowMs);
      const { stalledSinceMs } = reader.stream;
      if (stalledSinceMs !== null && nowMs - stalledSinceMs >= this.#limits.streamStallMs) this.#drop(reader);
      else this.#sendTick(reader, since, text);
    }
  }

  #sendTick(reader: Reader, since: number, text: string): void {
    if (reader.stream.busy) {
      reader.missedSince ??= since;
      return;
    }
    if (reader.missedSince !== null) {
      const { watch, tracks } = this.#parts;
      const { vehicles } = watch.live.changedSince(reader.missedSince);
      reader.missedSince = null;
      reader.stream.send(positionsText(watch.live, vehicles, tracks.vehicles, () => true));
    }
    reader.stream.send(text);
  }

  #drop(reader: Reader): void {
    this.dropped++;
    this.#readers.delete(reader);
    const detail = `nothing was read for ${this.#limits.streamStallMs} ms; come back with Last-Event-ID ${reader.stream.sentSeq}`;
    reader.stream.end(eventText("end", { reason: "slow", ...errorBody("OVERLOADED", detail) }));
    setTimeout(() => reader.out.destroy(), this.#limits.streamTickMs * 2).unref();
  }

  #isNew(vehicle: number): boolean {
    if (this.#named.has(vehicle)) return false;
    this.#named.add(vehicle);
    return true;
  }
}
