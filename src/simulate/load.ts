import { connect, type Socket } from "node:net";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { encodeRegistration, REGISTRATION } from "../wire/jt808/0100-registration.ts";
import { AUTHENTICATION, encodeAuthentication } from "../wire/jt808/0102-authentication.ts";
import { LOCATION_BASIC_BYTES, LOCATION_REPORT, LocationStatus } from "../wire/jt808/0200-location-report.ts";
import { decodeRegistrationAnswer, REGISTRATION_ANSWER } from "../wire/jt808/8100-registration-answer.ts";
import { FrameEncoder } from "../wire/jt808/encoding.ts";
import { FrameReader, type FrameHandler } from "../wire/jt808/framing.ts";
import { createFrameHeader, phoneField, readHeader } from "../wire/jt808/header.ts";
import { writeTimeMs } from "../wire/jt808/time.ts";

export interface Load {
  host: string;
  port: number;
  connections: number;
  /** Own addresses, taken in turn: an address has some 28,000 ports. The system's choice when not given. */
  localAddresses?: readonly string[];
  /**
   * `paced`: every terminal sends one report every `everyMs`, evenly spread. `full`: every terminal keeps `window` reports
   * under way, the next ones go out when all are acknowledged.
   */
  pattern: { kind: "paced"; everyMs: number } | { kind: "full"; window: number };
  /** Connections opened in a second; 2,000 when not given. */
  connectsPerSecond?: number;
  /** Number of the first terminal; several generators need ranges of their own. */
  firstTerminal?: number;
  signal: AbortSignal;
  /** Called once a second. */
  onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  /** Connections that stand, and terminals that are authenticated on them. */
  connected: number;
  online: number;
  sent: number;
  acknowledged: number;
  /** Connections that could not be made or broke; they are not made again. */
  broken: number;
  /** From a report's write to its acknowledgement, ms, over the whole run; 0 before the first. */
  ackMs: { p50: number; p99: number; max: number };
}

const STEP_MS = 20;

/**
 * Puts load on a JT/T 808 platform with as little work of its own as possible: terminals register, authenticate and
 * report, nothing else. Runs until `signal` aborts.
 */
