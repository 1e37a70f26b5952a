/**
 * JT/T 808 times: BCD[6] `YY-MM-DD-hh-mm-ss` in GMT+8, years 2000 to 2099 (8.18 table 23, time).
 */
const GMT8_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const YEAR_START_MS = Float64Array.from({ length: 100 }, (_, year) => Date.UTC(2000 + year, 0, 1) - GMT8_MS);
const DAYS_BEFORE_MONTH = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Two decimal digits of a byte, 255 when a nibble is above 9. */
const BCD = Uint8Array.from({ length: 256 }, (_, byte) => {
  const high = byte >> 4;
  const low = byte & 15;
  return high > 9 || low > 9 ? 255 : high * 10 + low;
});

/** Milliseconds UTC of the six bytes at `at`; NaN when they are no date (never rolled over into another one). */
export function readTimeMs(bytes: Uint8Array, at: number): number {
  const year = BCD[bytes[at]];
  const month = BCD[bytes[at + 1]];
  const day = BCD[bytes[at + 2]];
  const hour = BCD[bytes[at + 3]];
  const minute = BCD[bytes[at + 4]];
  const second = BCD[bytes[at + 5]];
  if (year > 99 || month === 0 || month > 12 || day === 0 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const leap = year % 4 === 0;
  if (day > DAYS_IN_MONTH[month] && !(leap && month === 2 && day === 29)) return Number.NaN;
  const days = DAYS_BEFORE_MONTH[month] + (leap && month > 2 ? 1 : 0) + day - 1;
  return YEAR_START_MS[year] + days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Writes a time (ms UTC of the years 2000 to 2099, whole seconds count) as BCD[6] in GMT+8. */
export function writeTimeMs(bytes: Uint8Array, at: number, timeMs: number): void {
  const seconds = Math.floor((timeMs + GMT8_MS) / 1000);
  const days = Math.floor(seconds / 86_400);
  const second = seconds - days * 86_400;
  // Days since 1 March 2000 to a date: years begin in March here, so that the leap day is the last of its year.
  const march = days - 11_017;
  const year = Math.floor((march + 0.75) / 365.25);
  const dayOfYear = march - Math.floor(365.25 * year);
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  bytes[at] = toBcd((((month > 9 ? year + 1 : year) % 100) + 100) % 100);
  bytes[at + 1] = toBcd(month > 9 ? month - 9 : month + 3);
  bytes[at + 2] = toBcd(dayOfYear - Math.floor((153 * month + 2) / 5) + 1);
  bytes[at + 3] = toBcd(Math.floor(second / 3600));
  bytes[at + 4] = toBcd(Math.floor(second / 60) % 60);
  bytes[at + 5] = toBcd(second % 60);
}

/** The six bytes of a time, for messages that are not built in place. */
export function timeField(timeMs: number): Uint8Array {
  const field = new Uint8Array(6);
  writeTimeMs(field, 0, timeMs);
  return field;
}

function toBcd(value: number): number {
  return (Math.trunc(value / 10) << 4) | (value % 10);
}
