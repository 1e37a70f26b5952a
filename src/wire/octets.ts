import { Buffer } from "node:buffer";
import { decodeGbk, encodeGbk } from "./gbk.ts";

/** A body that ends too early, or says something impossible. The frame round it was sound. */
export class MalformedBody extends Error {
  override readonly name = "MalformedBody";
}

/**
 * Reads big-endian fields one after the other from a range of bytes.
 * Every method throws `MalformedBody` when fewer bytes are left than it needs.
 */
export class OctetReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1, "BYTE"));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2, "WORD"));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4, "DWORD"));
  }

  /** Unsigned 64 bits as a number; above 2^53 it loses precision. */
  u64(): number {
    return Number(this.#bytes.readBigUInt64BE(this.#take(8, "QWORD")));
  }

  /** The next `length` bytes, not copied. */
  bytes(length: number): Buffer {
    const at = this.#take(length, `BYTE[${length}]`);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything that is left, not copied. */
  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** The next `length` bytes as lower-case hex digits (BCD digits as they are written). */
  hex(length: number): string {
    return this.bytes(length).toString("hex");
  }

  /** `length` bytes of GBK text without its trailing zeros and blanks. */
  text(length: number): string {
    return decodeGbk(this.bytes(length));
  }

  #take(length: number, what: string): number {
    const at = this.#at;
    if (at + length > this.#end) {
      throw new MalformedBody(`${what} at byte ${at} needs ${length} bytes, ${this.#end - at} are left`);
    }
    this.#at = at + length;
    return at;
  }
}

/** Writes big-endian fields one after the other into a buffer that grows. */
export class OctetWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    return this;
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 0x1_0000_0000)).u32(value % 0x1_0000_0000);
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Hex digits (two a byte). */
  hex(digits: string): this {
    return this.bytes(Buffer.from(digits, "hex"));
  }

  /** GBK text; with `width`, cut or padded with zeros to that many bytes. */
  text(value: string, width?: number): this {
    const encoded = encodeGbk(value);
    if (width === undefined) return this.bytes(encoded);
    const at = this.#room(width);
    this.#bytes.fill(0, at, at + width);
    this.#bytes.set(encoded.subarray(0, width), at);
    return this;
  }

  /** Overwrites the WORD at `at`, for lengths and counts that are known only afterwards. */
  patchU16(at: number, value: number): void {
    this.#bytes.writeUInt16BE(value & 0xffff, at);
  }

  /** Overwrites the BYTE at `at`. */
  patchU8(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  patchU32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value >>> 0, at);
  }

  /** A copy of what has been written. */
  toBuffer(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #room(length: number): number {
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#length = at + length;
    return at;
  }
}
