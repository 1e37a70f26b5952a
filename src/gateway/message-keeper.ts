import { WuxingError } from "../model/errors.ts";
import type { TerminalMessage } from "./core.ts";

/** Where messages are kept; `store/terminal-messages.ts` is one. */
export interface MessageStore {
  /** Durable when it resolves. */
  keep(
    messages: readonly {
      terminal: string;
      vehicle: string;
      messageId: number;
      receivedMs: number;
      wideHeader: boolean;
      body: string;
    }[],
  ): Promise<void>;
}

/** Bytes that may wait to be written, and largest body: a picture of a camera has some 100 kB. */
const WAITING_BYTES_MAX = 32 * 1024 * 1024;
const BODY_BYTES_MAX = 2 * 1024 * 1024;

interface Waiting {
  message: TerminalMessage;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Writes what terminals say beside their positions, one write at a time with everything that came meanwhile. */
export class MessageKeeper {
  readonly #store: MessageStore;
  readonly #vehicleId: (vehicle: number) => string;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isWriting = false;

  /** `vehicleId`: the id of a vehicle's number. */
  constructor(store: MessageStore, vehicleId: (vehicle: number) => string) {
    this.#store = store;
    this.#vehicleId = vehicleId;
  }

  /**
   * Resolves when the message is durable; only then may it be answered.
   * @throws WuxingError OVERLOADED for too much at once or a body that is too long; whatever the store throws
   */
  async keep(message: TerminalMessage): Promise<void> {
    const { length } = message.body;
    if (length > BODY_BYTES_MAX || this.#waitingBytes + length > WAITING_BYTES_MAX) {
      throw new WuxingError("OVERLOADED", `a message of ${length} bytes, ${this.#waitingBytes} wait`);
    }
    this.#waitingBytes += length;
    const kept = new Promise<void>((resolve, reject) => this.#waiting.push({ message, resolve, reject }));
    if (!this.#isWriting) void this.#write();
    await kept;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // Those of the same turn come into the same write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.keep(
          group.map(({ message: { terminal, vehicle, messageId, receivedMs, wideHeader, body } }) => {
            const id = this.#vehicleId(vehicle);
            return { terminal, vehicle: id, messageId, receivedMs, wideHeader, body: body.toString("hex") };
          }),
        );
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      } finally {
        for (const { message } of group) this.#waitingBytes -= message.body.length;
      }
    }
    this.#isWriting = false;
  }
}
