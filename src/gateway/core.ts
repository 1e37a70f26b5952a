import type { FrameEncoder } from "../wire/jt808/encoding.ts";
import type { ReassemblyBudget } from "../wire/jt808/reassembly.ts";
import type { AuthenticationCodes } from "./authentication-code.ts";
import type { CommandDesk } from "./command-desk.ts";
import type { Jt808Counters } from "./counters.ts";
import type { FixCollector } from "./fix-collector.ts";
import type { IngestSink } from "./ingest-sink.ts";
import type { LimitedLog } from "./limited-log.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Jt808Policy } from "./policy.ts";
import type { Session } from "./session.ts";
import type { TerminalRegister } from "./terminal-register.ts";

/** A message that is neither position nor session business: driver's card, waybill, parameters … */
export interface TerminalMessage {
  terminal: string;
  vehicle: number;
  messageId: number;
  /** The whole body, joined from its parts; yours to keep. */
  body: Buffer;
  wideHeader: boolean;
  receivedMs: number;
}

/** What the parts of one gateway share. */
export interface GatewayCore {
  readonly limits: GatewayLimits;
  readonly policy: Jt808Policy;
  readonly counters: Jt808Counters;
  readonly log: LimitedLog;
  readonly sink: IngestSink;
  readonly codes: AuthenticationCodes;
  readonly register: TerminalRegister;
  readonly collector: FixCollector<Session>;
  readonly commands: CommandDesk;
  /** The live session of each terminal. */
  readonly sessions: Map<string, Session>;
  readonly reassembly: ReassemblyBudget;
  /**
   * One encoder for all: whoever writes into it hands it to a connection before anything else runs.
   */
  readonly encoder: FrameEncoder;
  readonly onMessage: ((message: TerminalMessage) => Promise<void> | void) | undefined;
  /** How often each terminal was replaced by another connection of its own in this minute. */
  readonly replacements: Map<string, number>;
  nowMs(): number;
}
