/**
 * 0x8202 temporary tracking (8.22).
 *
 *     interval WORD s (0 stops, and nothing follows), validity DWORD s
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const TRACKING = 0x8202;

export interface Tracking {
  /** Seconds between reports; 0 stops the tracking. */
  intervalSec: number;
  /** For how long, in seconds; not there when `intervalSec` is 0. */
  validitySec?: number;
}

/** @throws MalformedBody when there are fewer than 2 bytes, or 2 to 5 with an interval. */
export function decodeTracking(body: Uint8Array): Tracking {
  const from = new OctetReader(body);
  const intervalSec = from.u16();
  return from.left === 0 && intervalSec === 0 ? { intervalSec } : { intervalSec, validitySec: from.u32() };
}

export function encodeTracking(tracking: Tracking): Buffer {
  const out = new OctetWriter(6).u16(tracking.intervalSec);
  if (tracking.intervalSec > 0) out.u32(tracking.validitySec ?? 0);
  return out.toBuffer();
}
