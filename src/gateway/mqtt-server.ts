import { createServer, type Socket } from "node:net";
import { count } from "./counters.ts";
import { listening } from "./datagram-port.ts";
import { LimitedLog, type GatewayLog } from "./limited-log.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import { plainAddress } from "./policy.ts";
import type { PositionIntake } from "./position-intake.ts";
import type { SourceKeys } from "./source-keys.ts";

/** Bounds of the MQTT port. */
export interface MqttLimits {
  connections: number;
  connectionsPerAddress: number;
  /** Largest message, bytes; of the first one, which comes before anybody is known. */
  packetBytes: number;
  connectBytes: number;
  /** How long a connection may stand before its CONNECT, ms. */
  connectMs: number;
  /** Longest keep-alive, ms; also of a client that asks for none. */
  keepAliveMs: number;
  /** Messages of one client that are not durable yet: above it its socket is not read. */
  underWay: number;
  /** Bytes that may wait for a slow client before it is dropped. */
  outputBytes: number;
}

const MQTT_LIMITS: MqttLimits = {
  connections: 10_000,
  connectionsPerAddress: 1000,
  packetBytes: 1024 * 1024,
  connectBytes: 4096,
  connectMs: 10_000,
  keepAliveMs: 20 * 60_000,
  underWay: 100,
  outputBytes: 64 * 1024,
};

/** What has happened since the start; the words are fixed. */
export interface MqttCounters {
  accepted: number;
  connections: number;
  fixes: number;
  refused: Record<string, number>;
  closed: Record<string, number>;
}

/** What the parts of the MQTT port share. */
export interface MqttCore {
  readonly sources: SourceKeys;
  readonly intake: PositionIntake;
  readonly limits: MqttLimits;
  readonly counters: MqttCounters;
  readonly log: LimitedLog;
  nowMs(): number;
  /** A client was let in: an earlier connection of the same client ends. */
  letIn(connection: MqttConnection): void;
}

export interface MqttServerOptions {
  host?: string;
  /** 0 takes a free one. */
  port: number;
  sources: SourceKeys;
  intake: PositionIntake;
  limits?: Partial<MqttLimits>;
  log?: GatewayLog;
  sweepMs?: number;
  nowMs?: () => number;
}

export interface MqttServer {
  readonly port: number;
  /** A copy of all counters. */
  metrics(): MqttCounters;
  close(): Promise<void>;
}

/**
 * Starts the port for positions over MQTT 3.1.1 and 5. It is no broker: nothing is kept for anybody, nobody gets what
 * another sends.
 * @throws WuxingError PORT_IN_USE, CONFIG_INVALID
 */
export async function startMqttServer(options: MqttServerOptions): Promise<MqttServer> {
  const { host, port, sources, intake, nowMs = Date.now } = options;
  const limits = { ...MQTT_LIMITS, ...options.limits };
  const counters: MqttCounters = { accepted: 0, connections: 0, fixes: 0, refused: {}, closed: {} };
  const connections = new Map<MqttConnection, Socket>();
  const perAddress = new Map<string, number>();
  const byName = new Map<string, MqttConnection>();
  const core: MqttCore = {
    sources,
    intake,
    limits,
    counters,
    log: new LimitedLog(options.log),
    nowMs,
    letIn(connection) {
      if (connection.name === undefined) return;
      byName.get(connection.name)?.takenOver();
      byName.set(connection.name, connection);
    },
  };

  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    socket.on("error", () => count(counters.closed, "socketError"));
    const address = plainAddress(socket.remoteAddress);
    const held = perAddress.get(address) ?? 0;
    if (connections.size >= limits.connections || held >= limits.connectionsPerAddress) {
      count(counters.closed, connections.size >= limits.connections ? "connections" : "connectionsPerAddress");
      socket.destroy();
      return;
    }
    const connection = new MqttConnection(core, socket);
    connections.set(connection, socket);
    perAddress.set(address, held + 1);
    counters.accepted++;
    counters.connections = connections.size;
    socket.on("close", () => {
      connections.delete(connection);
      counters.connections = connections.size;
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left <= 0) perAddress.delete(address);
      else perAddress.set(address, left);
      if (connection.name !== undefined && byName.get(connection.name) === connection) byName.delete(connection.name);
    });
  });
  await listening(server, `MQTT, TCP port ${port}`, () => server.listen({ port, ...(host !== undefined && { host }) }));
  const sweeper = setInterval(() => {
    for (const connection of connections.keys()) connection.sweep(nowMs());
  }, options.sweepMs ?? 5000).unref();

  return {
    get port() {
      const address = server.address();
      return typeof address === "object" && address !== null ? address.port : 0;
    },
    metrics: () => structuredClone(counters),
    async close() {
      clearInterval(sweeper);
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections.values()) socket.pause();
      intake.flush();
      for (const endMs = Date.now() + SETTLE_LIMIT_MS; intake.underWay > 0 && Date.now() < endMs;) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      for (const connection of connections.keys()) connection.shutDown();
      await stopped;
    },
  };
}

const SETTLE_LIMIT_MS = 10_000;
