import { Buffer } from "node:buffer";
import { FrameReader, type FrameFault, type FrameHandler } from "../wire/jt808/framing.ts";
import { createFrameHeader, phoneKey, readHeader, type FrameHeader } from "../wire/jt808/header.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import { handleMessage } from "./message-handling.ts";
import { Session } from "./session.ts";

const header: FrameHeader = createFrameHeader();

/** The way to a peer; a TCP socket is one. */
export interface Peer {
  readonly destroyed: boolean;
  /** Bytes that the peer has not taken yet. */
  readonly writableLength: number;
  write(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  /** Closes after what has been written. */
  end(): void;
  destroy(): void;
}

/** Where a connection comes from. */
export interface Origin {
  address: string;
  forwarder: boolean;
  datagrams: boolean;
}

/** One TCP connection, or one UDP peer: frames in, answers out, and the limits that hold for it. */
export class Connection implements FrameHandler {
  readonly address: string;
  /** May carry many terminals. */
  readonly forwarder: boolean;
  /** What comes are datagrams, each with whole frames. */
  readonly datagrams: boolean;
  readonly openedMs: number;
  closed = false;
  /** When the last whole frame came. */
  lastFrameMs: number;
  readonly #core: GatewayCore;
  readonly #peer: Peer;
  readonly #reader = new FrameReader(this);
  readonly #sessions = new Map<string, Session>();
  #current: Session | undefined;
  #letIn = false;
  #earlyBytes = 0;
  #faultsInARow = 0;
  #unacknowledged = 0;
  #paused = false;
  #skippedBytes = 0;
  #tolerated = 0;

