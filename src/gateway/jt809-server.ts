import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { timingSafeEqual, randomInt } from "node:crypto";
import { Buffer } from "node:buffer";
import { WuxingError } from "../model/errors.ts";
import { applyCipher809 } from "../wire/jt809/cipher.ts";
import type { Message809 } from "../wire/jt809/header.ts";
import {
  decodeLogin809,
  encodeCode809,
  encodeLoginAnswer809,
  encodeReceivedCount809,
  LoginResult809,
  Message809Id,
  type Login809,
} from "../wire/jt809/link-messages.ts";
import { decodePositions809, decodeVehicleMessage809, Vehicle809Id } from "../wire/jt809/vehicle-messages.ts";
import type { Position809 } from "../wire/jt809/position.ts";
import { count } from "./counters.ts";
import type { IngestSink, VehicleFacts } from "./ingest-sink.ts";
import { createCounters809, Link809, type Agreement809, type Jt809Counters } from "./jt809-link.ts";
import { reportedPosition, vehicleOf809 } from "./jt809-positions.ts";
import { SubLink809 } from "./jt809-sub-link.ts";
import { VehicleKeeper809, type OnVehicleMessage } from "./jt809-vehicle-keeper.ts";
import { LimitedLog, type GatewayLog } from "./limited-log.ts";
import { plainAddress } from "./policy.ts";
import { PositionIntake, type ReportedPosition } from "./position-intake.ts";
import { cleanPlate } from "./vehicle-facts.ts";

/** A platform that may forward its fleet. */
export interface LowerPlatform extends Agreement809 {
  /**
   * Where the sub link may be dialled to: `peer` only the address that the login came from (default), `stated` whatever
   * address the login states (in a closed network), `none` never (everything goes over the main link).
   */
  subLink?: "peer" | "stated" | "none";
}

export interface Jt809ServerOptions {
  host?: string;
  port: number;
  sink: IngestSink;
  platforms: readonly LowerPlatform[];
  onMessage?: OnVehicleMessage;
  log?: GatewayLog;
  /** Silence after which a link is closed, ms (the standard: 3 min). */
  silentMs?: number;
  /** Wait before a sub link that is down is dialled again, ms; doubled each time, up to 16 times as long. */
  redialMs?: number;
  /** How often received positions are confirmed by their number (0x9101), ms. */
  confirmMs?: number;
  nowMs?: () => number;
}

export interface Jt809Server {
  readonly port: number;
  /** Access codes of the platforms that are logged in, and whether their sub link stands. */
  online(): { accessCode: number; subLink: boolean }[];
  metrics(): Jt809Counters;
  close(): Promise<void>;
}

/** Connections at once, in total; a city has a handful of platforms. */
const CONNECTIONS = 256;
const LOGIN_MS = 30_000;
/** Fixes of one platform on their way to the store above which its link is not read. */
const UNDER_WAY_FIXES = 50_000;
const SILENT_MS = 180_000;
const REDIAL_MS = 5000;

/**
 * Starts the upper end of JT/T 809: platforms log in over the main link and forward positions; this side dials the sub
 * link back and confirms how many positions it has made durable.
 * @throws WuxingError PORT_IN_USE
 */
export async function startJt809Server(options: Jt809ServerOptions): Promise<Jt809Server> {
  const upper = new UpperPlatform(options);
  await upper.listen();
  return upper;
}

class UpperPlatform implements Jt809Server {
  readonly options: Jt809ServerOptions;
  readonly counters = createCounters809();
  readonly log: LimitedLog;
  readonly intake: PositionIntake;
  readonly keeper: VehicleKeeper809;
  readonly #server: Server;
  readonly #links = new Set<LowerLink>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: Jt809ServerOptions) {
    this.options = options;
    this.log = new LimitedLog(options.log);
    this.intake = new PositionIntake(options.sink);
    this.keeper = new VehicleKeeper809(options.sink, this.counters, options.onMessage);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS;
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(1000, options.confirmMs ?? 60_000)).unref();
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    const { port, host } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        clearInterval(this.#sweeper);
        const code = error.code === "EADDRINUSE" ? "PORT_IN_USE" : "CONFIG_INVALID";
        reject(new WuxingError(code, `JT/T 809 port ${port}`, [], { cause: error }));
      });
      this.#server.listen({ port, ...(host !== undefined && { host }) }, () => resolve());
    });
  }

  online(): { accessCode: number; subLink: boolean }[] {
    return [...this.#links].flatMap((link) =>
      link.platform === undefined ? [] : [{ accessCode: link.platform.accessCode, subLink: link.hasSubLink }],
    );
  }

  metrics(): Jt809Counters {
    return structuredClone(this.counters);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.intake.flush();
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const link of this.#links) link.close("shutdown");
    await stopped;
  }

  /** The platform that a login is from, or the result that refuses it. */
  findPlatform(login: Login809, accessCode: number): LowerPlatform | number {
    const ofUser = this.options.platforms.filter((platform) => platform.userId === login.userId);
    if (ofUser.length === 0) return LoginResult809.unknownUser;
    const platform = ofUser.find((candidate) => candidate.accessCode === accessCode);
    if (platform === undefined) return LoginResult809.wrongAccessCode;
    return samePassword(platform.password, login.password) ? platform : LoginResult809.wrongPassword;
  }

  /** A platform logs in again while its old link stands: the new one wins. */
  replaceEarlier(by: LowerLink): void {
    for (const link of this.#links) {
      if (link !== by && link.platform === by.platform) {
        this.log.info(
          "a second main link of a platform replaces the first",
          { accessCode: by.platform?.accessCode },
          this.nowMs(),
        );
        link.close("replaced");
      }
    }
  }

  nowMs(): number {
    return (this.options.nowMs ?? Date.now)();
  }

  #accept(socket: Socket): void {
    const link = new LowerLink(this, socket, () => this.#links.delete(link));
    this.#links.add(link);
  }

  #sweep(): void {
    for (const link of this.#links) link.sweep(this.nowMs());
  }
}

