/**
 * The table of messages whose bodies are read: id, name, decoder. Whatever is not in it is kept as bytes.
 */
import type { Buffer } from "node:buffer";
import { decodeGeneralReply } from "./0001-general-reply.ts";
import { decodeRegistration } from "./0100-registration.ts";
import { decodeAuthentication } from "./0102-authentication.ts";
import { decodeLocationReport } from "./0200-location-report.ts";
import { decodeLocationAnswer } from "./0201-location-answer.ts";
import { decodeLocationBatch } from "./0704-location-batch.ts";
import { decodeRegistrationAnswer } from "./8100-registration-answer.ts";

interface MessageEntry {
  name: string;
  decode?: (body: Buffer, wideHeader: boolean) => object;
}

const MESSAGES: { readonly [id: number]: MessageEntry | undefined } = {
  0x0001: { name: "terminal general reply", decode: decodeGeneralReply },
  0x0002: { name: "heartbeat" },
  0x0003: { name: "terminal deregistration" },
  0x0100: { name: "terminal registration", decode: decodeRegistration },
  0x0102: { name: "terminal authentication", decode: decodeAuthentication },
  0x0200: { name: "location report", decode: (body) => decodeLocationReport(body) },
  0x0201: { name: "location answer", decode: decodeLocationAnswer },
  0x0704: { name: "location batch", decode: decodeLocationBatch },
  0x8001: { name: "platform general reply", decode: decodeGeneralReply },
  0x8100: { name: "registration answer", decode: decodeRegistrationAnswer },
};

/** English name of a message, or undefined when it is not in the table. */
export function messageName(messageId: number): string | undefined {
  return MESSAGES[messageId]?.name;
}

/**
 * The fields of a body; undefined when its message is unknown here. `wideHeader`: the frame has the 2019 header.
 * @throws MalformedBody when the body is too short for its message.
 */
export function decodeBody(messageId: number, body: Buffer, wideHeader: boolean): object | undefined {
  const entry = MESSAGES[messageId];
  if (entry === undefined) return undefined;
  if (entry.decode === undefined) return {};
  return entry.decode(body, wideHeader);
}
