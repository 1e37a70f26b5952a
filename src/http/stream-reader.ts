import type { Writable } from "node:stream";
import type { FindingEvent } from "../model/finding.ts";
import type { LedgerQueries } from "../store/ledger.ts";
import { eventText } from "./event-text.ts";

export interface StreamReaderOptions {
  out: Writable;
  ledger: Pick<LedgerQueries, "eventsAfter" | "lastSeq">;
  /** Findings after this one are sent. */
  afterSeq: number;
  /** Bytes that may wait in `out`; above it nothing is added to it. */
  bytesMax: number;
}

const PAGE = 500;
const RETRY_MS = 1000;

/**
 * One reader of the live stream. Findings are never left out: a reader that cannot follow is served from the ledger at
 * its own pace, from the last one that it was sent, and comes back to the live ones when it has caught up. Positions
 * and status are left out while it is behind. So at most `bytesMax` and one page wait for it.
 */
export class StreamReader {
  /** The last finding that was sent. */
  sentSeq: number;
  /** Bytes were waiting for the reader at this time and it has taken none since; null when it takes them. */
  stalledSinceMs: number | null = null;
  readonly #out: Writable;
  readonly #options: StreamReaderOptions;
  /** True while findings come straight from the hub, false while they are read from the ledger. */
  #live = false;
  #ended = false;
  #waitingBytes = 0;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#out = options.out;
    this.sentSeq = options.afterSeq;
    void this.#catchUp();
  }

  /** More waits for the reader than may: it gets no positions and no status until that has gone down. */
  get busy(): boolean {
    return this.#out.writableLength > this.#options.bytesMax;
  }

  send(text: string): void {
    if (!this.#ended) this.#out.write(text);
  }

  /** Findings that have just become known; `texts` holds their written form, the same for all readers. */
  findings(events: readonly FindingEvent[], texts: readonly string[]): void {
    if (!this.#live || this.#ended) return;
    if (this.busy) {
      this.#live = false;
      void this.#catchUp();
      return;
    }
    for (let at = 0; at < events.length; at++) {
      if (events[at]!.seq <= this.sentSeq) continue;
      this.#out.write(texts[at]!);
      this.sentSeq = events[at]!.seq;
    }
  }

  /** Looks whether bytes wait and none are taken. */
  watchStall(nowMs: number): void {
    const waiting = this.#out.writableLength;
    const taken = waiting === 0 || waiting < this.#waitingBytes;
    if (taken) this.stalledSinceMs = null;
    else this.stalledSinceMs ??= nowMs;
    this.#waitingBytes = waiting;
  }

  /** Says why, and ends. */
  end(last: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#out.end(last);
  }

  /** The connection is gone. */
  gone(): void {
    this.#ended = true;
  }

  async #catchUp(): Promise<void> {
    const { ledger } = this.#options;
    while (!this.#ended) {
      if (this.busy) {
        await drained(this.#out);
        continue;
      }
      // Between this look and the next line nothing else runs: no finding is lost, none comes twice.
      if (this.sentSeq >= ledger.lastSeq()) {
        this.#live = true;
        return;
      }
      const events = await ledger.eventsAfter(this.sentSeq, PAGE).catch(() => null);
      if (events === null || events.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
        continue;
      }
      if (this.#ended) return;
      this.#out.write(events.map(findingText).join(""));
      this.sentSeq = events.at(-1)!.seq;
    }
  }
}

export function findingText(event: FindingEvent): string {
  return eventText("finding", event, event.seq);
}

function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off("drain", done).off("close", done);
      resolve();
    };
    out.on("drain", done).on("close", done);
  });
}
