/**
 * 0x0001 terminal's general reply and 0x8001 platform's general reply (8.1, 8.2).
 *
 *     reply serial WORD, reply id WORD, result BYTE
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const TERMINAL_REPLY = 0x0001;
export const PLATFORM_REPLY = 0x8001;

/** Results of general replies; `alarmConfirmed` only from the platform. */
export const ReplyResult = { ok: 0, failed: 1, badMessage: 2, unsupported: 3, alarmConfirmed: 4 } as const;

export interface GeneralReply {
  /** Serial of the message that is answered. */
  replySerial: number;
  /** Id of the message that is answered. */
  replyId: number;
  result: number;
}

/** @throws MalformedBody when there are fewer than 5 bytes. */
export function decodeGeneralReply(body: Uint8Array): GeneralReply {
  const from = new OctetReader(body);
  return { replySerial: from.u16(), replyId: from.u16(), result: from.u8() };
}

export function encodeGeneralReply(reply: GeneralReply): Buffer {
  return new OctetWriter(5).u16(reply.replySerial).u16(reply.replyId).u8(reply.result).toBuffer();
}
