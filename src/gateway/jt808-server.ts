import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { WuxingError } from "../model/errors.ts";
import type { TerminalStatus } from "../model/terminal.ts";
import { FrameEncoder } from "../wire/jt808/encoding.ts";
import { AuthenticationCodes } from "./authentication-code.ts";
import {
  CommandDesk,
  REPETITION,
  type Repetition,
  type SubmittedCommand,
  type TrackedCommand,
} from "./command-desk.ts";
import { CommandJournal, type CommandLog } from "./command-journal.ts";
import type { Command } from "./command.ts";
import { Connection, type Origin } from "./connection.ts";
import type { GatewayCore, TerminalMessage } from "./core.ts";
import { count, createCounters, type Jt808Counters } from "./counters.ts";
import { DatagramPort, listening } from "./datagram-port.ts";
import { FixCollector, type ToWgs84 } from "./fix-collector.ts";
import type { IngestSink } from "./ingest-sink.ts";
import { Fronts } from "./fronts.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "./limits.ts";
import { LimitedLog, type GatewayLog } from "./limited-log.ts";
import { forwarderList, isForwarder, JT808_POLICY, plainAddress, type Jt808Policy } from "./policy.ts";
import type { Session } from "./session.ts";
import { TerminalRegister, type Terminal } from "./terminal-register.ts";

export interface Jt808ServerOptions {
  /** Address to listen on; default all. */
  host?: string;
  /** TCP; 0 takes a free one. */
  port: number;
  /** Processes that hold the TCP connections; 0, the default: this one. */
  processes?: number;
  /** UDP, usually the same number; 0 takes a free one. Without it no datagrams are taken. */
  udpPort?: number;
  sink: IngestSink;
  /** At least 16 characters; the same one after a restart, or every terminal has to register anew. */
  secret: string;
  policy?: Partial<Jt808Policy>;
  limits?: Partial<GatewayLimits>;
  /** Terminals that have registered; default: in memory. The server closes it. */
  register?: TerminalRegister;
  /** Where commands are kept from when they are given, so that they survive a restart; default: in memory only. */
  commandLog?: CommandLog;
  /** When the terminals' coordinates are not WGS-84: converts them, once, on the way in. */
  toWgs84?: ToWgs84;
  /** The way back, for the areas that terminals are given. */
  fromWgs84?: ToWgs84;
  log?: GatewayLog;
  /**
   * Receives driver's cards, waybills, parameters and what else is no position. It must not block; a message for which it gives a promise is
   * answered when that resolves, and not at all when it rejects.
   */
  onMessage?: (message: TerminalMessage) => Promise<void> | void;
  /** How long fixes are gathered into one batch, ms. */
  collectMs?: number;
  repetition?: Repetition;
  /** Every so often idle connections, overdue parts and commands are looked at, ms. */
  sweepMs?: number;
  /** The clock of receipt, ms UTC. */
  nowMs?: () => number;
}

export interface Jt808Server {
  readonly port: number;
  /** 0 when no datagrams are taken. */
  readonly udpPort: number;
  /** A copy of all counters. */
  metrics(): Jt808Counters;
  /** Terminals of the register, in the order of their first registration. */
  terminals(status?: TerminalStatus): Terminal[];
  /** How many terminals wait for a person's approval. */
  waitingTerminals(): number;
  /** A terminal as it registered. */
  findTerminal(phone: string): Terminal | undefined;
  isOnline(terminal: string): boolean;
  /** The terminals of a vehicle: those that are online first, then by their registration, the latest first. */
  terminalsOf(vehicle: string): string[];
  /**
   * Accepts or refuses a terminal. Refusing ends its session.
   * @throws WuxingError VEHICLE_NOT_FOUND when it never registered.
   */
  decide(terminal: string, status: "accepted" | "refused"): Promise<void>;
  /**
   * Makes a terminal's authentication code invalid and ends its session; it has to register anew.
   * @throws WuxingError VEHICLE_NOT_FOUND when it never registered.
   */
  revokeCode(terminal: string): Promise<void>;
  /**
   * Sends a command now, or when the terminal logs in again before the command's validity ends.
   * @throws WuxingError OVERLOADED when too many commands wait.
   */
  send(terminal: string, command: Command): SubmittedCommand;
  commandsOf(terminal: string): TrackedCommand[];
  /** WGS-84 into the datum of the terminals: `[longitude, latitude]`, degrees. */
  readonly toTerminal: ToWgs84;
  /** What the terminals were ever told, newest first. */
  commandHistory: CommandDesk["history"];
  /** Stops reading, lets what has arrived become durable and be answered, then closes everything. */
  close(): Promise<void>;
}

