/**
 * 0x8105 terminal control (8.12).
 *
 *     command BYTE (1 upgrade, 2 connect to a server, 3 power off, 4 reset, 5 factory settings, 6 close the data link, 7 close the radio),
 *     arguments STRING for 1 and 2
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const TERMINAL_CONTROL = 0x8105;

export interface TerminalControl {
  command: number;
  arguments: string;
}

/** @throws MalformedBody when the body is empty. */
export function decodeTerminalControl(body: Uint8Array): TerminalControl {
  const from = new OctetReader(body);
  return { command: from.u8(), arguments: from.text(from.left) };
}

export function encodeTerminalControl(control: TerminalControl): Buffer {
  return new OctetWriter(64).u8(control.command).text(control.arguments).toBuffer();
}
