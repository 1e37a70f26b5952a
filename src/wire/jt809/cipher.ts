/**
 * The cipher of JT/T 809 bodies (JT/T 809-2011, 4.5.3): a stream from a linear congruential generator, its own inverse.
 * It hides nothing from anybody who knows the standard; it is part of the wire, not a protection.
 */

/** The three numbers that two platforms agree on; unsigned 32 bits each. */
export interface CipherKeys809 {
  m1: number;
  ia1: number;
  ic1: number;
}

/** Enciphers or deciphers `body` in place. A key of 0, and an M1 of 0, count as 1. */
export function applyCipher809(body: Uint8Array, key: number, keys: CipherKeys809): void {
  const modulus = keys.m1 === 0 ? 1 : keys.m1 >>> 0;
  let state = key === 0 ? 1 : key >>> 0;
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(keys.ia1, state % modulus) + keys.ic1) >>> 0;
    body[i] ^= (state >>> 20) & 0xff;
  }
}
