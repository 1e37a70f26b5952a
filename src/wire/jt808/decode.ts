/**
 * One JT/T 808 frame as one plain object, for people and for comparison: `wuxing decode jt808`.
 */
import { Buffer } from "node:buffer";
import { MalformedBody } from "../octets.ts";
import type { LocationReport } from "./0200-location-report.ts";
import { checksum, MAX_ESCAPED_BYTES, unescapeInto } from "./framing.ts";
import { createFrameHeader, phoneKey, readHeader, SHORTEST_HEADER, statedBodyLength } from "./header.ts";
import type { LocationExtras } from "./location-items.ts";
import { decodeBody, messageName } from "./messages.ts";

/** A position as it is printed. */
export interface DecodedPosition {
  latitude: number;
  longitude: number;
  /** Metres. */
  altitude: number;
  speedKmh: number;
  direction: number;
  /** UTC, `2024-05-01T02:03:04Z`; null when the device sent no date. */
  timeIso: string | null;
  alarmFlags: number;
  statusFlags: number;
  items: { id: string; length: number; hex: string }[];
  extras: LocationExtras;
  /** Why the list of items ended early, and the bytes that stood there. */
  itemsFault?: string;
  itemsRest?: string;
}

/** A decoded frame. The fields of the message's body stand beside these under their own names. */
export interface DecodedFrame extends Partial<DecodedPosition> {
  valid: boolean;
  /** Why the frame is not valid. */
  reason?: string;
  messageId?: number;
  messageIdHex?: string;
  /** English name of the message, when it is known. */
  message?: string;
  /** `2013` stands for the 12-byte header that 2011 and 2013 share, `2011` where the body proves it. */
  version?: string;
  /** Without leading zeros. */
  phone?: string;
  phoneRaw?: string;
  serial?: number;
  bodyLength?: number;
  subPackage?: { total: number; index: number };
  /** Bits 10 to 12 of the attributes; the body is then kept as bytes. */
  encryption?: number;
  /** Deviations of the header and the frame that were accepted. */
  deviations?: string[];
  positions?: DecodedPosition[];
  /** Why the body could not be read to its end; it is then in `bodyHex`. */
  bodyFault?: string;
  /** The body as it came, when it was not (wholly) understood. */
  bodyHex?: string;
  [field: string]: unknown;
}

/**
 * Decodes one frame, given as hex digits (white space allowed) or bytes, with its delimiters. Never throws for what the
 * bytes say: a frame that is not valid has `valid: false`, a `reason`, and whatever could be read of its header.
 */
export function decodeJt808(frame: string | Uint8Array): DecodedFrame {
  const raw = typeof frame === "string" ? hexBytes(frame) : Buffer.from(frame);
  if (raw === undefined) return { valid: false, reason: "not hexadecimal" };
  if (raw.length < 2 || raw[0] !== 0x7e || raw.at(-1) !== 0x7e)
    return { valid: false, reason: "not delimited by 7e..7e" };
  if (raw.subarray(1, -1).includes(0x7e)) return { valid: false, reason: "delimiter inside the frame" };
  if (raw.length - 2 > MAX_ESCAPED_BYTES) return { valid: false, reason: `too long (${raw.length - 2} bytes)` };
  const plain = Buffer.alloc(raw.length);
  const length = unescapeInto(raw, 1, raw.length - 1, plain);
  if (length < 0)
    return { valid: false, reason: length === -2 ? "dangling 0x7d" : "0x7d followed by neither 01 nor 02" };
  if (length <= SHORTEST_HEADER) return { valid: false, reason: `too short (${length} bytes after unescaping)` };
  return decodePlain(plain.subarray(0, length));
}

