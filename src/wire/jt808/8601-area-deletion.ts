/**
 * 0x8601 circles, 0x8603 rectangles, 0x8605 polygons, 0x8607 routes: deleted on the terminal (8.32 to 8.38 of 2013).
 *
 *     count BYTE (at most 125; 0 = all), id DWORD × count
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const DELETE_CIRCLES = 0x8601;
export const DELETE_RECTANGLES = 0x8603;
export const DELETE_POLYGONS = 0x8605;
export const DELETE_ROUTES = 0x8607;
export const MAX_DELETED_AREAS = 125;

/** @throws MalformedBody when the list breaks off. */
export function decodeAreaDeletion(body: Uint8Array): { areaIds: number[] } {
  const from = new OctetReader(body);
  return { areaIds: Array.from({ length: from.u8() }, () => from.u32()) };
}

/**
 * No ids: every area of that kind.
 * @throws RangeError for more than 125 ids.
 */
export function encodeAreaDeletion(areaIds: readonly number[]): Buffer {
  if (areaIds.length > MAX_DELETED_AREAS) {
    throw new RangeError(`${areaIds.length} areas: expected at most ${MAX_DELETED_AREAS}`);
  }
  const out = new OctetWriter(64).u8(areaIds.length);
  for (const id of areaIds) out.u32(id);
  return out.toBuffer();
}
