import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import type { FieldCipher } from "./field-cipher.ts";
import { createTotpSecret, findTotpStep, toBase32, totpUri } from "./totp.ts";

/** What an account has besides its password. */
export interface Factors {
  totp: boolean;
  passkeys: number;
  recoveryCodes: number;
}

/** Name of the platform in an authenticator. */
const ISSUER = "无形 wuxing";
const RECOVERY_CODES = 10;
/** 50 bits: nobody guesses one within the waits of signing in. */
const RECOVERY_LETTERS = 10;

/**
 * The codes that an account proves itself with besides its password: of an authenticator (RFC 6238), each good once, and
 * recovery codes for the day on which it is lost. Secrets are encrypted, recovery codes kept as keyed hashes.
 */
export class SecondFactor {
  readonly #kysely: Kysely<Tables>;
  readonly #cipher: FieldCipher;
  readonly #now: () => number;

  constructor(kysely: Kysely<Tables>, cipher: FieldCipher, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#cipher = cipher;
    this.#now = now;
  }

  async of(account: string): Promise<Factors> {
    const [totp, passkeys, codes] = await Promise.all([
      this.#totpOf(account),
      this.#count("passkey", account),
      this.#count("recovery_code", account),
    ]);
    return { totp: totp?.confirmed_ms != null, passkeys, recoveryCodes: codes };
  }

  /**
   * A new secret; it counts once a code of it was entered. One that was not confirmed is replaced.
   * @returns the secret, base32, and what an authenticator reads as a square code
   * @throws WuxingError INPUT_INVALID when one counts already: it is switched off first
   */
  async begin(account: string): Promise<{ secret: string; uri: string }> {
    const secret = createTotpSecret();
    const kept = this.#cipher.encrypt(secret, whereOf(account));
    const { numInsertedOrUpdatedRows } = await this.#kysely
      .insertInto("totp")
      .values({ account, secret: kept, confirmed_ms: null, last_step: 0 })
      .onConflict((conflict) =>
        conflict.column("account").doUpdateSet({ secret: kept, last_step: 0 }).where("totp.confirmed_ms", "is", null),
      )
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n)
      throw new WuxingError("INPUT_INVALID", "codes are in use; switch them off first");
    return { secret, uri: totpUri(secret, account, ISSUER) };
  }

  /** The secret counts from now on. @returns new recovery codes @throws WuxingError CODE_WRONG */
  async confirm(account: string, code: string): Promise<string[]> {
    const row = await this.#totpOf(account);
    const step = row === undefined ? null : findTotpStep(this.#secretOf(account, row.secret), code, this.#now());
    if (row === undefined || row.confirmed_ms !== null || step === null) throw new WuxingError("CODE_WRONG");
    await this.#kysely
      .updateTable("totp")
      .set({ confirmed_ms: this.#now(), last_step: step })
      .where("account", "=", account)
      .where("secret", "=", row.secret)
      .execute();
    return this.renewRecoveryCodes(account);
  }

  /** Whether a code is one of the account's, and uses it up: it is good once, also for two who send it at the same time. */
  async take(account: string, code: string): Promise<boolean> {
    const text = code.replaceAll(/[\s-]/g, "").toUpperCase();
    if (!/^\d{6}$/.test(text)) return this.#takeRecovery(account, text);
    const row = await this.#totpOf(account);
    if (row?.confirmed_ms == null) return false;
    const step = findTotpStep(this.#secretOf(account, row.secret), text, this.#now());
    if (step === null) return false;
    const { numUpdatedRows } = await this.#kysely
      .updateTable("totp")
      .set({ last_step: step })
      .where("account", "=", account)
      .where("last_step", "<", step)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** The authenticator does not count any more; recovery codes go with the last thing that they stand for. */
  async switchOff(account: string): Promise<void> {
    await this.#kysely.deleteFrom("totp").where("account", "=", account).execute();
    await this.forgetRecoveryCodes(account);
  }

  /** Takes recovery codes away from who has nothing that they could stand for. */
  async forgetRecoveryCodes(account: string): Promise<void> {
    const { totp, passkeys } = await this.of(account);
    if (!totp && passkeys === 0)
      await this.#kysely.deleteFrom("recovery_code").where("account", "=", account).execute();
  }

  /** Takes everything but the password away. */
  async reset(account: string): Promise<void> {
    await this.#kysely.transaction().execute(async (transaction) => {
      for (const table of ["totp", "recovery_code", "passkey"] as const)
        await transaction.deleteFrom(table).where("account", "=", account).execute();
    });
  }

  /** New recovery codes in place of all others; they are shown this once. */
  async renewRecoveryCodes(account: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => toBase32(randomBytes(8)).slice(0, RECOVERY_LETTERS));
    await this.#kysely.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("recovery_code").where("account", "=", account).execute();
      const rows = codes.map((code) => ({ account, hash: this.#hashesOf(account, code)[0]! }));
      await transaction.insertInto("recovery_code").values(rows).execute();
    });
    return codes.map((code) => `${code.slice(0, 5)}-${code.slice(5)}`);
  }

  async #takeRecovery(account: string, code: string): Promise<boolean> {
    const { numDeletedRows } = await this.#kysely
      .deleteFrom("recovery_code")
      .where("account", "=", account)
      .where("hash", "in", this.#hashesOf(account, code))
      .executeTakeFirst();
    return numDeletedRows === 1n;
  }

  #hashesOf(account: string, code: string): string[] {
    return this.#cipher.hashes(`recovery ${account} ${code}`);
  }

  /** A secret that was entered by hand, before there was this, is no ciphertext. */
  #secretOf(account: string, kept: string): string {
    return kept.includes(".") ? this.#cipher.decrypt(kept, whereOf(account)) : kept;
  }

  #totpOf(account: string): Promise<Tables["totp"] | undefined> {
    return this.#kysely.selectFrom("totp").selectAll().where("account", "=", account).executeTakeFirst();
  }

  async #count(table: "passkey" | "recovery_code", account: string): Promise<number> {
    const { count } = await this.#kysely
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("account", "=", account)
      .executeTakeFirstOrThrow();
    return count;
  }
}

function whereOf(account: string): string {
  return `account ${account} totp`;
}
