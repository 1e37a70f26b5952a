/**
 * JT/T 808 framing (4.4.2 of the 2011, 2013 and 2019 editions).
 *
 *     frame   = 7E escaped 7E
 *     escaped = header body checksum, with 7E written 7D 02 and 7D written 7D 01
 *     checksum = xor of every unescaped byte of header and body
 *
 * One 7E may close a frame and open the next; `7E 7E` is no frame; whatever stands before the first 7E is no frame.
 */
import { Buffer } from "node:buffer";
import { LONGEST_HEADER, MAX_BODY_BYTES, SHORTEST_HEADER } from "./header.ts";

const DELIMITER = 0x7e;
const ESCAPE = 0x7d;

/** Longest escaped content between two delimiters that the standard allows: every byte escaped. */
export const MAX_ESCAPED_BYTES = 2 * (LONGEST_HEADER + MAX_BODY_BYTES + 1);

/** Why the content between two delimiters is no frame. */
export type FrameFault = "checksum" | "badEscape" | "danglingEscape" | "tooShort" | "tooLong";

/** Receives what a `FrameReader` finds. The bytes are valid only during the call, which must not push into a reader. */
export interface FrameHandler {
  /** A frame whose checksum is right: `bytes[start, end)` is header and body, unescaped, without the checksum. */
  onFrame(bytes: Buffer, start: number, end: number): void;
  /** Content between two delimiters that is no frame, as it stood on the wire (cut to the limit when too long). */
  onFault(fault: FrameFault, raw: Buffer, start: number, end: number): void;
}

/** Unescaped content of the frame that is being handed over; one for all readers, because a call ends before the next. */
const unescaped = Buffer.allocUnsafeSlow(MAX_ESCAPED_BYTES);
const NOTHING = Buffer.alloc(0);

