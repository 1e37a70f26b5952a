/** What a terminal said about its vehicle when it registered. */
export interface VehicleFacts {
  plate: string | null;
  /** JT/T 697.7 plate colour, null when not given. */
  plateColour: number | null;
  /** Terminal phone number or id. */
  terminal: string | null;
}

/**
 * Vehicle id (as in the protocols and the API, e.g. `豫G12345_2`) ↔ dense number from 0, as in the columns of a
 * `FixBatch`. A number never changes and is never given to another vehicle; it is durable before, or together with,
 * the first fix that uses it.
 */
export interface VehicleDictionary {
  readonly count: number;
  /**
   * The vehicle's number; a new one when the id is not known yet. Facts that differ from the known ones replace them
   * and are made durable with the next commit. From memory, safe for every frame.
   *
   * @throws WuxingError INPUT_INVALID when the id is empty or longer than 64 characters.
   */
  numberOf(id: string, facts?: VehicleFacts): number;
  /** The number of a known vehicle, undefined otherwise. */
  find(id: string): number | undefined;
  /** @throws WuxingError VEHICLE_NOT_FOUND */
  idOf(vehicle: number): string;
  /** Null when nothing was said. @throws WuxingError VEHICLE_NOT_FOUND */
  factsOf(vehicle: number): VehicleFacts | null;
}
