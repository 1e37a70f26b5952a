import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { EventEmitter } from "node:events";
import { isIPv4 } from "node:net";
import { WuxingError } from "../model/errors.ts";
import { Connection, type Origin, type Peer } from "./connection.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import { plainAddress } from "./policy.ts";

/** What the server does for its peers, whatever they come by. */
export interface PeerKeeper {
  /** Undefined when no more may come from this address. */
  admit(address: string): Origin | undefined;
  opened(connection: Connection): void;
  gone(connection: Connection): void;
}

/** The shortest frame on the wire: two delimiters, a header of 12 bytes, a checksum. */
const SHORTEST_DATAGRAM = 15;
/** Answers are sent in datagrams that no network on the way takes apart. */
const DATAGRAM_BYTES = 1200;
/** Room for the datagrams of a second; the system may give less. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
const DELIMITER = 0x7e;

/**
 * JT/T 808 over UDP: a datagram holds whole frames. A peer is an address and a port; datagrams of a peer whose fixes wait
 * for the store are left out (counted, not acknowledged), and the terminal sends them again.
 */
export class DatagramPort {
  readonly #core: GatewayCore;
  readonly #keeper: PeerKeeper;
  readonly #peers = new Map<string, Connection>();
  #socket: Socket | undefined;
  #port = 0;
  #reading = true;

  constructor(core: GatewayCore, keeper: PeerKeeper) {
    this.#core = core;
    this.#keeper = keeper;
  }

  get port(): number {
    return this.#port;
  }

  /** @throws WuxingError PORT_IN_USE, CONFIG_INVALID */
  async bind(port: number, host: string | undefined): Promise<void> {
    const type = host !== undefined && isIPv4(host) ? "udp4" : "udp6";
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
    await listening(socket, `JT/T 808, UDP port ${port}`, () =>
      socket.bind({ port, ...(host !== undefined && { address: host }) }),
    );
    this.#socket = socket;
    this.#port = socket.address().port;
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
    socket.on("error", (error) => this.#core.log.warn("the UDP port failed", { error }, this.#core.nowMs()));
  }

  stopReading(): void {
    this.#reading = false;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    if (!this.#reading) return;
    const { counters } = this.#core;
    const key = `${from.address}:${from.port}`;
    const connection = this.#peers.get(key) ?? this.#open(datagram, key, from);
    if (connection === undefined) return;
    if (connection.paused) count(counters.faults, "datagramDropped");
    else connection.receive(datagram);
  }

  #open(datagram: Buffer, key: string, from: RemoteInfo): Connection | undefined {
    const { counters, limits } = this.#core;
    if (datagram.length < SHORTEST_DATAGRAM || datagram[0] !== DELIMITER) {
      counters.bytesIn += datagram.length;
      counters.bytesOutsideFrames += datagram.length;
      return undefined;
    }
    if (this.#peers.size >= limits.udpPeers) {
      count(counters.closed, "udpPeers");
      return undefined;
    }
    const origin = this.#keeper.admit(plainAddress(from.address));
    if (origin === undefined) return undefined;
    const peer = new DatagramPeer(
      (bytes) => this.#socket?.send(bytes, from.port, from.address, () => {}),
      () => {
        this.#peers.delete(key);
        this.#keeper.gone(connection);
      },
    );
    const connection = new Connection(this.#core, peer, origin);
    this.#peers.set(key, connection);
    this.#keeper.opened(connection);
    return connection;
  }
}

class DatagramPeer implements Peer {
  destroyed = false;
  /** What the network does not take is lost; the terminal asks again. */
  readonly writableLength = 0;
  readonly #send: (bytes: Buffer) => void;
  readonly #ended: () => void;

  constructor(send: (bytes: Buffer) => void, ended: () => void) {
    this.#send = send;
    this.#ended = ended;
  }

  /** `bytes` are whole frames. */
  write(bytes: Buffer): void {
    let start = 0;
    while (bytes.length - start > DATAGRAM_BYTES) {
      const end = endOfFrames(bytes, start);
      this.#send(bytes.subarray(start, end));
      start = end;
    }
    if (start < bytes.length) this.#send(bytes.subarray(start));
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#ended();
  }
}

/** The end of the last frame from `start` on that fits one datagram; of the first one when not even that fits. */
function endOfFrames(bytes: Buffer, start: number): number {
  let end = 0;
  for (let at = start; at < bytes.length;) {
    const close = bytes.indexOf(DELIMITER, at + 1) + 1;
    if (close === 0) return bytes.length;
    if (close - start > DATAGRAM_BYTES && end > 0) return end;
    end = close;
    at = close;
  }
  return end;
}

/**
 * Starts to listen and waits until it stands.
 * @throws WuxingError PORT_IN_USE, CONFIG_INVALID
 */
export async function listening(socket: EventEmitter, what: string, start: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const code = error.code === "EADDRINUSE" ? "PORT_IN_USE" : "CONFIG_INVALID";
      reject(new WuxingError(code, what, [], { cause: error }));
    };
    socket.once("error", failed);
    socket.once("listening", () => {
      socket.off("error", failed);
      resolve();
    });
    start();
  });
}
