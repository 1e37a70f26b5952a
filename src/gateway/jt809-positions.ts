import { ABSENT_I16, ABSENT_U16, FixFlag, type FixBatch } from "../model/fix.ts";
import { locationItemsOf, writeLocationItems } from "../wire/jt808/location-items.ts";
import type { Position809, Position809Input } from "../wire/jt809/position.ts";
import { OctetWriter } from "../wire/octets.ts";
import type { VehicleFacts } from "./ingest-sink.ts";
import type { ReportedPosition } from "./position-intake.ts";

/** A stored fix as it is forwarded. */
export function forwardedPosition(batch: FixBatch, row: number, platformId: string): Position809Input {
  const flags = batch.flags[row]!;
  const heading = batch.headingDeg[row]!;
  const speed = batch.speedKmh10[row]!;
  const altitude = batch.altitudeM[row]!;
  const status = batch.status[row]!;
  return {
    coordinatesProcessed: (flags & FixFlag.processed) !== 0,
    longitude: batch.lonE6[row]! / 1e6,
    latitude: batch.latE6[row]! / 1e6,
    timeMs: batch.timeMs[row]!,
    // The bits of the hemispheres follow from the signs; a source without a status word says at least "fixed".
    statusFlags: ((flags & FixFlag.invalid) === 0 ? status | 2 : status & ~2) & ~0b1100,
    alarmFlags: batch.alarm[row]!,
    platformId,
    ...(heading === ABSENT_U16 ? {} : { direction: heading }),
    ...(speed === ABSENT_U16 ? {} : { speedKmh: speed / 10 }),
    ...(altitude === ABSENT_I16 ? {} : { altitude }),
  };
}

/** A position of another platform as it is taken in; `supplement`: it came later, from a store (0x1203). */
export function reportedPosition(position: Position809, supplement: boolean): ReportedPosition {
  return {
    ...position,
    items: itemBytesOf(position),
    fixed: (position.statusFlags & 2) !== 0,
    stored: supplement,
    processed: position.coordinatesProcessed,
  };
}

/** As for 808: plate and colour, or the VIN when the colour is 0. */
export function vehicleOf809(plate: string, plateColour: number, accessCode: number): VehicleFacts {
  const terminal = `jt809-${accessCode}`;
  if (plateColour === 0) return { vehicle: plate, plate: null, plateColour: null, terminal };
  return { vehicle: `${plate}_${plateColour}`, plate, plateColour, terminal };
}

/** What stands beside the position, as JT/T 808 says it: of the record of 2011 its mileage and the recorder's speed. */
function itemBytesOf({ layout, items, extras }: Position809): Uint8Array {
  const out = new OctetWriter(64);
  writeLocationItems(layout === "2019" ? items : locationItemsOf(extras), out);
  return out.toBuffer();
}
