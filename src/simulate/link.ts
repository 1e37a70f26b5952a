import { connect, type Socket } from "node:net";
import { FrameReader } from "../wire/jt808/framing.ts";
import { createFrameHeader, phoneKey, readHeader } from "../wire/jt808/header.ts";

/** Where the platform listens. */
export interface Platform {
  host: string;
  port: number;
  /** Own address to connect from; the system's choice when not given. */
  localAddress?: string | undefined;
}

/** What a link tells its terminal. */
export interface LinkUser {
  /** Digits without leading zeros. */
  readonly phone: string;
  onUp(): void;
  onDown(): void;
  /** A frame from the platform to this phone; `body` is valid only during the call. */
  onMessage(messageId: number, serial: number, body: Buffer): void;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2000;

/**
 * One TCP connection to a platform that comes back after every loss, waiting 0.5 s, 1 s, 2 s … up to 30 s between tries.
 */
export class Link {
  readonly #platform: Platform;
  readonly #user: LinkUser;
  #socket: Socket | undefined;
  #up = false;
  #wanted = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #lastError: Error | undefined;

  constructor(platform: Platform, user: LinkUser) {
    this.#platform = platform;
    this.#user = user;
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** Bytes handed over that the system has not taken yet. */
  get unsentBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Why the last connection failed or broke, if one did. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  /** Cuts the connection at once and stays down until `open`; the platform gets no farewell. */
  cut(): void {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
    this.#lost();
  }

  /** Sends what waits, closes, and stays closed. */
  async close(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (socket === undefined || !this.#up) return this.cut();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  /** Drops a connection that no longer answers; it is tried again. */
  reset(): void {
    this.#socket?.destroy();
  }

  /** The platform has accepted the terminal: the next loss starts with the shortest wait again. */
  settle(): void {
    this.#failures = 0;
  }

  send(frames: Buffer): void {
    if (this.#up) this.#socket?.write(frames);
  }

  #connect(): void {
    const header = createFrameHeader();
    const reader = new FrameReader({
      onFrame: (bytes, start, end) => {
        if (!readHeader(bytes, start, end, header) || header.packageTotal > 1 || header.encryption !== 0) return;
        if (phoneKey(bytes, header.phoneStart, header.phoneBytes) !== this.#user.phone) return;
        this.#user.onMessage(header.messageId, header.serial, bytes.subarray(header.bodyStart, header.bodyEnd));
      },
      onFault: () => {},
    });
    const { host, port, localAddress } = this.#platform;
    const socket = connect({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(new Error("no answer within 10 s")), CONNECT_TIMEOUT_MS);
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", (error) => (this.#lastError = error));
    socket.once("connect", () => {
      clearTimeout(timer);
      this.#up = true;
      this.#user.onUp();
    });
    socket.once("close", () => {
      clearTimeout(timer);
      if (this.#socket !== socket) return;
      this.#lost();
      if (!this.#wanted) return;
      const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures++);
      // Up to a quarter more, so that a fleet does not come back as one wave.
      this.#retry = setTimeout(() => this.#connect(), waitMs * (1 + Math.random() / 4));
    });
  }

  #lost(): void {
    this.#socket = undefined;
    if (!this.#up) return;
    this.#up = false;
    this.#user.onDown();
  }
}
