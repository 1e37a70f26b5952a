import {
  decodeGeneralReply,
  encodeGeneralReply,
  PLATFORM_REPLY,
  ReplyResult,
  TERMINAL_REPLY,
} from "../wire/jt808/0001-general-reply.ts";
import { encodeRegistration, REGISTRATION, type Registration } from "../wire/jt808/0100-registration.ts";
import { AUTHENTICATION, encodeAuthentication } from "../wire/jt808/0102-authentication.ts";
import { encodeLocationReport, LOCATION_REPORT, type LocationReportInput } from "../wire/jt808/0200-location-report.ts";
import { encodeLocationAnswer, LOCATION_ANSWER, LOCATION_QUERY } from "../wire/jt808/0201-location-answer.ts";
import { BatchType, encodeLocationBatch, LOCATION_BATCH } from "../wire/jt808/0704-location-batch.ts";
import { decodeRegistrationAnswer, REGISTRATION_ANSWER } from "../wire/jt808/8100-registration-answer.ts";
import { encodeMessage, type Jt808Version } from "../wire/jt808/encoding.ts";
import { messageName } from "../wire/jt808/messages.ts";
import { MalformedBody } from "../wire/octets.ts";
import { Link, type LinkUser, type Platform } from "./link.ts";
import { ReportStore, type KeptReport } from "./report-store.ts";

export interface TerminalOptions {
  platform: Platform;
  /** Digits, up to 12 (2011, 2013) or 20 (2019). */
  phone: string;
  version: Jt808Version;
  registration: Registration;
  /** Frames that may wait for their acknowledgement; 16 when not given. */
  window?: number;
  /** Reports that it keeps before it forgets the oldest; 5,000 when not given. */
  capacity?: number;
  /** What was kept goes out in 0x0704 batches (the default), or as single 0x0200 reports. */
  batches?: boolean;
  /** Silence after which a heartbeat is sent, ms of wall time; 60 s when not given. */
  heartbeatMs?: number;
  /** How long an acknowledgement may take before the frame is sent again, ms; 15 s when not given. */
  ackTimeoutMs?: number;
  /** Called whenever reports are settled: acknowledged, or refused for good. `pending` is right by then. */
  onSettled?: (acknowledged: number, refused: number) => void;
}

interface Sent {
  frames: Buffer;
  messageId: number;
  /** Reports inside, to be kept again when the connection breaks before the acknowledgement. */
  reports: readonly KeptReport[];
  sentAtMs: number;
  tries: number;
}

const HEARTBEAT = 0x0002;
const LOGOUT = 0x0003;
/** Reports in one 0x0704: 3 + 20 × (2 + 28 + 14) bytes fit one frame of 1023. */
const BATCH_MAX = 20;
const TRIES_MAX = 3;
/** 14 hours of a report every ten seconds; about 1 MB. */
const CAPACITY = 5000;
/** While the platform does not read, nothing more is written. */
const UNSENT_BYTES_MAX = 64 * 1024;
/** Wait before a report that the platform could not take is sent again. */
const REFUSED_WAIT_MS = 2000;

/**
 * A JT/T 808 terminal as a client of a platform over TCP: registers (0x0100), authenticates (0x0102), reports (0x0200),
 * sends what it had to keep in batches (0x0704), beats (0x0002), answers what the platform sends (0x0001, 0x0201). A
 * report is kept until it is acknowledged; what is unacknowledged when the connection breaks is sent again.
 */
export class Terminal implements LinkUser {
  readonly phone: string;
  readonly #options: Required<Omit<TerminalOptions, "capacity" | "onSettled" | "platform">>;
  readonly #onSettled: TerminalOptions["onSettled"];
  readonly #link: Link;
  readonly #store: ReportStore;
  readonly #sent = new Map<number, Sent>();
  readonly #waiting: (() => void)[] = [];
  #authCode: string | undefined;
  #online = false;
  #refusal: string | undefined;
  #serial = 0;
  #lastSentMs = 0;
  #holdUntilMs = 0;
  #ticker: NodeJS.Timeout | undefined;
  #last: LocationReportInput | undefined;
  #inFlight = 0;