/**
 * Finds frames in a byte stream, whatever the chunks. Holds at most `MAX_ESCAPED_BYTES` of an unfinished frame.
 * A bad frame never stops the reader: it goes on with the next delimiter.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  #carry = NOTHING;
  #carried = 0;
  #open = false;
  #skippedBytes = 0;
  #toleratedEscapes = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Bytes that stood outside any frame. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Frames accepted although their checksum 7D was left unescaped. */
  get toleratedEscapes(): number {
    return this.#toleratedEscapes;
  }

  /** Bytes of an unfinished frame that are kept until the next chunk. */
  get pendingBytes(): number {
    return this.#carried;
  }

  /** Forgets an unfinished frame: the connection has ended, or the datagram. */
  discard(): void {
    this.#carry = NOTHING;
    this.#carried = 0;
    this.#open = false;
  }

  push(chunk: Buffer): void {
    const length = chunk.length;
    let at = 0;
    if (!this.#open) {
      at = chunk.indexOf(DELIMITER);
      if (at < 0) {
        this.#skippedBytes += length;
        return;
      }
      this.#skippedBytes += at;
      this.#open = true;
      at++;
    }
    if (this.#carried > 0) {
      const close = chunk.indexOf(DELIMITER, at);
      this.#keep(chunk, at, close < 0 ? length : close);
      if (close < 0) return;
      const carried = this.#carried;
      this.#carried = 0;
      if (carried > 0) this.#content(this.#carry, 0, carried);
      this.#open = true;
      at = close + 1;
    }
    this.#scan(chunk, at, length);
  }

  /** One pass: finds the delimiter and sums the checksum; only content with an escape inside is looked at again. */
  #scan(chunk: Buffer, from: number, length: number): void {
    const handler = this.#handler;
    let start = from;
    let xor = 0;
    for (let i = from; i < length; i++) {
      const byte = chunk[i];
      if (byte !== DELIMITER && byte !== ESCAPE) {
        xor ^= byte;
        continue;
      }
      if (byte === ESCAPE) {
        const close = chunk.indexOf(DELIMITER, i + 1);
        if (close < 0) break;
        this.#content(chunk, start, close);
        i = close;
      } else if (i > start) {
        if (xor === 0 && i - start > SHORTEST_HEADER && i - start <= MAX_ESCAPED_BYTES) {
          handler.onFrame(chunk, start, i - 1);
        } else {
          this.#content(chunk, start, i);
        }
      }
      start = i + 1;
      xor = 0;
    }
    if (start < length) this.#keep(chunk, start, length);
  }

  #content(raw: Buffer, start: number, end: number): void {
    if (end - start > MAX_ESCAPED_BYTES) {
      this.#handler.onFault("tooLong", raw, start, start + MAX_ESCAPED_BYTES);
      return;
    }
    const length = unescapeInto(raw, start, end, unescaped);
    if (length < 0) {
      const tolerated = length === DANGLING ? this.#unescapedChecksum(raw, start, end) : 0;
      if (tolerated > 0) {
        this.#toleratedEscapes++;
        this.#handler.onFrame(unescaped, 0, tolerated);
      } else {
        this.#handler.onFault(length === DANGLING ? "danglingEscape" : "badEscape", raw, start, end);
      }
    } else if (length <= SHORTEST_HEADER) this.#handler.onFault("tooShort", raw, start, end);
    else if (checksum(unescaped, 0, length) !== 0) this.#handler.onFault("checksum", raw, start, end);
    else this.#handler.onFrame(unescaped, 0, length - 1);
  }

  /** Length of the frame when its last byte is a checksum 7D that the device did not escape, else 0. */
  #unescapedChecksum(raw: Buffer, start: number, end: number): number {
    const length = unescapeInto(raw, start, end - 1, unescaped);
    return length >= SHORTEST_HEADER && checksum(unescaped, 0, length) === ESCAPE ? length : 0;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#carried + end - start > MAX_ESCAPED_BYTES) {
      if (this.#carried === 0) this.#handler.onFault("tooLong", chunk, start, start + MAX_ESCAPED_BYTES);
      else this.#handler.onFault("tooLong", this.#carry, 0, this.#carried);
      this.#skippedBytes += this.#carried + end - start;
      this.#carried = 0;
      this.#open = false;
      return;
    }
    const carried = this.#carried + end - start;
    if (carried > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(MAX_ESCAPED_BYTES, Math.max(256, 2 * carried)));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, start, end);
    this.#carried = carried;
  }
}

const BAD = -1;
const DANGLING = -2;

/**
 * Unescapes `raw[start, end)` into `out` and returns the length; -1 when a 7D is followed by anything but 01 or 02,
 * -2 when it is the last byte.
 */
export function unescapeInto(raw: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    let byte = raw[i];
    if (byte === ESCAPE) {
      if (++i === end) return DANGLING;
      const second = raw[i];
      if (second === 0x02) byte = DELIMITER;
      else if (second !== 0x01) return BAD;
    }
    out[length++] = byte;
  }
  return length;
}

/** The xor of `bytes[start, end)`. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let xor = 0;
  for (let i = start; i < end; i++) xor ^= bytes[i];
  return xor;
}

/**
 * Writes `7E`, the escaped `plain[start, end)` with its checksum, and `7E` into `out` at `at`; returns the position after it.
 * `out` needs room for `2 * (end - start + 1) + 2` bytes.
 */
export function escapeInto(plain: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at;
  let xor = 0;
  out[to++] = DELIMITER;
  for (let i = start; i < end; i++) {
    const byte = plain[i];
    xor ^= byte;
    if (byte === DELIMITER || byte === ESCAPE) {
      out[to++] = ESCAPE;
      out[to++] = byte === DELIMITER ? 0x02 : 0x01;
    } else out[to++] = byte;
  }
  if (xor === DELIMITER || xor === ESCAPE) {
    out[to++] = ESCAPE;
    xor = xor === DELIMITER ? 0x02 : 0x01;
  }
  out[to++] = xor;
  out[to++] = DELIMITER;
  return to;
}
