/**
 * Messages about one vehicle (JT/T 809-2011, 4.5.8: 0x1200 up, 0x9200 down).
 *
 *     envelope  BYTE[21] plate (GBK), BYTE plate colour (JT/T 415), WORD sub id, DWORD length, data
 *     1201 registration  BYTE[11] platform, BYTE[11] producer, BYTE[20] model (8 in the print of 2011), BYTE[7] terminal,
 *                        BYTE[12] SIM; 2019: 11, 11, 30, 15 IMEI, 30 terminal, 13 SIM
 *     1202 position      GNSS_DATA
 *     1203 supplement    BYTE count (1 to 5), GNSS_DATA each
 *
 * Some senders count the data length wrong (issue threads of other implementations): the frame's own end is what holds.
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader, OctetWriter } from "../octets.ts";
import type { Version809 } from "./header.ts";
import { readPosition809, writePosition809, type Position809, type Position809Input } from "./position.ts";

export const Vehicle809Id = {
  registration: 0x1201,
  position: 0x1202,
  supplement: 0x1203,
  positionDown: 0x9202,
  supplementDown: 0x9203,
} as const;

/** Most positions in one supplement. */
export const SUPPLEMENT_MAX = 5;

/** The envelope of a message about a vehicle. */
export interface VehicleMessage809 {
  plate: string;
  /** JT/T 415: 1 blue, 2 yellow, 3 black, 4 white, 5 green, 9 other, 91 to 94 farm and new-energy. */
  plateColour: number;
  subId: number;
  /** Length of `data` as the sender states it. */
  statedLength: number;
  data: Buffer;
}

/** @throws MalformedBody */
export function decodeVehicleMessage809(body: Buffer): VehicleMessage809 {
  const reader = new OctetReader(body);
  const plate = reader.text(21);
  const plateColour = reader.u8();
  const subId = reader.u16();
  const statedLength = reader.u32();
  return { plate, plateColour, subId, statedLength, data: reader.rest() };
}

export function encodeVehicleMessage809(message: Omit<VehicleMessage809, "statedLength">): Buffer {
  return new OctetWriter(64 + message.data.length)
    .text(message.plate, 21)
    .u8(message.plateColour)
    .u16(message.subId)
    .u32(message.data.length)
    .bytes(message.data)
    .toBuffer();
}

/** 0x1201: whose terminal it is. */
export interface Registration809 {
  platformId: string;
  producerId: string;
  terminalModel: string;
  /** 2019 only. */
  imei?: string;
  terminalId: string;
  simCode: string;
}

/** Bytes of a registration by edition; 49 is the 2011 text as printed, 61 what 2011's real frames have. */
const REGISTRATION_MODEL_BYTES: { readonly [total: number]: number } = { 49: 8, 61: 20 };

/** @throws MalformedBody when the length is none of 49, 61 and 110. */
export function decodeRegistration809(data: Buffer): Registration809 {
  const reader = new OctetReader(data);
  const platformId = reader.text(11);
  const producerId = reader.text(11);
  if (data.length >= 110) {
    const terminalModel = reader.text(30);
    const imei = reader.text(15);
    return { platformId, producerId, terminalModel, imei, terminalId: reader.text(30), simCode: reader.text(13) };
  }
  const modelBytes = REGISTRATION_MODEL_BYTES[data.length];
  if (modelBytes === undefined)
    throw new MalformedBody(`a registration of ${data.length} bytes; 49, 61 or 110 expected`);
  return {
    platformId,
    producerId,
    terminalModel: reader.text(modelBytes),
    terminalId: reader.text(7),
    simCode: reader.text(12),
  };
}

/** English name of a message about a vehicle whose data is read here, positions left out. */
export function vehicleMessageName809(subId: number): string | undefined {
  return subId === Vehicle809Id.registration ? "vehicle registration" : undefined;
}

/** The fields of its data; undefined when it is not known here. @throws MalformedBody */
export function decodeVehicleData809(subId: number, data: Buffer): object | undefined {
  return subId === Vehicle809Id.registration ? decodeRegistration809(data) : undefined;
}

export function encodeRegistration809(registration: Registration809, version: Version809): Buffer {
  const out = new OctetWriter(110).text(registration.platformId, 11).text(registration.producerId, 11);
  if (version === "2019") {
    return out
      .text(registration.terminalModel, 30)
      .text(registration.imei ?? "", 15)
      .text(registration.terminalId, 30)
      .text(registration.simCode, 13)
      .toBuffer();
  }
  return out
    .text(registration.terminalModel, 20)
    .text(registration.terminalId, 7)
    .text(registration.simCode, 12)
    .toBuffer();
}

/** The positions in the data of 0x1202, 0x1203, 0x9202 or 0x9203. @throws MalformedBody */
export function decodePositions809(subId: number, data: Buffer, version: Version809): Position809[] {
  const reader = new OctetReader(data);
  const several = subId === Vehicle809Id.supplement || subId === Vehicle809Id.supplementDown;
  const count = several ? reader.u8() : 1;
  const positions: Position809[] = [];
  for (let i = 0; i < count; i++) positions.push(readPosition809(reader, version));
  return positions;
}

/** The data of a position (one) or a supplement (up to `SUPPLEMENT_MAX`). */
export function encodePositions809(
  positions: readonly Position809Input[],
  version: Version809,
  supplement: boolean,
): Buffer {
  const out = new OctetWriter(96 * positions.length);
  if (supplement) out.u8(positions.length);
  for (const position of positions) writePosition809(position, version, out);
  return out.toBuffer();
}
