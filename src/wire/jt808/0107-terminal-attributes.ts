/**
 * 0x0107 answer to 0x8107 (empty): what the terminal is (8.15 of 2013).
 *
 *     type WORD, maker, model, terminal id, ICCID BCD[10], hardware version (length BYTE, text), firmware version (the same),
 *     GNSS BYTE, network BYTE
 *
 *                    maker  model  terminal id
 *     2013               5     20            7
 *     2019               5     30           30
 *     2019, some        11     30           30
 *
 * Which one it is, the total length decides: the lengths of the two versions must lead exactly to the end.
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader } from "../octets.ts";

export const TERMINAL_ATTRIBUTES = 0x0107;
export const QUERY_ATTRIBUTES = 0x8107;

export interface TerminalAttributes {
  terminalType: number;
  manufacturerId: string;
  terminalModel: string;
  terminalId: string;
  iccid: string;
  hardwareVersion: string;
  firmwareVersion: string;
  /** Bits: 0 GPS, 1 BeiDou, 2 GLONASS, 3 Galileo. */
  gnss: number;
  /** Bits: 0 GPRS, 1 CDMA, 2 TD-SCDMA, 3 WCDMA, 4 CDMA2000, 5 TD-LTE, 7 other. */
  network: number;
}

const LAYOUTS = [
  { maker: 5, model: 20, id: 7 },
  { maker: 5, model: 30, id: 30 },
  { maker: 11, model: 30, id: 30 },
] as const;

/** @throws MalformedBody when no layout leads to the end of the body. */
export function decodeTerminalAttributes(body: Buffer): TerminalAttributes {
  const layout = findLayout(body);
  if (layout === undefined) throw new MalformedBody(`terminal attributes of ${body.length} bytes fit no edition`);
  const from = new OctetReader(body);
  return {
    terminalType: from.u16(),
    manufacturerId: from.text(layout.maker),
    terminalModel: from.text(layout.model),
    terminalId: from.text(layout.id),
    iccid: from.hex(10),
    hardwareVersion: from.text(from.u8()),
    firmwareVersion: from.text(from.u8()),
    gnss: from.u8(),
    network: from.u8(),
  };
}

/** The maker has 11 bytes, where every edition prints 5. */
export function isWideMaker(body: Buffer): boolean {
  return findLayout(body)?.maker === 11;
}

function findLayout(body: Buffer): (typeof LAYOUTS)[number] | undefined {
  return LAYOUTS.find(({ maker, model, id }) => {
    const hardwareAt = 2 + maker + model + id + 10;
    const firmwareAt = hardwareAt + 1 + (body[hardwareAt] ?? body.length);
    return firmwareAt + 1 + (body[firmwareAt] ?? body.length) + 2 === body.length;
  });
}
