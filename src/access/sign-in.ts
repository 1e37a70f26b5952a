import type { AuthenticationResponseJSON, PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import type { PageOrigin, Passkeys } from "./passkeys.ts";
import { PasswordDesk } from "./password-desk.ts";
import { isPassword } from "./passwords.ts";
import type { SecondFactor } from "./second-factor.ts";
import { SignInGuard } from "./sign-in-guard.ts";

/** What comes with a password where it does not suffice: a code, a recovery code, or a passkey's answer to this page. */
export interface SecondProof {
  code?: string | undefined;
  passkey?: { response: AuthenticationResponseJSON; page: PageOrigin } | undefined;
}

export interface SignInOptions {
  kysely: Kysely<Tables>;
  factors: SecondFactor;
  passkeys: Passkeys;
  now?: () => number;
  /** In the demo: makes the account of whoever of the teams signs in for the first time. */
  beforeSignIn?: (account: string) => Promise<void>;
}

/**
 * Who may begin a session. Every failure answers the same, takes the same time, and makes the next one wait longer; that a
 * password was right is said only to ask for what it does not suffice without.
 */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #guard: SignInGuard;
  /** How a password changes; whoever uses a code waits like whoever guesses a password. */
  readonly passwords: PasswordDesk;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.passwords = new PasswordDesk(options.kysely, options.now);
    this.#guard = new SignInGuard(options.now ?? Date.now);
  }

  /** @throws WuxingError SIGN_IN_FAILED, CODE_NEEDED when the password is right and not enough, TOO_MANY */
  async byPassword(account: string, password: string, proof: SecondProof, address: string): Promise<void> {
    const attempt = this.#guard.begin(account, address);
    await this.#options.beforeSignIn?.(account);
    const isRight = await this.#isPassword(account, password);
    if (!isRight) throw new WuxingError("SIGN_IN_FAILED");
    const { totp, passkeys } = await this.#options.factors.of(account);
    if (totp || passkeys > 0) {
      if (proof.code === undefined && proof.passkey === undefined) {
        attempt.undone();
        const ways = [totp ? "code" : null, passkeys > 0 ? "passkey" : null].filter((way) => way !== null);
        throw new WuxingError("CODE_NEEDED", ways.join(" or "));
      }
      if (!(await this.#isProof(account, proof))) throw new WuxingError("SIGN_IN_FAILED");
    }
    attempt.passed();
  }

  /** What to ask one of the account's passkeys by, for whom the password is right. @throws WuxingError SIGN_IN_FAILED, TOO_MANY */
  async toStandBeside(
    account: string,
    password: string,
    page: PageOrigin,
    address: string,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const attempt = this.#guard.begin(account, address);
    if (!(await this.#isPassword(account, password))) throw new WuxingError("SIGN_IN_FAILED");
    attempt.undone();
    return this.#options.passkeys.toStandBeside(account, page);
  }

  /** A passkey alone. @returns the account @throws WuxingError SIGN_IN_FAILED, TOO_MANY */
  async byPasskey(response: AuthenticationResponseJSON, page: PageOrigin, address: string): Promise<string> {
    const attempt = this.#guard.begin(null, address);
    const account = await this.#options.passkeys.accountOf(response, page, true).catch(failed);
    if (account === null || !(await this.isActive(account))) throw new WuxingError("SIGN_IN_FAILED");
    attempt.passed();
    return account;
  }

  /** Chooses a password by a code that an administrator made. @throws as `PasswordDesk.choose`, TOO_MANY */
  async byPasswordCode(account: string, code: string, password: string, address: string): Promise<void> {
    const attempt = this.#guard.begin(account, address);
    try {
      await this.passwords.choose(account, code, password);
    } catch (error) {
      // A password that does not do is no guess.
      if (error instanceof WuxingError && error.code === "INPUT_INVALID") attempt.undone();
      throw error;
    }
    attempt.passed();
  }

  /** Whoever sits at an open session has to prove again who it is before what guards the account is changed. @throws as `byPassword` */
  prove(account: string, password: string, code: string | undefined, address: string): Promise<void> {
    return this.byPassword(account, password, { code }, address);
  }

  async #isPassword(account: string, password: string): Promise<boolean> {
    const query = this.#options.kysely.selectFrom("account").select(["password", "state"]).where("id", "=", account);
    const row = await query.executeTakeFirst();
    const isRight = await isPassword(password, row?.password ?? null);
    return isRight && row?.state === "active";
  }

  /** Whether there is such an account and it is not blocked. */
  async isActive(account: string): Promise<boolean> {
    const query = this.#options.kysely.selectFrom("account").select("state").where("id", "=", account);
    return (await query.executeTakeFirst())?.state === "active";
  }

  async #isProof(account: string, { code, passkey }: SecondProof): Promise<boolean> {
    if (code !== undefined) return this.#options.factors.take(account, code);
    if (passkey === undefined) return false;
    return account === (await this.#options.passkeys.accountOf(passkey.response, passkey.page, false).catch(failed));
  }
}

/** What does not fit is as wrong as a wrong password. */
function failed(): null {
  return null;
}
