/**
 * 0x0704 batch of location reports (8.49), mostly those kept while the network was away.
 *
 *     count WORD, type BYTE (0 normal, 1 kept during an outage), { length WORD, 0x0200 body } × count
 *
 * Devices disagree with themselves about the count; what parses is taken, the rest reported.
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader, OctetWriter } from "../octets.ts";
import {
  decodeLocationReport,
  encodeLocationReport,
  type LocationReport,
  type LocationReportInput,
} from "./0200-location-report.ts";

export const LOCATION_BATCH = 0x0704;

/** `type` of a batch. */
export const BatchType = { normal: 0, stored: 1 } as const;

export interface LocationBatch {
  /** As the device states it. */
  count: number;
  locationType: number;
  positions: LocationReport[];
  /** Why reading stopped before the end or before `count`, if it did. */
  fault?: string;
}

/** @throws MalformedBody when there are fewer than 3 bytes. */
export function decodeLocationBatch(body: Buffer): LocationBatch {
  const from = new OctetReader(body);
  const count = from.u16();
  const batch: LocationBatch = { count, locationType: from.u8(), positions: [] };
  try {
    while (from.left > 0 && batch.positions.length < count) {
      batch.positions.push(decodeLocationReport(from.bytes(from.u16())));
    }
    if (batch.positions.length < count)
      batch.fault = `${count} reports were announced, ${batch.positions.length} are here`;
    else if (from.left > 0) batch.fault = `${from.left} bytes follow the last report`;
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    batch.fault = error.message;
  }
  return batch;
}

export function encodeLocationBatch(locationType: number, reports: readonly LocationReportInput[]): Buffer {
  const out = new OctetWriter(64 * reports.length + 3).u16(reports.length).u8(locationType);
  for (const report of reports) {
    const body = encodeLocationReport(report);
    out.u16(body.length).bytes(body);
  }
  return out.toBuffer();
}

/**
 * Walks a batch without making an object: calls `each(start, end)` for every report and returns how many there were, or
 * -1 - that many when the batch broke off before the announced count or its last entry ran past the end.
 */
export function eachLocationInBatch(
  body: Uint8Array,
  start: number,
  end: number,
  each: (start: number, end: number) => void,
): number {
  if (end - start < 3) return -1;
  const count = (body[start] << 8) | body[start + 1];
  let at = start + 3;
  for (let done = 0; done < count; done++) {
    if (at + 2 > end) return -1 - done;
    const length = (body[at] << 8) | body[at + 1];
    if (length < 28 || at + 2 + length > end) return -1 - done;
    each(at + 2, at + 2 + length);
    at += 2 + length;
  }
  return count;
}
