import type { VehicleFacts } from "./ingest-sink.ts";
import type { Terminal } from "./terminal-register.ts";

/**
 * Which vehicle a terminal stands for: plate and colour when it has a plate, the VIN when its colour is 0, else the
 * terminal itself.
 */
export function vehicleFactsOf(phone: string, terminal: Terminal | undefined): VehicleFacts {
  const plate = terminal?.plate ?? "";
  if (terminal === undefined || plate === "") {
    return { vehicle: `@${phone}`, plate: null, plateColour: null, terminal: phone };
  }
  if (terminal.plateColour === 0) return { vehicle: plate, plate: null, plateColour: null, terminal: phone };
  const { plateColour } = terminal;
  return { vehicle: `${plate}_${plateColour}`, plate, plateColour, terminal: phone };
}

/** A plate as it may stand in an id: no control characters, no blanks, at most 32 characters. */
export function cleanPlate(plate: string): string {
  return plate.replaceAll(/[\p{C}\s]/gu, "").slice(0, 32);
}
