import type { Kysely, Selectable } from "kysely";
import * as oidc from "openid-client";
import { WuxingError } from "../model/errors.ts";
import type { AccessTables } from "../store/access-tables.ts";
import type { Tables } from "../store/tables.ts";
import { KeptOnce } from "./kept-once.ts";

export interface OpenIdSettings {
  /** Address of the identity provider; https, or http on this machine. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where the provider sends the browser back to. */
  redirect: string;
  /** The verified claim that names an account of ours, so that it need not be linked by hand; null: only by hand. */
  accountClaim: string | null;
}

/** How long somebody may take to sign in there, ms. */
const FLOW_MS = 10 * 60_000;
const PATIENCE_S = 10;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;
/** Claims that a provider may hand on unchecked, and the one that says whether it has checked them. */
const CHECKED_BY: Readonly<Record<string, string>> = { email: "email_verified", phone_number: "phone_number_verified" };

interface Flow {
  verifier: string;
  nonce: string;
  /** What only the browser that began has. */
  browser: string;
  /** Whose session began it, to be linked; null for signing in. */
  linkTo: { account: string; session: string } | null;
}

/** Where somebody is back from the provider: signed in, or with an identity that is linked to the account from now on. */
export interface Returned {
  account: string;
  isLinked: boolean;
}

/**
 * Signing in by an identity provider (OpenID Connect Core 1.0, authorization code with PKCE). The provider says who somebody
 * is, never what they may do: that comes from the duties of the account that is linked.
 */
export class OpenId {
  readonly #kysely: Kysely<Tables>;
  readonly #settings: OpenIdSettings;
  readonly #now: () => number;
  readonly #flows: KeptOnce<Flow>;
  #provider: Promise<oidc.Configuration> | undefined;

  constructor(kysely: Kysely<Tables>, settings: OpenIdSettings, now: () => number = Date.now) {
    this.#kysely = kysely;
    this.#settings = settings;
    this.#now = now;
    this.#flows = new KeptOnce(FLOW_MS, now);
  }

  get issuer(): string {
    return this.#settings.issuer;
  }

