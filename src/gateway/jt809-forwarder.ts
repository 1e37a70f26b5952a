import { Buffer } from "node:buffer";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { WuxingError } from "../model/errors.ts";
import { FixFlag, type FixBatch } from "../model/fix.ts";
import type { Message809 } from "../wire/jt809/header.ts";
import {
  decodeLoginAnswer809,
  decodeReceivedCount809,
  decodeVerifyCode809,
  encodeCode809,
  encodeLogin809,
  encodeLogout809,
  LoginResult809,
  Message809Id,
} from "../wire/jt809/link-messages.ts";
import type { Position809Input } from "../wire/jt809/position.ts";
import {
  encodePositions809,
  encodeVehicleMessage809,
  SUPPLEMENT_MAX,
  Vehicle809Id,
} from "../wire/jt809/vehicle-messages.ts";
import { count } from "./counters.ts";
import { registrationData809, type ForwardSource } from "./jt809-forward-source.ts";
import { createCounters809, Link809, type Agreement809, type Jt809Counters } from "./jt809-link.ts";
import { forwardedPosition } from "./jt809-positions.ts";
import { LimitedLog, type GatewayLog } from "./limited-log.ts";

export interface Jt809ForwarderOptions {
  /** The upper platform. */
  host: string;
  port: number;
  agreement: Agreement809;
  /** Where the upper platform can dial back; port 0 takes a free one. `address` is what the login states. */
  subLink: { address: string; host?: string; port: number };
  /** Identifies this platform in registrations, at most 11 characters. */
  platformId: string;
  source: ForwardSource;
  /** Position in the source to go on from, and who is told how far it came (kept by the caller, so nothing is forgotten). */
  from: number;
  onForwarded?: (position: number) => void;
  log?: GatewayLog;
  /** Idle time after which the link is kept alive (the standard: 1 min), and silence after which it is closed (3 min), ms. */
  keepAliveMs?: number;
  silentMs?: number;
  /** Time between tries to connect, ms; doubled up to 16 times. */
  retryMs?: number;
  /** How often the source is looked at for new fixes, ms. */
  pollMs?: number;
  nowMs?: () => number;
}

export interface Jt809Forwarder {
  readonly accessCode: number;
  /** Port of the sub link. */
  readonly port: number;
  readonly loggedIn: boolean;
  readonly subLink: boolean;
  /** Positions sent, and those that the upper platform has confirmed (0x9101), since the start. */
  readonly sent: number;
  readonly confirmed: number;
  metrics(): Jt809Counters;
  /** Logs out and closes both links. */
  close(): Promise<void>;
}

/** A fix that is older than this when it is sent goes as a supplement (0x1203). */
const SUPPLEMENT_AGE_MS = 300_000;
const LONGEST_RETRY_FACTOR = 16;
/** An upper platform that has confirmed nothing (0x9101) for so long does not do so at all. */
const CONFIRMS_WITHIN_MS = 180_000;

/**
 * Starts the lower end of JT/T 809: dials the upper platform, logs in, and forwards every stored fix in the order of
 * storing. When the link is down nothing is dropped: it goes on from its position in the source, older fixes as
 * supplements.
 * @throws WuxingError PORT_IN_USE when the sub link's port is taken.
 */
export async function startJt809Forwarder(options: Jt809ForwarderOptions): Promise<Jt809Forwarder> {
  const forwarder = new Forwarder(options);
  await forwarder.listen();
  return forwarder;
}

class Forwarder implements Jt809Forwarder {
  readonly #options: Jt809ForwarderOptions;
  readonly #counters = createCounters809();
  readonly #log: LimitedLog;
  readonly #server: Server;
  readonly #registered = new Set<number>();
  #main: Link809 | undefined;
  #sub: Link809 | undefined;
  #verifyCode: number | undefined;
  #position: number;
  #retries = 0;
  #retryAtMs = 0;
  /** What was sent and not confirmed yet: up to which number of positions, and where the source went on behind them. */
  #unconfirmed: { sent: number; position: number }[] = [];
  /** Up to where the upper platform has confirmed, at first where the first link began. */
  #confirmedPosition: number | undefined;
  #loggedInMs = 0;
  /** Positions of the present link: sent before it, and confirmed before it. */
  #before = { sent: 0, confirmed: 0 };
  #closed = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  loggedIn = false;
  sent = 0;
  confirmed = 0;

  constructor(options: Jt809ForwarderOptions) {
    this.#options = options;
    this.#position = options.from;
    this.#log = new LimitedLog(options.log);
    this.#server = createServer((socket) => this.#acceptSub(socket));
    this.#server.maxConnections = 8;
  }

  get accessCode(): number {
    return this.#options.agreement.accessCode;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get subLink(): boolean {
    return this.#sub?.open === true;
  }

