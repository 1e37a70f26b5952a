import type { Buffer } from "node:buffer";
import type { FixBatch } from "../model/fix.ts";
import type { Version809 } from "../wire/jt809/header.ts";
import { encodeRegistration809, type Registration809 } from "../wire/jt809/vehicle-messages.ts";

/** Where forwarded fixes come from: the track store is one. */
export interface ForwardSource {
  /** Every fix stored from `from` on, in the order of storing, each batch with the position after it; resolves at the end. */
  replay(from: number, onBatch: (batch: FixBatch, position: number) => void | Promise<void>): Promise<number>;
  /** Undefined for a vehicle without a plate, which 809 cannot name. */
  plateOf(vehicle: number): { plate: string; plateColour: number } | undefined;
  /** The terminal that reports for a vehicle, as it registered; undefined when it is not known. */
  terminalOf?(vehicle: number): ForwardedTerminal | undefined;
}

/** What a registration (0x1201) says of a terminal. */
export type ForwardedTerminal = Pick<Registration809, "producerId" | "terminalModel" | "terminalId" | "simCode">;

const UNKNOWN: ForwardedTerminal = { producerId: "", terminalModel: "", terminalId: "", simCode: "" };

/** The data of a registration; a number shorter than its field is filled with zeros before it. */
export function registrationData809(
  platformId: string,
  terminal: ForwardedTerminal = UNKNOWN,
  version: Version809,
): Buffer {
  const simCode = terminal.simCode && terminal.simCode.padStart(version === "2019" ? 13 : 12, "0");
  return encodeRegistration809({ ...terminal, platformId, simCode }, version);
}
