/**
 * `npm run fuzz:wire [-- --inputs N] [--seed N]`: hostile input against the JT/T 808 gateway behind its sockets and against the
 * readers and decoders of JT/T 808 and 809. 10 million inputs by default. Nothing may throw, memory may not grow, and every
 * input that is refused is counted under a reason with a name.
 */
import { Buffer } from "node:buffer";
import { inspect, parseArgs } from "node:util";
import { AuthenticationCodes } from "../../src/gateway/authentication-code.ts";
import { CommandDesk, REPETITION } from "../../src/gateway/command-desk.ts";
import { trackingCommand } from "../../src/gateway/command.ts";
import { Connection, type Peer } from "../../src/gateway/connection.ts";
import type { GatewayCore } from "../../src/gateway/core.ts";
import { createCounters, type Jt808Counters } from "../../src/gateway/counters.ts";
import { FixCollector } from "../../src/gateway/fix-collector.ts";
import { GATEWAY_LIMITS } from "../../src/gateway/limits.ts";
import { LimitedLog } from "../../src/gateway/limited-log.ts";
import { JT808_POLICY } from "../../src/gateway/policy.ts";
import type { Session } from "../../src/gateway/session.ts";
import { TerminalRegister } from "../../src/gateway/terminal-register.ts";
import { decodeJt808 } from "../../src/wire/jt808/decode.ts";
import { encodeMessage, FrameEncoder } from "../../src/wire/jt808/encoding.ts";
import { escapeInto, unescapeInto } from "../../src/wire/jt808/framing.ts";
import { decodeJt809 } from "../../src/wire/jt809/decode.ts";
import { frame809, FrameReader809, unescape809 } from "../../src/wire/jt809/framing.ts";
import { corpus808, corpus809 } from "./corpus.ts";
import { mutate, randomOf } from "./mutations.ts";

export interface FuzzResult {
  inputs: number;
  /** JT/T 808 frames that the gateway took for frames. */
  frames: number;
  faults: Record<string, number>;
  closed: Record<string, number>;
  faults809: Record<string, number>;
  /** Heap and buffers after a collection, at a tenth of the run and at its end, bytes; 0 without --expose-gc. */
  memory: [number, number];
}

const PHONE = "13900000001";
const NOW = Date.UTC(2026, 2, 1, 4);

/** Runs `inputs` inputs. @throws Error when one is neither taken nor counted, naming the seed and the input. */
export async function fuzz(inputs: number, seed: number, real: boolean): Promise<FuzzResult> {
  const random = randomOf(seed);
  const wires = corpus808(PHONE, real);
  const contents = wires.flatMap((frame) => contentOf(frame));
  const wires809 = corpus809(real);
  const contents809 = wires809.flatMap((frame) => unescape809(frame.subarray(1, -1))?.subarray(0, -2) ?? []);
  const target = new GatewayTarget();
  const faults809: Record<string, number> = {};
  const reader809 = new FrameReader809({
    onFrame: () => {},
    onFault: (fault) => (faults809[fault] = (faults809[fault] ?? 0) + 1),
  });
  let early = 0;
  for (let at = 0; at < inputs; at++) {
    const input = mutate(random, wires, contents, framed);
    target.push(input, random);
    if (at % 16 === 0) decodeJt808(input);
    if (at % 4 === 0) {
      const other = mutate(random, wires809, contents809, frame809);
      reader809.push(other);
      if (at % 16 === 0) decodeJt809(other);
    }
    if (at % 4096 === 0) await target.breathe();
    if (at === Math.floor(inputs / 10)) early = memoryNow();
  }
  await target.end();
  const { faults, closed, framesIn: frames } = target.counters;
  return { inputs, frames, faults, closed, faults809, memory: [early, memoryNow()] };
}

/** The gateway from the socket's `data` event on, with terminals that come back when they are thrown out. */
class GatewayTarget {
  readonly counters: Jt808Counters = createCounters();
  readonly #core: GatewayCore;
  #connection: Connection | undefined;
  #nowMs = NOW;
  #serial = 0;

