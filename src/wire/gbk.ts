import { Buffer } from "node:buffer";
import iconv from "iconv-lite";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Text of a STRING field: GBK by the standard, without trailing zeros and blanks.
 * Some devices send UTF-8: taken as such only when the bytes are valid UTF-8 and hold a CJK ideograph (three bytes).
 * A two-byte sequence proves nothing: `豫` in GBK is D4 A5, which is valid UTF-8 too.
 */
export function decodeGbk(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end--;
  let ascii = true;
  for (let i = 0; i < end; i++) {
    if (bytes[i] >= 0x80) {
      ascii = false;
      break;
    }
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  if (ascii) return text.toString("latin1");
  return decodeIdeographsAsUtf8(text) ?? iconv.decode(text, "gbk");
}

/** GBK bytes of a text; characters that GBK has not become `?`. */
export function encodeGbk(text: string): Buffer {
  return iconv.encode(text, "gbk");
}

function decodeIdeographsAsUtf8(bytes: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(bytes);
    return /^[\x20-\x7e\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]*$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
