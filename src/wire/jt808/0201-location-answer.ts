/**
 * 0x0201 answer to a position query, terminal to platform (8.21); the query 0x8201 has no body.
 *
 *     2013, 2019: reply serial WORD, 0x0200 body
 *     2011:       0x0200 body alone
 */
import { Buffer } from "node:buffer";
import { MalformedBody } from "../octets.ts";
import { readTimeMs } from "./time.ts";
import {
  decodeLocationReport,
  encodeLocationReport,
  type LocationReport,
  type LocationReportInput,
} from "./0200-location-report.ts";

export const LOCATION_ANSWER = 0x0201;
export const LOCATION_QUERY = 0x8201;

export interface LocationAnswer extends LocationReport {
  /** Serial of the query; not there in the layout of 2011. */
  replySerial?: number;
}

/**
 * The layout of 2011 is taken when the time stands where 2011 has it and is no date where 2013 has it.
 * @throws MalformedBody when there are fewer than 28 bytes.
 */
export function decodeLocationAnswer(body: Buffer): LocationAnswer {
  if (locationAnswerOffset(body, 0, body.length) === 0) return decodeLocationReport(body);
  if (body.length < 30) throw new MalformedBody(`a location answer has at least 30 bytes, here are ${body.length}`);
  return { replySerial: body.readUInt16BE(0), ...decodeLocationReport(body, 2) };
}

/** Where in `body[start, end)` the 0x0200 body begins: 2 after the reply serial, 0 in the layout of 2011. */
export function locationAnswerOffset(body: Uint8Array, start: number, end: number): 0 | 2 {
  if (end - start < 28) return 2;
  const is2011 =
    !Number.isNaN(readTimeMs(body, start + 22)) && (end - start < 30 || Number.isNaN(readTimeMs(body, start + 24)));
  return is2011 ? 0 : 2;
}

export function encodeLocationAnswer(replySerial: number, report: LocationReportInput): Buffer {
  const serial = Buffer.of(replySerial >>> 8, replySerial);
  return Buffer.concat([serial, encodeLocationReport(report)]);
}
