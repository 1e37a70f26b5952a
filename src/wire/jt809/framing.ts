/**
 * JT/T 809 framing (JT/T 809-2011, 4.4; unchanged in 2019).
 *
 *     frame   = 5B escaped 5D
 *     escaped = header body crc, with 5B written 5A 01, 5A written 5A 02, 5D written 5E 01 and 5E written 5E 02
 *     crc     = CRC-16/CCITT-FALSE (polynomial 1021, initial value FFFF, not reflected) over header and body, big-endian
 *
 * On the way out a body is enciphered, then summed, then escaped; on the way in the same backwards.
 */
import { Buffer } from "node:buffer";

const OPEN = 0x5b;
const CLOSE = 0x5d;
const ESCAPE_OPEN = 0x5a;
const ESCAPE_CLOSE = 0x5e;

/** Longest content between the delimiters that is taken: photos reach 23 kB in one frame. */
export const MAX_CONTENT_BYTES = 65_536;
/** Header of 2011 and the sum: nothing shorter is a frame. */
const SHORTEST_CONTENT = 24;

/** Why the content between two delimiters is no frame. */
export type FrameFault809 = "crc" | "badEscape" | "tooShort" | "tooLong" | "unclosed";

/** Receives what a `FrameReader809` finds. */
export interface FrameHandler809 {
  /** Header and body, unescaped, without the sum; a copy. */
  onFrame(plain: Buffer): void;
  /** Content that is no frame, as it stood on the wire (cut to 256 bytes). */
  onFault(fault: FrameFault809, raw: Buffer): void;
}

/**
 * Finds frames in a byte stream, whatever the chunks. Holds at most `MAX_CONTENT_BYTES` escaped bytes twice over; a bad
 * frame never stops the reader.
 */
export class FrameReader809 {
  readonly #handler: FrameHandler809;
  #parts: Buffer[] = [];
  #held = 0;
  #open = false;
  #skippedBytes = 0;

  constructor(handler: FrameHandler809) {
    this.#handler = handler;
  }

  /** Bytes that stood outside any frame. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#open) {
        const open = chunk.indexOf(OPEN, at);
        this.#skippedBytes += (open < 0 ? chunk.length : open) - at;
        if (open < 0) return;
        this.#open = true;
        at = open + 1;
        continue;
      }
      const end = this.#endOfContent(chunk, at);
      this.#hold(chunk.subarray(at, end));
      at = end;
      if (!this.#open || at === chunk.length) continue;
      const content = Buffer.concat(this.#parts);
      this.#release();
      if (chunk[at] === CLOSE) this.#content(content);
      else {
        this.#handler.onFault("unclosed", content.subarray(0, 256));
        this.#open = true;
      }
      at++;
    }
  }

  /** Position of the next delimiter, or the chunk's end: neither 5B nor 5D can stand inside escaped content. */
  #endOfContent(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      if (chunk[i] === CLOSE || chunk[i] === OPEN) return i;
    }
    return chunk.length;
  }

  #hold(bytes: Buffer): void {
    if (this.#held + bytes.length > 2 * MAX_CONTENT_BYTES) {
      this.#handler.onFault("tooLong", Buffer.concat([...this.#parts, bytes]).subarray(0, 256));
      this.#skippedBytes += this.#held + bytes.length;
      this.#release();
      return;
    }
    // A copy: the chunk belongs to the socket.
    if (bytes.length > 0) this.#parts.push(Buffer.from(bytes));
    this.#held += bytes.length;
  }

  #release(): void {
    this.#parts = [];
    this.#held = 0;
    this.#open = false;
  }

  #content(raw: Buffer): void {
    const plain = unescape809(raw);
    if (plain === undefined) this.#handler.onFault("badEscape", raw.subarray(0, 256));
    else if (plain.length > MAX_CONTENT_BYTES) this.#handler.onFault("tooLong", raw.subarray(0, 256));
    else if (plain.length < SHORTEST_CONTENT) this.#handler.onFault("tooShort", raw.subarray(0, 256));
    else if (crc16(plain, 0, plain.length - 2) !== plain.readUInt16BE(plain.length - 2)) {
      this.#handler.onFault("crc", raw.subarray(0, 256));
    } else this.#handler.onFrame(plain.subarray(0, -2));
  }
}

/** The unescaped content of a frame (sum included); undefined when an escape is followed by anything but 01 or 02. */
export function unescape809(escaped: Uint8Array): Buffer | undefined {
  const out = Buffer.allocUnsafe(escaped.length);
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    let byte = escaped[i];
    if (byte === ESCAPE_OPEN || byte === ESCAPE_CLOSE) {
      const second = escaped[++i];
      if (second !== 0x01 && second !== 0x02) return undefined;
      // 5A 01 is 5B, 5A 02 is 5A itself; 5E 01 is 5D, 5E 02 is 5E itself.
      if (second === 0x01) byte = byte === ESCAPE_OPEN ? OPEN : CLOSE;
    }
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

/** A whole frame on the wire, from header and body. */
export function frame809(plain: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(2 * plain.length + 6);
  const sum = crc16(plain, 0, plain.length);
  let to = 0;
  out[to++] = OPEN;
  for (let i = 0; i < plain.length + 2; i++) {
    const byte = i < plain.length ? plain[i] : i === plain.length ? sum >>> 8 : sum & 0xff;
    const escape = byte === OPEN || byte === ESCAPE_OPEN ? ESCAPE_OPEN : ESCAPE_CLOSE;
    if (byte === OPEN || byte === CLOSE || byte === ESCAPE_OPEN || byte === ESCAPE_CLOSE) {
      out[to++] = escape;
      out[to++] = byte === OPEN || byte === CLOSE ? 0x01 : 0x02;
    } else out[to++] = byte;
  }
  out[to++] = CLOSE;
  return out.subarray(0, to);
}

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc & 0xffff;
});

/** CRC-16/CCITT-FALSE of `bytes[start, end)`. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++) crc = ((crc << 8) ^ CRC_TABLE[((crc >>> 8) ^ bytes[i]) & 0xff]) & 0xffff;
  return crc;
}
