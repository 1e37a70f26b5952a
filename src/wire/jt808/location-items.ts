/**
 * Additional items of a location report (0x0200, table 27 of 2013, table 28 of 2019):
 *
 *     items = { id BYTE, length BYTE, value BYTE[length] } to the end of the body
 *
 * Every item is kept as bytes. An item is decoded only when its length is the standard one: devices use the same ids
 * with other lengths for other things. An item that runs past the end ends the list and loses nothing before it.
 */
import { Buffer } from "node:buffer";
import type { OctetWriter } from "../octets.ts";

/** One additional item, not interpreted. */
export interface LocationItem {
  id: number;
  value: Buffer;
}

/** What the standard items say. A field is there when its item was there with the standard length. */
export interface LocationExtras {
  /** 0x01, km. */
  mileageKm?: number;
  /** 0x02, litres. */
  fuelL?: number;
  /** 0x03, km/h, by the recorder. */
  recorderSpeedKmh?: number;
  /** 0x04, number of the alarm event that a person has to confirm. */
  alarmEventId?: number;
  /** 0x05 (2019), one byte a tyre. */
  tyrePressures?: string;
  /** 0x06 (2019), degrees Celsius, sign and magnitude. */
  cabinTemperatureC?: number;
  /** 0x11: place type (0 none, 1 circle, 2 rectangle, 3 polygon, 4 route) and its id. */
  overspeedAlarm?: { areaType: number; areaId?: number };
  /** 0x12: in (0) or out (1) of an area or route. */
  areaAlarm?: { areaType: number; areaId: number; direction: number };
  /** 0x13: a route segment took too short (0) or too long (1), in seconds. */
  routeTimeAlarm?: { routeId: number; seconds: number; result: number };
  /** 0x25, vehicle signal bits. */
  vehicleSignals?: number;
  /** 0x2A: bit 0 deep sleep, bit 1 sleep. */
  ioStatus?: number;
  /** 0x2B, two analog inputs. */
  analog?: { ad0: number; ad1: number };
  /** 0x30, signal strength of the mobile network. */
  rssi?: number;
  /** 0x31, satellites used. */
  satellites?: number;
}

export interface LocationItems {
  items: LocationItem[];
  extras: LocationExtras;
  /** What ended the list early, if anything did; `rest` is what stood there. */
  fault?: { reason: string; rest: Buffer };
}

/** Reads the items of `body[start, end)`. Values are views of `body`. */
export function readLocationItems(body: Buffer, start: number, end: number): LocationItems {
  const items: LocationItem[] = [];
  const extras: LocationExtras = {};
  let at = start;
  while (at < end) {
    if (at + 2 > end || at + 2 + body[at + 1] > end) {
      const reason =
        at + 2 > end
          ? `one byte after the last item`
          : `item 0x${hexByte(body[at])} at byte ${at} has ${body[at + 1]} bytes, ${end - at - 2} are left`;
      return { items, extras, fault: { reason, rest: body.subarray(at, end) } };
    }
    const value = body.subarray(at + 2, at + 2 + body[at + 1]);
    const item = { id: body[at], value };
    items.push(item);
    const extra = STANDARD_ITEMS[item.id];
    if (extra !== undefined && (value.length === extra.length || value.length === extra.otherLength))
      extra.read(value, extras);
    at += 2 + value.length;
  }
  return { items, extras };
}

/** Bits of `checkLocationItems`. */
export const ItemDeviation = { cutShort: 1, length: 2 } as const;

/** How the items of `body[start, end)` deviate from the standard, without making an object: the list breaks off, an item has another length. */
export function checkLocationItems(body: Uint8Array, start: number, end: number): number {
  let deviations = 0;
  for (let at = start; at < end;) {
    const length = at + 2 > end ? end : body[at + 1];
    if (at + 2 + length > end) return deviations | ItemDeviation.cutShort;
    const standard = STANDARD_LENGTHS[body[at]];
    if (standard > 0 && length !== standard && !(body[at] === OVERSPEED && length === 1))
      deviations |= ItemDeviation.length;
    at += 2 + length;
  }
  return deviations;
}

/** Writes items as they are; a value may have at most 255 bytes. */
export function writeLocationItems(items: readonly { id: number; value: Uint8Array }[], out: OctetWriter): void {
  for (const { id, value } of items) out.u8(id).u8(value.length).bytes(value);
}