/** Fixes of one batch, and so of one 0x0704 message at most. */
const BATCH_FIXES = 16_384;
const SETTLE_LIMIT_MS = 10_000;

/**
 * Starts a JT/T 808 server over TCP and, when it is told to, UDP (2011, 2013 and 2019).
 * @throws WuxingError PORT_IN_USE, or CONFIG_INVALID for a policy that cannot be.
 */
export async function startJt808Server(options: Jt808ServerOptions): Promise<Jt808Server> {
  const gateway = new Gateway(options);
  if (options.commandLog !== undefined) gateway.restore(await options.commandLog.begin());
  await gateway.listen(options);
  return gateway;
}

class Gateway implements Jt808Server {
  readonly toTerminal: ToWgs84;
  readonly #core: GatewayCore;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #sockets = new Set<Socket>();
  readonly #datagrams: DatagramPort;
  readonly #fronts: Fronts;
  readonly #perAddress = new Map<string, number>();
  readonly #forwarders: ReturnType<typeof forwarderList>;
  readonly #sweeper: NodeJS.Timeout;
  readonly #minute: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: Jt808ServerOptions) {
    const policy = { ...JT808_POLICY, ...options.policy };
    const limits = { ...GATEWAY_LIMITS, ...options.limits };
    const counters = createCounters();
    const sessions = new Map<string, Session>();
    const log = new LimitedLog(options.log);
    const { sink, collectMs = 5, nowMs = Date.now } = options;
    const collecting = { toWgs84: options.toWgs84, collectMs, capacity: BATCH_FIXES };
    this.toTerminal = options.fromWgs84 ?? ((longitude, latitude) => [longitude, latitude]);
    this.#forwarders = forwarderList(policy.forwarders);
    this.#core = {
      limits,
      policy,
      counters,
      log,
      sink,
      sessions,
      codes: new AuthenticationCodes(options.secret),
      register: options.register ?? new TerminalRegister(),
      collector: new FixCollector<Session>(sink, counters, collecting, (error) => this.#settled(error)),
      commands: new CommandDesk(
        sessions,
        counters,
        limits,
        options.repetition ?? REPETITION,
        options.commandLog && new CommandJournal(options.commandLog),
      ),
      reassembly: { usedBytes: 0, maxBytes: limits.reassemblyBytes },
      encoder: new FrameEncoder(64 * 1024),
      onMessage: options.onMessage,
      replacements: new Map(),
      nowMs,
    };
    const keeper = {
      opened: (connection: Connection) => this.#opened(connection),
      gone: (connection: Connection) => this.#gone(connection),
    };
    this.#datagrams = new DatagramPort(this.#core, { ...keeper, admit: (address) => this.#admit(address, true) });
    this.#fronts = new Fronts(this.#core, { ...keeper, admit: (address) => this.#admit(address, false) }, options);
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.connections + 1;
    this.#sweeper = setInterval(() => this.#sweep(), options.sweepMs ?? 5000).unref();
    this.#minute = setInterval(() => this.#core.replacements.clear(), 60_000).unref();
  }

  get port(): number {
    if (!this.#server.listening) return this.#fronts.port;
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get udpPort(): number {
    return this.#datagrams.port;
  }

  async listen({ port, host, udpPort, processes = 0 }: Jt808ServerOptions): Promise<void> {
    try {
      if (processes > 0) await this.#fronts.listen(processes);
      else
        await listening(this.#server, `JT/T 808, TCP port ${port}`, () =>
          this.#server.listen({ port, backlog: 4096, ...(host !== undefined && { host }) }),
        );
      if (udpPort !== undefined) await this.#datagrams.bind(udpPort, host);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  metrics(): Jt808Counters {
    return structuredClone({ ...this.#core.counters, reassemblyBytes: this.#core.reassembly.usedBytes });
  }

  terminals(status?: TerminalStatus): Terminal[] {
    return [...this.#core.register.all()].filter((terminal) => status === undefined || terminal.status === status);
  }

  waitingTerminals(): number {
    return this.#core.register.waiting;
  }

  findTerminal(phone: string): Terminal | undefined {
    return this.#core.register.find(phone);
  }

  isOnline(terminal: string): boolean {
    return this.#core.sessions.get(terminal)?.live === true;
  }

  terminalsOf(vehicle: string): string[] {
    if (vehicle.startsWith("@")) return [vehicle.slice(1)];
    const phones = this.#core.register.ofVehicle(vehicle).map(({ phone }) => phone);
    return phones.toSorted((a, b) => Number(this.isOnline(b)) - Number(this.isOnline(a)));
  }

  async decide(terminal: string, status: "accepted" | "refused"): Promise<void> {
    await this.#core.register.save({ ...this.#get(terminal), status });
    if (status === "refused") this.#core.sessions.get(terminal)?.leave("refused");
  }

  async revokeCode(terminal: string): Promise<void> {
    const known = this.#get(terminal);
    await this.#core.register.save({ ...known, codeGeneration: known.codeGeneration + 1 });
    this.#core.sessions.get(terminal)?.leave("codeRevoked");
  }

  send(terminal: string, command: Command): SubmittedCommand {
    return this.#core.commands.submit(terminal, command, this.#core.nowMs());
  }

  commandsOf(terminal: string): TrackedCommand[] {
    return this.#core.commands.of(terminal);
  }

  commandHistory(...given: Parameters<CommandDesk["history"]>): ReturnType<CommandDesk["history"]> {
    return this.#core.commands.history(...given);
  }

  /** Takes up the commands that an earlier run left. */
  restore(kept: Parameters<CommandDesk["restore"]>[0]): void {
    this.#core.commands.restore(kept);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeper);
    clearInterval(this.#minute);
    const { collector, commands, register } = this.#core;
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.pause();
    this.#fronts.stopReading();
    this.#datagrams.stopReading();
    await Promise.race([collector.drain(), waitMs(SETTLE_LIMIT_MS)]);
    for (const connection of this.#connections) connection.close("shutdown");
    await stopped;
    await this.#fronts.close();
    await commands.close();
    await this.#datagrams.close();
    await register.close();
  }

  #accept(socket: Socket): void {
    const { counters, limits } = this.#core;
    socket.on("error", () => count(counters.closed, "socketError"));
    const from = this.#admit(plainAddress(socket.remoteAddress), false);
    if (from !== undefined && this.#sockets.size >= limits.connections) count(counters.closed, "connections");
    if (from === undefined || this.#sockets.size >= limits.connections) {
      socket.destroy();
      return;
    }
    const connection = new Connection(this.#core, socket, from);
    this.#sockets.add(socket);
    this.#opened(connection);
    socket.on("data", (chunk: Buffer) => connection.receive(chunk));
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#gone(connection);
    });
  }

  /** Whether one more may come from an address. */
  #admit(address: string, datagrams: boolean): Origin | undefined {
    const { counters, limits, log } = this.#core;
    if (this.#closing !== undefined) return undefined;
    const forwarder = isForwarder(this.#forwarders, address);
    if (!forwarder && (this.#perAddress.get(address) ?? 0) >= limits.connectionsPerAddress) {
      count(counters.closed, "connectionsPerAddress");
      log.warn("an address holds too many connections", { address }, this.#core.nowMs());
      return undefined;
    }
    return { address, forwarder, datagrams };
  }

  #opened(connection: Connection): void {
    const { counters } = this.#core;
    this.#connections.add(connection);
    this.#perAddress.set(connection.address, (this.#perAddress.get(connection.address) ?? 0) + 1);
    counters.connectionsAccepted++;
    counters.connections = this.#connections.size;
  }

  #gone(connection: Connection): void {
    connection.end();
    if (!this.#connections.delete(connection)) return;
    this.#core.counters.connections = this.#connections.size;
    const held = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (held <= 0) this.#perAddress.delete(connection.address);
    else this.#perAddress.set(connection.address, held);
  }

  /** An append has ended: the store's state is known, and sockets may be read again. */
  #settled(error: unknown): void {
    const { counters, log } = this.#core;
    counters.storeHealthy = error === undefined;
    if (error !== undefined)
      log.warn("fixes could not be stored and were not acknowledged", { error }, this.#core.nowMs());
    if (counters.pausedConnections === 0) return;
    for (const connection of this.#connections) if (connection.paused) connection.resume();
  }

  #sweep(): void {
    const nowMs = this.#core.nowMs();
    for (const connection of this.#connections) connection.sweep(nowMs);
    this.#core.commands.sweep(nowMs);
  }

  #get(terminal: string): Terminal {
    const known = this.#core.register.findNewest(terminal);
    if (known === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `terminal ${terminal} never registered`);
    return known;
  }
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
