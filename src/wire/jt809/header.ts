/**
 * JT/T 809 header (JT/T 809-2011 table 3; 2019 adds the time of sending).
 *
 *     0   DWORD    length of the whole frame, unescaped, with both delimiters and the sum
 *     4   DWORD    serial
 *     8   WORD     message id
 *     10  DWORD    access code of the lower platform
 *     14  BYTE[3]  version
 *     17  BYTE     1 when the body is enciphered
 *     18  DWORD    key of the cipher
 *     22  QWORD    time of sending, seconds UTC (2019 only)
 *
 * The version bytes do not tell 2011 from 2019: real 2019 frames carry 000000, 010000, 010001, 010101 and 01020F. What
 * does is whether the eight bytes at 22 are a plausible instant.
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import { applyCipher809, type CipherKeys809 } from "./cipher.ts";
import { frame809 } from "./framing.ts";

export type Version809 = "2011" | "2019";

const HEADER_BYTES = { 2011: 22, 2019: 30 } as const;
/** Delimiters and sum, which the stated length counts. */
const ENVELOPE_BYTES = 4;
const EARLIEST_S = Date.UTC(2010, 0, 1) / 1000;
const LATEST_S = Date.UTC(2100, 0, 1) / 1000;

export interface Header809 {
  /** Length of the whole frame as the sender states it. */
  length: number;
  serial: number;
  messageId: number;
  /** Access code of the lower platform. */
  accessCode: number;
  /** The three version bytes, hex. */
  versionRaw: string;
  version: Version809;
  encrypted: boolean;
  key: number;
  /** 2019: time of sending, ms UTC. */
  sentMs?: number;
}

export interface Message809 {
  header: Header809;
  /** Deciphered; the body as it came when it is enciphered and the keys are not known (`header.encrypted` says so). */
  body: Buffer;
}

/**
 * Reads header and body of an unescaped frame without its sum. `version` where the link knows it, else it is found out.
 * With `keys` an enciphered body is deciphered (in place).
 * @throws MalformedBody when the bytes end inside the header.
 */
export function readMessage809(
  plain: Buffer,
  options: { version?: Version809; keys?: CipherKeys809 } = {},
): Message809 {
  const reader = new OctetReader(plain);
  const length = reader.u32();
  const serial = reader.u32();
  const messageId = reader.u16();
  const accessCode = reader.u32();
  const versionRaw = reader.hex(3);
  const encrypted = reader.u8() === 1;
  const key = reader.u32();
  const version = options.version ?? guessVersion(plain);
  const header: Header809 = { length, serial, messageId, accessCode, versionRaw, version, encrypted, key };
  if (version === "2019") header.sentMs = reader.u64() * 1000;
  const body = reader.rest();
  if (encrypted && options.keys !== undefined) applyCipher809(body, key, options.keys);
  return { header, body };
}

/** Length of the frame that `plain` (header and body) makes, as the header has to state it. */
export function frameLength809(plainLength: number): number {
  return plainLength + ENVELOPE_BYTES;
}

/** What a frame is built from; `key` other than 0 enciphers with `keys`. */
export interface OutgoingMessage809 {
  messageId: number;
  serial: number;
  accessCode: number;
  version: Version809;
  body: Uint8Array;
  key?: number;
  keys?: CipherKeys809;
  /** 2019: ms UTC. */
  sentMs?: number;
}

/** A whole frame on the wire. */
export function writeFrame809(message: OutgoingMessage809): Buffer {
  const enciphered = message.key !== undefined && message.keys !== undefined;
  const writer = new OctetWriter(message.body.length + 34);
  writer
    .u32(frameLength809(HEADER_BYTES[message.version] + message.body.length))
    .u32(message.serial)
    .u16(message.messageId)
    .u32(message.accessCode)
    .hex("010000")
    .u8(enciphered ? 1 : 0)
    .u32(message.key ?? 0);
  if (message.version === "2019") writer.u64(Math.floor((message.sentMs ?? 0) / 1000));
  const start = writer.length;
  const plain = writer.bytes(message.body).toBuffer();
  if (enciphered) applyCipher809(plain.subarray(start), message.key!, message.keys!);
  return frame809(plain);
}

function guessVersion(plain: Buffer): Version809 {
  if (plain.length < HEADER_BYTES[2019]) return "2011";
  const seconds = plain.readUInt32BE(22) * 0x1_0000_0000 + plain.readUInt32BE(26);
  return seconds >= EARLIEST_S && seconds < LATEST_S ? "2019" : "2011";
}