  constructor() {
    const { counters } = this;
    const limits = {
      ...GATEWAY_LIMITS,
      reassemblyBytes: 256 * 1024,
      faultsInARow: 20,
      replacementsPerMinute: Infinity,
    };
    const sessions = new Map<string, Session>();
    const sink = { vehicleNumber: () => 0, append: async () => {} };
    this.#core = {
      limits,
      policy: { ...JT808_POLICY, authentication: "optional" },
      counters,
      log: new LimitedLog(undefined),
      sink,
      sessions,
      codes: new AuthenticationCodes("a secret of the fuzzer"),
      register: new TerminalRegister(),
      collector: new FixCollector<Session>(sink, counters, { toWgs84: undefined, collectMs: 5, capacity: 16_384 }, () =>
        this.#connection?.resume(),
      ),
      commands: new CommandDesk(sessions, counters, limits, REPETITION),
      reassembly: { usedBytes: 0, maxBytes: limits.reassemblyBytes },
      encoder: new FrameEncoder(64 * 1024),
      onMessage: () => {},
      replacements: new Map(),
      nowMs: () => this.#nowMs,
    };
  }

  /** One input, in one or several chunks. */
  push(input: Buffer, random: () => number): void {
    const connection = (this.#connection ??= this.#open());
    const cut = random() % 4 === 0 ? random() % input.length : 0;
    if (cut > 0) connection.receive(input.subarray(0, cut));
    connection.receive(cut > 0 ? input.subarray(cut) : input);
    this.#nowMs += 7;
    if (connection.closed) this.#connection = undefined;
    this.#check(input);
  }

  /** Lets the store answer, the clocks of parts and commands run, and gives the terminal something to answer. */
  async breathe(): Promise<void> {
    await this.#core.collector.drain();
    const { commands, counters, replacements, sessions, register } = this.#core;
    this.#nowMs += 1000;
    this.#connection?.sweep(this.#nowMs);
    commands.sweep(this.#nowMs);
    replacements.clear();
    if (counters.waitingCommands < 10)
      commands.submit(PHONE, trackingCommand({ intervalSec: 5, validitySec: 60 }), this.#nowMs);
    if (sessions.size > 1000 || register.size > GATEWAY_LIMITS.terminals)
      throw new Error("sessions or terminals without bound");
    this.#connection?.end();
    this.#connection = undefined;
  }

  async end(): Promise<void> {
    this.#connection?.end();
    await this.#core.collector.drain();
    await this.#core.commands.close();
    const { unacknowledgedFixes, sessions, fixes, fixesStored, waitingCommands } = this.counters;
    const left = { unacknowledgedFixes, sessions, waitingCommands, reassemblyBytes: this.#core.reassembly.usedBytes };
    if (Object.values(left).some((value) => value !== 0)) throw new Error(`not given back: ${JSON.stringify(left)}`);
    if (fixes !== fixesStored) throw new Error(`${fixes} fixes came, ${fixesStored} are stored`);
  }

  /** Every frame was handled, or refused under a name. */
  #check(input: Buffer): void {
    const { framesIn, messages, faults, closed } = this.counters;
    let handled =
      (faults["bodyLength"] ?? 0) + (faults["foreignTerminal"] ?? 0) + (faults["terminalsPerConnection"] ?? 0);
    for (const id in messages) if (id !== "0x8003") handled += messages[id];
    const unnamed = "undefined" in faults || "undefined" in closed;
    if (handled !== framesIn || unnamed) throw new Error(`neither taken nor counted: ${input.toString("hex")}`);
    if (this.#core.reassembly.usedBytes > this.#core.reassembly.maxBytes) throw new Error("parts beyond their budget");
  }

  #open(): Connection {
    const peer: Peer = {
      destroyed: false,
      writableLength: 0,
      write: () => {},
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {},
    };
    const connection = new Connection(this.#core, peer, {
      address: "127.0.0.1",
      forwarder: this.#serial % 4 > 0,
      datagrams: this.#serial % 8 === 0,
    });
    const [beat] = encodeMessage({
      messageId: 0x0002,
      version: this.#serial % 2 === 0 ? "2013" : "2019",
      phone: PHONE,
      serial: this.#serial++ & 0xffff,
      body: new Uint8Array(0),
    });
    connection.receive(beat);
    return connection;
  }
}

const wire = Buffer.allocUnsafe(16_384);

function framed(content: Buffer): Buffer {
  const end = escapeInto(content, 0, Math.min(content.length, 4000), wire, 0);
  return Buffer.from(wire.subarray(0, end));
}

function contentOf(frame: Buffer): Buffer[] {
  const plain = Buffer.alloc(frame.length);
  const length = unescapeInto(frame, 1, frame.length - 1, plain);
  return length > 1 ? [plain.subarray(0, length - 1)] : [];
}

function memoryNow(): number {
  if (globalThis.gc === undefined) return 0;
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (import.meta.main) {
  const { values: given } = parseArgs({
    options: { inputs: { type: "string", default: "10000000" }, seed: { type: "string", default: "1" } },
  });
  process.on("unhandledRejection", (error) => {
    throw error;
  });
  const startMs = Date.now();
  const result = await fuzz(Number(given.inputs), Number(given.seed), true);
  process.stdout.write(`${inspect(result)} ${Math.round((Date.now() - startMs) / 1000)} s\n`);
  const [early, late] = result.memory;
  if (late > early + 8 * 1024 * 1024) throw new Error(`memory grew from ${early} to ${late} bytes`);
}
