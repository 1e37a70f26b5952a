/**
 * 0x0800 a picture, sound or film was made (8.39), and 0x0801 its data (8.40), with 0x8800 the answer to the data.
 *
 *     0800: media id DWORD, media BYTE (0 picture, 1 sound, 2 film), format BYTE, event BYTE, channel BYTE
 *     0801: the same 8 bytes, the 28 basic bytes of a location report, data
 *     8800: media id DWORD, [count BYTE, missing index WORD × count]; nothing after the id when all is there
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader, OctetWriter } from "../octets.ts";
import { decodeLocationReport, LOCATION_BASIC_BYTES, type LocationReport } from "./0200-location-report.ts";

export const MEDIA_EVENT = 0x0800;
export const MEDIA_DATA = 0x0801;
export const MEDIA_ANSWER = 0x8800;

export interface MediaEvent {
  mediaId: number;
  mediaType: number;
  mediaFormat: number;
  eventCode: number;
  channelId: number;
}

/** @throws MalformedBody when there are fewer than 8 bytes. */
export function decodeMediaEvent(body: Uint8Array): MediaEvent {
  const from = new OctetReader(body);
  return {
    mediaId: from.u32(),
    mediaType: from.u8(),
    mediaFormat: from.u8(),
    eventCode: from.u8(),
    channelId: from.u8(),
  };
}

/** @throws MalformedBody when there are fewer than 36 bytes. */
export function decodeMediaData(body: Buffer): MediaEvent & { location: LocationReport; data: Buffer } {
  const dataAt = 8 + LOCATION_BASIC_BYTES;
  if (body.length < dataAt) throw new MalformedBody(`media data has at least ${dataAt} bytes, here are ${body.length}`);
  return { ...decodeMediaEvent(body), location: decodeLocationReport(body, 8, dataAt), data: body.subarray(dataAt) };
}

/** @throws MalformedBody when the list breaks off. */
export function decodeMediaAnswer(body: Uint8Array): { mediaId: number; missing: number[] } {
  const from = new OctetReader(body);
  const mediaId = from.u32();
  return { mediaId, missing: from.left === 0 ? [] : Array.from({ length: from.u8() }, () => from.u16()) };
}

export function encodeMediaAnswer(mediaId: number, missing: readonly number[]): Buffer {
  const out = new OctetWriter(16).u32(mediaId);
  if (missing.length > 0) {
    out.u8(missing.length);
    for (const index of missing) out.u16(index);
  }
  return out.toBuffer();
}
