/**
 * Areas that the terminal itself watches: 0x8600 circles, 0x8602 rectangles, 0x8604 a polygon (8.31 to 8.35 of 2013).
 *
 *     8600: action BYTE (0 update, 1 append, 2 modify), count BYTE, { circle } × count
 *     8602: action BYTE, count BYTE, { rectangle } × count
 *     8604: polygon
 *     circle    = id DWORD, attributes WORD, latitude DWORD, longitude DWORD, radius DWORD m, [times], [speed], [name]
 *     rectangle = id DWORD, attributes WORD, top left latitude, longitude, bottom right latitude, longitude DWORD, [times], [speed], [name]
 *     polygon   = id DWORD, attributes WORD, [times], [speed], count WORD, { latitude DWORD, longitude DWORD } × count, [night], [name]
 *     times = start BCD[6], end BCD[6] when attribute bit 0 is set (00-00-00-hh-mm-ss is every day)
 *     speed = max km/h WORD, seconds BYTE when attribute bit 1 is set; 2019: then night max WORD
 *     name  = length WORD, text; 2019 only
 *
 * Latitude and longitude are 1e-6 degree, magnitudes; attribute bits 6 and 7 say south and west.
 */
import type { Buffer } from "node:buffer";
import { encodeGbk } from "../gbk.ts";
import { OctetReader, OctetWriter } from "../octets.ts";

export const SET_CIRCLES = 0x8600;
export const SET_RECTANGLES = 0x8602;
export const SET_POLYGON = 0x8604;

/** Bits of `attributes`; the encoder sets `time`, `speed`, `south` and `west` from the fields. */
export const AreaAttribute = {
  time: 1 << 0,
  speed: 1 << 1,
  enterToDriver: 1 << 2,
  enterToPlatform: 1 << 3,
  leaveToDriver: 1 << 4,
  leaveToPlatform: 1 << 5,
  south: 1 << 6,
  west: 1 << 7,
} as const;

/** What every area has. Coordinates in degrees, signed, in the datum the terminal uses (WGS-84 in practice). */
export interface TerminalArea {
  areaId: number;
  attributes: number;
  /** Twelve digits each, `000000083000` = every day at 8:30:00. */
  times?: { start: string; end: string };
  speed?: { maxKmh: number; seconds: number; nightMaxKmh?: number };
  /** 2019 only. */
  areaName?: string;
}

export interface CircleArea extends TerminalArea {
  latitude: number;
  longitude: number;
  radiusMeters: number;
}

export interface RectangleArea extends TerminalArea {
  /** [latitude, longitude] of the north-west corner. */
  topLeft: [number, number];
  /** [latitude, longitude] of the south-east corner. */
  bottomRight: [number, number];
}

export interface PolygonArea extends TerminalArea {
  /** [latitude, longitude] pairs, not closed. */
  points: [number, number][];
}

/** @throws MalformedBody when the list breaks off. */
export function decodeCircles(body: Buffer, wideHeader: boolean): { action: number; circles: CircleArea[] } {
  const from = new OctetReader(body);
  const action = from.u8();
  const circles = Array.from({ length: from.u8() }, (): CircleArea => {
    const area = { areaId: from.u32(), attributes: from.u16() };
    const [latitude, longitude] = readPoint(from, area.attributes);
    const radiusMeters = from.u32();
    return { ...area, latitude, longitude, radiusMeters, ...readTail(from, area.attributes, wideHeader) };
  });
  return { action, circles };
}

export function encodeCircles(action: number, circles: readonly CircleArea[], wideHeader: boolean): Buffer {
  const out = new OctetWriter(256).u8(action).u8(circles.length);
  for (const circle of circles) {
    writeHead(out, circle, circle.latitude, circle.longitude);
    writePoint(out, [circle.latitude, circle.longitude]);
    out.u32(Math.round(circle.radiusMeters));
    writeTail(out, circle, wideHeader);
  }
  return out.toBuffer();
}

/** @throws MalformedBody when the list breaks off. */
export function decodeRectangles(body: Buffer, wideHeader: boolean): { action: number; rectangles: RectangleArea[] } {
  const from = new OctetReader(body);
  const action = from.u8();
  const rectangles = Array.from({ length: from.u8() }, (): RectangleArea => {
    const area = { areaId: from.u32(), attributes: from.u16() };
    const topLeft = readPoint(from, area.attributes);
    const bottomRight = readPoint(from, area.attributes);
    return { ...area, topLeft, bottomRight, ...readTail(from, area.attributes, wideHeader) };
  });
  return { action, rectangles };
}

export function encodeRectangles(action: number, rectangles: readonly RectangleArea[], wideHeader: boolean): Buffer {
  const out = new OctetWriter(256).u8(action).u8(rectangles.length);
  for (const rectangle of rectangles) {
    writeHead(out, rectangle, ...rectangle.topLeft);
    writePoint(out, rectangle.topLeft);
    writePoint(out, rectangle.bottomRight);
    writeTail(out, rectangle, wideHeader);
  }
  return out.toBuffer();
}

