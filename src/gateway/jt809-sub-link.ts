import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { Message809 } from "../wire/jt809/header.ts";
import { decodeCode809, encodeVerifyCode809, Message809Id } from "../wire/jt809/link-messages.ts";
import { Link809, type Agreement809, type Jt809Counters } from "./jt809-link.ts";

export interface SubLinkOptions {
  /** Where the lower platform can be dialled back. */
  host: string;
  port: number;
  agreement: Agreement809;
  /** Of the answer to the login on the main link. */
  verifyCode: number;
  counters: Jt809Counters;
  nowMs: () => number;
  /** Silence after which the link counts as broken, ms; a third of it without a word asks for one. */
  silentMs: number;
  /** Wait before it is dialled again, ms; doubled each time, up to 16 times as long. */
  redialMs: number;
  /** Everything but the sub link's own business. */
  onMessage: (message: Message809) => void;
  /** The link stood and stands no more; it is dialled again unless `close` is called. */
  onLost: () => void;
}

const DIAL_MS = 5000;
const LONGEST_REDIAL_FACTOR = 16;
const EMPTY = Buffer.alloc(0);

/** The link that the upper platform dials back to a lower one. It is dialled until it is closed: a link that breaks comes again. */
export class SubLink809 {
  readonly #options: SubLinkOptions;
  #link: Link809 | undefined;
  #tries = 0;
  #dialAtMs = 0;
  #keptAliveMs = 0;
  #closed = false;

  constructor(options: SubLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  /** It stands: connected, and the code was sent. */
  get open(): boolean {
    return this.#link?.open === true && this.#link.agreement !== undefined;
  }

  get heardMs(): number {
    return this.#link?.heardMs ?? 0;
  }

  send(messageId: number, body: Buffer): boolean {
    return this.#link?.send(messageId, body) ?? false;
  }

  pause(): void {
    this.#link?.pause();
  }

  resume(): void {
    this.#link?.resume();
  }

  /** Keeps it alive, closes it when it has been silent, dials it when it is down. */
  sweep(nowMs: number): void {
    const { silentMs } = this.#options;
    const link = this.#link;
    if (link === undefined) {
      if (nowMs >= this.#dialAtMs) this.#dial();
      return;
    }
    if (!this.open) return;
    // What is only said, such as confirmations, has no answer: a link is alive when it is heard.
    const idleMs = nowMs - Math.min(link.heardMs, link.spokenMs);
    if (nowMs - link.heardMs > silentMs) link.close("silent");
    else if (idleMs > silentMs / 3 && nowMs - this.#keptAliveMs > silentMs / 3) {
      this.#keptAliveMs = nowMs;
      link.send(Message809Id.subKeepAlive, EMPTY);
    }
  }

  /** Closes it for good; `reason` is a fixed word. */
  close(reason: string): void {
    this.#closed = true;
    this.#link?.close(reason);
  }

  #dial(): void {
    const { host, port, agreement, verifyCode, counters, nowMs, redialMs } = this.#options;
    if (this.#closed) return;
    const socket = connect({ host, port, timeout: DIAL_MS });
    socket.on("timeout", () => socket.connecting && socket.destroy());
    const link = new Link809(
      socket,
      counters,
      nowMs,
      (message) => this.#heard(link, message),
      () => this.#lost(link),
    );
    socket.once("connect", () => {
      link.agreement = agreement;
      link.send(Message809Id.subLogin, encodeVerifyCode809(verifyCode));
    });
    this.#link = link;
    this.#dialAtMs = nowMs() + redialMs * Math.min(LONGEST_REDIAL_FACTOR, 2 ** this.#tries++);
  }

  #heard(link: Link809, message: Message809): void {
    if (message.header.messageId !== Message809Id.subLoginAnswer) this.#options.onMessage(message);
    else if (decodeCode809(message.body).result === 0) this.#tries = 0;
    else link.close("subLoginRefused");
  }

  #lost(link: Link809): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    const { nowMs, redialMs, onLost } = this.#options;
    this.#dialAtMs = Math.max(this.#dialAtMs, nowMs() + redialMs);
    if (link.agreement !== undefined) onLost();
  }
}
