/**
 * The table of messages whose bodies are read: id, name, decoder. Whatever is not in it is kept as bytes.
 */
import type { Buffer } from "node:buffer";
import { decodeGeneralReply } from "./0001-general-reply.ts";
import { decodeRegistration } from "./0100-registration.ts";
import { decodeAuthentication } from "./0102-authentication.ts";
import { decodeTerminalAttributes } from "./0107-terminal-attributes.ts";
import { decodeLocationReport } from "./0200-location-report.ts";
import { decodeLocationAnswer } from "./0201-location-answer.ts";
import { decodeWaybill } from "./0701-waybill.ts";
import { decodeDriverCard } from "./0702-driver-card.ts";
import { decodeLocationBatch } from "./0704-location-batch.ts";
import { decodeMediaAnswer, decodeMediaData, decodeMediaEvent } from "./0800-media-event.ts";
import { decodeResendParts } from "./8003-resend-parts.ts";
import { decodeRegistrationAnswer } from "./8100-registration-answer.ts";
import { decodeParametersAnswer, decodeQueryParameters, decodeSetParameters } from "./8103-parameters.ts";
import { decodeTerminalControl } from "./8105-terminal-control.ts";
import { decodeTracking } from "./8202-tracking.ts";
import { decodeAlarmConfirmation } from "./8203-alarm-confirmation.ts";
import { decodeText } from "./8300-text.ts";
import { decodeCircles, decodePolygon, decodeRectangles } from "./8600-areas.ts";
import { decodeAreaDeletion } from "./8601-area-deletion.ts";
import { decodeRoute } from "./8606-route.ts";

interface MessageEntry {
  name: string;
  decode?: (body: Buffer, wideHeader: boolean) => object;
}

const MESSAGES: { readonly [id: number]: MessageEntry | undefined } = {
  0x0001: { name: "terminal general reply", decode: decodeGeneralReply },
  0x0002: { name: "heartbeat" },
  0x0003: { name: "terminal deregistration" },
  0x0005: { name: "request for missing parts", decode: decodeResendParts },
  0x0100: { name: "terminal registration", decode: decodeRegistration },
  0x0102: { name: "terminal authentication", decode: decodeAuthentication },
  0x0104: { name: "parameters answer", decode: decodeParametersAnswer },
  0x0107: { name: "terminal attributes", decode: decodeTerminalAttributes },
  0x0200: { name: "location report", decode: (body) => decodeLocationReport(body) },
  0x0201: { name: "location answer", decode: decodeLocationAnswer },
  0x0701: { name: "waybill", decode: decodeWaybill },
  0x0702: { name: "driver's card", decode: decodeDriverCard },
  0x0704: { name: "location batch", decode: decodeLocationBatch },
  0x0800: { name: "media event", decode: decodeMediaEvent },
  0x0801: { name: "media data", decode: decodeMediaData },
  0x8001: { name: "platform general reply", decode: decodeGeneralReply },
  0x8003: { name: "request for missing parts", decode: decodeResendParts },
  0x8100: { name: "registration answer", decode: decodeRegistrationAnswer },
  0x8103: { name: "set parameters", decode: decodeSetParameters },
  0x8104: { name: "query all parameters" },
  0x8105: { name: "terminal control", decode: decodeTerminalControl },
  0x8106: { name: "query parameters", decode: decodeQueryParameters },
  0x8107: { name: "query attributes" },
  0x8201: { name: "location query" },
  0x8202: { name: "temporary tracking", decode: decodeTracking },
  0x8203: { name: "alarm confirmation", decode: decodeAlarmConfirmation },
  0x8300: { name: "text to the driver", decode: decodeText },
  0x8600: { name: "set circles", decode: decodeCircles },
  0x8601: { name: "delete circles", decode: decodeAreaDeletion },
  0x8602: { name: "set rectangles", decode: decodeRectangles },
  0x8603: { name: "delete rectangles", decode: decodeAreaDeletion },
  0x8604: { name: "set polygon", decode: decodePolygon },
  0x8605: { name: "delete polygons", decode: decodeAreaDeletion },
  0x8606: { name: "set route", decode: decodeRoute },
  0x8607: { name: "delete routes", decode: decodeAreaDeletion },
  0x8800: { name: "media answer", decode: decodeMediaAnswer },
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
