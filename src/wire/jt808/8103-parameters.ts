/**
 * Terminal parameters (8.9 to 8.11): 0x8103 sets them, 0x8104 asks for all, 0x8106 for some, 0x0104 answers.
 *
 *     8103: count BYTE, { id DWORD, length BYTE, value } × count
 *     8104: empty
 *     8106: count BYTE, id DWORD × count
 *     0104: reply serial WORD, count BYTE, { id DWORD, length BYTE, value } × count
 *
 * The width of a value follows from its id; a wrong one desyncs everything behind it, so values stay bytes and
 * `dwordParameter` and `textParameter` make them.
 */
import { Buffer } from "node:buffer";
import { encodeGbk } from "../gbk.ts";
import { OctetReader, OctetWriter } from "../octets.ts";

export const SET_PARAMETERS = 0x8103;
export const QUERY_ALL_PARAMETERS = 0x8104;
export const QUERY_PARAMETERS = 0x8106;
export const PARAMETERS_ANSWER = 0x0104;

/** Parameters that the platform sets or reads; DWORD unless said otherwise. */
export const ParameterId = {
  heartbeatSeconds: 0x0001,
  tcpReplyTimeoutSeconds: 0x0002,
  tcpRetries: 0x0003,
  /** STRING. */
  mainServer: 0x0013,
  tcpPort: 0x0018,
  /** 0 by time, 1 by distance, 2 both. */
  reportStrategy: 0x0020,
  sleepIntervalSeconds: 0x0027,
  alarmIntervalSeconds: 0x0028,
  defaultIntervalSeconds: 0x0029,
  maxSpeedKmh: 0x0055,
  overspeedSeconds: 0x0056,
  /** STRING. */
  plate: 0x0083,
} as const;

export interface Parameter {
  id: number;
  value: Uint8Array;
}

/** @throws MalformedBody when the list breaks off. */
export function decodeSetParameters(body: Uint8Array): { parameters: Parameter[] } {
  const from = new OctetReader(body);
  return { parameters: readParameters(from, from.u8()) };
}

/** @throws RangeError for more than 255 parameters or a value of more than 255 bytes. */
export function encodeSetParameters(parameters: readonly Parameter[]): Buffer {
  return writeParameters(new OctetWriter(64), parameters).toBuffer();
}

/** @throws MalformedBody when the list breaks off. */
export function decodeParametersAnswer(body: Uint8Array): { replySerial: number; parameters: Parameter[] } {
  const from = new OctetReader(body);
  const replySerial = from.u16();
  return { replySerial, parameters: readParameters(from, from.u8()) };
}

/** @throws RangeError for more than 255 parameters or a value of more than 255 bytes. */
export function encodeParametersAnswer(replySerial: number, parameters: readonly Parameter[]): Buffer {
  return writeParameters(new OctetWriter(64).u16(replySerial), parameters).toBuffer();
}

/** @throws MalformedBody when the list breaks off. */
export function decodeQueryParameters(body: Uint8Array): { parameterIds: number[] } {
  const from = new OctetReader(body);
  return { parameterIds: Array.from({ length: from.u8() }, () => from.u32()) };
}

export function encodeQueryParameters(ids: readonly number[]): Buffer {
  const out = new OctetWriter(64).u8(ids.length);
  for (const id of ids) out.u32(id);
  return out.toBuffer();
}

export function dwordParameter(id: number, value: number): Parameter {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return { id, value: bytes };
}

export function textParameter(id: number, text: string): Parameter {
  return { id, value: encodeGbk(text) };
}

/** The number of a DWORD parameter; undefined when the value has another width. */
export function dwordOf(parameter: Parameter): number | undefined {
  const { value } = parameter;
  return value.length === 4 ? Buffer.from(value.buffer, value.byteOffset, 4).readUInt32BE(0) : undefined;
}

function readParameters(from: OctetReader, count: number): Parameter[] {
  return Array.from({ length: count }, () => ({ id: from.u32(), value: from.bytes(from.u8()) }));
}

function writeParameters(out: OctetWriter, parameters: readonly Parameter[]): OctetWriter {
  if (parameters.length > 255) throw new RangeError(`${parameters.length} parameters: expected at most 255`);
  out.u8(parameters.length);
  for (const { id, value } of parameters) {
    if (value.length > 255)
      throw new RangeError(`parameter ${id}: value of ${value.length} bytes, expected at most 255`);
    out.u32(id).u8(value.length).bytes(value);
  }
  return out;
}
