import type { FixBatch } from "../model/fix.ts";

/** Who a vehicle is, as its terminal said. */
export interface VehicleFacts {
  /** `豫G12345_2` (plate and JT/T 415 colour), the VIN when the colour is 0, or `@` and the terminal's number. */
  vehicle: string;
  plate: string | null;
  plateColour: number | null;
  /** The terminal's number (its phone, without leading zeros). */
  terminal: string;
}

/** Where a gateway's fixes go. */
export interface IngestSink {
  /** The number of a vehicle, the same for ever; made when it is new. */
  vehicleNumber(facts: VehicleFacts): number;
  /** Resolves when the batch is durable; only then are its fixes acknowledged. The batch is the sink's to keep. */
  append(batch: FixBatch): Promise<void>;
}
