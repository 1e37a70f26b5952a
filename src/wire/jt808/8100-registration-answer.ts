/**
 * 0x8100 answer to a registration (8.6).
 *
 *     reply serial WORD, result BYTE, authentication code STRING only when the result is 0
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";

export const REGISTRATION_ANSWER = 0x8100;

export const RegistrationResult = {
  ok: 0,
  vehicleRegistered: 1,
  vehicleUnknown: 2,
  terminalRegistered: 3,
  terminalUnknown: 4,
} as const;

export interface RegistrationAnswer {
  replySerial: number;
  result: number;
  /** Only when `result` is 0. Never empty: most devices cannot parse an empty one. */
  authCode?: string;
}

/** @throws MalformedBody when there are fewer than 3 bytes. */
export function decodeRegistrationAnswer(body: Uint8Array): RegistrationAnswer {
  const from = new OctetReader(body);
  const replySerial = from.u16();
  const result = from.u8();
  return { replySerial, result, ...(result === RegistrationResult.ok && { authCode: from.text(from.left) }) };
}

export function encodeRegistrationAnswer(answer: RegistrationAnswer): Buffer {
  const out = new OctetWriter(32).u16(answer.replySerial).u8(answer.result);
  if (answer.result === RegistrationResult.ok) out.text(answer.authCode ?? "");
  return out.toBuffer();
}
