/**
 * Times and numbers read straight from the bytes of a text file. Each answers NaN for what is not one, never throws.
 */

const ZERO = 0x30;
const DAY_MS = 86_400_000;
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * A decimal number, correctly rounded: up to 15 digits by one division of two exact numbers (Clinger 1990), anything
 * longer by the engine's own reader.
 */
export function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let sign = 1;
  if (at < end && (bytes[at] === 0x2d || bytes[at] === 0x2b)) sign = bytes[at++] === 0x2d ? -1 : 1;
  let mantissa = 0;
  let digits = 0;
  let fraction = 0;
  let inFraction = false;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (inFraction) fraction++;
    } else if (bytes[at] === 0x2e && !inFraction) {
      inFraction = true;
    } else {
      return readAnyNumber(bytes, start, end);
    }
  }
  if (digits === 0) return NaN;
  if (digits > 15) return readAnyNumber(bytes, start, end);
  return (sign * mantissa) / POWERS[fraction];
}

function readAnyNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 64) return NaN;
  const text = textOf(bytes, start, end).trim();
  return DECIMAL.test(text) ? Number(text) : NaN;
}

/**
 * An instant as integer ms UTC: epoch ms (digits only, 11 to 15 of them, so that seconds are not taken for ms), or
 * ISO 8601 date, `T` or a space, time to the second or finer, and `Z` or an offset. A time without a zone is none.
 */
export function readTimeMs(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 20)
    return isDigits(bytes, start, end) && length >= 11 && length <= 15 ? digitsAt(bytes, start, length) : NaN;
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return NaN;
  const separator = bytes[start + 10];
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return NaN;
  if (bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a) return NaN;
  const day = daysSinceEpoch(digitsAt(bytes, start, 4), digitsAt(bytes, start + 5, 2), digitsAt(bytes, start + 8, 2));
  const hour = digitsAt(bytes, start + 11, 2);
  const minute = digitsAt(bytes, start + 14, 2);
  const second = digitsAt(bytes, start + 17, 2);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return NaN;
  let at = start + 19;
  let fractionMs = 0;
  if (bytes[at] === 0x2e || bytes[at] === 0x2c) {
    const from = ++at;
    let unit = 100;
    while (at < end && isDigit(bytes[at])) {
      fractionMs += (bytes[at++] - ZERO) * unit;
      unit /= 10;
    }
    if (at === from) return NaN;
  }
  const offset = readOffsetMinutes(bytes, at, end);
  return day * DAY_MS + hour * 3_600_000 + (minute - offset) * 60_000 + second * 1000 + Math.round(fractionMs);
}

/** `Z`, `+08:00`, `+0800` or `+08`; minutes east of Greenwich. */
function readOffsetMinutes(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start];
  if (end - start === 1) return first === 0x5a || first === 0x7a ? 0 : NaN;
  if (first !== 0x2b && first !== 0x2d) return NaN;
  const sign = first === 0x2b ? 1 : -1;
  const hours = digitsAt(bytes, start + 1, 2);
  const rest = end - start - 3;
  const minutesAt = rest === 3 && bytes[start + 3] === 0x3a ? start + 4 : start + 3;
  const minutes = rest === 0 ? 0 : rest === 2 || minutesAt === start + 4 ? digitsAt(bytes, minutesAt, 2) : NaN;
  return hours <= 23 && minutes <= 59 ? sign * (hours * 60 + minutes) : NaN;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; NaN for a day that does not exist. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1) || !(year >= 0)) return NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const longest = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (!(day <= longest)) return NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    if (!isDigit(bytes[at])) return NaN;
    value = value * 10 + bytes[at] - ZERO;
  }
  return value;
}

function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isDigit(bytes[at])) return false;
  return end > start;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

const utf8 = new TextDecoder("utf-8");

/** The bytes as text; what is not UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return utf8.decode(bytes.subarray(start, end));
}
