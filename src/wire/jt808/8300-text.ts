/**
 * 0x8300 text to the driver (8.24 of 2013).
 *
 *     2011, 2013: flags BYTE, text GBK
 *     2019:       flags BYTE, type BYTE (1 notice, 2 service), text GBK
 *     flags: 0 urgent, 2 on the display, 3 read out, 4 on the advertising screen, 5 0 = navigation / 1 = CAN fault code
 *
 * The text has at most 1024 bytes.
 */
import type { Buffer } from "node:buffer";
import { encodeGbk } from "../gbk.ts";
import { OctetReader, OctetWriter } from "../octets.ts";

export const TEXT = 0x8300;
export const MAX_TEXT_BYTES = 1024;

/** Bits of `flags`. */
export const TextFlag = { urgent: 1, display: 4, readOut: 8, screen: 16 } as const;

export interface DriverText {
  flags: number;
  /** 2019 only: 1 notice, 2 service. */
  textType?: number;
  text: string;
}

/** @throws MalformedBody when the fixed fields are missing. */
export function decodeText(body: Uint8Array, wideHeader: boolean): DriverText {
  const from = new OctetReader(body);
  const flags = from.u8();
  const textType = wideHeader ? { textType: from.u8() } : {};
  return { flags, ...textType, text: from.text(from.left) };
}

/** @throws RangeError for a text of more than 1024 bytes in GBK. */
export function encodeText(text: DriverText, wideHeader: boolean): Buffer {
  const encoded = encodeGbk(text.text);
  if (encoded.length > MAX_TEXT_BYTES) {
    throw new RangeError(`text of ${encoded.length} bytes: expected at most ${MAX_TEXT_BYTES}`);
  }
  const out = new OctetWriter(encoded.length + 2).u8(text.flags);
  if (wideHeader) out.u8(text.textType ?? 1);
  return out.bytes(encoded).toBuffer();
}
