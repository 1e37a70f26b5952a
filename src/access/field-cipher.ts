import { createCipheriv, createDecipheriv, createHmac, randomBytes, hkdfSync } from "node:crypto";
import { WuxingError } from "../model/errors.ts";

/** AES-256-GCM (NIST SP 800-38D) or SM4-GCM (GB/T 32907, RFC 8998): chosen when a key is made, named by the key. */
export type FieldAlgorithm = "aes-256-gcm" | "sm4-gcm";

/** A key of personal fields. It is kept outside the database; the newest one encrypts, the older ones still decrypt. */
export interface FieldKey {
  id: string;
  algorithm: FieldAlgorithm;
  /** 32 bytes, base64url. */
  secret: string;
}

const KEY_BYTES: Record<FieldAlgorithm, number> = { "aes-256-gcm": 32, "sm4-gcm": 16 };
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_BYTES = 32;

export function createFieldKey(algorithm: FieldAlgorithm, id: string): FieldKey {
  return { id, algorithm, secret: randomBytes(SECRET_BYTES).toString("base64url") };
}

/**
 * Encrypts and decrypts personal fields, each bound to its row and column (associated data), so that a value that is moved to
 * another row does not decrypt. What has to be found is found by a keyed hash (HMAC-SHA-256): equal values are seen to be
 * equal, nothing else.
 */
export class FieldCipher {
  readonly #keys: ReadonlyMap<string, FieldKey>;
  readonly #newest: FieldKey;

  /** @param keys newest last; at least one */
  constructor(keys: readonly FieldKey[]) {
    const newest = keys.at(-1);
    if (newest === undefined) throw new WuxingError("CONFIG_INVALID", "no key for personal fields");
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#newest = newest;
  }

  /** The key that encrypts now. */
  get keyId(): string {
    return this.#newest.id;
  }

  /** `key.nonce.text.tag`, base64url. `where` names the row and the column. */
  encrypt(text: string, where: string): string {
    const { id, algorithm } = this.#newest;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(algorithm as "aes-256-gcm", derive(this.#newest, "encrypt"), nonce, {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(Buffer.from(where));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return [id, ...[nonce, body, cipher.getAuthTag()].map((part) => part.toString("base64url"))].join(".");
  }

  /** @throws WuxingError DATA_UNREADABLE when the key is not here, or the value was changed or belongs elsewhere */
  decrypt(kept: string, where: string): string {
    const [id = "", ...parts] = kept.split(".");
    const key = this.#keys.get(id);
    const [nonce, body, tag] = parts.map((part) => Buffer.from(part, "base64url"));
    if (key === undefined || nonce === undefined || body === undefined || tag?.length !== TAG_BYTES)
      throw new WuxingError("DATA_UNREADABLE", `${where}: no key ${id}`);
    try {
      const decipher = createDecipheriv(key.algorithm as "aes-256-gcm", derive(key, "encrypt"), nonce, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(where));
      decipher.setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    } catch (error) {
      throw new WuxingError("DATA_UNREADABLE", `${where}: it was changed, or belongs elsewhere`, [], { cause: error });
    }
  }

  /** Keyed hashes of a value under every key, the newest first: what is searched for. */
  hashes(value: string): string[] {
    return [...this.#keys.values()]
      .toReversed()
      .map((key) =>
        createHmac("sha256", derive(key, "search")).update(value.normalize("NFKC").trim()).digest("base64url"),
      );
  }
}

/** A key of its own for each use (HKDF, RFC 5869). */
function derive({ secret, algorithm, id }: FieldKey, use: "encrypt" | "search"): Buffer {
  const bytes = use === "encrypt" ? KEY_BYTES[algorithm] : SECRET_BYTES;
  return Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64url"), id, `wuxing ${use}`, bytes));
}
