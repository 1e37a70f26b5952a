import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { decodeGeneralReply, encodeGeneralReply } from "../../src/wire/jt808/0001-general-reply.ts";
import { decodeRegistration, type Registration } from "../../src/wire/jt808/0100-registration.ts";
import { decodeAuthentication } from "../../src/wire/jt808/0102-authentication.ts";
import { decodeLocationReport, type LocationReport } from "../../src/wire/jt808/0200-location-report.ts";
import { decodeLocationBatch } from "../../src/wire/jt808/0704-location-batch.ts";
import { encodeRegistrationAnswer } from "../../src/wire/jt808/8100-registration-answer.ts";
import { encodeMessage } from "../../src/wire/jt808/encoding.ts";
import { FrameReader } from "../../src/wire/jt808/framing.ts";
import { createFrameHeader, phoneKey, readHeader } from "../../src/wire/jt808/header.ts";

/** A message as the platform received it. */
export interface Received {
  connection: number;
  messageId: number;
  serial: number;
  phone: string;
  /** Bytes of the phone field: 10 is the layout of 2019. */
  phoneBytes: number;
  body: Buffer;
  atMs: number;
}

/**
 * A small platform of its own for tests of terminals: answers as the standard says, remembers everything, and can be
 * told to be silent, to refuse, or to break connections.
 */
export class TcpPlatform {
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  mostConnections = 0;
  /** Result of the answer to a message; undefined gives no answer. */
  resultOf: (message: Received) => number | undefined = () => 0;
  #server: Server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  #port = 0;
  #serial = 0;
  readonly #waiting = new Set<() => void>();

  get port(): number {
    return this.#port;
  }

  async listen(port = 0): Promise<this> {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cutAll();
    await closed;
  }

  /** Breaks every connection without a word. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  of(messageId: number): Received[] {
    return this.received.filter((message) => message.messageId === messageId);
  }

  registrations(): Registration[] {
    return this.of(0x0100).map(({ body, phoneBytes }) => decodeRegistration(body, phoneBytes === 10));
  }

  /** Reports in the order of their arrival, those in batches too. */
  reports(): (LocationReport & { phone: string })[] {
    return this.received.flatMap(({ messageId, body, phone }) => {
      const reports = messageId === 0x0704 ? decodeLocationBatch(body).positions : [];
      if (messageId === 0x0200) reports.push(decodeLocationReport(body));
      return reports.map((report) => Object.assign(report, { phone }));
    });
  }

  send(messageId: number, phone: string, body: Uint8Array, version: "2013" | "2019" = "2013"): number {
    const serial = this.#serial++;
    const frames = Buffer.concat(encodeMessage({ messageId, version, phone, serial, body }));
    for (const socket of this.sockets) socket.write(frames);
    return serial;
  }

  /** Results that terminals gave in general replies (0x0001). */
  replies(): ReturnType<typeof decodeGeneralReply>[] {
    return this.of(0x0001).map(({ body }) => decodeGeneralReply(body));
  }

  async until(isTrue: () => boolean, limitMs = 10_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${isTrue.toString()}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 50);
        this.#waiting.add(wake);
      });
    }
  }

  #accept(socket: Socket): void {
    const connection = this.connections++;
    this.sockets.add(socket);
    this.mostConnections = Math.max(this.mostConnections, this.sockets.size);
    const header = createFrameHeader();
    const reader = new FrameReader({
      onFrame: (bytes, start, end) => {
        if (!readHeader(bytes, start, end, header)) throw new Error("a terminal sent a header that is none");
        const message: Received = {
          connection,
          messageId: header.messageId,
          serial: header.serial,
          phone: phoneKey(bytes, header.phoneStart, header.phoneBytes),
          phoneBytes: header.phoneBytes,
          body: Buffer.from(bytes.subarray(header.bodyStart, header.bodyEnd)),
          atMs: Date.now(),
        };
        this.received.push(message);
        this.#answer(socket, message);
        for (const wake of this.#waiting) wake();
      },
      onFault: (fault) => {
        throw new Error(`a terminal sent a frame that is none: ${fault}`);
      },
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
  }

  #answer(socket: Socket, message: Received): void {
    const { messageId, serial, phone, phoneBytes } = message;
    if (messageId === 0x0001) return;
    let result = this.resultOf(message);
    if (result === undefined) return;
    const version = phoneBytes === 10 ? "2019" : "2013";
    const authCode = `code-of-${phone}`;
    if (messageId === 0x0102 && decodeAuthentication(message.body, phoneBytes === 10).authCode !== authCode) result = 1;
    const body =
      messageId === 0x0100
        ? encodeRegistrationAnswer(
            result === 0 ? { replySerial: serial, result, authCode } : { replySerial: serial, result },
          )
        : encodeGeneralReply({ replySerial: serial, replyId: messageId, result });
    const answerId = messageId === 0x0100 ? 0x8100 : 0x8001;
    for (const frame of encodeMessage({ messageId: answerId, version, phone, serial: this.#serial++ & 0xffff, body })) {
      socket.write(frame);
    }
  }
}
