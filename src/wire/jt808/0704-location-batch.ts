/**
 * 0x0704 batch of location reports (8.49), mostly those kept while the network was away.
 *
 *     count WORD, type BYTE (0 normal, 1 kept during an outage), { length WORD, 0x0200 body } × count
 *
 * Devices disagree with themselves about the count; what parses is taken, the rest reported.
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import {
  decodeLocationReport,
  encodeLocationReport,
  LOCATION_BASIC_BYTES,
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
  const batch: LocationBatch = { count: from.u16(), locationType: from.u8(), positions: [] };
  const { count, positions } = batch;
  let left = from.left;
  eachLocationInBatch(body, 0, body.length, (start, end) => {
    positions.push(decodeLocationReport(body, start, end));
    left = body.length - end;
  });
  if (positions.length !== count) batch.fault = `${count} reports were announced, ${positions.length} are here`;
  else if (left > 0) batch.fault = `${left} bytes follow the last report`;
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
 * -1 - that many when the count is another, an entry runs past the end, or something else follows the last one. Reports
 * beyond the count are taken when they lead exactly to the end: the terminal deletes what was acknowledged.
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
  let done = 0;
  for (; at < end; done++) {
    const next = endOfEntry(body, at, end);
    if (next < 0 || (done === count && !leadsToEnd(body, at, end))) return -1 - done;
    each(at + 2, next);
    at = next;
  }
  return done === count ? count : -1 - done;
}

/** Where the entry at `at` ends; -1 when it is none, or not all of it is here. */
function endOfEntry(body: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const length = (body[at] << 8) | body[at + 1];
  return length < LOCATION_BASIC_BYTES || at + 2 + length > end ? -1 : at + 2 + length;
}

function leadsToEnd(body: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at >= 0 && at < end) at = endOfEntry(body, at, end);
  return at === end;
}
