/**
 * How fast JT/T 808 location reports are decoded and encoded, beside a bare pass that only unescapes and checks the
 * checksum, in one run. `npm run bench:wire [-- --json] [-- --frames 200000]`.
 *
 * Target: at least 2 million frames a second on one core from chunks of mixed sizes, at most 4 times the bare pass.
 */
import { Buffer } from "node:buffer";
import { getHeapStatistics } from "node:v8";
import { parseArgs } from "node:util";
import { createFixBatch } from "../src/model/fix.ts";
import { encodeLocationReport, readLocationInto, writeLocationFrom } from "../src/wire/jt808/0200-location-report.ts";
import { encodeMessage, FrameEncoder } from "../src/wire/jt808/encoding.ts";
import { FrameReader } from "../src/wire/jt808/framing.ts";
import { createFrameHeader, phoneField, readHeader } from "../src/wire/jt808/header.ts";
import { report, type Figure } from "./report.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, frames: { type: "string" }, rounds: { type: "string" } },
});
const frameCount = Number(values.frames ?? 200_000);
const rounds = Number(values.rounds ?? 9);
const BATCH_ROWS = 4096;

let seed = 808;
/** Mulberry32. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** One long stream of single location reports, cut into chunks of 1 byte to 64 kB as sockets cut them. */
function makeChunks(): { chunks: Buffer[]; bytes: number } {
  const frames: Buffer[] = [];
  const startMs = Date.UTC(2026, 4, 13);
  for (let i = 0; i < frameCount; i++) {
    const body = encodeLocationReport({
      latitude: 35 + random(),
      longitude: 113 + random(),
      altitude: 70 + random() * 20,
      speedKmh: random() * 90,
      direction: Math.floor(random() * 360),
      timeMs: startMs + Math.floor(random() * 86_400) * 1000,
      alarmFlags: random() < 0.02 ? 1 << Math.floor(random() * 32) : 0,
      extras: {
        mileageKm: random() * 1e5,
        ...(random() < 0.7 && { fuelL: random() * 400, recorderSpeedKmh: random() * 90 }),
        ...(random() < 0.5 && { vehicleSignals: 0, ioStatus: 0, analog: { ad0: 0, ad1: 0 } }),
        rssi: Math.floor(random() * 31),
        satellites: Math.floor(random() * 20),
      },
      items: random() < 0.4 ? [{ id: 0xeb, value: Buffer.alloc(30, 0x31) }] : [],
    });
    const version = random() < 0.3 ? "2019" : "2013";
    const phone = String(13_900_000_000 + Math.floor(random() * 300_000));
    frames.push(...encodeMessage({ messageId: 0x0200, version, phone, serial: i & 0xffff, body }));
  }
  const stream = Buffer.concat(frames);
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const size = Math.max(1, Math.floor(2 ** (random() * 16)));
    chunks.push(Buffer.from(stream.subarray(at, at + size)));
    at += size;
  }
  return { chunks, bytes: stream.length };
}

const { chunks, bytes } = makeChunks();
const batch = createFixBatch(BATCH_ROWS);
const header = createFrameHeader();
let decoded = 0;
let sink = 0;

function decodeAll(): number {
  decoded = 0;
  let row = 0;
  const reader = new FrameReader({
    onFrame(frame, start, end) {
      if (!readHeader(frame, start, end, header) || header.messageId !== 0x0200) return;
      if (!readLocationInto(frame, header.bodyStart, header.bodyEnd, batch, row)) return;
      decoded++;
      if (++row === BATCH_ROWS) {
        sink += batch.lonE6[row - 1] + batch.timeMs[0];
        row = 0;
      }
    },
    onFault(fault) {
      throw new Error(`the bench's own stream has a fault: ${fault}`);
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return decoded;
}

/** The least that any reader must do: find delimiters, unescape, sum the checksum. */
function barePass(): number {
  const plain = new Uint8Array(4200);
  let length = 0;
  let xor = 0;
  let escaped = false;
  let frames = 0;
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++) {
      let byte = chunk[i];
      if (byte === 0x7e) {
        if (length > 0 && xor === 0) frames++;
        length = 0;
        xor = 0;
        continue;
      }
      if (byte === 0x7d) {
        escaped = true;
        continue;
      }
      if (escaped) {
        byte = byte === 2 ? 0x7e : 0x7d;
        escaped = false;
      }
      plain[length++] = byte;
      xor ^= byte;
    }
  }
  sink += plain[0];
  return frames;
}

const phone = phoneField("13912345678", 6);
const body = Buffer.alloc(28);
const columns = createFixBatch(BATCH_ROWS);
for (let row = 0; row < BATCH_ROWS; row++) {
  columns.timeMs[row] = Date.UTC(2026, 4, 13) + row * 1000;
  columns.lonE6[row] = 113_000_000 + row * 37;
  columns.latE6[row] = 35_000_000 + row * 41;
  columns.speedKmh10[row] = row % 900;
}

function encodeAll(): number {
  const encoder = new FrameEncoder(128 * 1024);
  for (let i = 0; i < frameCount; i++) {
    writeLocationFrom(columns, i % BATCH_ROWS, body, 0);
    encoder.frame(0x0200, phone, i & 0xffff, body);
    if (encoder.length > 64 * 1024) sink += encoder.take().length;
  }
  sink += encoder.take().length;
  return frameCount;
}

function acknowledgeAll(): number {
  const encoder = new FrameEncoder(128 * 1024);
  for (let i = 0; i < frameCount; i++) {
    encoder.generalReply(0x8001, phone, i & 0xffff, i & 0xffff, 0x0200, 0);
    if (encoder.length > 64 * 1024) sink += encoder.take().length;
  }
  sink += encoder.take().length;
  return frameCount;
}

const work = [
  { name: "bare pass (unescape, checksum)", run: barePass },
  { name: "decode 0x0200 into columns", run: decodeAll },
  { name: "encode 0x0200 from columns", run: encodeAll },
  { name: "encode 0x8001 answers", run: acknowledgeAll },
];
for (const { run } of work) for (let i = 0; i < 3; i++) run();
if (decodeAll() !== frameCount || barePass() !== frameCount) throw new Error("frames were lost");

const times = work.map((): number[] => []);
const heap = work.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < rounds; round++) {
  for (const [at, { run }] of work.entries()) {
    globalThis.gc?.();
    const heapBefore = getHeapStatistics().used_heap_size;
    const begin = performance.now();
    run();
    times[at].push(performance.now() - begin);
    heap[at] = Math.min(heap[at], Math.max(0, getHeapStatistics().used_heap_size - heapBefore));
  }
}
const nsPerFrame = times.map((ms) => (ms.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] * 1e6) / frameCount);
const sizes = { frames: frameCount, chunks: chunks.length, bytesPerFrame: Math.round(bytes / frameCount) };
const figures = work.map(({ name }, at): Figure => {
  const value = 1e9 / nsPerFrame[at];
  return { name, value, unit: "frames/s", comparedTo: work[0].name, ratio: nsPerFrame[0] / nsPerFrame[at], sizes };
});
const decodeOverBare = nsPerFrame[1] / nsPerFrame[0];
figures.push(
  { name: "time of decoding over the bare pass (at most 4)", value: decodeOverBare, unit: "times" },
  { name: "heap that decoding leaves", value: heap[1] / frameCount, unit: "bytes/frame" },
);
report("JT/T 808 location reports from a byte stream of mixed chunks (target: decode 2,000,000 frames/s)", figures);
if (sink === 0 || 1e9 / nsPerFrame[1] < 2_000_000 || decodeOverBare > 4) process.exitCode = 1;