export async function runLoad(load: Load): Promise<LoadProgress> {
  const run = new LoadRun(load);
  const timer = setInterval(() => run.step(Date.now()), STEP_MS);
  if (!load.signal.aborted) {
    await new Promise<void>((resolve) => load.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
  clearInterval(timer);
  run.close();
  return run.progress();
}

class LoadRun {
  readonly load: Load;
  readonly encoder = new FrameEncoder(64 * 1024);
  readonly ackUs: RecordableHistogram = createHistogram();
  readonly counts = { connected: 0, online: 0, sent: 0, acknowledged: 0, broken: 0 };
  readonly #terminals: LoadTerminal[] = [];
  readonly #body = Buffer.alloc(LOCATION_BASIC_BYTES);
  readonly #startMs = Date.now();
  #turn = 0;
  #lastStepMs = Date.now();
  #lastProgressMs = Date.now();
  #bodySecond = 0;

  constructor(load: Load) {
    this.load = load;
    this.#body.writeUInt32BE(LocationStatus.accOn | LocationStatus.fixed, 4);
  }

  step(nowMs: number): void {
    const { connections, connectsPerSecond = 2000, firstTerminal = 0, pattern } = this.load;
    const due = Math.min(connections, Math.ceil(((nowMs - this.#startMs) / 1000) * connectsPerSecond));
    while (this.#terminals.length < due) {
      this.#terminals.push(new LoadTerminal(this, firstTerminal + this.#terminals.length));
    }
    if (pattern.kind === "paced") {
      // The share of all terminals whose turn came since the last step.
      const turn = this.#turn + (connections * (nowMs - this.#lastStepMs)) / pattern.everyMs;
      for (let i = Math.floor(this.#turn); i < Math.floor(turn); i++) this.#terminals[i % connections]?.report(1);
      this.#turn = turn;
    }
    this.#lastStepMs = nowMs;
    if (nowMs - this.#lastProgressMs < 1000) return;
    this.#lastProgressMs = nowMs;
    this.load.onProgress?.(this.progress());
  }

  progress(): LoadProgress {
    const ms = (us: number): number => (this.ackUs.count === 0 ? 0 : us / 1000);
    const { ackUs } = this;
    return {
      ...this.counts,
      ackMs: { p50: ms(ackUs.percentile(50)), p99: ms(ackUs.percentile(99)), max: ms(ackUs.max) },
    };
  }

  close(): void {
    for (const terminal of this.#terminals) terminal.close();
  }

  /** A report's body for now: one for all terminals, but for the place. */
  bodyOf(number: number): Buffer {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#bodySecond) writeTimeMs(this.#body, 22, second * 1000);
    this.#bodySecond = second;
    this.#body.writeUInt32BE(35_000_000 + (number % 1000) * 500 + (second % 500), 8);
    this.#body.writeUInt32BE(113_000_000 + Math.floor(number / 1000) * 5000, 12);
    return this.#body;
  }
}

const header = createFrameHeader();

class LoadTerminal implements FrameHandler {
  readonly #run: LoadRun;
  readonly #number: number;
  readonly #phone: Buffer;
  readonly #reader = new FrameReader(this);
  readonly #socket: Socket;
  #serial = 0;
  #isUp = false;
  #isOnline = false;
  #underWay = 0;
  #sentAt = 0;

  constructor(run: LoadRun, number: number) {
    this.#run = run;
    this.#number = number;
    // 0143 is not given out to anybody.
    this.#phone = phoneField(String(14_300_000_000 + number), 6);
    const { host, port, localAddresses } = run.load;
    const localAddress = localAddresses?.[number % localAddresses.length];
    this.#socket = connect({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) });
    this.#socket.on("connect", () => this.#up());
    this.#socket.on("data", (chunk: Buffer) => this.#reader.push(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#down());
  }

  /** Sends `count` reports in one write, unless the last ones are still under way. */
  report(count: number): void {
    if (!this.#isOnline || this.#underWay > 0) return;
    const { encoder, counts } = this.#run;
    for (let i = 0; i < count; i++) {
      encoder.frame(LOCATION_REPORT, this.#phone, this.#nextSerial(), this.#run.bodyOf(this.#number + i));
    }
    this.#underWay = count;
    this.#sentAt = performance.now();
    counts.sent += count;
    this.#socket.write(encoder.take());
  }

  close(): void {
    this.#socket.destroy();
  }

  onFrame(bytes: Buffer, start: number, end: number): void {
    if (!readHeader(bytes, start, end, header)) return;
    if (header.messageId === REGISTRATION_ANSWER) {
      const { authCode = "" } = decodeRegistrationAnswer(bytes.subarray(header.bodyStart, header.bodyEnd));
      this.#send(AUTHENTICATION, encodeAuthentication({ authCode, imei: "", softwareVersion: "" }, "2013"));
      return;
    }
    // 0x8001: serial and id of what is answered, then the result.
    if (header.bodyEnd - header.bodyStart < 5) return;
    const answered = bytes.readUInt16BE(header.bodyStart + 2);
    if (bytes[header.bodyStart + 4] !== 0) this.#socket.destroy();
    else if (answered === LOCATION_REPORT) this.#acknowledged();
    else if (answered === AUTHENTICATION && !this.#isOnline) this.#online();
  }

  onFault(): void {
    this.#socket.destroy();
  }

  #up(): void {
    this.#isUp = true;
    this.#run.counts.connected++;
    const registration = {
      provinceId: 41,
      cityId: 700,
      manufacturerId: "WXLOA",
      terminalModel: "WX-LOAD",
      terminalId: String(this.#number % 10_000_000),
      plateColor: 0,
      plate: `LOAD${this.#number}`,
    };
    this.#send(REGISTRATION, encodeRegistration(registration, "2013"));
  }

  #online(): void {
    const { counts, load } = this.#run;
    this.#isOnline = true;
    counts.online++;
    if (load.pattern.kind === "full") this.report(load.pattern.window);
  }

  #acknowledged(): void {
    const { counts, load, ackUs } = this.#run;
    counts.acknowledged++;
    this.#underWay--;
    ackUs.record(Math.max(1, Math.round((performance.now() - this.#sentAt) * 1000)));
    if (this.#underWay === 0 && load.pattern.kind === "full") this.report(load.pattern.window);
  }

  #down(): void {
    const { counts, load } = this.#run;
    if (this.#isUp) counts.connected--;
    if (this.#isOnline) counts.online--;
    this.#isUp = false;
    this.#isOnline = false;
    if (!load.signal.aborted) counts.broken++;
  }

  #send(messageId: number, body: Uint8Array): void {
    const { encoder } = this.#run;
    encoder.frame(messageId, this.#phone, this.#nextSerial(), body);
    this.#socket.write(encoder.take());
  }

  #nextSerial(): number {
    const serial = this.#serial;
    this.#serial = (serial + 1) & 0xffff;
    return serial;
  }
}