  constructor(core: GatewayCore, peer: Peer, from: Origin) {
    this.#core = core;
    this.#peer = peer;
    this.address = from.address;
    this.forwarder = from.forwarder;
    this.datagrams = from.datagrams;
    this.openedMs = core.nowMs();
    this.lastFrameMs = this.openedMs;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get letIn(): boolean {
    return this.#letIn;
  }

  get sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Takes what the socket brought. */
  receive(chunk: Buffer): void {
    if (this.closed) return;
    const { counters, limits } = this.#core;
    counters.bytesIn += chunk.length;
    this.#reader.push(chunk);
    if (this.datagrams) this.#endDatagram();
    this.#countReader();
    this.flush();
    if (!this.#letIn) {
      this.#earlyBytes += chunk.length;
      if (this.#earlyBytes > limits.unauthenticatedBytes) this.close("unauthenticatedBytes");
    }
    const tooMuch =
      this.#unacknowledged > limits.unacknowledgedFixesPerConnection ||
      counters.unacknowledgedFixes > limits.unacknowledgedFixes ||
      counters.unacknowledgedItemBytes > limits.unacknowledgedItemBytes;
    if (tooMuch && !this.#paused && !this.closed) {
      this.#paused = true;
      this.#peer.pause();
      counters.pausedConnections++;
    }
  }

  onFrame(bytes: Buffer, start: number, end: number): void {
    if (this.closed) return;
    const core = this.#core;
    const { counters } = core;
    counters.framesIn++;
    if (!readHeader(bytes, start, end, header)) {
      this.#fault("bodyLength");
      return;
    }
    this.#faultsInARow = 0;
    this.lastFrameMs = core.nowMs();
    if (header.flagDeviates) count(counters.deviations, "versionFlag");
    const session = this.#sessionOf(bytes);
    if (session !== undefined) handleMessage(core, session, header, bytes);
  }

  onFault(fault: FrameFault): void {
    if (!this.closed) this.#fault(fault);
  }

  /** A terminal on this connection has been let in. */
  admit(): void {
    this.#letIn = true;
  }

  /** `fixes` more are under way to the store. */
  expect(fixes: number): void {
    this.#unacknowledged += fixes;
  }

  settle(fixes: number): void {
    this.#unacknowledged -= fixes;
  }

  /** Reads on when it was stopped for too much on its way to the store, and there is room again. */
  resume(): void {
    const { counters, limits } = this.#core;
    const room =
      this.#unacknowledged <= limits.unacknowledgedFixesPerConnection / 2 &&
      counters.unacknowledgedFixes <= limits.unacknowledgedFixes * 0.75 &&
      counters.unacknowledgedItemBytes <= limits.unacknowledgedItemBytes * 0.75;
    if (!this.#paused || !room || this.closed) return;
    this.#paused = false;
    counters.pausedConnections--;
    this.#peer.resume();
  }

  /** Writes what the core's encoder holds; a terminal that does not read its answers is dropped. */
  flush(): void {
    const { encoder, counters, limits } = this.#core;
    if (encoder.length === 0) return;
    const bytes = encoder.take();
    if (this.closed || this.#peer.destroyed) return;
    counters.bytesOut += bytes.length;
    this.#peer.write(bytes);
    if (this.#peer.writableLength > limits.outputBytes) this.close("slow");
  }

  /** A session has left: the connection goes too, unless it is a forwarder's. */
  forget(session: Session, reason: string): void {
    this.#sessions.delete(session.phone);
    if (this.#current === session) this.#current = undefined;
    if (!this.forwarder) this.close(reason);
  }

  /** Closes the connection after what has been written; `reason` is a fixed word. */
  close(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    const { counters, log } = this.#core;
    count(counters.closed, reason);
    if (reason !== "loggedOut" && reason !== "shutdown") {
      log.info(`a connection was closed: ${reason}`, { address: this.address }, this.#core.nowMs());
    }
    if (reason === "slow") this.#peer.destroy();
    else {
      this.#peer.end();
      this.#peer.resume();
      setTimeout(() => this.#peer.destroy(), 2000).unref();
    }
    this.end();
  }

  /** Ends every session of it; called once the socket is gone. */
  end(): void {
    this.closed = true;
    this.#endDatagram();
    if (this.#paused) {
      this.#paused = false;
      this.#core.counters.pausedConnections--;
    }
    for (const session of this.#sessions.values()) session.end();
    this.#sessions.clear();
    this.#current = undefined;
  }

  /** Closes it when it is idle, or stands too long without a terminal that is let in. */
  sweep(nowMs: number): void {
    const { limits } = this.#core;
    if (!this.#letIn && nowMs - this.openedMs > limits.unauthenticatedMs) this.close("unauthenticated");
    else if (nowMs - this.lastFrameMs > limits.idleMs) this.close("idle");
    else for (const session of this.#sessions.values()) session.sweep(nowMs);
  }

  /** The session a frame belongs to; made when this connection may carry one more terminal. */
  #sessionOf(bytes: Buffer): Session | undefined {
    const { phoneStart, phoneBytes } = header;
    if (this.#current?.hasPhoneField(bytes, phoneStart, phoneBytes)) return this.#current;
    const phone = phoneKey(bytes, phoneStart, phoneBytes);
    let session = this.#sessions.get(phone);
    if (session === undefined) {
      if (!this.#mayCarryOneMore()) return undefined;
      session = new Session(this.#core, this, phone, copyOf(bytes, phoneStart, phoneBytes));
      if (/[a-f]/u.test(phone)) count(this.#core.counters.deviations, "phoneDigits");
      this.#sessions.set(phone, session);
    } else if (!session.hasPhoneField(bytes, phoneStart, phoneBytes)) {
      session.phoneField = copyOf(bytes, phoneStart, phoneBytes);
    }
    this.#current = session;
    return session;
  }

  #mayCarryOneMore(): boolean {
    if (this.forwarder) {
      if (this.#sessions.size < this.#core.limits.terminalsPerConnection) return true;
      count(this.#core.counters.faults, "terminalsPerConnection");
      return false;
    }
    const first = this.#sessions.values().next().value;
    if (first === undefined) return true;
    if (first.live || first.registering) {
      // One terminal spoke and was let in; another number on the same connection would speak for someone else.
      this.#fault("foreignTerminal");
      return false;
    }
    first.end();
    this.#sessions.clear();
    return true;
  }

  #fault(reason: string): void {
    const { counters, log, limits } = this.#core;
    count(counters.faults, reason);
    log.warn(`a frame was refused: ${reason}`, { address: this.address }, this.#core.nowMs());
    if (++this.#faultsInARow >= limits.faultsInARow) this.close("faults");
  }

  /** Nothing of a frame goes on beyond a datagram, or beyond the end of a connection. */
  #endDatagram(): void {
    if (this.#reader.pendingBytes > 0) count(this.#core.counters.faults, "unfinishedFrame");
    this.#reader.discard();
  }

  #countReader(): void {
    const { counters } = this.#core;
    counters.bytesOutsideFrames += this.#reader.skippedBytes - this.#skippedBytes;
    this.#skippedBytes = this.#reader.skippedBytes;
    if (this.#reader.toleratedEscapes > this.#tolerated) {
      this.#tolerated = this.#reader.toleratedEscapes;
      count(counters.deviations, "unescapedChecksum");
    }
  }
}

function copyOf(bytes: Buffer, start: number, length: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(length);
  bytes.copy(copy, 0, start, start + length);
  return copy;
}