  /**
   * Where to send a browser.
   * @param linkTo whose identity is to be linked; null when somebody signs in
   * @throws WuxingError PLATFORM_UNREACHABLE when the provider does not answer
   */
  async begin(browser: string, linkTo: Flow["linkTo"] = null): Promise<URL> {
    const provider = await this.#discovered();
    const [verifier, nonce, state] = [oidc.randomPKCECodeVerifier(), oidc.randomNonce(), oidc.randomState()];
    this.#flows.keep(state, { verifier, nonce, browser, linkTo });
    const { redirect, accountClaim } = this.#settings;
    return oidc.buildAuthorizationUrl(provider, {
      redirect_uri: redirect,
      scope: scopeOf(accountClaim),
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
  }

  /**
   * Takes the browser back.
   * @param query as it came, with its question mark
   * @param isOpen whether the session that began a linking has not ended meanwhile
   * @returns the account that is linked, or that now is
   * @throws WuxingError SIGN_IN_FAILED when this browser did not begin it or the provider does not vouch for it,
   *   IDENTITY_UNLINKED with the subject, so that an administrator can link it, INPUT_INVALID when identity or account are
   *   linked already, PLATFORM_UNREACHABLE
   */
  async finish(
    query: string,
    browser: string | undefined,
    isOpen: (account: string, session: string) => Promise<boolean>,
  ): Promise<Returned> {
    const flow = this.#flows.take(new URLSearchParams(query).get("state") ?? "");
    if (flow === undefined || flow.browser !== browser) throw new WuxingError("SIGN_IN_FAILED", "begun elsewhere");
    const { redirect, issuer, accountClaim } = this.#settings;
    const provider = await this.#discovered();
    let claims: Record<string, unknown> & { sub: string };
    try {
      const tokens = await oidc.authorizationCodeGrant(provider, new URL(query, redirect), {
        pkceCodeVerifier: flow.verifier,
        expectedNonce: flow.nonce,
        expectedState: new URLSearchParams(query).get("state")!,
        idTokenExpected: true,
      });
      claims = { ...tokens.claims()! };
      if (accountClaim !== null && claims[accountClaim] === undefined)
        claims = { ...(await oidc.fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      throw new WuxingError("SIGN_IN_FAILED", (error as Error).message.slice(0, 200), [], { cause: error });
    }
    if (flow.linkTo !== null) {
      const { account, session } = flow.linkTo;
      if (!(await isOpen(account, session))) throw new WuxingError("SIGN_IN_FAILED", "the session has ended meanwhile");
      await this.link(account, claims.sub, account);
      return { account, isLinked: true };
    }
    const linked = await this.#linked(claims.sub);
    if (linked !== undefined) return { account: linked, isLinked: false };
    const named = accountClaim === null ? undefined : verifiedClaim(claims, accountClaim);
    if (named === undefined || !(await this.#isFree(named))) throw new WuxingError("IDENTITY_UNLINKED", claims.sub);
    await this.link(named, claims.sub, `${issuer} ${accountClaim}`);
    return { account: named, isLinked: false };
  }

  /** Under whose names the provider knows an account. */
  async of(account: string): Promise<Selectable<AccessTables["account_identity"]>[]> {
    const query = this.#kysely.selectFrom("account_identity").selectAll().where("account", "=", account);
    return query.where("issuer", "=", this.issuer).execute();
  }

  /** Links a subject of the provider to an account. @throws WuxingError INPUT_INVALID when one of both is linked already */
  async link(account: string, subject: string, linkedBy: string): Promise<void> {
    const row = { issuer: this.issuer, subject, account, linked_by: linkedBy, linked_ms: this.#now() };
    const { numInsertedOrUpdatedRows } = await this.#kysely
      .insertInto("account_identity")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n)
      throw new WuxingError("INPUT_INVALID", "identity", [
        { where: "subject", value: subject, expected: "a subject and an account that are not linked yet" },
      ]);
  }

  async unlink(account: string): Promise<void> {
    const { issuer } = this;
    const query = this.#kysely.deleteFrom("account_identity").where("account", "=", account);
    await query.where("issuer", "=", issuer).execute();
  }

  async #linked(subject: string): Promise<string | undefined> {
    const query = this.#kysely.selectFrom("account_identity").select("account").where("subject", "=", subject);
    return (await query.where("issuer", "=", this.issuer).executeTakeFirst())?.account;
  }

  /** Whether there is such an account and nobody of the provider has it yet. */
  async #isFree(account: string): Promise<boolean> {
    const row = await this.#kysely
      .selectFrom("account")
      .leftJoin("account_identity", (join) =>
        join.onRef("account_identity.account", "=", "account.id").on("account_identity.issuer", "=", this.issuer),
      )
      .select("account_identity.subject")
      .where("account.id", "=", account)
      .where("account.state", "=", "active")
      .executeTakeFirst();
    return row !== undefined && row.subject === null;
  }

  /** Read once; again when it failed. */
  async #discovered(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const address = new URL(issuer);
    const isHere = address.protocol === "http:" && LOOPBACK.test(address.hostname);
    this.#provider ??= oidc.discovery(address, clientId, clientSecret, undefined, {
      timeout: PATIENCE_S,
      execute: isHere ? [oidc.allowInsecureRequests] : [],
    });
    try {
      return await this.#provider;
    } catch (error) {
      this.#provider = undefined;
      throw new WuxingError("PLATFORM_UNREACHABLE", issuer, [], { cause: error });
    }
  }
}

function scopeOf(claim: string | null): string {
  if (claim === "email") return "openid email";
  if (claim === "phone_number") return "openid phone";
  return claim === null || claim === "sub" ? "openid" : "openid profile";
}

/** A claim's text, unless the provider says, or leaves open, that it has not checked it. */
function verifiedClaim(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const check = CHECKED_BY[name];
  if (check !== undefined && claims[check] !== true) return undefined;
  const value = claims[name];
  return typeof value === "string" ? value : undefined;
}
