import type { FastifyRequest } from "fastify";
import { WuxingError } from "../model/errors.ts";

/** Plates (GA 36), with the colour behind them or without: what is left names a city, not a vehicle. */
const PLATE = /([\u4E00-\u9FFF][A-Z])[A-Z0-9]{4,6}[\u4E00-\u9FFF]?(_\d{1,2})?(?![A-Za-z0-9])/gu;
const IDENTITY = /(?<!\d)\d{17}[\dXx](?!\d)/g;
const PHONE = /(?<!\d)1[3-9]\d{9}(?!\d)/g;
const MASK = "•";
/** Of a masked number so many characters at its end are shown. */
const SHOWN = 4;
/** Fields that name a vehicle or its people whatever they look like. */
const NAMING = new Set(["vehicle", "plate", "owner", "driver", "driverName", "phone", "terminal", "contact", "mail"]);
/** What asks for one of them: a search by identity is no list any more. */
const SEARCHING = new Set(["vehicle", "subject", "plate", "phone", "terminal", "q", "holder", "format"]);

/**
 * What is shown of personal data without a purpose: where, when and what for, of nobody. Texts are masked by what they look
 * like, so that a name that stands in a reason or a title is masked as well as the field that is meant for it.
 */
export function masked(value: unknown, field = ""): unknown {
  if (typeof value === "string") return NAMING.has(field) ? maskWhole(value) : maskText(value);
  if (Array.isArray(value)) return value.map((each) => masked(each, field));
  if (typeof value !== "object" || value === null) return value;
  const subject = (value as { kind?: unknown }).kind === "vehicle" && "id" in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, masked(each, subject && name === "id" ? "vehicle" : name)]),
  );
}

/** A list without a purpose cannot be asked about somebody, nor taken home. @throws WuxingError PURPOSE_NEEDED */
export function refuseSearch({ query }: FastifyRequest): void {
  const asked = Object.keys(query as object).find((name) => SEARCHING.has(name));
  if (asked !== undefined) throw new WuxingError("PURPOSE_NEEDED", `no purpose opens a search by ${asked}`);
}

/** `•••••••8000`: enough to see that it is the one that one knows. */
export function maskEnd(value: string): string {
  const hidden = Math.max(value.length - SHOWN, Math.min(value.length, SHOWN));
  return MASK.repeat(hidden) + value.slice(hidden);
}

function maskWhole(value: string): string {
  const text = maskText(value);
  return text === value ? MASK.repeat(Math.min(value.length, 8)) : text;
}

function maskText(text: string): string {
  return text
    .replaceAll(PLATE, `$1${MASK.repeat(5)}`)
    .replaceAll(IDENTITY, maskEnd)
    .replaceAll(PHONE, maskEnd);
}
