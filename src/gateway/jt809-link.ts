import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { MalformedBody } from "../wire/octets.ts";
import type { CipherKeys809 } from "../wire/jt809/cipher.ts";
import { FrameReader809 } from "../wire/jt809/framing.ts";
import { readMessage809, writeFrame809, type Message809, type Version809 } from "../wire/jt809/header.ts";
import { count } from "./counters.ts";

/** What two platforms agreed on before they speak. */
export interface Agreement809 {
  /** Access code of the lower platform. */
  accessCode: number;
  userId: number;
  /** At most 8 bytes. */
  password: string;
  version: Version809;
  /** When bodies are enciphered. */
  cipher?: { key: number; keys: CipherKeys809 };
}

/** What a link counts, by fixed words. */
export interface Jt809Counters {
  framesIn: number;
  framesOut: number;
  fixes: number;
  faults: Record<string, number>;
  closed: Record<string, number>;
}

export function createCounters809(): Jt809Counters {
  return { framesIn: 0, framesOut: 0, fixes: 0, faults: {}, closed: {} };
}

/** Bytes that may wait for a peer that does not read. */
const OUTPUT_BYTES = 4 * 1024 * 1024;
const FAULTS_IN_A_ROW = 50;

/** One TCP link between two platforms: frames in order both ways, and how long it has been silent. */
export class Link809 {
  readonly #socket: Socket;
  readonly #counters: Jt809Counters;
  readonly #nowMs: () => number;
  readonly #reader: FrameReader809;
  /** Known once the peer has said who it is. */
  agreement: Agreement809 | undefined;
  /** When the peer last sent a whole frame, and when this side last sent one. */
  heardMs: number;
  spokenMs: number;
  #serial = 0;
  #faultsInARow = 0;
  #closed = false;

  constructor(
    socket: Socket,
    counters: Jt809Counters,
    nowMs: () => number,
    onMessage: (message: Message809) => void,
    onClosed: () => void,
  ) {
    this.#socket = socket;
    this.#counters = counters;
    this.#nowMs = nowMs;
    this.heardMs = nowMs();
    this.spokenMs = this.heardMs;
    this.#reader = new FrameReader809({
      onFrame: (plain) => this.#frame(plain, onMessage),
      onFault: (fault) => this.fault(fault),
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      if (!this.#closed) this.#reader.push(chunk);
    });
    socket.on("error", () => count(counters.closed, "socketError"));
    socket.on("close", () => {
      this.#closed = true;
      onClosed();
    });
  }

  get open(): boolean {
    return !this.#closed && this.#socket.writable;
  }

  /** Stops reading, for a peer that sends faster than the store takes; `resume` reads on. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** False when the link is closed or the peer does not read. */
  send(messageId: number, body: Uint8Array, agreement: Agreement809 | undefined = this.agreement): boolean {
    if (!this.open || agreement === undefined) return false;
    const { version, accessCode, cipher } = agreement;
    const sentMs = this.#nowMs();
    const frame = writeFrame809({ messageId, serial: this.#serial, accessCode, version, body, sentMs, ...cipher });
    this.#serial = (this.#serial + 1) >>> 0;
    this.spokenMs = sentMs;
    this.#counters.framesOut++;
    this.#socket.write(frame);
    if (this.#socket.writableLength <= OUTPUT_BYTES) return true;
    this.close("slow");
    return false;
  }

  /** Resolves when what was sent has been handed to the system, or the link is gone. */
  drained(): Promise<void> {
    if (!this.open || this.#socket.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once("drain", resolve);
      this.#socket.once("close", () => resolve());
      // A write below the high-water mark drains without an event.
      if (!this.#socket.writableNeedDrain) resolve();
    });
  }

  fault(reason: string): void {
    count(this.#counters.faults, reason);
    if (++this.#faultsInARow >= FAULTS_IN_A_ROW) this.close("faults");
  }

  /** `reason` is a fixed word. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    count(this.#counters.closed, reason);
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #frame(plain: Buffer, onMessage: (message: Message809) => void): void {
    if (this.#closed) return;
    this.#counters.framesIn++;
    this.heardMs = this.#nowMs();
    try {
      const { agreement } = this;
      const known = agreement && {
        version: agreement.version,
        ...(agreement.cipher && { keys: agreement.cipher.keys }),
      };
      onMessage(readMessage809(plain, known));
      this.#faultsInARow = 0;
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      this.fault("malformedBody");
    }
  }
}
