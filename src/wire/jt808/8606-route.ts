/**
 * 0x8606 a route that the terminal itself watches (8.37 of 2013).
 *
 *     id DWORD, attributes WORD, [start BCD[6], end BCD[6] when bit 0], count WORD, { point } × count, 2019: [name length WORD, name]
 *     point = point id DWORD, segment id DWORD, latitude DWORD, longitude DWORD, width BYTE m, attributes BYTE,
 *             [too long s WORD, too short s WORD when bit 0], [max km/h WORD, seconds BYTE when bit 1; 2019: night max WORD]
 *     attributes of a point: 0 time, 1 speed, 2 south, 3 west
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import { AreaAttribute, readName, readTimes, writeName, writeTimes } from "./8600-areas.ts";

export const SET_ROUTE = 0x8606;

const PointAttribute = { time: 1, speed: 2, south: 4, west: 8 } as const;

export interface RoutePoint {
  pointId: number;
  segmentId: number;
  /** Degrees, signed. */
  latitude: number;
  longitude: number;
  /** Width of the segment that begins here, m. */
  widthMeters: number;
  /** Seconds for the segment. */
  time?: { tooLongSec: number; tooShortSec: number };
  speed?: { maxKmh: number; seconds: number; nightMaxKmh?: number };
}

export interface TerminalRoute {
  routeId: number;
  /** Bits as in `AreaAttribute`; `time` follows from `times`. */
  attributes: number;
  times?: { start: string; end: string };
  points: RoutePoint[];
  /** 2019 only. */
  areaName?: string;
}

/** @throws MalformedBody when the list breaks off. */
export function decodeRoute(body: Buffer, wideHeader: boolean): TerminalRoute {
  const from = new OctetReader(body);
  const route = { routeId: from.u32(), attributes: from.u16() };
  const times = readTimes(from, route.attributes);
  const points = Array.from({ length: from.u16() }, () => readRoutePoint(from, wideHeader));
  return { ...route, ...times, points, ...(wideHeader && readName(from)) };
}

export function encodeRoute(route: TerminalRoute, wideHeader: boolean): Buffer {
  const time = route.times === undefined ? 0 : AreaAttribute.time;
  const out = new OctetWriter(512).u32(route.routeId).u16((route.attributes & ~AreaAttribute.time) | time);
  writeTimes(out, route);
  out.u16(route.points.length);
  for (const point of route.points) writeRoutePoint(out, point, wideHeader);
  if (wideHeader) writeName(out, route.areaName ?? "");
  return out.toBuffer();
}

function readRoutePoint(from: OctetReader, wideHeader: boolean): RoutePoint {
  const pointId = from.u32();
  const segmentId = from.u32();
  const latitude = from.u32() / 1e6;
  const longitude = from.u32() / 1e6;
  const widthMeters = from.u8();
  const attributes = from.u8();
  const point: RoutePoint = {
    pointId,
    segmentId,
    latitude: (attributes & PointAttribute.south) === 0 ? latitude : -latitude,
    longitude: (attributes & PointAttribute.west) === 0 ? longitude : -longitude,
    widthMeters,
  };
  if ((attributes & PointAttribute.time) !== 0) point.time = { tooLongSec: from.u16(), tooShortSec: from.u16() };
  if ((attributes & PointAttribute.speed) !== 0) {
    point.speed = { maxKmh: from.u16(), seconds: from.u8() };
    if (wideHeader) point.speed.nightMaxKmh = from.u16();
  }
  return point;
}

function writeRoutePoint(out: OctetWriter, point: RoutePoint, wideHeader: boolean): void {
  out
    .u32(point.pointId)
    .u32(point.segmentId)
    .u32(Math.round(Math.abs(point.latitude) * 1e6))
    .u32(Math.round(Math.abs(point.longitude) * 1e6))
    .u8(Math.round(point.widthMeters))
    .u8(
      (point.time === undefined ? 0 : PointAttribute.time) |
        (point.speed === undefined ? 0 : PointAttribute.speed) |
        (point.latitude < 0 ? PointAttribute.south : 0) |
        (point.longitude < 0 ? PointAttribute.west : 0),
    );
  if (point.time !== undefined) out.u16(point.time.tooLongSec).u16(point.time.tooShortSec);
  if (point.speed !== undefined) {
    out.u16(point.speed.maxKmh).u8(point.speed.seconds);
    if (wideHeader) out.u16(point.speed.nightMaxKmh ?? point.speed.maxKmh);
  }
}
