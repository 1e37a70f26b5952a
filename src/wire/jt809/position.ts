/**
 * A vehicle's position as 809 carries it (GNSS_DATA of 0x1202 and 0x1203; the same records downwards in 0x9202, 0x9203).
 *
 * 2011 (table 22), 36 bytes. Longitude stands BEFORE latitude, speeds are whole km/h, mileage whole km:
 *
 *     0   BYTE     1 when the secrecy plug-in was applied
 *     1   BYTE day, BYTE month, WORD year, BYTE hour, BYTE minute, BYTE second (GMT+8)
 *     8   DWORD longitude, DWORD latitude, 1e-6 degree
 *     16  WORD speed, WORD recorder's speed, DWORD mileage, WORD direction, WORD altitude
 *     28  DWORD status, DWORD alarm (the bits of JT/T 808-2011)
 *
 * 2019: BYTE plug-in, DWORD length, a whole 0x0200 body of JT/T 808-2019 of that length (latitude first, 0.1 km/h, items),
 * then three times (BYTE[11] platform, DWORD alarm) = 45 bytes. One implementation puts the 2011 record without its
 * first byte there (length 35): recognised by that length, which no 0x0200 body with sound items makes likely.
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader, type OctetWriter } from "../octets.ts";
import {
  decodeLocationReport,
  encodeLocationReport,
  LOCATION_BASIC_BYTES,
  type LocationReport,
} from "../jt808/0200-location-report.ts";
import type { Version809 } from "./header.ts";

const RECORD_2011_BYTES = 36;
const PLATFORM_BYTES = 15;
const GMT8_MS = 8 * 3_600_000;

/** What a platform that the position passed through says of it (2019). */
export interface PlatformAlarm809 {
  platformIdText: string;
  alarmFlags: number;
}

export interface Position809 extends LocationReport {
  /** The secrecy plug-in was applied: the place may be off by some 500 m. Never undone here. */
  coordinatesProcessed: boolean;
  /** Which record it came in. */
  layout: "2011" | "2019" | "2011 in 2019";
  platforms: PlatformAlarm809[];
}

/**
 * Reads one position record and moves the reader behind it.
 * @throws MalformedBody
 */
export function readPosition809(reader: OctetReader, version: Version809): Position809 {
  if (version === "2011") {
    const processed = reader.u8() === 1;
    return read2011(reader, processed, "2011");
  }
  const processed = reader.u8() === 1;
  const length = reader.u32();
  if (length > reader.left) throw new MalformedBody(`a position of ${length} bytes, ${reader.left} are left`);
  const report = reader.bytes(length);
  const platforms: PlatformAlarm809[] = [];
  for (let i = 0; i < 3 && reader.left >= PLATFORM_BYTES; i++) {
    platforms.push({ platformIdText: reader.text(11), alarmFlags: reader.u32() });
  }
  if (length === RECORD_2011_BYTES - 1 && is2011Record(report)) {
    return { ...read2011(new OctetReader(report), processed, "2011 in 2019"), platforms };
  }
  if (length < LOCATION_BASIC_BYTES) throw new MalformedBody(`a position of ${length} bytes, at least 28 expected`);
  return { ...decodeLocationReport(report), coordinatesProcessed: processed, layout: "2019", platforms };
}

/** What a position record is written from. */
export interface Position809Input {
  coordinatesProcessed?: boolean;
  /** Degrees. */
  latitude: number;
  longitude: number;
  altitude?: number;
  speedKmh?: number;
  direction?: number;
  /** ms UTC. */
  timeMs: number;
  statusFlags?: number;
  alarmFlags?: number;
  /** 2019: the platform that forwards. */
  platformId?: string;
}

/** Writes one position record. */
export function writePosition809(position: Position809Input, version: Version809, out: OctetWriter): void {
  out.u8(position.coordinatesProcessed === true ? 1 : 0);
  if (version === "2011") {
    write2011(position, out);
    return;
  }
  const report = encodeLocationReport(position);
  out.u32(report.length).bytes(report);
  out.text(position.platformId ?? "", 11).u32(position.alarmFlags ?? 0);
  for (let i = 0; i < 2; i++) out.text("", 11).u32(0);
}

function read2011(reader: OctetReader, processed: boolean, layout: Position809["layout"]): Position809 {
  const day = reader.u8();
  const month = reader.u8();
  const year = reader.u16();
  const timeMs = instant(year, month, day, reader.u8(), reader.u8(), reader.u8());
  const longitude = reader.u32() / 1e6;
  const latitude = reader.u32() / 1e6;
  const speedKmh = reader.u16();
  const recorderSpeedKmh = reader.u16();
  const mileageKm = reader.u32();
  const direction = reader.u16();
  const altitude = signed16(reader.u16());
  const statusFlags = reader.u32();
  const alarmFlags = reader.u32();
  return {
    coordinatesProcessed: processed,
    layout,
    alarmFlags,
    statusFlags,
    latitude: (statusFlags & 4) === 0 ? latitude : -latitude,
    longitude: (statusFlags & 8) === 0 ? longitude : -longitude,
    altitude,
    speedKmh,
    direction,
    timeMs,
    items: [],
    extras: { mileageKm, recorderSpeedKmh },
    platforms: [],
  };
}

function write2011(position: Position809Input, out: OctetWriter): void {
  const local = new Date(position.timeMs + GMT8_MS);
  const hemisphere = (position.latitude < 0 ? 4 : 0) | (position.longitude < 0 ? 8 : 0);
  const speed = Math.round(position.speedKmh ?? 0);
  out
    .u8(local.getUTCDate())
    .u8(local.getUTCMonth() + 1)
    .u16(local.getUTCFullYear())
    .u8(local.getUTCHours())
    .u8(local.getUTCMinutes())
    .u8(local.getUTCSeconds())
    .u32(Math.round(Math.abs(position.longitude) * 1e6))
    .u32(Math.round(Math.abs(position.latitude) * 1e6))
    .u16(speed)
    .u16(speed)
    .u32(0)
    .u16(Math.round(position.direction ?? 0))
    .u16(Math.round(position.altitude ?? 0))
    .u32(((position.statusFlags ?? 3) | hemisphere) >>> 0)
    .u32(position.alarmFlags ?? 0);
}

/** Whether a 35-byte record begins with a date of 2011's form; an 0x0200 body begins with alarm and status words. */
function is2011Record(record: Buffer): boolean {
  const year = record.readUInt16BE(2);
  return record[0] >= 1 && record[0] <= 31 && record[1] >= 1 && record[1] <= 12 && year >= 2000 && year < 2100;
}

/** NaN when the fields are no instant. */
function instant(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  return new Date(timeMs).getUTCDate() === day ? timeMs - GMT8_MS : Number.NaN;
}

function signed16(value: number): number {
  return value >= 0x8000 ? value - 0x1_0000 : value;
}
