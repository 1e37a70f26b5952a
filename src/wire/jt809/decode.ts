/**
 * One JT/T 809 frame as one plain object, for people and for comparison: `wuxing decode jt809`.
 */
import { Buffer } from "node:buffer";
import { hexBytes, hexId, printable, type DecodedPosition } from "../jt808/decode.ts";
import { MalformedBody } from "../octets.ts";
import type { CipherKeys809 } from "./cipher.ts";
import { crc16, unescape809 } from "./framing.ts";
import { frameLength809, readMessage809, type Message809, type Version809 } from "./header.ts";
import {
  decodeCode809,
  decodeLogin809,
  decodeLoginAnswer809,
  decodeLogout809,
  decodeReceivedCount809,
  decodeVerifyCode809,
  Message809Id,
} from "./link-messages.ts";
import {
  decodePositions809,
  decodeRegistration809,
  decodeVehicleMessage809,
  Vehicle809Id,
} from "./vehicle-messages.ts";

/** A decoded frame. The fields of the message's body stand beside these under their own names. */
export interface Decoded809 extends Partial<DecodedPosition> {
  valid: boolean;
  /** Why the frame is not valid. */
  reason?: string;
  messageId?: number;
  messageIdHex?: string;
  version?: Version809;
  serial?: number;
  /** Length of the whole frame as stated. */
  length?: number;
  accessCode?: number;
  versionRaw?: string;
  encrypted?: boolean;
  key?: number;
  sentIso?: string;
  plate?: string;
  plateColour?: number;
  subId?: number;
  subIdHex?: string;
  /** Of a supplement; each has the fields of `DecodedPosition`. */
  positions?: Record<string, unknown>[];
  /** Deviations that were accepted. */
  deviations?: string[];
  bodyFault?: string;
  bodyHex?: string;
  [field: string]: unknown;
}

/**
 * Decodes one frame, given as hex digits (white space allowed) or bytes, with its delimiters. Frames that a log printed
 * unescaped are taken when their length and sum agree. Never throws for what the bytes say.
 */
export function decodeJt809(frame: string | Uint8Array, keys?: CipherKeys809): Decoded809 {
  const raw = typeof frame === "string" ? hexBytes(frame) : Buffer.from(frame);
  if (raw === undefined) return { valid: false, reason: "not hexadecimal" };
  if (raw.length < 2 || raw[0] !== 0x5b || raw.at(-1) !== 0x5d)
    return { valid: false, reason: "not delimited by 5b..5d" };
  const content = raw.subarray(1, -1);
  if (isUnescaped(content)) return decodePlain(content, keys, ["printed unescaped"]);
  const plain = unescape809(content);
  if (plain === undefined) return { valid: false, reason: "5a or 5e followed by neither 01 nor 02" };
  if (plain.length < 24) return { valid: false, reason: `too short (${plain.length} bytes after unescaping)` };
  return decodePlain(plain, keys, []);
}

/** Whether the content states its own raw length and its raw sum holds: it never was escaped, or had nothing to escape. */
function isUnescaped(content: Buffer): boolean {
  return (
    content.length >= 24 &&
    content.readUInt32BE(0) === content.length + 2 &&
    /[\x5a-\x5e]/u.test(content.toString("latin1")) &&
    crc16(content, 0, content.length - 2) === content.readUInt16BE(content.length - 2)
  );
}

function decodePlain(plain: Buffer, keys: CipherKeys809 | undefined, deviations: string[]): Decoded809 {
  const stated = plain.readUInt16BE(plain.length - 2);
  const computed = crc16(plain, 0, plain.length - 2);
  const message = readMessage809(plain.subarray(0, -2), keys === undefined ? {} : { keys });
  const { header, body } = message;
  const decoded: Decoded809 = {
    valid: true,
    messageId: header.messageId,
    messageIdHex: hexId(header.messageId),
    version: header.version,
    serial: header.serial,
    length: header.length,
    accessCode: header.accessCode,
    versionRaw: header.versionRaw,
    encrypted: header.encrypted,
    key: header.key,
    ...(header.sentMs === undefined ? {} : { sentIso: isoSeconds(header.sentMs) }),
  };
  if (stated !== computed) {
    return { ...decoded, valid: false, reason: `crc: frame says ${hexId(stated)}, computed ${hexId(computed)}` };
  }
  const length = frameLength809(plain.length - 2);
  if (header.length !== length) {
    return { ...decoded, valid: false, reason: `length: header says ${header.length}, frame has ${length}` };
  }
  if (deviations.length > 0) decoded.deviations = deviations;
  if (header.encrypted && keys === undefined) return { ...decoded, bodyHex: body.toString("hex") };
  try {
    return { ...decoded, ...readBody(message, deviations) };
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    return { ...decoded, bodyFault: error.message, bodyHex: body.toString("hex") };
  }
}

function readBody({ header, body }: Message809, deviations: string[]): Partial<Decoded809> {
  switch (header.messageId) {
    case Message809Id.login:
      return { ...decodeLogin809(body) };
    case Message809Id.loginAnswer:
      return { ...decodeLoginAnswer809(body) };
    case Message809Id.logout:
      return { ...decodeLogout809(body) };
    case Message809Id.subLogin:
    case Message809Id.subLogout:
      return decodeVerifyCode809(body);
    case Message809Id.subLoginAnswer:
    case Message809Id.disconnectNotice:
    case Message809Id.closeNotice:
    case Message809Id.subDisconnectNotice:
    case Message809Id.subCloseNotice:
      return decodeCode809(body);
    case Message809Id.receivedCount:
      return printable(decodeReceivedCount809(body));
    case Message809Id.vehicles:
    case Message809Id.vehiclesDown:
      return readVehicle(header.version, body, deviations);
    default:
      return body.length === 0 ? {} : { bodyHex: body.toString("hex") };
  }
}

function readVehicle(version: Version809, body: Buffer, deviations: string[]): Partial<Decoded809> {
  const { plate, plateColour, subId, statedLength, data } = decodeVehicleMessage809(body);
  const fields: Partial<Decoded809> = { plate, plateColour, subId, subIdHex: hexId(subId) };
  if (statedLength !== data.length) {
    fields.deviations = [...deviations, `the data's length says ${statedLength}, the frame has ${data.length}`];
  }
  switch (subId) {
    case Vehicle809Id.registration:
      return { ...fields, ...decodeRegistration809(data) };
    case Vehicle809Id.position:
    case Vehicle809Id.positionDown:
      return { ...fields, ...printable(decodePositions809(subId, data, version)[0]) };
    case Vehicle809Id.supplement:
    case Vehicle809Id.supplementDown:
      return {
        ...fields,
        positions: decodePositions809(subId, data, version).map(printable),
      };
    default:
      return data.length === 0 ? fields : { ...fields, bodyHex: data.toString("hex") };
  }
}

function isoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(".000Z", "Z");
}
