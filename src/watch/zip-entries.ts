import { inflateRawSync } from "node:zlib";

/** Bytes that one entry may become. */
const ENTRY_MAX = 64 * 1024 * 1024;
const ENTRIES_MAX = 1000;
const END_BYTES = 22;
const COMMENT_MAX = 65_535;

/** Whether the bytes begin as a zip archive does. */
export function isZip(bytes: Buffer): boolean {
  return bytes.length > END_BYTES && bytes.readUInt32LE(0) === 0x04_03_4b_50;
}

/**
 * The entries of a zip archive whose names pass, by name (PKWARE APPNOTE 4.3: the central directory is found from the end, and says
 * where each entry's data are). Stored and deflated entries, no encryption, no zip64.
 *
 * @throws Error that says what is wrong; an entry that would grow beyond 64 MiB is not unpacked
 */
export function zipEntries(bytes: Buffer, passes: (name: string) => boolean): Map<string, Buffer> {
  const end = endOfDirectory(bytes);
  const count = Math.min(bytes.readUInt16LE(end + 10), ENTRIES_MAX);
  const entries = new Map<string, Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02_01_4b_50) throw new Error("its directory is broken");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const name = bytes.toString("utf8", at + 46, at + 46 + nameBytes);
    if (passes(name)) entries.set(name, unpacked(bytes, at, name));
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

function endOfDirectory(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END_BYTES - COMMENT_MAX);
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    if (bytes.readUInt32LE(at) === 0x06_05_4b_50) return at;
  }
  throw new Error("it breaks off");
}

function unpacked(bytes: Buffer, directoryAt: number, name: string): Buffer {
  const flags = bytes.readUInt16LE(directoryAt + 8);
  const method = bytes.readUInt16LE(directoryAt + 10);
  const packedBytes = bytes.readUInt32LE(directoryAt + 20);
  const headerAt = bytes.readUInt32LE(directoryAt + 42);
  if ((flags & 1) !== 0) throw new Error(`${name} is encrypted`);
  if (headerAt + 30 > bytes.length) throw new Error(`${name} breaks off`);
  const from = headerAt + 30 + bytes.readUInt16LE(headerAt + 26) + bytes.readUInt16LE(headerAt + 28);
  if (from + packedBytes > bytes.length) throw new Error(`${name} breaks off`);
  const packed = bytes.subarray(from, from + packedBytes);
  if (method === 0) return packed;
  if (method !== 8) throw new Error(`${name} is packed by method ${method}, expected 0 or 8`);
  return inflateRawSync(packed, { maxOutputLength: ENTRY_MAX });
}
