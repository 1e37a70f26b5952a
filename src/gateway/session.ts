import type { Buffer } from "node:buffer";
import { PLATFORM_REPLY } from "../wire/jt808/0001-general-reply.ts";
import { encodeResendParts, RESEND_PARTS } from "../wire/jt808/8003-resend-parts.ts";
import { MAX_BODY_BYTES } from "../wire/jt808/header.ts";
import { Reassembler, REASSEMBLY_LIMITS } from "../wire/jt808/reassembly.ts";
import type { Connection } from "./connection.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import type { Acknowledged } from "./fix-collector.ts";
import { vehicleFactsOf } from "./vehicle-facts.ts";

/** Parts of a message that have not been followed by another for so long are asked for again. */
const ASK_AGAIN_MS = 10_000;

/** One terminal on one connection. */
export class Session implements Acknowledged {
  readonly phone: string;
  readonly connection: Connection;
  readonly #core: GatewayCore;
  /** The phone field of the last frame: answers repeat it byte for byte, in the same layout. */
  phoneField: Buffer;
  /** Let in: its messages count. */
  live = false;
  /** A registration is being written to disk. */
  registering = false;
  vehicle = 0;
  wrongCodes = 0;
  #serial = 0;
  #reassembler: Reassembler | undefined;

  constructor(core: GatewayCore, connection: Connection, phone: string, phoneField: Buffer) {
    this.#core = core;
    this.connection = connection;
    this.phone = phone;
    this.phoneField = phoneField;
  }

  /** The terminal speaks the layout of 2019. */
  get wideHeader(): boolean {
    return this.phoneField.length === 10;
  }

  get reassembler(): Reassembler {
    this.#reassembler ??= new Reassembler(REASSEMBLY_LIMITS, this.#core.reassembly);
    return this.#reassembler;
  }

  /** True when the phone field of a frame is this session's, byte for byte. */
  hasPhoneField(bytes: Uint8Array, start: number, length: number): boolean {
    const field = this.phoneField;
    if (field.length !== length) return false;
    for (let i = 0; i < length; i++) if (field[i] !== bytes[start + i]) return false;
    return true;
  }

  /**
   * The terminal is let in. Its earlier session elsewhere ends: a new connection of the same terminal means that the old
   * one is dead. False when that happens too often, as when two devices claim one number (this connection is closed
   * then), or when its vehicle cannot be given a number now.
   */
  begin(): boolean {
    const { sessions, replacements, limits, log, counters, register, sink } = this.#core;
    const earlier = sessions.get(this.phone);
    if (earlier !== undefined && earlier !== this) {
      const times = (replacements.get(this.phone) ?? 0) + 1;
      if (times > limits.replacementsPerMinute) {
        this.connection.close("replacedTooOften");
        return false;
      }
      replacements.set(this.phone, times);
      const facts = { terminal: this.phone, from: earlier.connection.address, to: this.connection.address };
      log.info("a second session of a terminal replaces the first", facts, this.#core.nowMs());
      earlier.leave("replaced");
    }
    try {
      this.vehicle = sink.vehicleNumber(vehicleFactsOf(this.phone, register.find(this.phone)));
    } catch (error) {
      log.warn("a vehicle could not be given its number", { terminal: this.phone, error }, this.#core.nowMs());
      count(counters.authentications, "noVehicleNumber");
      return false;
    }
    this.connection.admit();
    this.live = true;
    this.wrongCodes = 0;
    sessions.set(this.phone, this);
    counters.sessions = sessions.size;
    return true;
  }

  /** Ends the session; the connection too, unless it carries other terminals. */
  leave(reason: string): void {
    this.end();
    this.connection.forget(this, reason);
  }

  /** Forgets the session and gives back what it holds; called when its connection ends as well. */
  end(): void {
    this.live = false;
    this.#reassembler?.clear();
    const { sessions, counters, commands } = this.#core;
    if (sessions.get(this.phone) !== this) return;
    sessions.delete(this.phone);
    counters.sessions = sessions.size;
    commands.loggedOut(this);
  }

  /** Appends a frame to the core's encoder; `flushAnswers` sends it. Returns its serial. */
  encode(messageId: number, body: Uint8Array): number {
    const { encoder, counters } = this.#core;
    const total = body.length > MAX_BODY_BYTES ? Math.ceil(body.length / MAX_BODY_BYTES) : 0;
    const first = this.#serial;
    for (let part = 0; part < Math.max(1, total); part++) {
      const chunk = body.subarray(part * MAX_BODY_BYTES, (part + 1) * MAX_BODY_BYTES);
      encoder.frame(messageId, this.phoneField, this.nextSerial(), chunk, total, total === 0 ? 0 : part + 1);
      counters.framesOut++;
    }
    return first;
  }

  /** Appends frames whose first serial has been given out before: a repetition of a command. */
  encodeAgain(messageId: number, body: Uint8Array, firstSerial: number): void {
    const serial = this.#serial;
    this.#serial = firstSerial;
    this.encode(messageId, body);
    this.#serial = serial;
  }

  reply(serial: number, messageId: number, result: number): void {
    const { encoder, counters } = this.#core;
    encoder.generalReply(PLATFORM_REPLY, this.phoneField, this.nextSerial(), serial, messageId, result);
    counters.framesOut++;
  }

  settle(fixes: number): void {
    this.connection.settle(fixes);
  }

  acknowledge(serial: number, messageId: number): void {
    if (!this.connection.closed) this.reply(serial, messageId, 0);
  }

  flushAnswers(): void {
    this.connection.flush();
  }

  /** Asks for parts that are overdue, gives up what is too old. */
  sweep(nowMs: number): void {
    const reassembler = this.#reassembler;
    if (reassembler === undefined || reassembler.unfinished === 0) return;
    for (const _ of reassembler.expire(nowMs)) count(this.#core.counters.faults, "partsExpired");
    for (const { firstSerial, missing } of reassembler.stalled(nowMs, ASK_AGAIN_MS)) {
      this.encode(RESEND_PARTS, encodeResendParts({ firstSerial, missing }, this.wideHeader));
      count(this.#core.counters.messages, "0x8003");
    }
    this.flushAnswers();
  }

  nextSerial(): number {
    const serial = this.#serial;
    this.#serial = (serial + 1) & 0xffff;
    return serial;
  }
}
