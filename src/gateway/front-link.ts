/**
 * The line between the gateway and a process that holds terminals' connections for it, the same in both directions:
 *
 *     message = { length DWORD, connection DWORD, kind BYTE, payload BYTE[length] }, big-endian
 *
 * Connections are numbered by the process that holds them; a number is not used twice in its life.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

export const FrontKind = {
  /** Up: a terminal connected; the payload is its address. */
  open: 1,
  /** Both ways: bytes of the terminal, or for it. */
  data: 2,
  /** Up: the connection is gone; the payload is a word that says why, or nothing. */
  closed: 3,
  /** Down: read no more from it, for now. */
  pause: 4,
  resume: 5,
  /** Down: close it after what has been written. */
  end: 6,
  /** Down: close it at once. */
  destroy: 7,
} as const;
export type FrontKind = (typeof FrontKind)[keyof typeof FrontKind];

const HEAD_BYTES = 9;
const SLAB_BYTES = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/** Gathers the messages of one turn of the event loop into one write, and takes apart what comes. */
export class FrontLink {
  readonly #socket: Socket;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #length = 0;
  #planned = false;
  #rest: Buffer = NOTHING;

  constructor(socket: Socket, onMessage: (connection: number, kind: number, payload: Buffer) => void) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk, onMessage));
  }

  /** Bytes that the other side has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength + this.#length;
  }

  send(connection: number, kind: FrontKind, payload: Uint8Array = NOTHING): void {
    const bytes = HEAD_BYTES + payload.length;
    if (this.#length + bytes > this.#slab.length) this.flush();
    if (bytes > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(bytes);
    this.#slab.writeUInt32BE(payload.length, this.#length);
    this.#slab.writeUInt32BE(connection, this.#length + 4);
    this.#slab[this.#length + 8] = kind;
    this.#slab.set(payload, this.#length + HEAD_BYTES);
    this.#length += bytes;
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#length === 0) return;
    // The socket keeps what it is given until it is written: a slab is used once, its tail goes on.
    const part = this.#slab.subarray(0, this.#length);
    this.#slab =
      this.#slab.length - this.#length >= SLAB_BYTES / 4
        ? this.#slab.subarray(this.#length)
        : Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#length = 0;
    if (!this.#socket.destroyed) this.#socket.write(part);
  }

  #take(chunk: Buffer, onMessage: (connection: number, kind: number, payload: Buffer) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      onMessage(bytes.readUInt32BE(at + 4), bytes[at + 8]!, bytes.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    // Copied, so that a few bytes do not hold a whole chunk.
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
  }
}
