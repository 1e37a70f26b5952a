import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { Kysely, Selectable } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { AccessTables } from "../store/access-tables.ts";
import type { Tables } from "../store/tables.ts";
import { KeptOnce } from "./kept-once.ts";

/** Where the page of ours stands that asks: its origin, and the host's name, which a passkey is bound to. */
export interface PageOrigin {
  origin: string;
  host: string;
}

const NAME = "无形 wuxing";
/** How long somebody may look for the key, ms. */
const CHALLENGE_MS = 5 * 60_000;
const PASSKEYS_MAX = 20;

/**
 * Passkeys (Web Authentication, Level 3): what an account can prove without a secret that leaves the device. A challenge is
 * good once, for the account, or for signing in, that it was made for.
 */
export class Passkeys {
  readonly #kysely: Kysely<Tables>;
  readonly #now: () => number;
  /** By challenge, what it is for: `alone`, or `beside ACCOUNT`, or `register ACCOUNT`. */
  readonly #challenges: KeptOnce<string>;

  constructor(kysely: Kysely<Tables>, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#now = now;
    this.#challenges = new KeptOnce(CHALLENGE_MS, now);
  }

  of(account: string): Promise<Selectable<AccessTables["passkey"]>[]> {
    const query = this.#kysely.selectFrom("passkey").selectAll().where("account", "=", account);
    return query.orderBy("created_ms").execute();
  }

  /** What the browser makes a new passkey by. @throws WuxingError INPUT_INVALID when there are enough */
  async toRegister(
    account: string,
    name: string,
    { host }: PageOrigin,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const kept = await this.of(account);
    if (kept.length >= PASSKEYS_MAX) throw new WuxingError("INPUT_INVALID", `${PASSKEYS_MAX} passkeys are enough`);
    const options = await generateRegistrationOptions({
      rpName: NAME,
      rpID: host,
      userName: account,
      userDisplayName: name,
      userID: new TextEncoder().encode(account),
      attestationType: "none",
      excludeCredentials: kept.map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
    });
    this.#challenges.keep(options.challenge, `register ${account}`);
    return options;
  }

  /** @throws WuxingError PASSKEY_INVALID when it is not the answer to a challenge of this account from this page */
  async register(
    account: string,
    label: string,
    response: RegistrationResponseJSON,
    { origin, host }: PageOrigin,
  ): Promise<void> {
    const { registrationInfo } = await this.#tried(() =>
      verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => this.#challenges.take(challenge) === `register ${account}`,
        expectedOrigin: origin,
        expectedRPID: host,
        requireUserVerification: false,
      }),
    );
    if (registrationInfo === undefined) throw new WuxingError("PASSKEY_INVALID");
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    const row = { id, account, label, counter, transports: transports ?? [], created_ms: this.#now(), used_ms: null };
    const { numInsertedOrUpdatedRows } = await this.#kysely
      .insertInto("passkey")
      .values({ ...row, public_key: Buffer.from(publicKey).toString("base64url") })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n) throw new WuxingError("PASSKEY_INVALID", "it is registered already");
  }

  /** What the browser asks for a passkey by: one of any account, so that nobody learns who has one. */
  async toSignIn({ host }: PageOrigin): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const options = await generateAuthenticationOptions({ rpID: host, userVerification: "preferred" });
    this.#challenges.keep(options.challenge, "alone");
    return options;
  }

  /**
   * What the browser asks for one of the account's own by, once the password was right: a security key that keeps no list of its
   * credentials has to be told which, and one that cannot make sure of its person need not.
   */
  async toStandBeside(account: string, { host }: PageOrigin): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const kept = await this.of(account);
    const options = await generateAuthenticationOptions({
      rpID: host,
      userVerification: "discouraged",
      allowCredentials: kept.map(({ id, transports }) => ({ id, transports })) as { id: string }[],
    });
    this.#challenges.keep(options.challenge, `beside ${account}`);
    return options;
  }

  /**
   * Whose passkey answered. Alone it has to have made sure of its person (by a number, a finger, a face); beside a password
   * that somebody touched it is enough.
   * @returns the account, null when the answer is not one of ours
   */
  async accountOf(
    response: AuthenticationResponseJSON,
    { origin, host }: PageOrigin,
    isAlone: boolean,
  ): Promise<string | null> {
    const row = await this.#kysely.selectFrom("passkey").selectAll().where("id", "=", response.id).executeTakeFirst();
    if (row === undefined) return null;
    const { id, public_key: publicKey, counter, transports } = row;
    const { verified, authenticationInfo } = await this.#tried(() =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: (challenge) => {
          const keptFor = this.#challenges.take(challenge);
          return keptFor === "alone" || (!isAlone && keptFor === `beside ${row.account}`);
        },
        expectedOrigin: origin,
        expectedRPID: host,
        credential: { id, publicKey: Buffer.from(publicKey, "base64url"), counter, transports },
        requireUserVerification: isAlone,
      }),
    );
    if (!verified) return null;
    await this.#kysely
      .updateTable("passkey")
      .set({ counter: authenticationInfo.newCounter, used_ms: this.#now() })
      .where("id", "=", id)
      .execute();
    return row.account;
  }

  /** @throws WuxingError INPUT_INVALID when the account has no such passkey */
  async remove(account: string, id: string): Promise<void> {
    const { numDeletedRows } = await this.#kysely
      .deleteFrom("passkey")
      .where("id", "=", id)
      .where("account", "=", account)
      .executeTakeFirst();
    if (numDeletedRows === 0n)
      throw new WuxingError("INPUT_INVALID", "passkey", [{ where: "id", value: id, expected: "one of yours" }]);
  }

  /** The library throws at whatever does not fit: for us that is no fault of the program. */
  async #tried<Result>(verify: () => Promise<Result>): Promise<Result> {
    try {
      return await verify();
    } catch (error) {
      throw new WuxingError("PASSKEY_INVALID", (error as Error).message.slice(0, 200), [], { cause: error });
    }
  }
}