/** The items that say `extras`. */
export function locationItemsOf(extras: LocationExtras): LocationItem[] {
  const items: LocationItem[] = [];
  const add = (id: number, value: Buffer): number => items.push({ id, value });
  if (extras.mileageKm !== undefined) add(0x01, u32(Math.round(extras.mileageKm * 10)));
  if (extras.fuelL !== undefined) add(0x02, u16(Math.round(extras.fuelL * 10)));
  if (extras.recorderSpeedKmh !== undefined) add(0x03, u16(Math.round(extras.recorderSpeedKmh * 10)));
  if (extras.alarmEventId !== undefined) add(0x04, u16(extras.alarmEventId));
  if (extras.tyrePressures !== undefined) add(0x05, Buffer.from(extras.tyrePressures, "hex"));
  if (extras.cabinTemperatureC !== undefined) {
    add(0x06, u16(Math.abs(extras.cabinTemperatureC) | (extras.cabinTemperatureC < 0 ? 0x8000 : 0)));
  }
  if (extras.overspeedAlarm !== undefined) {
    const { areaType, areaId } = extras.overspeedAlarm;
    add(0x11, areaId === undefined ? Buffer.of(areaType) : Buffer.concat([Buffer.of(areaType), u32(areaId)]));
  }
  if (extras.areaAlarm !== undefined) {
    const { areaType, areaId, direction } = extras.areaAlarm;
    add(0x12, Buffer.concat([Buffer.of(areaType), u32(areaId), Buffer.of(direction)]));
  }
  if (extras.routeTimeAlarm !== undefined) {
    const { routeId, seconds, result } = extras.routeTimeAlarm;
    add(0x13, Buffer.concat([u32(routeId), u16(seconds), Buffer.of(result)]));
  }
  if (extras.vehicleSignals !== undefined) add(0x25, u32(extras.vehicleSignals));
  if (extras.ioStatus !== undefined) add(0x2a, u16(extras.ioStatus));
  if (extras.analog !== undefined) add(0x2b, Buffer.concat([u16(extras.analog.ad1), u16(extras.analog.ad0)]));
  if (extras.rssi !== undefined) add(0x30, Buffer.of(extras.rssi));
  if (extras.satellites !== undefined) add(0x31, Buffer.of(extras.satellites));
  return items;
}

interface StandardItem {
  length: number;
  otherLength?: number;
  read(value: Buffer, extras: LocationExtras): void;
}

const STANDARD_ITEMS: { readonly [id: number]: StandardItem | undefined } = {
  0x01: { length: 4, read: (value, extras) => (extras.mileageKm = value.readUInt32BE(0) / 10) },
  0x02: { length: 2, read: (value, extras) => (extras.fuelL = value.readUInt16BE(0) / 10) },
  0x03: { length: 2, read: (value, extras) => (extras.recorderSpeedKmh = value.readUInt16BE(0) / 10) },
  0x04: { length: 2, read: (value, extras) => (extras.alarmEventId = value.readUInt16BE(0)) },
  0x05: { length: 30, read: (value, extras) => (extras.tyrePressures = value.toString("hex")) },
  0x06: {
    length: 2,
    read: (value, extras) => {
      const word = value.readUInt16BE(0);
      extras.cabinTemperatureC = (word & 0x8000) === 0 ? word : -(word & 0x7fff);
    },
  },
  0x11: {
    length: 5,
    otherLength: 1,
    read: (value, extras) => {
      extras.overspeedAlarm = { areaType: value[0], ...(value.length === 5 && { areaId: value.readUInt32BE(1) }) };
    },
  },
  0x12: {
    length: 6,
    read: (value, extras) => {
      extras.areaAlarm = { areaType: value[0], areaId: value.readUInt32BE(1), direction: value[5] };
    },
  },
  0x13: {
    length: 7,
    read: (value, extras) => {
      extras.routeTimeAlarm = { routeId: value.readUInt32BE(0), seconds: value.readUInt16BE(4), result: value[6] };
    },
  },
  0x25: { length: 4, read: (value, extras) => (extras.vehicleSignals = value.readUInt32BE(0)) },
  0x2a: { length: 2, read: (value, extras) => (extras.ioStatus = value.readUInt16BE(0)) },
  0x2b: {
    length: 4,
    read: (value, extras) => (extras.analog = { ad0: value.readUInt16BE(2), ad1: value.readUInt16BE(0) }),
  },
  0x30: { length: 1, read: (value, extras) => (extras.rssi = value[0]) },
  0x31: { length: 1, read: (value, extras) => (extras.satellites = value[0]) },
};

const OVERSPEED = 0x11;
/** Length of each standard item, 0 for every other id. */
const STANDARD_LENGTHS = Uint8Array.from({ length: 256 }, (_, id) => STANDARD_ITEMS[id]?.length ?? 0);

function u16(value: number): Buffer {
  const field = Buffer.alloc(2);
  field.writeUInt16BE(value & 0xffff);
  return field;
}

function u32(value: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(value >>> 0);
  return field;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
