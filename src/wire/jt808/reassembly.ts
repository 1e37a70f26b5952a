/**
 * Sub-packages back into messages (4.4.3, attribute bit 13). One `Reassembler` a session.
 *
 * The standard says that the parts of a message have consecutive serials. Real cameras send other messages in between, so
 * a part belongs to the assembly of the same message id and total that lacks its index and whose serials are nearest.
 * Everything is bounded: bytes and parts of a message, assemblies of a session, bytes of all sessions together.
 */
import { Buffer } from "node:buffer";

export interface ReassemblyLimits {
  /** Longest whole body, bytes. */
  maxBytes: number;
  maxParts: number;
  /** Messages that one session may have unfinished at once; the oldest gives way. */
  maxAssemblies: number;
  /** An assembly without a new part for so long is given up. */
  expireMs: number;
}

export const REASSEMBLY_LIMITS: ReassemblyLimits = {
  maxBytes: 512 * 1024,
  maxParts: 1024,
  maxAssemblies: 4,
  expireMs: 60_000,
};

/** Memory of an unfinished message and of one of its parts beside the part's own bytes: empty parts cost something too. */
const MESSAGE_BYTES = 256;
const PART_BYTES = 128;

/** Bytes that all sessions together hold of unfinished messages, their bookkeeping included. */
export interface ReassemblyBudget {
  usedBytes: number;
  readonly maxBytes: number;
}

/** One part, as its header says. `body` is copied. */
export interface Part {
  messageId: number;
  serial: number;
  total: number;
  /** From 1. */
  index: number;
  body: Uint8Array;
}

export type PartFault = "partIndex" | "partCount" | "partBytes" | "partBudget";

/** `serials` are those of the parts, in their order, for answers part by part. */
export type PartOutcome =
  | { state: "complete"; body: Buffer; firstSerial: number; serials: number[] }
  | { state: "waiting" }
  | { state: "duplicate" }
  | { state: "refused"; fault: PartFault };

/** A message of which parts are missing. */
export interface Unfinished {
  messageId: number;
  /** Serial of part 1, or what it must be when part 1 is missing and serials are consecutive. */
  firstSerial: number;
  missing: number[];
}

interface Assembly {
  messageId: number;
  parts: (Buffer | undefined)[];
  serials: number[];
  /** Serial minus index of the latest part, mod 65536. */
  offset: number;
  have: number;
  /** Of the bodies. */
  bytes: number;
  /** What it takes from the budget. */
  charged: number;
  touchedMs: number;
  asked: boolean;
}

export class Reassembler {
  readonly #limits: ReassemblyLimits;
  readonly #budget: ReassemblyBudget;
  #assemblies: Assembly[] = [];

  constructor(limits: ReassemblyLimits, budget: ReassemblyBudget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  get unfinished(): number {
    return this.#assemblies.length;
  }

  /** Takes one part. `nowMs` is any clock that goes forward. */
  add(part: Part, nowMs: number): PartOutcome {
    const { total, index } = part;
    if (index < 1 || index > total) return { state: "refused", fault: "partIndex" };
    if (total > this.#limits.maxParts) return { state: "refused", fault: "partCount" };
    if (total === 1)
      return { state: "complete", body: Buffer.from(part.body), firstSerial: part.serial, serials: [part.serial] };
    const offset = (part.serial - index) & 0xffff;
    let assembly = this.#nearest(part, offset);
    if (assembly?.parts[index - 1] !== undefined) return { state: "duplicate" };
    const charge = part.body.length + PART_BYTES + (assembly === undefined ? MESSAGE_BYTES + 8 * total : 0);
    if (this.#budget.usedBytes + charge > this.#budget.maxBytes) return { state: "refused", fault: "partBudget" };
    assembly ??= this.#begin(part);
    if (assembly.bytes + part.body.length > this.#limits.maxBytes) {
      this.#drop(assembly);
      return { state: "refused", fault: "partBytes" };
    }
    assembly.parts[index - 1] = Buffer.from(part.body);
    assembly.serials[index - 1] = part.serial;
    assembly.offset = offset;
    assembly.have++;
    assembly.bytes += part.body.length;
    assembly.charged += charge;
    assembly.touchedMs = nowMs;
    this.#budget.usedBytes += charge;
    if (assembly.have < total) return { state: "waiting" };
    this.#drop(assembly);
    const parts = assembly.parts.filter((body) => body !== undefined);
    return {
      state: "complete",
      body: Buffer.concat(parts),
      firstSerial: assembly.serials[0],
      serials: assembly.serials,
    };
  }

  /** Messages that have had no new part for `quietMs`; each is named once, to be asked for by 0x8003. */
  stalled(nowMs: number, quietMs: number): Unfinished[] {
    const stalled = this.#assemblies.filter((assembly) => !assembly.asked && nowMs - assembly.touchedMs >= quietMs);
    for (const assembly of stalled) assembly.asked = true;
    return stalled.map(describe);
  }

  /** Gives up what has had no new part for `expireMs` and says what it was. */
  expire(nowMs: number): Unfinished[] {
    const expired = this.#assemblies.filter((assembly) => nowMs - assembly.touchedMs >= this.#limits.expireMs);
    for (const assembly of expired) this.#drop(assembly);
    return expired.map(describe);
  }

  /** Forgets everything; to be called when the session ends, so that the shared budget is given back. */
  clear(): void {
    for (const assembly of this.#assemblies) this.#budget.usedBytes -= assembly.charged;
    this.#assemblies = [];
  }

  /** The assembly a part belongs to: of those lacking its index (or holding this very part) the one nearest in serials. */
  #nearest(part: Part, offset: number): Assembly | undefined {
    let found: Assembly | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const assembly of this.#assemblies) {
      if (assembly.messageId !== part.messageId || assembly.parts.length !== part.total) continue;
      const held = assembly.parts[part.index - 1] !== undefined;
      if (held && assembly.serials[part.index - 1] !== part.serial) continue;
      const distance = held ? -1 : circularDistance(offset, assembly.offset);
      if (distance < least) {
        least = distance;
        found = assembly;
      }
    }
    return found;
  }

  #begin(part: Part): Assembly {
    if (this.#assemblies.length >= this.#limits.maxAssemblies) this.#drop(this.#assemblies[0]);
    const assembly: Assembly = {
      messageId: part.messageId,
      parts: Array.from({ length: part.total }, () => undefined),
      serials: [],
      offset: 0,
      have: 0,
      bytes: 0,
      charged: 0,
      touchedMs: 0,
      asked: false,
    };
    this.#assemblies.push(assembly);
    return assembly;
  }

  #drop(assembly: Assembly): void {
    this.#budget.usedBytes -= assembly.charged;
    this.#assemblies = this.#assemblies.filter((other) => other !== assembly);
  }
}

function circularDistance(a: number, b: number): number {
  const ahead = (a - b) & 0xffff;
  return Math.min(ahead, 0x1_0000 - ahead);
}

function describe(assembly: Assembly): Unfinished {
  const missing: number[] = [];
  for (const [at, body] of assembly.parts.entries()) if (body === undefined) missing.push(at + 1);
  const firstSerial = assembly.parts[0] === undefined ? (assembly.offset + 1) & 0xffff : assembly.serials[0];
  return { messageId: assembly.messageId, firstSerial, missing };
}
