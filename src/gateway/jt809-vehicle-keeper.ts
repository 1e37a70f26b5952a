import { Buffer } from "node:buffer";
import type { Version809 } from "../wire/jt809/header.ts";
import { Vehicle809Id } from "../wire/jt809/vehicle-messages.ts";
import type { TerminalMessage } from "./core.ts";
import { count } from "./counters.ts";
import type { IngestSink, VehicleFacts } from "./ingest-sink.ts";
import type { Jt809Counters } from "./jt809-link.ts";

/** Receives what platforms say about vehicles beside positions. It must not block; a promise that rejects is counted. */
export type OnVehicleMessage = (message: TerminalMessage) => Promise<void> | void;

/** Vehicles whose last registration is remembered. */
const REGISTRATIONS_MAX = 200_000;

/**
 * Hands on what platforms say about vehicles beside positions: registrations (0x1201), and whatever is not known here, as bytes. A platform
 * registers its whole fleet at every login; what it said the last time is not handed on again.
 */
export class VehicleKeeper809 {
  readonly #sink: Pick<IngestSink, "vehicleNumber">;
  readonly #counters: Jt809Counters;
  readonly #onMessage: OnVehicleMessage | undefined;
  readonly #registered = new Map<string, Buffer>();

  constructor(
    sink: Pick<IngestSink, "vehicleNumber">,
    counters: Jt809Counters,
    onMessage: OnVehicleMessage | undefined,
  ) {
    this.#sink = sink;
    this.#counters = counters;
    this.#onMessage = onMessage;
  }

  take(facts: VehicleFacts, subId: number, data: Buffer, version: Version809, receivedMs: number): void {
    const isRegistration = subId === Vehicle809Id.registration;
    if (isRegistration && this.#registered.get(facts.vehicle)?.equals(data) === true) return;
    if (!isRegistration) count(this.#counters.faults, "unknownSubMessage");
    const body = Buffer.from(data);
    if (isRegistration) this.#remember(facts.vehicle, body);
    const vehicle = this.#sink.vehicleNumber(facts);
    const { terminal } = facts;
    const message = { terminal, vehicle, messageId: subId, body, wideHeader: version === "2019", receivedMs };
    Promise.resolve(this.#onMessage?.(message)).catch(() => {
      if (isRegistration) this.#registered.delete(facts.vehicle);
      count(this.#counters.faults, "messageNotStored");
    });
  }

  #remember(vehicle: string, registration: Buffer): void {
    if (this.#registered.size >= REGISTRATIONS_MAX) this.#registered.clear();
    this.#registered.set(vehicle, registration);
  }
}
