/**
 * JT/T 808 message header (4.4.3).
 *
 *     2011, 2013: id WORD, attributes WORD, phone BCD[6], serial WORD, [total WORD, index WORD]
 *     2019:       id WORD, attributes WORD, protocol version BYTE, phone BCD[10], serial WORD, [total WORD, index WORD]
 *     attributes: 0-9 body length, 10-12 encryption, 13 sub-packaged, 14 version flag (2019), 15 reserved
 *
 * The layout is chosen by the flag and then CHECKED against the length: both deviations exist in the field (a 2019
 * header without the flag, a 12-byte header with it). The two sizes differ by 5, so a frame can satisfy only one.
 */
import { Buffer } from "node:buffer";

export const SHORTEST_HEADER = 12;
export const LONGEST_HEADER = 21;
/** Longest body of one frame: ten bits of length. */
export const MAX_BODY_BYTES = 1023;

const SUBPACKAGED = 0x2000;
const VERSION_FLAG = 0x4000;
const ENCRYPTION = 0x1c00;

/** Bytes of the phone field: 6 in the 2011 and 2013 layout, 10 in the 2019 layout. */
export type PhoneBytes = 6 | 10;

/** A header, as offsets into the frame it was read from; one object is filled again and again. */
export interface FrameHeader {
  messageId: number;
  /** Offset of the phone's BCD. */
  phoneStart: number;
  /** 6 or 10, which also tells the layout: 6 is 2011 or 2013, 10 is 2019. */
  phoneBytes: PhoneBytes;
  serial: number;
  /** 2019: the protocol version byte (1 for the first); 0 in the older layout. */
  protocolVersion: number;
  bodyStart: number;
  bodyEnd: number;
  /** Parts of the whole message, 0 when it is not sub-packaged. */
  packageTotal: number;
  /** From 1; 0 when it is not sub-packaged. */
  packageIndex: number;
  /** Bits 10 to 12 as a number, 0 for plain text. Nothing here decrypts. */
  encryption: number;
  /** The version flag does not fit the layout that the length proves. */
  flagDeviates: boolean;
}

export function createFrameHeader(): FrameHeader {
  return {
    messageId: 0,
    phoneStart: 0,
    phoneBytes: 6,
    serial: 0,
    protocolVersion: 0,
    bodyStart: 0,
    bodyEnd: 0,
    packageTotal: 0,
    packageIndex: 0,
    encryption: 0,
    flagDeviates: false,
  };
}

/**
 * Reads the header of the unescaped frame `bytes[start, end)` (no checksum) into `into`. False when neither layout
 * agrees with the body length that the header states; `into` then holds what the flag's layout would say.
 */
export function readHeader(bytes: Uint8Array, start: number, end: number, into: FrameHeader): boolean {
  const attributes = (bytes[start + 2] << 8) | bytes[start + 3];
  const flagged = (attributes & VERSION_FLAG) !== 0;
  const parts = (attributes & SUBPACKAGED) !== 0;
  const spare = end - start - (attributes & 0x3ff) - (parts ? 4 : 0);
  const fits = spare === 12 || spare === 17;
  const wide = fits ? spare === 17 : flagged;
  const serialAt = start + (wide ? 15 : 10);
  into.messageId = (bytes[start] << 8) | bytes[start + 1];
  into.phoneStart = start + (wide ? 5 : 4);
  into.phoneBytes = wide ? 10 : 6;
  into.protocolVersion = wide ? bytes[start + 4] : 0;
  into.serial = (bytes[serialAt] << 8) | bytes[serialAt + 1];
  into.encryption = (attributes & ENCRYPTION) >>> 10;
  into.flagDeviates = wide !== flagged;
  into.bodyEnd = end;
  if (parts) {
    into.packageTotal = (bytes[serialAt + 2] << 8) | bytes[serialAt + 3];
    into.packageIndex = (bytes[serialAt + 4] << 8) | bytes[serialAt + 5];
    into.bodyStart = serialAt + 6;
  } else {
    into.packageTotal = 0;
    into.packageIndex = 0;
    into.bodyStart = serialAt + 2;
  }
  return fits && into.bodyStart <= end;
}

/** The body length that the header at `start` states. */
export function statedBodyLength(bytes: Uint8Array, start: number): number {
  return ((bytes[start + 2] << 8) | bytes[start + 3]) & 0x3ff;
}

/**
 * The phone's digits without leading zeros: the key of a terminal, the same for the 12- and the 20-digit form.
 * `0` when all are zero. Digits above 9 stay as hex letters: some devices pack a binary IMEI here.
 */
export function phoneKey(bytes: Uint8Array, start: number, length: number): string {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("hex");
  let from = 0;
  while (from < digits.length - 1 && digits.charCodeAt(from) === 0x30) from++;
  return digits.slice(from);
}

/**
 * The phone field for a number of up to 12 (6 bytes) or 20 digits (10 bytes), padded with zeros on the left.
 * @throws RangeError when it has too many digits, or anything that is not a hexadecimal digit.
 */
export function phoneField(phone: string, length: PhoneBytes): Buffer {
  if (phone.length > 2 * length || !/^[0-9a-f]+$/iu.test(phone)) {
    throw new RangeError(`phone ${phone}: expected 1 to ${2 * length} digits`);
  }
  return Buffer.from(phone.padStart(2 * length, "0"), "hex");
}
