/**
 * Records of a CSV file (RFC 4180, UTF-8 with or without a byte order mark, LF or CRLF), fed in chunks cut anywhere:
 *
 *     file   = record *(line-end record) [line-end]
 *     record = field *("," field)
 *     field  = *(any byte but "," LF) / DQUOTE *(any byte but DQUOTE / 2DQUOTE) DQUOTE
 *
 * By bytes, without a string for a field: never more of a file is in memory than one chunk and one record.
 */
const RECORD_BYTES_MAX = 65_536;
const FIELDS_MAX = 1024;
const COMMA = 0x2c;
const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

export interface CsvRecordSink {
  /** One record; its fields are `[starts[i], ends[i])` of `bytes`. Valid only during the call. Empty lines are left out. */
  record(line: number, bytes: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void;
  /** A record of more bytes than are taken; it is left out. */
  tooLong(line: number, start: Uint8Array, maxBytes: number): void;
}

export class CsvRecords {
  /** The physical line that was read last, the first being 1. */
  line = 0;
  readonly #sink: CsvRecordSink;
  readonly #starts = new Int32Array(FIELDS_MAX);
  readonly #ends = new Int32Array(FIELDS_MAX);
  #rest: Buffer = Buffer.alloc(0);
  #first = true;
  /** In the middle of a record that is too long: everything up to the next line end belongs to it. */
  #skipping = false;

  constructor(sink: CsvRecordSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    this.#read(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]), false);
  }

  end(): void {
    this.#read(this.#rest, true);
  }

  #read(bytes: Buffer, last: boolean): void {
    let at = 0;
    if (this.#first && bytes.length >= 3) {
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) at = 3;
      this.#first = false;
    }
    while (at < bytes.length) {
      let end = bytes.indexOf(LF, at);
      if (end < 0 && last) end = bytes.length;
      if (end >= 0 && this.#skipping) {
        this.#skipping = false;
        this.line++;
        at = end + 1;
        continue;
      }
      let count = end < 0 ? 0 : this.#splitPlain(bytes, at, end);
      if (count < 0) {
        end = endOfQuotedRecord(bytes, at, last);
        if (end >= 0) count = this.#splitQuoted(bytes, at, end);
      }
      if (end < 0 || end - at > RECORD_BYTES_MAX) {
        if (end < 0 && bytes.length - at <= RECORD_BYTES_MAX) break;
        if (!this.#skipping) this.#sink.tooLong(this.line + 1, bytes.subarray(at, at + 200), RECORD_BYTES_MAX);
        this.#skipping = end < 0;
        if (end >= 0) this.line++;
        at = end < 0 ? bytes.length : end + 1;
        continue;
      }
      this.line++;
      const line = this.line;
      if (count > 1 || this.#starts[0] !== this.#ends[0])
        this.#sink.record(line, bytes, this.#starts, this.#ends, count);
      for (let inside = bytes.indexOf(LF, at); inside >= 0 && inside < end; inside = bytes.indexOf(LF, inside + 1)) {
        this.line++;
      }
      at = end + 1;
    }
    this.#rest = at >= bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
  }

  /** Fields of a line without quotes; -1 when there is a quote. */
  #splitPlain(bytes: Buffer, start: number, lineEnd: number): number {
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    const starts = this.#starts;
    const ends = this.#ends;
    let count = 0;
    let from = start;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) return -1;
      if (byte === COMMA && count < FIELDS_MAX - 1) {
        starts[count] = from;
        ends[count++] = at;
        from = at + 1;
      }
    }
    starts[count] = from;
    ends[count++] = end;
    return count;
  }

  /** Fields of a whole record with quotes; doubled quotes become single ones, in place. */
  #splitQuoted(bytes: Buffer, start: number, recordEnd: number): number {
    const end = bytes[recordEnd - 1] === CR ? recordEnd - 1 : recordEnd;
    let count = 0;
    let at = start;
    for (;;) {
      let from = at;
      let to = at;
      if (bytes[at] === QUOTE) {
        from = to = ++at;
        for (; at < end; at++) {
          if (bytes[at] === QUOTE && (++at >= end || bytes[at] !== QUOTE)) break;
          bytes[to++] = bytes[at]!;
        }
      }
      for (; at < end && bytes[at] !== COMMA; at++) bytes[to++] = bytes[at]!;
      this.#starts[count] = from;
      this.#ends[count++] = to;
      if (at >= end || count === FIELDS_MAX) return count;
      at++;
    }
  }
}

/** Where the record that starts at `start` ends: at a line end outside quotes; -1 when it does not end in `bytes`. */
function endOfQuotedRecord(bytes: Buffer, start: number, last: boolean): number {
  let quoted = false;
  let fieldStart = true;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) at++;
      else quoted = false;
    } else if (byte === LF) {
      return at;
    } else {
      quoted = fieldStart && byte === QUOTE;
      fieldStart = byte === COMMA;
    }
  }
  return last ? bytes.length : -1;
}
