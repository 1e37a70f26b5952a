/**
 * 0x0200 location report, terminal to platform (8.18; the same in 2011, 2013 and 2019).
 *
 *     0  DWORD  alarm flags
 *     4  DWORD  status: 0 ACC on, 1 fixed, 2 south, 3 west, 4 out of service, 5 passed through the secrecy plug-in …
 *     8  DWORD  latitude, 1e-6 degree, magnitude only
 *     12 DWORD  longitude, 1e-6 degree, magnitude only
 *     16 WORD   altitude, m (read as signed: ground below the sea level exists, 32 km above it does not)
 *     18 WORD   speed, 0.1 km/h
 *     20 WORD   direction, degrees clockwise from north
 *     22 BCD[6] time, GMT+8
 *     28        additional items (location-items.ts)
 *
 * The standard names no datum; in practice coordinates are WGS-84. Nothing here converts them.
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetWriter } from "../octets.ts";
import {
  locationItemsOf,
  readLocationItems,
  writeLocationItems,
  type LocationExtras,
  type LocationItem,
} from "./location-items.ts";
import { readTimeMs, timeField, writeTimeMs } from "./time.ts";

export const LOCATION_REPORT = 0x0200;
/** Bytes before the additional items. */
export const LOCATION_BASIC_BYTES = 28;

/** Status bits that the platform acts on. */
export const LocationStatus = {
  accOn: 1 << 0,
  fixed: 1 << 1,
  south: 1 << 2,
  west: 1 << 3,
  outOfService: 1 << 4,
  processed: 1 << 5,
} as const;

/** A location report, decoded. */
export interface LocationReport {
  alarmFlags: number;
  statusFlags: number;
  /** Degrees, south and west negative, in the datum of the device. */
  latitude: number;
  longitude: number;
  /** Metres. */
  altitude: number;
  speedKmh: number;
  /** Degrees clockwise from north; what the device sent, which may be above 359. */
  direction: number;
  /** Milliseconds UTC; NaN when the device sent no date. */
  timeMs: number;
  items: LocationItem[];
  extras: LocationExtras;
  /** Why the list of items ended early, if it did. */
  itemsFault?: string;
  /** What stood where the list ended early. */
  itemsRest?: Buffer;
}

/** What an encoder needs; `extras` become items, `items` are appended as they are. */
export interface LocationReportInput {
  alarmFlags?: number;
  /** Status word without the hemisphere bits, which follow from the signs. Default: ACC on and fixed. */
  statusFlags?: number;
  latitude: number;
  longitude: number;
  altitude?: number;
  speedKmh?: number;
  direction?: number;
  timeMs: number;
  extras?: LocationExtras;
  items?: readonly { id: number; value: Uint8Array }[];
}

/** Columns that a location report is written into; a `FixBatch` is one. Datum: the device's. */
export interface LocationColumns {
  timeMs: Float64Array;
  lonE6: Int32Array;
  latE6: Int32Array;
  speedKmh10: Uint16Array;
  headingDeg: Uint16Array;
  altitudeM: Int16Array;
  status: Uint32Array;
  alarm: Uint32Array;
}

/**
 * Writes the report in `body[start, end)` into row `row` without making an object; additional items are not looked at.
 * Coordinates that do not fit 32 bits become the out-of-range value 2147483647. The time is NaN when it is no date.
 * False (and nothing written) when there are fewer than 28 bytes.
 */
export function readLocationInto(
  body: Uint8Array,
  start: number,
  end: number,
  columns: LocationColumns,
  row: number,
): boolean {
  if (end - start < LOCATION_BASIC_BYTES) return false;
  const status = readU32(body, start + 4);
  const latE6 = Math.min(readU32(body, start + 8), 0x7fff_ffff);
  const lonE6 = Math.min(readU32(body, start + 12), 0x7fff_ffff);
  columns.alarm[row] = readU32(body, start);
  columns.status[row] = status;
  columns.latE6[row] = (status & LocationStatus.south) === 0 ? latE6 : -latE6;
  columns.lonE6[row] = (status & LocationStatus.west) === 0 ? lonE6 : -lonE6;
  columns.altitudeM[row] = (body[start + 16] << 8) | body[start + 17];
  columns.speedKmh10[row] = (body[start + 18] << 8) | body[start + 19];
  columns.headingDeg[row] = (body[start + 20] << 8) | body[start + 21];
  columns.timeMs[row] = readTimeMs(body, start + 22);
  return true;
}

