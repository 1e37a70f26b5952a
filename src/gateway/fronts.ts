import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { WuxingError } from "../model/errors.ts";
import { Connection, type Peer } from "./connection.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import type { PeerKeeper } from "./datagram-port.ts";
import { FrontKind, FrontLink } from "./front-link.ts";
import { plainAddress } from "./policy.ts";

/** What a front is told, once. */
export interface FrontOrder {
  host: string | undefined;
  port: number;
  /** Bytes that may wait to be read by a slow terminal before it is dropped. */
  outputBytes: number;
}
/** What a front tells beside its line. */
export type FrontNews = { port: number } | { failure: string };

/** Bytes for terminals that a front may leave waiting: beyond, it hangs, and is replaced. */
const LINE_BYTES = 64 * 1024 * 1024;
const AGAIN_MS = 1000;
const CLOSE_LIMIT_MS = 2500;

/**
 * Processes that hold the terminals' connections, so that neither the files that one process may open nor the system calls
 * of one thread bound how many there are. They share the port; a front that ends takes its connections with it (the
 * terminals dial again, nothing acknowledged is lost) and is started anew.
 */
export class Fronts {
  readonly #core: GatewayCore;
  readonly #keeper: PeerKeeper;
  readonly #order: FrontOrder;
  readonly #fronts: Front[] = [];
  #closing = false;

  constructor(core: GatewayCore, keeper: PeerKeeper, { host, port }: Pick<FrontOrder, "port"> & { host?: string }) {
    this.#core = core;
    this.#keeper = keeper;
    this.#order = { host, port, outputBytes: core.limits.outputBytes };
  }

  get port(): number {
    return this.#order.port;
  }

  get connections(): number {
    return this.#fronts.reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** @throws WuxingError PORT_IN_USE, CONFIG_INVALID */
  async listen(processes: number): Promise<void> {
    while (this.#fronts.length < processes) {
      const front = this.#start();
      this.#fronts.push(front);
      // The first one finds the port when any is taken.
      this.#order.port = await front.listening;
    }
  }

  /** Of what the terminals send now nothing is read any more. */
  stopReading(): void {
    for (const { connections } of this.#fronts) for (const { peer } of connections.values()) peer.pause();
  }

  /** After its connections have been closed: what was written to terminals has a moment to go out. */
  async close(): Promise<void> {
    this.#closing = true;
    const endMs = performance.now() + CLOSE_LIMIT_MS;
    while (this.connections > 0 && performance.now() < endMs) await sleep(10);
    await Promise.all(this.#fronts.map((front) => front.stop()));
  }

  #start(): Front {
    const front = new Front(this.#core, this.#keeper, this.#order, () => this.connections);
    void this.#replace(front);
    return front;
  }

  /** Starts another one in the place of one that ends. */
  async #replace(front: Front): Promise<void> {
    const reason = await front.ended;
    if (this.#closing) return;
    const core = this.#core;
    count(core.counters.closed, "frontLost");
    core.log.warn("a process that held connections has ended; another one is started", { reason }, core.nowMs());
    await sleep(AGAIN_MS);
    if (!this.#closing) this.#fronts[this.#fronts.indexOf(front)] = this.#start();
  }
}

/** One process and the connections that it holds. */
class Front {
  readonly connections = new Map<number, { connection: Connection; peer: FrontPeer }>();
  /** The port that it listens on. */
  readonly listening: Promise<number>;
  /** Resolves with the reason when the process has ended. */
  readonly ended: Promise<string>;
  readonly #core: GatewayCore;
  readonly #keeper: PeerKeeper;
  readonly #all: () => number;
  readonly #child: ChildProcess;
  readonly #link: FrontLink;

  constructor(core: GatewayCore, keeper: PeerKeeper, order: FrontOrder, all: () => number) {
    this.#core = core;
    this.#keeper = keeper;
    this.#all = all;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const child = fork(fileURLToPath(new URL(`./front-process.${extension}`, import.meta.url)), [], {
      // Not those of the parent: `--inspect` and the like are not for a second process.
      execArgv: ["--max-old-space-size=512"],
      stdio: ["ignore", "ignore", "inherit", "ipc", "pipe"],
    });
    this.#child = child;
    const line = child.stdio[4] as Socket;
    line.on("error", () => child.kill("SIGKILL"));
    this.#link = new FrontLink(line, (id, kind, payload) => this.#take(id, kind, payload));
    this.listening = this.#listening(order);
    this.listening.catch(() => {});
    this.ended = this.#ended();
    child.send(order);
  }

  send(id: number, kind: FrontKind, payload?: Uint8Array): void {
    this.#link.send(id, kind, payload);
    if (this.#link.waitingBytes > LINE_BYTES) this.#child.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#link.flush();
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
  }

  async #listening({ port }: FrontOrder): Promise<number> {
    const ended = once(this.#child, "exit").then(() => [{ failure: "it ended at once" }]);
    const [news] = (await Promise.race([once(this.#child, "message"), ended])) as [FrontNews];
    if ("port" in news) return news.port;
    const code = news.failure === "EADDRINUSE" ? "PORT_IN_USE" : "CONFIG_INVALID";
    throw new WuxingError(code, `JT/T 808, TCP port ${port} (${news.failure})`);
  }

  async #ended(): Promise<string> {
    const [code, signal] = (await once(this.#child, "exit")) as [number | null, string | null];
    for (const { connection, peer } of this.connections.values()) {
      peer.destroyed = true;
      count(this.#core.counters.closed, "frontLost");
      this.#keeper.gone(connection);
    }
    this.connections.clear();
    return signal ?? `exit code ${code}`;
  }

  #take(id: number, kind: number, payload: Buffer): void {
    const held = this.connections.get(id);
    if (kind === FrontKind.open) this.#open(id, payload.toString());
    else if (held === undefined) return;
    else if (kind === FrontKind.data) held.connection.receive(payload);
    else if (kind === FrontKind.closed) {
      held.peer.destroyed = true;
      this.connections.delete(id);
      const reason = payload.toString();
      if (reason !== "" && !held.connection.closed) count(this.#core.counters.closed, reason);
      this.#keeper.gone(held.connection);
    }
  }

  #open(id: number, address: string): void {
    const { counters, limits } = this.#core;
    const from = this.#keeper.admit(plainAddress(address));
    const isFull = from !== undefined && this.#all() >= limits.connections;
    if (isFull) count(counters.closed, "connections");
    if (from === undefined || isFull) {
      this.send(id, FrontKind.destroy);
      return;
    }
    const peer = new FrontPeer((peerKind, payload) => this.send(id, peerKind, payload));
    const connection = new Connection(this.#core, peer, from);
    this.connections.set(id, { connection, peer });
    this.#keeper.opened(connection);
  }
}

type Send = (kind: FrontKind, payload?: Uint8Array) => void;

/** The terminal at the other end of a front's connection. Slow ones the front drops itself. */
class FrontPeer implements Peer {
  destroyed = false;
  readonly writableLength = 0;
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  write(bytes: Buffer): void {
    this.#send(FrontKind.data, bytes);
  }

  pause(): void {
    this.#send(FrontKind.pause);
  }

  resume(): void {
    if (!this.destroyed) this.#send(FrontKind.resume);
  }

  end(): void {
    this.#send(FrontKind.end);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#send(FrontKind.destroy);
  }
}
