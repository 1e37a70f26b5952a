/**
 * 0x8203 confirmation of an alarm by a person (8.23 of 2013).
 *
 *     serial of the alarm's message WORD (0 = every alarm of the type), type DWORD (bits 0, 3, 20, 21, 22, 27, 28)
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const ALARM_CONFIRMATION = 0x8203;

export interface AlarmConfirmation {
  alarmSerial: number;
  alarmType: number;
}

/** @throws MalformedBody when there are fewer than 6 bytes. */
export function decodeAlarmConfirmation(body: Uint8Array): AlarmConfirmation {
  const from = new OctetReader(body);
  return { alarmSerial: from.u16(), alarmType: from.u32() };
}

export function encodeAlarmConfirmation(confirmation: AlarmConfirmation): Buffer {
  return new OctetWriter(6).u16(confirmation.alarmSerial).u32(confirmation.alarmType).toBuffer();
}