/**
 * The report in `body[start, end)` with all its items.
 * @throws MalformedBody when there are fewer than 28 bytes.
 */
export function decodeLocationReport(body: Buffer, start = 0, end: number = body.length): LocationReport {
  if (end - start < LOCATION_BASIC_BYTES) {
    throw new MalformedBody(`a location report has at least ${LOCATION_BASIC_BYTES} bytes, here are ${end - start}`);
  }
  const statusFlags = body.readUInt32BE(start + 4);
  const latitude = body.readUInt32BE(start + 8) / 1e6;
  const longitude = body.readUInt32BE(start + 12) / 1e6;
  const { items, extras, fault } = readLocationItems(body, start + LOCATION_BASIC_BYTES, end);
  return {
    alarmFlags: body.readUInt32BE(start),
    statusFlags,
    latitude: (statusFlags & LocationStatus.south) === 0 ? latitude : -latitude,
    longitude: (statusFlags & LocationStatus.west) === 0 ? longitude : -longitude,
    altitude: body.readInt16BE(start + 16),
    speedKmh: body.readUInt16BE(start + 18) / 10,
    direction: body.readUInt16BE(start + 20),
    timeMs: readTimeMs(body, start + 22),
    items,
    extras,
    ...(fault && { itemsFault: fault.reason, itemsRest: fault.rest }),
  };
}

/** The body of a location report. */
export function encodeLocationReport(report: LocationReportInput): Buffer {
  const hemisphere =
    (report.latitude < 0 ? LocationStatus.south : 0) | (report.longitude < 0 ? LocationStatus.west : 0);
  const out = new OctetWriter(64)
    .u32(report.alarmFlags ?? 0)
    .u32((report.statusFlags ?? LocationStatus.accOn | LocationStatus.fixed) | hemisphere)
    .u32(Math.round(Math.abs(report.latitude) * 1e6))
    .u32(Math.round(Math.abs(report.longitude) * 1e6))
    .u16(Math.round(report.altitude ?? 0))
    .u16(Math.round((report.speedKmh ?? 0) * 10))
    .u16(Math.round(report.direction ?? 0))
    .bytes(timeField(report.timeMs));
  if (report.extras) writeLocationItems(locationItemsOf(report.extras), out);
  if (report.items) writeLocationItems(report.items, out);
  return out.toBuffer();
}

/**
 * Writes the 28 basic bytes of row `row` at `at` into `out`, the way back of `readLocationInto`; returns the position after them.
 */
export function writeLocationFrom(columns: LocationColumns, row: number, out: Uint8Array, at: number): number {
  const latE6 = columns.latE6[row];
  const lonE6 = columns.lonE6[row];
  const status =
    (columns.status[row] & ~(LocationStatus.south | LocationStatus.west)) |
    (latE6 < 0 ? LocationStatus.south : 0) |
    (lonE6 < 0 ? LocationStatus.west : 0);
  writeU32(out, at, columns.alarm[row]);
  writeU32(out, at + 4, status);
  writeU32(out, at + 8, Math.abs(latE6));
  writeU32(out, at + 12, Math.abs(lonE6));
  writeU16(out, at + 16, columns.altitudeM[row]);
  writeU16(out, at + 18, columns.speedKmh10[row]);
  writeU16(out, at + 20, columns.headingDeg[row]);
  writeTimeMs(out, at + 22, columns.timeMs[row]);
  return at + LOCATION_BASIC_BYTES;
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function writeU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
