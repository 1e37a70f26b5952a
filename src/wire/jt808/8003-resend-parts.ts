/**
 * 0x8003 (platform) and 0x0005 (terminal, 2019) ask for missing sub-packages (8.4).
 *
 *     serial of the first part WORD, count (BYTE in 2013, WORD in 2019), index WORD × count
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const RESEND_PARTS = 0x8003;
export const TERMINAL_RESEND_PARTS = 0x0005;

export interface ResendParts {
  /** Serial of part 1. */
  firstSerial: number;
  /** Indexes from 1. */
  missing: number[];
}

/**
 * The width of the count is decided by the length, not by the header.
 * @throws MalformedBody when the list breaks off.
 */
export function decodeResendParts(body: Buffer): ResendParts {
  const from = new OctetReader(body);
  const firstSerial = from.u16();
  const count = from.left % 2 === 0 ? from.u16() : from.u8();
  return { firstSerial, missing: Array.from({ length: count }, () => from.u16()) };
}

export function encodeResendParts(request: ResendParts, wideHeader: boolean): Buffer {
  const missing = request.missing.slice(0, wideHeader ? 0xffff : 0xff);
  const out = new OctetWriter(64).u16(request.firstSerial);
  if (wideHeader) out.u16(missing.length);
  else out.u8(missing.length);
  for (const index of missing) out.u16(index);
  return out.toBuffer();
}
