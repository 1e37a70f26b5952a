/**
 * 0x0100 terminal registration (8.5).
 *
 *     province WORD, city WORD, maker, model, terminal id, plate colour BYTE, plate STRING to the end
 *
 *                  maker  model  terminal id  plate at
 *     2011             5      8            7        25
 *     2013             5     20            7        37
 *     2019            11     30           30        76
 *
 * Colour 0 means no plate: the last field is then the VIN. The header tells 2019 from the others; 2011 from 2013 only the
 * length does (a plate has at least 7 characters, so 25 + 7 … 36 bytes are 2011).
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import type { Jt808Version } from "./encoding.ts";

export const REGISTRATION = 0x0100;

export interface Registration {
  /** GB/T 2260, first two digits; 0 lets the platform choose. */
  provinceId: number;
  /** GB/T 2260, last four digits. */
  cityId: number;
  manufacturerId: string;
  terminalModel: string;
  terminalId: string;
  /** JT/T 415 colour; 0 = no plate, `plate` is the VIN. */
  plateColor: number;
  plate: string;
}

const WIDTHS = {
  "2011": { maker: 5, model: 8, id: 7 },
  "2013": { maker: 5, model: 20, id: 7 },
  "2019": { maker: 11, model: 30, id: 30 },
} as const satisfies Record<Jt808Version, { maker: number; model: number; id: number }>;

const PLATE_AT_2013 = 37;
const PLATE_AT_2019 = 76;

/**
 * `wideHeader`: the frame has the 2019 header. `version` of the answer is the layout that the body fits.
 * @throws MalformedBody when the body is shorter than its fixed fields.
 */
export function decodeRegistration(body: Uint8Array, wideHeader: boolean): Registration & { version: Jt808Version } {
  let version: Jt808Version = "2011";
  if (wideHeader && body.length >= PLATE_AT_2019) version = "2019";
  else if (body.length >= PLATE_AT_2013) version = "2013";
  const widths = WIDTHS[version];
  const from = new OctetReader(body);
  return {
    provinceId: from.u16(),
    cityId: from.u16(),
    manufacturerId: from.text(widths.maker),
    terminalModel: from.text(widths.model),
    terminalId: from.text(widths.id),
    plateColor: from.u8(),
    plate: from.text(from.left),
    version,
  };
}

export function encodeRegistration(registration: Registration, version: Jt808Version): Buffer {
  const widths = WIDTHS[version];
  const out = new OctetWriter(96)
    .u16(registration.provinceId)
    .u16(registration.cityId)
    .text(registration.manufacturerId, widths.maker)
    .text(registration.terminalModel, widths.model)
    .text(registration.terminalId, widths.id)
    .u8(registration.plateColor)
    .text(registration.plate);
  if (version === "2011") out.u8(0);
  return out.toBuffer();
}