  constructor(options: TerminalOptions) {
    const { platform, onSettled, capacity = CAPACITY, ...rest } = options;
    this.phone = options.phone.replace(/^0+(?=.)/, "");
    this.#options = { window: 16, batches: true, heartbeatMs: 60_000, ackTimeoutMs: 15_000, ...rest };
    this.#onSettled = onSettled;
    this.#store = new ReportStore(capacity);
    this.#link = new Link(platform, this);
  }

  /** Registered, authenticated and connected. */
  get isOnline(): boolean {
    return this.#online;
  }

  /** The connection stands. */
  get isConnected(): boolean {
    return this.#link.isUp;
  }

  /** Why the last connection failed or broke, if one did. */
  get lastError(): Error | undefined {
    return this.#link.lastError;
  }

  /** Why it is not online: the platform refused it, or the connection failed; undefined when it is, or has not tried yet. */
  get problem(): string | undefined {
    return this.#online ? undefined : (this.#refusal ?? this.lastError?.message);
  }

  /** Reports that are not acknowledged yet. */
  get pending(): number {
    return this.#store.length + this.#inFlight;
  }

  /** Reports lost because the store was full. */
  get lost(): number {
    return this.#store.lost;
  }

  start(): void {
    this.#ticker ??= setInterval(() => this.#tick(Date.now()), 1000);
    this.#link.open();
  }

  /** Takes a report. `stored`: it was kept by the terminal and is marked so when it is sent in a batch. */
  report(report: LocationReportInput, stored = false): void {
    this.#last = report;
    this.#store.push({ report, stored: stored || !this.#online });
    this.#flush();
  }