  metrics(): Jt809Counters {
    return structuredClone(this.#counters);
  }

  async listen(): Promise<void> {
    const { port, host } = this.#options.subLink;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        const code = error.code === "EADDRINUSE" ? "PORT_IN_USE" : "CONFIG_INVALID";
        reject(new WuxingError(code, `JT/T 809 sub link port ${port}`, [], { cause: error }));
      });
      this.#server.listen({ port, ...(host !== undefined && { host }) }, () => resolve());
    });
    this.#loop = this.#forwardForEver();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { userId, password } = this.#options.agreement;
    if (this.loggedIn) this.#main?.send(Message809Id.logout, encodeLogout809({ userId, password }));
    this.#sub?.close("shutdown");
    this.#main?.close("shutdown");
    this.#wake?.();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#loop;
  }

  async #forwardForEver(): Promise<void> {
    const { pollMs = 200, retryMs = 2000, source } = this.#options;
    while (!this.#closed) {
      if (!this.loggedIn && this.#nowMs() >= this.#retryAtMs) {
        if (await this.#logIn()) this.#retries = 0;
        else this.#retryAtMs = this.#nowMs() + retryMs * Math.min(LONGEST_RETRY_FACTOR, 2 ** this.#retries++);
      }
      if (this.#carrier === undefined) {
        await this.#pause(Math.max(1, this.#retryAtMs - this.#nowMs()));
        continue;
      }
      try {
        await source.replay(this.#position, (batch, position) => this.#forward(batch, position));
        await this.#pause(pollMs);
      } catch (error) {
        if (!(error instanceof LinkDown)) {
          this.#log.warn("stored fixes could not be read for forwarding", { error }, this.#nowMs());
          await this.#pause(retryMs);
        }
      }
      this.#keepAlive();
    }
  }

  /** Sends one batch; throws `LinkDown` when the link breaks, so that the batch is sent again after the next login. */
  async #forward(batch: FixBatch, position: number): Promise<void> {
    const { version } = this.#options.agreement;
    const nowMs = this.#nowMs();
    const carrier = this.#carrier;
    let supplement: { vehicle: number; positions: Position809Input[] } | undefined;
    const endSupplement = (): void => {
      if (supplement === undefined) return;
      const { vehicle, positions } = supplement;
      supplement = undefined;
      this.#sendAbout(vehicle, Vehicle809Id.supplement, encodePositions809(positions, version, true));
      this.sent += positions.length;
    };
    for (let row = 0; row < batch.length; row++) {
      const vehicle = batch.vehicle[row]!;
      if (this.#options.source.plateOf(vehicle) === undefined) {
        count(this.#counters.faults, "noPlate");
        continue;
      }
      this.#register(vehicle);
      const fix = forwardedPosition(batch, row, this.#options.platformId);
      const late = (batch.flags[row]! & FixFlag.stored) !== 0 || nowMs - fix.timeMs > SUPPLEMENT_AGE_MS;
      if (!late) {
        this.#sendAbout(vehicle, Vehicle809Id.position, encodePositions809([fix], version, false));
        this.sent++;
        continue;
      }
      if (supplement?.vehicle !== vehicle || supplement.positions.length === SUPPLEMENT_MAX) endSupplement();
      supplement ??= { vehicle, positions: [] };
      supplement.positions.push(fix);
    }
    endSupplement();
    await carrier?.drained();
    // What a link that broke had taken may be lost: all of the batch goes over the other one.
    if (carrier === undefined || carrier !== this.#carrier) throw new LinkDown();
    this.#position = position;
    this.#unconfirmed.push({ sent: this.sent, position });
    this.#options.onForwarded?.(position);
  }

  /** 0x1201, before the first position of a vehicle on this link. */
  #register(vehicle: number): void {
    if (this.#registered.has(vehicle)) return;
    const { platformId, source, agreement } = this.#options;
    const data = registrationData809(platformId, source.terminalOf?.(vehicle), agreement.version);
    this.#sendAbout(vehicle, Vehicle809Id.registration, data);
    this.#registered.add(vehicle);
  }

  #sendAbout(vehicle: number, subId: number, data: Buffer): void {
    const body = encodeVehicleMessage809({ ...this.#options.source.plateOf(vehicle)!, subId, data });
    if (this.#carrier?.send(Message809Id.vehicles, body) !== true) throw new LinkDown();
  }

  /** The main link; the sub link when that is down. */
  get #carrier(): Link809 | undefined {
    return this.loggedIn ? this.#main : this.subLink ? this.#sub : undefined;
  }

  /** Of the positions sent so many are durable at the upper platform, at least. */
  get #durable(): number {
    return this.#before.sent + this.confirmed - this.#before.confirmed;
  }

  /** The upper platform has made so many more positions durable. */
  #confirm(positions: number): void {
    this.confirmed += positions;
    while (this.#unconfirmed.length > 0 && this.#unconfirmed[0]!.sent <= this.#durable) {
      this.#confirmedPosition = this.#unconfirmed.shift()!.position;
    }
  }

  /** What the lost link had taken and nobody confirmed is sent once more; it is known there if it came. */
  #goBack(): void {
    const confirms = this.confirmed > 0 || this.#nowMs() - this.#loggedInMs < CONFIRMS_WITHIN_MS;
    if (confirms && this.#confirmedPosition !== undefined) this.#position = this.#confirmedPosition;
    this.#unconfirmed = [];
    // What comes late about the lost link must not count for what is sent from now on.
    this.#before = { sent: this.sent, confirmed: this.confirmed + Math.max(0, this.sent - this.#durable) };
  }

  #logIn(): Promise<boolean> {
    const { host, port, agreement, subLink } = this.#options;
    return new Promise((resolve) => {
      const socket = connect({ host, port });
      const main = new Link809(
        socket,
        this.#counters,
        () => this.#nowMs(),
        (message) => {
          if (message.header.messageId === Message809Id.loginAnswer) resolve(this.#loginAnswered(main, message));
          else this.#answer(main, message);
        },
        () => {
          if (this.#main === main) {
            this.loggedIn = false;
            this.#main = undefined;
            this.#registered.clear();
            this.#goBack();
            if (!this.#closed) this.#sub?.send(Message809Id.disconnectNotice, encodeCode809(0));
          }
          resolve(false);
        },
      );
      main.agreement = agreement;
      socket.setTimeout(10_000, () => {
        if (!this.loggedIn) socket.destroy();
      });
      socket.once("connect", () => {
        const { userId, password, accessCode } = agreement;
        const login = { userId, password, accessCode, downLinkIp: subLink.address, downLinkPort: this.port };
        main.send(Message809Id.login, encodeLogin809(login, agreement.version));
      });
    });
  }

  #loginAnswered(main: Link809, { body }: Message809): boolean {
    const { result, verifyCode } = decodeLoginAnswer809(body);
    if (result !== LoginResult809.ok || this.#closed) {
      this.#log.warn(`the upper platform refused the login: ${result}`, { host: this.#options.host }, this.#nowMs());
      main.close("loginRefused");
      return false;
    }
    this.#verifyCode = verifyCode;
    this.#main = main;
    this.loggedIn = true;
    this.#loggedInMs = this.#nowMs();
    this.#confirmedPosition ??= this.#position;
    return true;
  }

  #acceptSub(socket: Socket): void {
    const sub = new Link809(
      socket,
      this.#counters,
      () => this.#nowMs(),
      (message) => {
        if (message.header.messageId === Message809Id.subLogin) this.#subLogin(sub, message);
        else if (this.#sub === sub) this.#answer(sub, message);
        else sub.fault("notLoggedIn");
      },
      () => {
        if (this.#sub === sub) this.#sub = undefined;
      },
    );
    sub.agreement = this.#options.agreement;
  }

  #subLogin(sub: Link809, { body }: Message809): void {
    const right = this.#verifyCode !== undefined && decodeVerifyCode809(body).verifyCode === this.#verifyCode;
    sub.send(Message809Id.subLoginAnswer, encodeCode809(right ? 0 : 1));
    if (!right) {
      sub.close("wrongVerifyCode");
      return;
    }
    this.#sub?.close("replaced");
    this.#sub = sub;
  }

  #answer(link: Link809, { header, body }: Message809): void {
    switch (header.messageId) {
      case Message809Id.subKeepAlive:
        link.send(Message809Id.subKeepAliveAnswer, EMPTY);
        break;
      case Message809Id.keepAlive:
        link.send(Message809Id.keepAliveAnswer, EMPTY);
        break;
      case Message809Id.receivedCount:
        this.#confirm(decodeReceivedCount809(body).count);
        break;
      default:
        if (!NEEDS_NOTHING.has(header.messageId)) count(this.#counters.faults, "unknownMessage");
    }
  }

  #keepAlive(): void {
    const { keepAliveMs = 60_000, silentMs = 180_000 } = this.#options;
    const main = this.#main;
    if (main === undefined) return;
    const nowMs = this.#nowMs();
    if (nowMs - main.heardMs > silentMs) main.close("silent");
    else if (nowMs - main.spokenMs >= keepAliveMs || nowMs - main.heardMs >= keepAliveMs) {
      if (nowMs - main.spokenMs >= Math.min(keepAliveMs, 1000)) main.send(Message809Id.keepAlive, EMPTY);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }
}

class LinkDown extends Error {}

const NEEDS_NOTHING: ReadonlySet<number> = new Set([
  Message809Id.keepAliveAnswer,
  Message809Id.logoutAnswer,
  Message809Id.subDisconnectNotice,
  Message809Id.subCloseNotice,
]);

const EMPTY = Buffer.alloc(0);
