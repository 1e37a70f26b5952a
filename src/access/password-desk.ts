import { createHash, randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import { hashPassword } from "./passwords.ts";
import { toBase32 } from "./totp.ts";

/** Shortest password that a person may choose, and the longest (NIST SP 800-63B, 3.1.1.2). */
export const PASSWORD_LENGTH_MIN = 10;
export const PASSWORD_LENGTH_MAX = 200;
/** How long a code waits for its person, ms. */
export const PASSWORD_CODE_HOURS = 24;
const PASSWORD_CODE_MS = PASSWORD_CODE_HOURS * 3_600_000;
/** 80 bits: too many to be guessed, so that a plain digest is enough. */
const CODE_BYTES = 10;

/**
 * How a password changes. Nobody sets another's: whoever keeps accounts makes a code, good once and for a day, by which the
 * person chooses a new one. Each change ends the sessions that the old password began.
 */
export class PasswordDesk {
  readonly #kysely: Kysely<Tables>;
  readonly #now: () => number;

  constructor(kysely: Kysely<Tables>, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#now = now;
  }

  /**
   * A code in place of the one before. It is shown this once; only its digest is kept.
   * @returns the code in groups of four, and until when it is good, ms UTC
   * @throws WuxingError INPUT_INVALID when there is no such account or it is blocked
   */
  async makeCode(account: string, by: string): Promise<{ code: string; untilMs: number }> {
    const query = this.#kysely.selectFrom("account").select("state").where("id", "=", account);
    if ((await query.executeTakeFirst())?.state !== "active")
      throw new WuxingError("INPUT_INVALID", "account", [
        { where: "id", value: account, expected: "an account that is not blocked" },
      ]);
    const text = toBase32(randomBytes(CODE_BYTES));
    const untilMs = this.#now() + PASSWORD_CODE_MS;
    const row = { digest: digestOf(text), made_by: by, made_ms: this.#now(), expires_ms: untilMs };
    await this.#kysely
      .insertInto("password_code")
      .values({ account, ...row })
      .onConflict((conflict) => conflict.column("account").doUpdateSet(row))
      .execute();
    return { code: text.match(/.{4}/g)!.join("-"), untilMs };
  }

  /**
   * Chooses a password by a code, uses the code up and ends every session of the account.
   * @throws WuxingError PASSWORD_CODE_INVALID when it is not the account's, was used or is too old, INPUT_INVALID when the
   *   password is too short or says the account's name
   */
  async choose(account: string, code: string, password: string): Promise<void> {
    checkPassword(account, password);
    const hash = await hashPassword(password);
    const text = code.replaceAll(/[\s-]/g, "").toUpperCase();
    await this.#kysely.transaction().execute(async (transaction) => {
      const { numDeletedRows } = await transaction
        .deleteFrom("password_code")
        .where("account", "=", account)
        .where("digest", "=", digestOf(text))
        .where("expires_ms", ">", this.#now())
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new WuxingError("PASSWORD_CODE_INVALID");
      await this.#replace(transaction, account, hash, null);
    });
  }

  /** Puts another password in place of one's own, which has been proved, and ends all other sessions. @throws WuxingError INPUT_INVALID */
  async change(account: string, password: string, session: string): Promise<void> {
    checkPassword(account, password);
    const hash = await hashPassword(password);
    await this.#kysely.transaction().execute((transaction) => this.#replace(transaction, account, hash, session));
  }

  /** @param kept the session that goes on, or null */
  async #replace(transaction: Kysely<Tables>, account: string, hash: string, kept: string | null): Promise<void> {
    const nowMs = this.#now();
    const changed = await transaction
      .updateTable("account")
      .set({ password: hash, changed_ms: nowMs })
      .where("id", "=", account)
      .where("state", "=", "active")
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) throw new WuxingError("PASSWORD_CODE_INVALID");
    await transaction.deleteFrom("password_code").where("account", "=", account).execute();
    let ended = transaction.updateTable("session").set({ ended_ms: nowMs });
    if (kept !== null) ended = ended.where("id", "!=", kept);
    await ended.where("account", "=", account).where("ended_ms", "is", null).execute();
  }
}

function checkPassword(account: string, password: string): void {
  const text = password.normalize("NFKC");
  const expected =
    text.length < PASSWORD_LENGTH_MIN || text.length > PASSWORD_LENGTH_MAX
      ? `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`
      : new Set(text).size < 5
        ? "five different characters at least"
        : text.toLowerCase().includes(account.toLowerCase()) && account.length > 3
          ? "no password that holds the account's name"
          : null;
  // What was typed is not said back.
  if (expected !== null) throw new WuxingError("INPUT_INVALID", "password", [{ where: "password", expected }]);
}

function digestOf(code: string): string {
  return createHash("sha256").update(code).digest("base64url");
}