  /** Resolves once fewer than `reports` are unacknowledged, or when the terminal stops. */
  async whenPendingBelow(reports: number): Promise<void> {
    while (this.#ticker !== undefined && this.pending >= reports)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Out of coverage the connection is cut without a word; back in it, the terminal connects and sends what it kept. */
  setCoverage(covered: boolean): void {
    if (covered) this.#link.open();
    else this.#link.cut();
  }

  /** Logs out (0x0003) and closes. Resolves when the socket is closed; reports still pending stay in the store. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    if (this.#online) this.#send(LOGOUT, new Uint8Array(0), []);
    this.#online = false;
    await this.#link.close();
    this.#wake();
  }

  onUp(): void {
    if (this.#authCode === undefined) this.#register();
    else this.#authenticate();
  }

  onDown(): void {
    this.#online = false;
    const again = [...this.#sent.values()].flatMap(({ reports }) => reports);
    this.#sent.clear();
    this.#inFlight = 0;
    this.#store.putBack(again.map(({ report }) => ({ report, stored: true })));
  }

  onMessage(messageId: number, serial: number, body: Buffer): void {
    try {
      if (messageId === PLATFORM_REPLY) this.#onReply(body);
      else if (messageId === REGISTRATION_ANSWER) this.#onRegistered(body);
      else if (messageId === LOCATION_QUERY && this.#last !== undefined) {
        this.#send(LOCATION_ANSWER, encodeLocationAnswer(serial, this.#last), []);
      } else {
        const result = messageName(messageId) === undefined ? ReplyResult.unsupported : ReplyResult.ok;
        this.#send(TERMINAL_REPLY, encodeGeneralReply({ replySerial: serial, replyId: messageId, result }), []);
      }
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
    }
  }

  #register(): void {
    this.#send(REGISTRATION, encodeRegistration(this.#options.registration, this.#options.version), []);
  }

  #authenticate(): void {
    const authentication = { authCode: this.#authCode ?? "", imei: this.phone.slice(-15), softwareVersion: "wuxing-1" };
    this.#send(AUTHENTICATION, encodeAuthentication(authentication, this.#options.version), []);
  }

  #onRegistered(body: Buffer): void {
    const answer = decodeRegistrationAnswer(body);
    this.#sent.delete(answer.replySerial);
    this.#authCode = answer.authCode;
    if (answer.authCode === undefined) this.#refused("registration", answer.result);
    else this.#authenticate();
  }

  #onReply(body: Buffer): void {
    const { replySerial, result } = decodeGeneralReply(body);
    const sent = this.#sent.get(replySerial);
    if (sent === undefined) return;
    this.#sent.delete(replySerial);
    this.#inFlight -= sent.reports.length;
    if (sent.messageId === AUTHENTICATION) this.#onAuthenticated(result);
    else if (sent.reports.length > 0) this.#onReported(sent.reports, result);
    this.#flush();
    this.#wake();
  }

  #onAuthenticated(result: number): void {
    this.#online = result === ReplyResult.ok;
    if (!this.#online) {
      this.#authCode = undefined;
      this.#refused("authentication", result);
      return;
    }
    this.#refusal = undefined;
    this.#link.settle();
  }

  #refused(what: string, result: number): void {
    this.#refusal = `the platform refused the ${what} (result ${result})`;
    this.#link.reset();
  }

  #onReported(reports: readonly KeptReport[], result: number): void {
    if (result === ReplyResult.failed) {
      this.#store.putBack(reports);
      this.#holdUntilMs = Date.now() + REFUSED_WAIT_MS;
      return;
    }
    const isTaken = result === ReplyResult.ok || result === ReplyResult.alarmConfirmed;
    this.#onSettled?.(isTaken ? reports.length : 0, isTaken ? 0 : reports.length);
  }

  /** Sends from the store as far as the window of unacknowledged frames allows. */
  #flush(): void {
    if (!this.#online || Date.now() < this.#holdUntilMs) return;
    const batch = this.#options.batches ? BATCH_MAX : 1;
    while (
      this.#store.length > 0 &&
      this.#sent.size < this.#options.window &&
      this.#link.unsentBytes < UNSENT_BYTES_MAX
    ) {
      const taken = this.#store.take(batch);
      const [first] = taken;
      if (first === undefined) return;
      if (first.stored && this.#options.batches) {
        const reports = taken.map(({ report }) => report);
        this.#send(LOCATION_BATCH, encodeLocationBatch(BatchType.stored, reports), taken);
      } else this.#send(LOCATION_REPORT, encodeLocationReport(first.report), taken);
    }
  }

  #send(messageId: number, body: Uint8Array, reports: readonly KeptReport[]): void {
    const { phone, version } = this.#options;
    const serial = this.#serial;
    const frames = Buffer.concat(encodeMessage({ messageId, version, phone, serial, body }));
    this.#serial = (serial + 1) & 0xffff;
    const sentAtMs = Date.now();
    this.#lastSentMs = sentAtMs;
    const isAnswered = messageId !== TERMINAL_REPLY && messageId !== LOCATION_ANSWER && messageId !== LOGOUT;
    this.#inFlight += reports.length;
    if (isAnswered) this.#sent.set(serial, { frames, messageId, reports, sentAtMs, tries: 1 });
    this.#link.send(frames);
  }

  #tick(nowMs: number): void {
    if (!this.#link.isUp) return;
    for (const sent of this.#sent.values()) {
      // The wait before try n + 1 is n + 1 times as long as the first (5.1.3 of JT/T 808-2019).
      if (nowMs - sent.sentAtMs < this.#options.ackTimeoutMs * sent.tries) continue;
      if (sent.tries >= TRIES_MAX) return this.#link.reset();
      sent.tries++;
      sent.sentAtMs = nowMs;
      this.#link.send(sent.frames);
    }
    if (this.#online && nowMs - this.#lastSentMs >= this.#options.heartbeatMs)
      this.#send(HEARTBEAT, new Uint8Array(0), []);
    this.#flush();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
