/** Bounds of a gateway. Each has a counter that says how often it was reached. */
export interface GatewayLimits {
  /** TCP connections at once, in total. */
  connections: number;
  /** UDP peers (address and port) at once; apart, because an address in a datagram can be forged. */
  udpPeers: number;
  /** Connections at once from one address; forwarders are exempt. */
  connectionsPerAddress: number;
  /** Terminals known to the register. */
  terminals: number;
  /** Terminals that one forwarder's connection may carry. */
  terminalsPerConnection: number;
  /** Bytes that a connection may send before a terminal on it is let in. */
  unauthenticatedBytes: number;
  /** How long a connection may stand without a terminal that is let in. */
  unauthenticatedMs: number;
  /** A connection without a whole frame for so long is closed. */
  idleMs: number;
  /** Bytes that may wait to be read by a slow terminal before it is dropped. */
  outputBytes: number;
  /** Fixes received and not durable yet, in total: above it no socket is read. */
  unacknowledgedFixes: number;
  /** The same for one connection. */
  unacknowledgedFixesPerConnection: number;
  /** Bytes of additional items among these, in total; a fix may bring a kilobyte of them. */
  unacknowledgedItemBytes: number;
  /** Frames with a fault in a row after which a connection is closed. */
  faultsInARow: number;
  /** Wrong authentication codes in a row after which a connection is closed. */
  wrongCodes: number;
  /** Times a minute that a terminal may be replaced by another connection of its own. */
  replacementsPerMinute: number;
  /** Bytes of unfinished sub-packaged messages, all sessions together. */
  reassemblyBytes: number;
  /** Commands that wait or are under way, for one terminal and for all. */
  commandsPerTerminal: number;
  commands: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  connections: 60_000,
  udpPeers: 20_000,
  connectionsPerAddress: 20_000,
  terminals: 1_000_000,
  terminalsPerConnection: 20_000,
  unauthenticatedBytes: 16 * 1024,
  unauthenticatedMs: 60_000,
  idleMs: 300_000,
  outputBytes: 256 * 1024,
  unacknowledgedFixes: 400_000,
  unacknowledgedFixesPerConnection: 20_000,
  unacknowledgedItemBytes: 64 * 1024 * 1024,
  faultsInARow: 50,
  wrongCodes: 5,
  replacementsPerMinute: 10,
  reassemblyBytes: 64 * 1024 * 1024,
  commandsPerTerminal: 32,
  commands: 100_000,
};
