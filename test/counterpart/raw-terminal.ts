import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { decodeGeneralReply, type GeneralReply } from "../../src/wire/jt808/0001-general-reply.ts";
import { encodeRegistration, REGISTRATION, type Registration } from "../../src/wire/jt808/0100-registration.ts";
import { AUTHENTICATION, encodeAuthentication } from "../../src/wire/jt808/0102-authentication.ts";
import { encodeLocationReport, type LocationReportInput } from "../../src/wire/jt808/0200-location-report.ts";
import { decodeRegistrationAnswer } from "../../src/wire/jt808/8100-registration-answer.ts";
import { encodeMessage, type Jt808Version } from "../../src/wire/jt808/encoding.ts";
import { FrameReader, type FrameFault } from "../../src/wire/jt808/framing.ts";
import { createFrameHeader, phoneKey, readHeader } from "../../src/wire/jt808/header.ts";

/** A message that the platform sent. */
export interface FromPlatform {
  messageId: number;
  serial: number;
  phone: string;
  phoneBytes: number;
  packageTotal: number;
  packageIndex: number;
  body: Buffer;
}

/** A terminal that says exactly what a test tells it to say, over a socket of its own. */
export class RawTerminal {
  readonly received: FromPlatform[] = [];
  readonly faults: FrameFault[] = [];
  readonly socket: Socket;
  readonly version: Jt808Version;
  phone: string;
  closed = false;
  #serial = 0;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, phone: string, version: Jt808Version) {
    this.socket = socket;
    this.phone = phone;
    this.version = version;
    const header = createFrameHeader();
    const reader = new FrameReader({
      onFrame: (bytes, start, end) => {
        if (!readHeader(bytes, start, end, header)) throw new Error("the platform sent a header that is none");
        const { messageId, serial, phoneStart, phoneBytes, packageTotal, packageIndex, bodyStart, bodyEnd } = header;
        const body = Buffer.from(bytes.subarray(bodyStart, bodyEnd));
        const from = phoneKey(bytes, phoneStart, phoneBytes);
        this.received.push({ messageId, serial, phone: from, phoneBytes, packageTotal, packageIndex, body });
      },
      onFault: (fault) => this.faults.push(fault),
    });
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** Sends a message whole, or in parts when it is long; gives the serial of the first frame. */
  send(messageId: number, body: Uint8Array = new Uint8Array(0)): number {
    const serial = this.#serial;
    const frames = this.frames(messageId, body);
    this.socket.write(Buffer.concat(frames));
    return serial;
  }

  /** The frames of a message, with the next serials, for the test to send as it likes. */
  frames(messageId: number, body: Uint8Array = new Uint8Array(0)): Buffer[] {
    const { phone, version } = this;
    const frames = encodeMessage({ messageId, version, phone, serial: this.#serial, body });
    this.#serial = (this.#serial + frames.length) & 0xffff;
    return frames;
  }

  report(report: LocationReportInput): number {
    return this.send(0x0200, encodeLocationReport(report));
  }

  of(messageId: number): FromPlatform[] {
    return this.received.filter((message) => message.messageId === messageId);
  }

  /** General replies of the platform (0x8001). */
  replies(): GeneralReply[] {
    return this.of(0x8001).map(({ body }) => decodeGeneralReply(body));
  }

  isAnswered(serial: number): boolean {
    return this.replies().some(({ replySerial }) => replySerial === serial);
  }

  /** The result of the platform's reply to a message. */
  async resultOf(serial: number): Promise<number> {
    await this.until(() => this.isAnswered(serial));
    return this.replies().find(({ replySerial }) => replySerial === serial)!.result;
  }

  /** Registers; gives the result and the code. */
  async register(registration: Partial<Registration> = {}): Promise<{ result: number; authCode: string }> {
    const before = this.of(0x8100).length;
    this.send(REGISTRATION, encodeRegistration({ ...REGISTERED, ...registration }, this.version));
    await this.until(() => this.of(0x8100).length > before);
    const { result, authCode = "" } = decodeRegistrationAnswer(this.of(0x8100).at(-1)!.body);
    return { result, authCode };
  }

  /** Authenticates; gives the result. */
  async authenticate(authCode: string): Promise<number> {
    return this.resultOf(this.send(AUTHENTICATION, encodeAuthentication({ authCode, imei: "86" }, this.version)));
  }

  /** Registers and authenticates; gives the code. */
  async logIn(registration: Partial<Registration> = {}): Promise<string> {
    const { authCode, result } = await this.register(registration);
    const authenticated = await this.authenticate(authCode);
    if (result !== 0 || authenticated !== 0) throw new Error(`registered ${result}, authenticated ${authenticated}`);
    return authCode;
  }

  async until(isTrue: () => boolean, limitMs = 25_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${isTrue.toString()}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 20);
        this.#waiting.add(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

const REGISTERED: Registration = {
  provinceId: 41,
  cityId: 700,
  manufacturerId: "WXTST",
  terminalModel: "RAW",
  terminalId: "0000001",
  plateColor: 2,
  plate: "豫G12345",
};

/** Connects a terminal. */
export async function connectTerminal(
  port: number,
  phone: string,
  version: Jt808Version = "2013",
  localAddress?: string,
): Promise<RawTerminal> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    noDelay: true,
    ...(localAddress !== undefined && { localAddress }),
  });
  const terminal = new RawTerminal(socket, phone, version);
  await once(socket, "connect");
  return terminal;
}