/** @throws MalformedBody when the list breaks off. */
export function decodePolygon(body: Buffer, wideHeader: boolean): PolygonArea {
  const from = new OctetReader(body);
  const area: TerminalArea = { areaId: from.u32(), attributes: from.u16() };
  Object.assign(area, readTimes(from, area.attributes), readSpeed(from, area.attributes, false));
  const points = Array.from({ length: from.u16() }, () => readPoint(from, area.attributes));
  if (wideHeader && area.speed !== undefined && from.left >= 2) area.speed.nightMaxKmh = from.u16();
  return { ...area, points, ...(wideHeader && readName(from)) };
}

/** @throws RangeError for a polygon without points. */
export function encodePolygon(polygon: PolygonArea, wideHeader: boolean): Buffer {
  const first = polygon.points[0];
  if (first === undefined) throw new RangeError("a polygon without points: expected at least 3");
  const out = new OctetWriter(256);
  writeHead(out, polygon, ...first);
  writeTimes(out, polygon);
  writeSpeed(out, polygon, false);
  out.u16(polygon.points.length);
  for (const point of polygon.points) writePoint(out, point);
  if (wideHeader) {
    if (polygon.speed !== undefined) out.u16(polygon.speed.nightMaxKmh ?? polygon.speed.maxKmh);
    writeName(out, polygon.areaName ?? "");
  }
  return out.toBuffer();
}

/** `start BCD[6], end BCD[6]` when attribute bit 0 is set. */
export function readTimes(from: OctetReader, attributes: number): Pick<TerminalArea, "times"> {
  return (attributes & AreaAttribute.time) === 0 ? {} : { times: { start: from.hex(6), end: from.hex(6) } };
}

export function writeTimes(out: OctetWriter, area: Pick<TerminalArea, "times">): void {
  if (area.times !== undefined) out.hex(area.times.start).hex(area.times.end);
}

/** `length WORD, text`, when anything is left. */
export function readName(from: OctetReader): Pick<TerminalArea, "areaName"> {
  return from.left >= 2 ? { areaName: from.text(from.u16()) } : {};
}

export function writeName(out: OctetWriter, name: string): void {
  const encoded = encodeGbk(name);
  out.u16(encoded.length).bytes(encoded);
}

function readTail(from: OctetReader, attributes: number, wideHeader: boolean): Partial<TerminalArea> {
  return {
    ...readTimes(from, attributes),
    ...readSpeed(from, attributes, wideHeader),
    ...(wideHeader && readName(from)),
  };
}

function writeTail(out: OctetWriter, area: TerminalArea, wideHeader: boolean): void {
  writeTimes(out, area);
  writeSpeed(out, area, wideHeader);
  if (wideHeader) writeName(out, area.areaName ?? "");
}

function readSpeed(from: OctetReader, attributes: number, night: boolean): Pick<TerminalArea, "speed"> {
  if ((attributes & AreaAttribute.speed) === 0) return {};
  const speed = { maxKmh: from.u16(), seconds: from.u8() };
  return { speed: night ? { ...speed, nightMaxKmh: from.u16() } : speed };
}

function writeSpeed(out: OctetWriter, area: TerminalArea, night: boolean): void {
  if (area.speed === undefined) return;
  out.u16(area.speed.maxKmh).u8(area.speed.seconds);
  if (night) out.u16(area.speed.nightMaxKmh ?? area.speed.maxKmh);
}

function writeHead(out: OctetWriter, area: TerminalArea, latitude: number, longitude: number): void {
  const decided = AreaAttribute.time | AreaAttribute.speed | AreaAttribute.south | AreaAttribute.west;
  const attributes =
    (area.attributes & ~decided) |
    (area.times === undefined ? 0 : AreaAttribute.time) |
    (area.speed === undefined ? 0 : AreaAttribute.speed) |
    (latitude < 0 ? AreaAttribute.south : 0) |
    (longitude < 0 ? AreaAttribute.west : 0);
  out.u32(area.areaId).u16(attributes);
}

function readPoint(from: OctetReader, attributes: number): [number, number] {
  const latitude = from.u32() / 1e6;
  const longitude = from.u32() / 1e6;
  return [
    (attributes & AreaAttribute.south) === 0 ? latitude : -latitude,
    (attributes & AreaAttribute.west) === 0 ? longitude : -longitude,
  ];
}

function writePoint(out: OctetWriter, [latitude, longitude]: readonly [number, number]): void {
  out.u32(Math.round(Math.abs(latitude) * 1e6)).u32(Math.round(Math.abs(longitude) * 1e6));
}
