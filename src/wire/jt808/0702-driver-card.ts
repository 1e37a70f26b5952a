/**
 * 0x0702 driver's card inserted or pulled out (8.26 of 2013).
 *
 *     2013: status BYTE (1 in, 2 out), time BCD[6], when in: result BYTE (0 read), when read:
 *           name length BYTE, name, certificate BYTE[20], issuer length BYTE, issuer, valid to BCD[4]
 *     2019: the same and identity number BYTE[20] at the end
 *     2011: name length BYTE, name, identity number BYTE[20], certificate BYTE[40], issuer length BYTE, issuer
 */
import type { Buffer } from "node:buffer";
import { MalformedBody, OctetReader, OctetWriter } from "../octets.ts";
import { readTimeMs, timeField } from "./time.ts";

export const DRIVER_CARD = 0x0702;

/** `status` of a card. */
export const CardStatus = { inserted: 1, pulledOut: 2 } as const;

export interface DriverCard {
  /** 1 inserted, 2 pulled out; not there in 2011. */
  cardStatus?: number;
  /** When, ms UTC; NaN when it is no date. */
  timeMs?: number;
  /** 0 read; 1 key wrong, 2 locked, 3 pulled out too early, 4 checksum wrong. */
  cardResult?: number;
  driver?: string;
  certificate?: string;
  issuer?: string;
  /** `2028-06-30`, or the digits as sent when they are no date. */
  validTo?: string;
  /** 2011 and 2019. */
  identityNumber?: string;
}

/** @throws MalformedBody when the body is shorter than its fields. */
export function decodeDriverCard(body: Buffer): DriverCard {
  const from = new OctetReader(body);
  if (body.length < 7 || body[0] < 1 || body[0] > 2) return decode2011(from);
  const card: DriverCard = { cardStatus: from.u8(), timeMs: readTimeMs(from.bytes(6), 0) };
  if (card.cardStatus !== CardStatus.inserted || from.left === 0) return card;
  card.cardResult = from.u8();
  if (card.cardResult !== 0 || from.left === 0) return card;
  card.driver = from.text(from.u8());
  card.certificate = from.text(20);
  card.issuer = from.text(from.u8());
  const date = from.hex(4);
  card.validTo = /^\d{8}$/u.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date;
  if (from.left >= 20) card.identityNumber = from.text(20);
  return card;
}

/** The body in the layout of 2013, or of 2019 when there is an identity number. Only a read card has a driver. */
export function encodeDriverCard(card: DriverCard): Buffer {
  const out = new OctetWriter(128).u8(card.cardStatus ?? CardStatus.inserted).bytes(timeField(card.timeMs ?? 0));
  if (card.cardStatus === CardStatus.pulledOut) return out.toBuffer();
  out.u8(card.cardResult ?? 0);
  if ((card.cardResult ?? 0) !== 0) return out.toBuffer();
  for (const [text, after] of [
    [card.driver ?? "", card.certificate ?? ""],
    [card.issuer ?? "", undefined],
  ] as const) {
    const lengthAt = out.length;
    out.u8(0).text(text);
    out.patchU8(lengthAt, out.length - lengthAt - 1);
    if (after !== undefined) out.text(after, 20);
  }
  out.hex((card.validTo ?? "0000-00-00").replaceAll("-", ""));
  if (card.identityNumber !== undefined) out.text(card.identityNumber, 20);
  return out.toBuffer();
}

function decode2011(from: OctetReader): DriverCard {
  const nameLength = from.u8();
  if (from.left < nameLength + 61)
    throw new MalformedBody(`a driver's card of 2011 has ${nameLength + 62} bytes or more`);
  return {
    driver: from.text(nameLength),
    identityNumber: from.text(20),
    certificate: from.text(40),
    issuer: from.text(from.u8()),
  };
}
