/**
 * 0x0701 electronic waybill (8.25).
 *
 *     length DWORD, text
 *
 * Some vendors use the id for a command's reply: then the length does not fit and the whole body is the text.
 */
import { Buffer } from "node:buffer";
import { decodeGbk, encodeGbk } from "../gbk.ts";

export const WAYBILL = 0x0701;

export interface Waybill {
  waybill: string;
}

/** False when the length does not fit: the body is then a command's reply of some vendor. */
export function isWaybillLengthRight(body: Buffer): boolean {
  return body.length >= 4 && body.readUInt32BE(0) === body.length - 4;
}

/** Never throws: a body without a fitting length is taken as text. */
export function decodeWaybill(body: Buffer): Waybill {
  return { waybill: decodeGbk(isWaybillLengthRight(body) ? body.subarray(4) : body) };
}

export function encodeWaybill(waybill: Waybill): Buffer {
  const text = encodeGbk(waybill.waybill);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}
