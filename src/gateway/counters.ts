/** Everything a JT/T 808 gateway counts, as plain numbers; names of reasons are fixed words. */
export interface Jt808Counters {
  /** Now. */
  connections: number;
  sessions: number;
  pausedConnections: number;
  unacknowledgedFixes: number;
  unacknowledgedItemBytes: number;
  reassemblyBytes: number;
  waitingCommands: number;
  /** False from a failed append to the next one that is durable. */
  storeHealthy: boolean;
  /** Since the start. */
  connectionsAccepted: number;
  bytesIn: number;
  bytesOut: number;
  framesIn: number;
  framesOut: number;
  /** Bytes that stood outside any frame. */
  bytesOutsideFrames: number;
  fixes: number;
  /** Fixes made durable and acknowledged. */
  fixesStored: number;
  /** Fixes whose append failed; they were not acknowledged. */
  fixesNotStored: number;
  fixesInvalid: number;
  fixesQuarantined: number;
  /** Frames and contents of frames that were refused, by reason. */
  faults: Record<string, number>;
  /** Deviations from the standard that were accepted, by kind. */
  deviations: Record<string, number>;
  /** Connections closed by the gateway, by reason. */
  closed: Record<string, number>;
  /** Messages by id, `0x0200`; ids that are not known here are counted as `unknown`. */
  messages: Record<string, number>;
  registrations: Record<string, number>;
  authentications: Record<string, number>;
  commands: Record<string, number>;
}

export function createCounters(): Jt808Counters {
  return {
    connections: 0,
    sessions: 0,
    pausedConnections: 0,
    unacknowledgedFixes: 0,
    unacknowledgedItemBytes: 0,
    reassemblyBytes: 0,
    waitingCommands: 0,
    storeHealthy: true,
    connectionsAccepted: 0,
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    bytesOutsideFrames: 0,
    fixes: 0,
    fixesStored: 0,
    fixesNotStored: 0,
    fixesInvalid: 0,
    fixesQuarantined: 0,
    faults: {},
    deviations: {},
    closed: {},
    messages: {},
    registrations: {},
    authentications: {},
    commands: {},
  };
}

export function count(into: Record<string, number>, reason: string): void {
  into[reason] = (into[reason] ?? 0) + 1;
}
