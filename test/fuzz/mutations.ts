/** Seeded changes to frames: what a broken modem, a bad cable or a hostile peer may send. */

import { Buffer } from "node:buffer";

/** A generator of 32-bit numbers (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Bytes that mean something to the framings. */
const LOUD = [0x7e, 0x7d, 0x01, 0x02, 0x5b, 0x5d, 0x5a, 0x5e, 0x00, 0xff, 0x7f, 0x80];

/** Puts content, unescaped and without its sum, on the wire with the right sum. */
export type Framer = (content: Buffer) => Buffer;

/** One input made of the corpus: whole, changed, cut, doubled, or out of nothing. */
export function mutate(
  random: () => number,
  corpus: readonly Buffer[],
  contents: readonly Buffer[],
  frame: Framer,
): Buffer {
  const below = (limit: number): number => random() % limit;
  // Half of the inputs pass the sum and reach what stands behind it.
  if (below(2) === 0) return frame(changedContent(below, random, contents));
  const base = corpus[below(corpus.length)];
  switch (below(12)) {
    case 0:
      return base;
    case 1: {
      const noise = Buffer.allocUnsafe(1 + below(200));
      for (let i = 0; i < noise.length; i++) noise[i] = random();
      return noise;
    }
    case 2:
      return base.subarray(0, below(base.length));
    case 3:
      return base.subarray(below(base.length));
    case 4:
      return Buffer.concat([base, corpus[below(corpus.length)]]);
    case 5: {
      const at = below(base.length);
      return Buffer.concat([base.subarray(0, at), corpus[below(corpus.length)], base.subarray(at)]);
    }
    case 6:
      // Loud bytes only: nested and dangling escapes, delimiters in a row.
      return Buffer.from(Array.from({ length: 1 + below(60) }, () => LOUD[below(LOUD.length)]));
    case 7:
      return Buffer.concat([base.subarray(0, -1), Buffer.alloc(1 + below(3000), below(256))]);
    default:
      return changeBytes(below, random, Buffer.from(base));
  }
}

function changedContent(below: (limit: number) => number, random: () => number, contents: readonly Buffer[]): Buffer {
  const base = contents[below(contents.length)];
  switch (below(8)) {
    case 0:
      return base.subarray(0, 1 + below(base.length));
    case 1:
      return Buffer.concat([base, Buffer.alloc(below(300), random())]);
    case 2: {
      // A part of a message that never ends: any total, any index.
      const part = Buffer.from(base);
      if (part.length < 20) return part;
      part[2] = part[2] | 0x20;
      part.writeUInt16BE(below(1200), 12);
      part.writeUInt16BE(below(1200), 14);
      return part;
    }
    case 3:
      // The header is left alone, so that the body is read with every length it may claim.
      return changeBytes(below, random, Buffer.from(base), Math.min(base.length - 1, 17));
    default:
      return changeBytes(below, random, Buffer.from(base));
  }
}

function changeBytes(below: (limit: number) => number, random: () => number, bytes: Buffer, from = 0): Buffer {
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = from + below(bytes.length - from);
    bytes[at] = below(3) === 0 ? LOUD[below(LOUD.length)] : random();
  }
  return bytes;
}