function decodePlain(plain: Buffer): DecodedFrame {
  const end = plain.length - 1;
  const header = createFrameHeader();
  const fits = readHeader(plain, 0, end, header);
  const phoneEnd = header.phoneStart + header.phoneBytes;
  const decoded: DecodedFrame = {
    valid: fits,
    messageId: header.messageId,
    messageIdHex: hexId(header.messageId),
    version: header.phoneBytes === 10 ? "2019" : "2013",
    phone: phoneKey(plain, header.phoneStart, header.phoneBytes),
    phoneRaw: plain.toString("hex", header.phoneStart, phoneEnd),
    serial: header.serial,
    bodyLength: statedBodyLength(plain, 0),
  };
  const name = messageName(header.messageId);
  if (name !== undefined) decoded.message = name;
  if (header.packageTotal > 0) decoded.subPackage = { total: header.packageTotal, index: header.packageIndex };
  if (header.encryption !== 0) decoded.encryption = header.encryption;
  const deviations: string[] = [];
  if (header.flagDeviates) deviations.push("the version flag contradicts the header's length");
  if (!/^\d+$/u.test(decoded.phone ?? "")) deviations.push("the phone field is not BCD");
  if (deviations.length > 0) decoded.deviations = deviations;
  const sum = checksum(plain, 0, end);
  if (sum !== plain[end]) {
    return {
      ...decoded,
      valid: false,
      reason: `checksum: frame says ${hexByte(plain[end])}, computed ${hexByte(sum)}`,
    };
  }
  const body = plain.subarray(header.bodyStart, end);
  if (!fits) {
    const reason = `body length: header says ${decoded.bodyLength}, frame has ${Math.max(0, body.length)}`;
    return { ...decoded, reason, bodyHex: body.toString("hex") };
  }
  if (header.packageTotal > 0 || header.encryption !== 0) return { ...decoded, bodyHex: body.toString("hex") };
  return { ...decoded, ...readBody(header.messageId, body, header.phoneBytes === 10) };
}

/** The fields of a whole body; never throws: what cannot be read is there as bytes, with why. */
export function readBody(messageId: number, body: Buffer, wideHeader: boolean): Partial<DecodedFrame> {
  try {
    const fields = decodeBody(messageId, body, wideHeader);
    return fields === undefined ? { bodyHex: body.toString("hex") } : printable(fields);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    return { bodyFault: error.message, bodyHex: body.toString("hex") };
  }
}

/** Positions become printable, bytes become hex, times become ISO; everything else stays. */
export function printable(fields: object): Record<string, unknown> {
  return isLocationReport(fields)
    ? { ...printableFields(fields), ...printablePosition(fields) }
    : printableFields(fields);
}

function printableFields(fields: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name.endsWith("Ms") && typeof value === "number") out[`${name.slice(0, -2)}Iso`] = isoSeconds(value);
    else out[name] = printableValue(value);
  }
  return out;
}

function isLocationReport(fields: object): fields is LocationReport {
  return "items" in fields && "statusFlags" in fields;
}

function printableValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(printableValue);
  return typeof value === "object" && value !== null ? printable(value) : value;
}

function printablePosition(report: LocationReport): DecodedPosition {
  return {
    latitude: report.latitude,
    longitude: report.longitude,
    altitude: report.altitude,
    speedKmh: report.speedKmh,
    direction: report.direction,
    timeIso: isoSeconds(report.timeMs),
    alarmFlags: report.alarmFlags,
    statusFlags: report.statusFlags,
    items: report.items.map(({ id, value }) => ({
      id: `0x${hexByte(id)}`,
      length: value.length,
      hex: value.toString("hex"),
    })),
    extras: report.extras,
  };
}

function isoSeconds(timeMs: number): string | null {
  return Number.isNaN(timeMs) ? null : new Date(timeMs).toISOString().replace(".000Z", "Z");
}

/** The bytes of hex digits (white space allowed); undefined when they are none. */
export function hexBytes(hex: string): Buffer | undefined {
  const digits = hex.replaceAll(/\s+/gu, "");
  return digits.length % 2 === 0 && /^[0-9a-f]*$/iu.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

/** A message id as it is written: `0x0200`. */
export function hexId(id: number): string {
  return `0x${id.toString(16).padStart(4, "0")}`;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
