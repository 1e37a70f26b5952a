/**
 * Frames on their way out: header, sub-packages, checksum, escapes.
 */
import { Buffer } from "node:buffer";
import { escapeInto } from "./framing.ts";
import { LONGEST_HEADER, MAX_BODY_BYTES, phoneField } from "./header.ts";

/** Editions of the standard. 2011 and 2013 have the same header. */
export type Jt808Version = "2011" | "2013" | "2019";

/** One message to be framed. */
export interface OutgoingMessage {
  messageId: number;
  version: Jt808Version;
  /** Digits; up to 12 (2011, 2013) or 20 (2019). */
  phone: string;
  /** Serial of the (first) frame, 0 to 65535; parts that follow count on from it, wrapping. */
  serial: number;
  body: Uint8Array;
}

/**
 * The frames of a message, ready to be written to the socket: one, or several sub-packages when the body is longer than
 * 1023 bytes.
 * @throws RangeError for a phone that does not fit, or a body that would need more than 65535 parts.
 */
export function encodeMessage(message: OutgoingMessage): Buffer[] {
  const encoder = new FrameEncoder(2 * (LONGEST_HEADER + MAX_BODY_BYTES + 1) + 2);
  const phone = phoneField(message.phone, message.version === "2019" ? 10 : 6);
  const { messageId, serial, body } = message;
  if (body.length <= MAX_BODY_BYTES) {
    encoder.frame(messageId, phone, serial, body);
    return [encoder.take()];
  }
  const total = Math.ceil(body.length / MAX_BODY_BYTES);
  if (total > 0xffff) throw new RangeError(`body of ${body.length} bytes: expected at most ${0xffff * MAX_BODY_BYTES}`);
  return Array.from({ length: total }, (_, part) => {
    const chunk = body.subarray(part * MAX_BODY_BYTES, (part + 1) * MAX_BODY_BYTES);
    encoder.frame(messageId, phone, (serial + part) & 0xffff, chunk, total, part + 1);
    return encoder.take();
  });
}

/**
 * Collects frames in one buffer, to be written to a socket at once. The layout follows from the phone field: 6 bytes are
 * 2011 and 2013, 10 bytes are 2019.
 */
export class FrameEncoder {
  readonly #plain = Buffer.allocUnsafeSlow(LONGEST_HEADER + MAX_BODY_BYTES);
  #out: Buffer;
  #length = 0;

  constructor(capacity = 4096) {
    this.#out = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends one frame. `total` and `index` (from 1) make it a sub-package.
   * @throws RangeError for a body of more than 1023 bytes.
   */
  frame(messageId: number, phone: Uint8Array, serial: number, body: Uint8Array, total = 0, index = 0): void {
    if (body.length > MAX_BODY_BYTES) {
      throw new RangeError(`body of ${body.length} bytes: expected at most ${MAX_BODY_BYTES}`);
    }
    const at = this.#header(messageId, phone, serial, body.length, total, index);
    this.#plain.set(body, at);
    this.#finish(at + body.length);
  }

  /** Appends a general reply (0x8001 by the platform, 0x0001 by the terminal) without making a body first. */
  generalReply(
    messageId: 0x8001 | 0x0001,
    phone: Uint8Array,
    serial: number,
    replySerial: number,
    replyId: number,
    result: number,
  ): void {
    const at = this.#header(messageId, phone, serial, 5, 0, 0);
    const plain = this.#plain;
    plain[at] = replySerial >>> 8;
    plain[at + 1] = replySerial;
    plain[at + 2] = replyId >>> 8;
    plain[at + 3] = replyId;
    plain[at + 4] = result;
    this.#finish(at + 5);
  }

  /** A copy of the collected frames; the encoder is empty afterwards. */
  take(): Buffer {
    const taken = Buffer.from(this.#out.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #header(
    messageId: number,
    phone: Uint8Array,
    serial: number,
    bodyLength: number,
    total: number,
    index: number,
  ): number {
    const plain = this.#plain;
    const wide = phone.length === 10;
    const attributes = bodyLength | (total > 0 ? 0x2000 : 0) | (wide ? 0x4000 : 0);
    plain[0] = messageId >>> 8;
    plain[1] = messageId;
    plain[2] = attributes >>> 8;
    plain[3] = attributes;
    let at = 4;
    if (wide) plain[at++] = 1;
    for (let i = 0; i < phone.length; i++) plain[at++] = phone[i];
    plain[at++] = serial >>> 8;
    plain[at++] = serial;
    if (total > 0) {
      plain[at++] = total >>> 8;
      plain[at++] = total;
      plain[at++] = index >>> 8;
      plain[at++] = index;
    }
    return at;
  }

  #finish(length: number): void {
    const need = this.#length + 2 * (length + 1) + 2;
    if (need > this.#out.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(need, 2 * this.#out.length));
      this.#out.copy(grown, 0, 0, this.#length);
      this.#out = grown;
    }
    this.#length = escapeInto(this.#plain, 0, length, this.#out, this.#length);
  }
}
