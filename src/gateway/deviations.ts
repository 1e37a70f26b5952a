/**
 * What real terminals do otherwise than the standard says. It is accepted, nothing of it is corrected, and each is counted under its name;
 * docs/jt808.md says what the names mean.
 */
import { Buffer } from "node:buffer";
import { isInChinaBox } from "../kernel/datum.ts";
import { LOCATION_BASIC_BYTES, LocationStatus } from "../wire/jt808/0200-location-report.ts";
import type { Registration } from "../wire/jt808/0100-registration.ts";
import { isWideMaker, TERMINAL_ATTRIBUTES } from "../wire/jt808/0107-terminal-attributes.ts";
import { isWaybillLengthRight, WAYBILL } from "../wire/jt808/0701-waybill.ts";
import type { Jt808Version } from "../wire/jt808/encoding.ts";
import { checkLocationItems, ItemDeviation } from "../wire/jt808/location-items.ts";
import type { FixBatch } from "../model/fix.ts";
import { count } from "./counters.ts";

type Deviations = Record<string, number>;

const HEARTBEAT = 0x0002;
const OTHER_HEARTBEAT = 0x0506;
const GMT8_MS = 8 * 3_600_000;
/** A clock in UTC shows the time of eight hours ago; the network takes less than this. */
const CLOCK_SLACK_MS = 120_000;

/**
 * Looks at the report in `body[start, end)` whose basic fields are in row `row` of `batch`, its place as the device sent it; `live`: it was
 * sent as of now. 0x0200 is all that a platform mostly gets: this makes no object.
 */
export function countReportDeviations(
  deviations: Deviations,
  batch: FixBatch,
  row: number,
  body: Uint8Array,
  start: number,
  end: number,
  live: boolean,
): void {
  const items = checkLocationItems(body, start + LOCATION_BASIC_BYTES, end);
  if (items !== 0) {
    if ((items & ItemDeviation.cutShort) !== 0) count(deviations, "itemsCutShort");
    if ((items & ItemDeviation.length) !== 0) count(deviations, "itemLength");
  }
  const fixed = (batch.status[row]! & LocationStatus.fixed) !== 0;
  const lon = batch.lonE6[row]! / 1e6;
  const lat = batch.latE6[row]! / 1e6;
  if (lon === 0 && lat === 0) {
    if (fixed) count(deviations, "zeroPlace");
  } else if (!fixed) count(deviations, "placeNotFixed");
  else if (!isInChinaBox(lon, lat)) {
    if (isInChinaBox(Math.abs(lon), Math.abs(lat))) count(deviations, "hemisphere");
    else if (isInChinaBox(lat, lon)) count(deviations, "placeSwapped");
  }
  const behindMs = batch.receivedMs[row]! - batch.timeMs[row]!;
  if (live && Math.abs(behindMs - GMT8_MS) < CLOCK_SLACK_MS) count(deviations, "clockInUtc");
}

/** Looks at a message that is no report. */
export function countMessageDeviations(deviations: Deviations, messageId: number, body: Buffer): void {
  if (messageId === HEARTBEAT && body.length > 0) count(deviations, "heartbeatBody");
  else if (messageId === OTHER_HEARTBEAT) count(deviations, "heartbeatId");
  else if (messageId === TERMINAL_ATTRIBUTES && isWideMaker(body)) count(deviations, "wideMaker");
  else if (messageId === WAYBILL && !isWaybillLengthRight(body)) count(deviations, "waybillLength");
}

/** Looks at a registration that came in `body` behind a header of 2019 or an older one. */
export function countRegistrationDeviations(
  deviations: Deviations,
  { plate, version }: Registration & { version: Jt808Version },
  body: Buffer,
  wideHeader: boolean,
): void {
  if (/[^\p{ASCII}]/u.test(plate) && body.includes(Buffer.from(plate))) count(deviations, "utf8Plate");
  if (wideHeader && version !== "2019") count(deviations, "registrationEdition");
}

/** The serials of a message's parts, in the order of the parts, should follow one another. */
export function countPartDeviations(deviations: Deviations, serials: readonly number[]): void {
  if (serials.some((serial, at) => at > 0 && serial !== ((serials[at - 1]! + 1) & 0xffff)))
    count(deviations, "partSerials");
}
