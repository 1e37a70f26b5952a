/**
 * 0x0102 terminal authentication (8.8).
 *
 *     2011, 2013: code STRING to the end
 *     2019:       code length BYTE, code, IMEI BYTE[15], software version BYTE[20]
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import type { Jt808Version } from "./encoding.ts";

export const AUTHENTICATION = 0x0102;

export interface Authentication {
  authCode: string;
  /** 2019 only. */
  imei?: string;
  /** 2019 only. */
  softwareVersion?: string;
}

/**
 * `wideHeader`: the frame has the 2019 header. A body whose first byte is no possible length of the rest is read as plain
 * code even then, for devices that changed only the header.
 */
export function decodeAuthentication(body: Uint8Array, wideHeader: boolean): Authentication {
  const from = new OctetReader(body);
  if (!wideHeader || body.length === 0 || 1 + body[0] > body.length) return { authCode: from.text(from.left) };
  const authCode = from.text(from.u8());
  if (from.left < 35) return { authCode };
  return { authCode, imei: from.text(15), softwareVersion: from.text(20) };
}

export function encodeAuthentication(authentication: Authentication, version: Jt808Version): Buffer {
  const code = new OctetWriter(32).text(authentication.authCode).toBuffer();
  if (version !== "2019") return code;
  return new OctetWriter(64)
    .u8(code.length)
    .bytes(code)
    .text(authentication.imei ?? "", 15)
    .text(authentication.softwareVersion ?? "", 20)
    .toBuffer();
}
