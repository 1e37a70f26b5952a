/**
 * JT/T 808 frames of a log in a row: `wuxing decode jt808`. Each frame is one object, as `decodeJt808` gives it; the last part that comes of
 * a message in parts has the whole message beside it.
 */
import { Buffer } from "node:buffer";
import { decodeJt808, readBody, type DecodedFrame } from "./decode.ts";
import { Reassembler, REASSEMBLY_LIMITS } from "./reassembly.ts";

/** A frame, and with the last of its parts the fields of the whole message. */
export type DecodedInRow = DecodedFrame & { whole?: Partial<DecodedFrame> };

/** Terminals whose unfinished messages are kept; a log of more begins anew. */
const TERMINALS_MAX = 10_000;
const UNFINISHED_BYTES = 256 * 1024 * 1024;

/** A decoder for the frames of any number of terminals, in the order in which they came. */
export function createJt808Decoder(): (frame: string | Uint8Array) => DecodedInRow {
  const terminals = new Map<string, Reassembler>();
  const budget = { usedBytes: 0, maxBytes: UNFINISHED_BYTES };
  return (frame) => {
    const decoded = decodeJt808(frame);
    const { valid, messageId = 0, serial = 0, subPackage, bodyHex, encryption, phone = "", version } = decoded;
    if (!valid || subPackage === undefined || bodyHex === undefined || encryption !== undefined) return decoded;
    if (terminals.size >= TERMINALS_MAX) {
      for (const unfinished of terminals.values()) unfinished.clear();
      terminals.clear();
    }
    const reassembler = terminals.get(phone) ?? new Reassembler(REASSEMBLY_LIMITS, budget);
    terminals.set(phone, reassembler);
    // A log has no clock: nothing expires, and of too many unfinished messages the oldest gives way.
    const outcome = reassembler.add({ messageId, serial, ...subPackage, body: Buffer.from(bodyHex, "hex") }, 0);
    if (outcome.state !== "complete") return decoded;
    return { ...decoded, whole: readBody(messageId, outcome.body, version === "2019") };
  };
}
