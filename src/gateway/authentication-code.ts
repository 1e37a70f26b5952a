import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Authentication codes of terminals: an HMAC of the terminal's number and the generation of its code, so that none has to
 * be stored, each can be checked, and raising the generation revokes one.
 * 16 characters of A-Z and 2-7: devices that cannot store long or unusual codes exist.
 */
export class AuthenticationCodes {
  readonly #secret: string;

  /** @throws RangeError for a secret of fewer than 16 characters. */
  constructor(secret: string) {
    if (secret.length < 16) throw new RangeError("secret of the authentication codes: expected at least 16 characters");
    this.#secret = secret;
  }

  codeOf(terminal: string, generation: number): string {
    const digest = createHmac("sha256", this.#secret).update(`${terminal}:${generation}`).digest();
    return Array.from(digest.subarray(0, 16), (byte) => ALPHABET.charAt(byte & 31)).join("");
  }

  /** Compared in constant time. */
  isRight(code: string, terminal: string, generation: number): boolean {
    const expected = Buffer.from(this.codeOf(terminal, generation));
    const given = Buffer.from(code);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