/**
 * A lower platform's main link, and the sub link that was dialled back to it. When one is lost everything goes over the
 * other (JT/T 809-2011, 4.3), until the platform logs in anew.
 */
class LowerLink {
  readonly #upper: UpperPlatform;
  readonly #main: Link809;
  readonly #address: string;
  readonly #openedMs: number;
  readonly #onClosed: () => void;
  #sub: SubLink809 | undefined;
  platform: LowerPlatform | undefined;
  #verifyCode = 0;
  #leaving = false;
  #underWay = 0;
  /** Positions made durable and not confirmed yet. */
  #received = { count: 0, sinceMs: 0 };

  constructor(upper: UpperPlatform, socket: Socket, onClosed: () => void) {
    this.#upper = upper;
    this.#address = plainAddress(socket.remoteAddress);
    this.#openedMs = upper.nowMs();
    this.#main = new Link809(
      socket,
      upper.counters,
      () => upper.nowMs(),
      (message) => this.#onMain(message),
      () => this.#lost(),
    );
    this.#onClosed = onClosed;
  }

  get hasSubLink(): boolean {
    return this.#sub?.open === true;
  }

  close(reason: string): void {
    this.#leaving = true;
    if (this.#received.count > 0) this.#confirm(this.#upper.nowMs());
    this.#sub?.close(reason);
    this.#main.close(reason);
  }

  /** One of the two links is gone. */
  #lost(): void {
    if (this.#main.open || (this.hasSubLink && !this.#leaving)) return;
    this.#sub?.close("mainClosed");
    this.#onClosed();
  }

  sweep(nowMs: number): void {
    const { silentMs = SILENT_MS, confirmMs = 60_000 } = this.#upper.options;
    if (this.platform === undefined) {
      if (nowMs - this.#openedMs > LOGIN_MS) this.close("notLoggedIn");
      return;
    }
    const heardMs = this.#main.open ? this.#main.heardMs : (this.#sub?.heardMs ?? 0);
    if (nowMs - heardMs > silentMs) {
      this.close("silent");
      return;
    }
    this.#sub?.sweep(nowMs);
    if (this.#received.count > 0 && nowMs - this.#received.sinceMs >= confirmMs) this.#confirm(nowMs);
  }

  #onMain(message: Message809): void {
    const { header } = message;
    if (this.platform === undefined) {
      if (header.messageId === Message809Id.login) this.#login(message);
      else this.#main.fault("notLoggedIn");
      return;
    }
    switch (header.messageId) {
      case Message809Id.keepAlive:
        this.#main.send(Message809Id.keepAliveAnswer, EMPTY);
        break;
      case Message809Id.logout:
        this.#main.send(Message809Id.logoutAnswer, EMPTY);
        this.close("loggedOut");
        break;
      case Message809Id.vehicles:
        this.#vehicle(message);
        break;
      case Message809Id.login:
        this.#login(message);
        break;
      case Message809Id.disconnectNotice:
      case Message809Id.closeNotice:
      case Message809Id.subKeepAliveAnswer:
        break;
      default:
        count(this.#upper.counters.faults, "unknownMessage");
    }
  }

  #login(message: Message809): void {
    const upper = this.#upper;
    const login = this.#readLogin(message);
    const found = upper.findPlatform(login, message.header.accessCode);
    const refused = typeof found === "number";
    const agreement = refused
      ? { accessCode: message.header.accessCode, userId: login.userId, password: "", version: message.header.version }
      : found;
    this.#main.agreement = agreement;
    this.#verifyCode = refused ? 0 : randomInt(1, 0xffff_ffff);
    const result = refused ? found : LoginResult809.ok;
    this.#main.send(Message809Id.loginAnswer, encodeLoginAnswer809({ result, verifyCode: this.#verifyCode }));
    if (refused) {
      upper.log.info(
        `a platform's login was refused: ${result}`,
        { address: this.#address, userId: login.userId },
        upper.nowMs(),
      );
      this.close("loginRefused");
      return;
    }
    this.platform = found;
    upper.replaceEarlier(this);
    this.#dialBack(found, login);
  }

  /** A login may be enciphered with the keys of the platform whose access code it carries. */
  #readLogin({ header, body }: Message809): Login809 {
    const keys = this.#upper.options.platforms.find((platform) => platform.accessCode === header.accessCode)?.cipher
      ?.keys;
    if (header.encrypted && this.#main.agreement === undefined && keys !== undefined)
      applyCipher809(body, header.key, keys);
    return decodeLogin809(body);
  }

  #dialBack(platform: LowerPlatform, login: Login809): void {
    const wanted = platform.subLink ?? "peer";
    if (wanted === "none" || login.downLinkPort === 0) return;
    if (wanted === "peer" && login.downLinkIp !== this.#address) {
      this.#upper.log.warn(
        "the sub link was not dialled: the login states another address than its own",
        { accessCode: platform.accessCode, stated: login.downLinkIp, peer: this.#address },
        this.#upper.nowMs(),
      );
      return;
    }
    this.#sub?.close("replaced");
    const upper = this.#upper;
    const { silentMs = SILENT_MS, redialMs = REDIAL_MS } = upper.options;
    const sub = new SubLink809({
      host: login.downLinkIp,
      port: login.downLinkPort,
      agreement: platform,
      verifyCode: this.#verifyCode,
      counters: upper.counters,
      nowMs: () => upper.nowMs(),
      silentMs,
      redialMs,
      onMessage: (message) => {
        if (message.header.messageId === Message809Id.vehicles) this.#vehicle(message);
        else if (message.header.messageId === Message809Id.logout) this.close("loggedOut");
      },
      onLost: () => {
        if (this.#sub !== sub) return;
        if (this.#main.open && !this.#leaving) this.#main.send(Message809Id.subDisconnectNotice, encodeCode809(0));
        else this.#lost();
      },
    });
    this.#sub = sub;
  }

  #vehicle({ header, body }: Message809): void {
    const { plate, plateColour, subId, data } = decodeVehicleMessage809(body);
    const name = cleanPlate(plate);
    if (name === "") {
      this.#main.fault("noPlate");
      return;
    }
    const facts = vehicleOf809(name, plateColour, this.platform!.accessCode);
    if (subId !== Vehicle809Id.position && subId !== Vehicle809Id.supplement) {
      this.#upper.keeper.take(facts, subId, data, header.version, this.#upper.nowMs());
      return;
    }
    const positions = decodePositions809(subId, data, header.version);
    this.#take(facts, positions, subId === Vehicle809Id.supplement);
  }

  #take(facts: VehicleFacts, positions: readonly Position809[], supplement: boolean): void {
    const upper = this.#upper;
    const nowMs = upper.nowMs();
    upper.counters.fixes += positions.length;
    this.#underWay += positions.length;
    if (this.#underWay > UNDER_WAY_FIXES) for (const link of [this.#main, this.#sub]) link?.pause();
    const reported = positions.map((position) => reportedPosition(position, supplement));
    void this.#store(facts, reported, nowMs);
  }

  async #store(facts: VehicleFacts, positions: readonly ReportedPosition[], nowMs: number): Promise<void> {
    const upper = this.#upper;
    try {
      await upper.intake.take(facts, positions, nowMs);
      if (this.#received.count === 0) this.#received.sinceMs = nowMs;
      this.#received.count += positions.length;
    } catch (error) {
      count(upper.counters.faults, "notStored");
      upper.log.warn("positions could not be stored and were not confirmed", { error }, upper.nowMs());
    } finally {
      this.#underWay -= positions.length;
      if (this.#underWay <= UNDER_WAY_FIXES / 2) for (const link of [this.#main, this.#sub]) link?.resume();
    }
  }

  /** Over the sub link; over the main link when that is down. */
  #confirm(nowMs: number): void {
    const { count: received, sinceMs } = this.#received;
    const body = encodeReceivedCount809({ count: received, startMs: sinceMs, endMs: nowMs });
    const link = this.hasSubLink ? this.#sub! : this.#main;
    if (link.send(Message809Id.receivedCount, body)) this.#received = { count: 0, sinceMs: nowMs };
  }
}

const EMPTY = Buffer.alloc(0);

function samePassword(expected: string, given: string): boolean {
  const a = Buffer.alloc(32);
  const b = Buffer.alloc(32);
  a.write(expected);
  b.write(given);
  return timingSafeEqual(a, b);
}
