/**
 * The load of `bench/gateway.ts` in a process of its own: terminals that register, authenticate and then report, either
 * evenly paced or with so many frames under way. Does as little as possible beside.
 */
import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";
import { encodeRegistration } from "../src/wire/jt808/0100-registration.ts";
import { encodeLocationReport } from "../src/wire/jt808/0200-location-report.ts";
import { encodeLocationBatch } from "../src/wire/jt808/0704-location-batch.ts";
import { decodeRegistrationAnswer } from "../src/wire/jt808/8100-registration-answer.ts";
import { FrameEncoder } from "../src/wire/jt808/encoding.ts";
import { FrameReader, type FrameHandler } from "../src/wire/jt808/framing.ts";
import { createFrameHeader, phoneField, readHeader } from "../src/wire/jt808/header.ts";
import { writeTimeMs } from "../src/wire/jt808/time.ts";

export interface Plan {
  port: number;
  connections: number;
  /** Number of its first terminal: several such processes share the terminals. */
  first: number;
  /** Frames of one write. */
  burst: number;
  /** Frames under way at most, for each connection; the pace in ms when `everyMs` is given. */
  window: number;
  /** Each terminal writes one burst every so often; 0 keeps the window full. */
  everyMs: number;
  /** Fixes of one 0x0704; 0 sends single 0x0200. */
  batchFixes: number;
  warmUpMs: number;
  measureMs: number;
}

export interface Outcome {
  framesPerSecond: number;
  fixesPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  online: number;
  broken: number;
  connectMs: number;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
const BEGIN_MS = Date.now() - 20 * 86_400_000;
const header = createFrameHeader();
const encoder = new FrameEncoder(256 * 1024);
const latencyUs = createHistogram();
const counts = { online: 0, broken: 0, acknowledged: 0 };
const place = { latitude: 35.303, longitude: 113.9268, speedKmh: 60, direction: 90, altitude: 70, timeMs: 0 };
const items = [
  { id: 0x01, value: Buffer.alloc(4) },
  { id: 0x30, value: Buffer.of(31) },
  { id: 0x31, value: Buffer.of(12) },
];
const fixes = plan.batchFixes || 1;
const body = plan.batchFixes
  ? encodeLocationBatch(
      1,
      Array.from({ length: fixes }, () => place),
    )
  : encodeLocationReport({ ...place, items });
const messageId = plan.batchFixes ? 0x0704 : 0x0200;
/** Where the times of the fixes stand in the body. */
const timesAt = Array.from({ length: fixes }, (_, fix) => (plan.batchFixes ? 3 + 30 * fix + 2 + 22 : 22));
let measuring = false;

class Terminal implements FrameHandler {
  readonly #reader = new FrameReader(this);
  readonly #phone: Buffer;
  readonly #number: number;
  readonly #socket: Socket;
  readonly #sentAt = new Float64Array(1024);
  #serial = 0;
  #underWay = 0;
  #fixTimeMs = BEGIN_MS;
  online = false;

  constructor(number: number) {
    this.#number = number;
    this.#phone = phoneField(String(14_300_000_000 + number), 6);
    this.#socket = connect({
      host: "127.0.0.1",
      port: plan.port,
      localAddress: `127.0.0.${2 + (number % 16)}`,
      noDelay: true,
    });
    this.#socket.on("connect", () => this.#register());
    this.#socket.on("data", (chunk: Buffer) => this.#reader.push(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => counts.broken++);
  }

  /** Writes bursts as long as the window has room. */
  fill(): void {
    while (this.#underWay + plan.burst <= plan.window) this.burst();
  }

  burst(): void {
    const now = performance.now();
    for (let i = 0; i < plan.burst; i++) {
      for (const at of timesAt) writeTimeMs(body, at, (this.#fixTimeMs += 1000));
      this.#sentAt[this.#serial & 1023] = now;
      encoder.frame(messageId, this.#phone, this.#next(), body);
    }
    this.#underWay += plan.burst;
    this.#socket.write(encoder.take());
  }

  onFrame(bytes: Buffer, start: number, end: number): void {
    if (!readHeader(bytes, start, end, header)) return;
    const { bodyStart, bodyEnd } = header;
    if (header.messageId === 0x8100) {
      const { authCode = "" } = decodeRegistrationAnswer(bytes.subarray(bodyStart, bodyEnd));
      this.#send(0x0102, Buffer.from(authCode));
    } else if (header.messageId === 0x8001) this.#answered(bytes, bodyStart);
  }

  onFault(): void {
    this.#socket.destroy();
  }

  #answered(bytes: Buffer, at: number): void {
    if (bytes[at + 4] !== 0) {
      this.#socket.destroy();
      return;
    }
    if (bytes.readUInt16BE(at + 2) !== messageId) {
      this.online = true;
      counts.online++;
      return;
    }
    this.#underWay--;
    if (measuring) {
      counts.acknowledged++;
      const serial = bytes.readUInt16BE(at);
      latencyUs.record(Math.max(1, Math.round((performance.now() - this.#sentAt[serial & 1023]) * 1000)));
    }
    if (plan.everyMs === 0 && this.#underWay + plan.burst <= plan.window) this.burst();
  }

  #register(): void {
    const facts = { provinceId: 41, cityId: 700, manufacturerId: "BENCH", terminalModel: "B", terminalId: "1" };
    this.#send(0x0100, encodeRegistration({ ...facts, plateColor: 0, plate: `BENCH${this.#number}` }, "2013"));
  }

  #send(id: number, content: Uint8Array): void {
    encoder.frame(id, this.#phone, this.#next(), content);
    this.#socket.write(encoder.take());
  }

  #next(): number {
    const serial = this.#serial;
    this.#serial = (serial + 1) & 0xffff;
    return serial;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const terminals: Terminal[] = [];
const connectStart = performance.now();
for (let number = plan.first; number < plan.first + plan.connections; number++) {
  terminals.push(new Terminal(number));
  if (number % 100 === 99) await sleep(20);
}
while (counts.online + counts.broken < plan.connections) await sleep(20);
const connectMs = performance.now() - connectStart;

if (plan.everyMs === 0) for (const terminal of terminals) terminal.fill();
else {
  let turn = 0;
  let lastMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    const due = turn + (plan.connections * (nowMs - lastMs)) / plan.everyMs;
    for (let i = Math.floor(turn); i < Math.floor(due); i++) terminals[i % plan.connections].burst();
    turn = due;
    lastMs = nowMs;
  }, 5);
}
await sleep(plan.warmUpMs);
measuring = true;
process.send!("measuring");
const start = performance.now();
await sleep(plan.measureMs);
measuring = false;
const seconds = (performance.now() - start) / 1000;
const ms = (us: number): number => us / 1000;
const outcome: Outcome = {
  framesPerSecond: counts.acknowledged / seconds,
  fixesPerSecond: (counts.acknowledged * fixes) / seconds,
  p50Ms: ms(latencyUs.percentile(50)),
  p99Ms: ms(latencyUs.percentile(99)),
  maxMs: ms(latencyUs.max),
  online: counts.online,
  broken: counts.broken,
  connectMs,
};
process.send!(outcome, () => process.exit(0));
