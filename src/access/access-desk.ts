import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import { forgetEnded, keepNewest } from "./forget-sessions.ts";
import { hashPassword } from "./passwords.ts";
import type { Principal } from "./principal.ts";
import { grantsOf, RIGHTS, ROLES, type Right } from "./rights.ts";

/** What rights come from: duties and where they are. */
export interface DutyLookup {
  dutiesOf: (person: string, atMs: number) => readonly { place: string; slot: string }[];
  /** @throws when the place does not exist at the instant */
  getPath: (place: string, atMs: number) => string;
  /** `city`, `county` …, or an empty text. */
  kindOf: (place: string) => string;
}

export interface AccessOptions {
  kysely: Kysely<Tables>;
  duties: DutyLookup;
  /** The city's clock decides about duties; sessions go by the wall clock. */
  cityNow: () => number;
  now?: () => number;
  /** Has the person of an account be told what an administrator did to it, and why. */
  onTouched?: (touched: { by: Principal; person: string; what: Touched; reason: string }) => Promise<void>;
  /** Has whoever stands above be told. */
  onBreakGlass?: (taken: {
    id: string;
    principal: Principal;
    purpose: string;
    reason: string;
    untilMs: number;
  }) => Promise<void>;
}

/** What an administrator can do to what guards an account. */
export type Touched = "factors-reset" | "identity-linked" | "password-code";

/** Who asks, and what for: null when nothing was said, then personal data stays masked. */
export interface Asker {
  principal: Principal;
  purpose: string | null;
  /** When the purpose that was chosen ends, ms UTC; null when it was not chosen in a session. */
  purposeUntilMs: number | null;
}

export interface NewAccount {
  id: string;
  name: string;
  person?: string | null;
  password?: string | null;
  roles?: readonly string[];
}

/** A session ends when it is not used for so long, and after so long in any case, ms. */
const IDLE_MS = 12 * 3_600_000;
const SESSION_MS = 30 * 24 * 3_600_000;
/** Whoever asks what became of a session has so long, ms. */
const KEPT_MS = 24 * 3_600_000;
/** A session's last use is noted once in this time, ms. */
const SEEN_EVERY_MS = 60_000;
/** How long a purpose that was chosen holds: a shift, ms. */
const PURPOSE_MS = 8 * 3_600_000;
/** Browsers of one machine that look at its demo at once, with the tests that do. */
const DEMO_SESSIONS_MAX = 50;
const TOKEN_BYTES = 32;
/** How long a right that was taken in an emergency holds. */
export const BREAK_GLASS_HOURS = 3;
const BREAK_GLASS_MS = BREAK_GLASS_HOURS * 3_600_000;
const ACCOUNTS_MAX = 200;

/** Who is who: accounts, sessions and keys. */
export class AccessDesk {
  readonly #options: AccessOptions;
  readonly #now: () => number;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws WuxingError INPUT_INVALID when there is such an account, or a role that does not exist */
  async addAccount({ id, name, person = null, password = null, roles = [] }: NewAccount): Promise<void> {
    const unknown = roles.filter((role) => !ROLES.includes(role));
    if (unknown.length > 0)
      throw new WuxingError("INPUT_INVALID", "roles", [
        { where: "roles", value: unknown.join(", "), expected: `of ${ROLES.join(", ")}` },
      ]);
    const nowMs = this.#now();
    const { numInsertedOrUpdatedRows } = await this.#options.kysely
      .insertInto("account")
      .values({
        id,
        name,
        person,
        password: password === null ? null : await hashPassword(password),
        roles: [...roles],
        state: "active",
        created_ms: nowMs,
        changed_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n)
      throw new WuxingError("INPUT_INVALID", "account", [
        { where: "id", value: id, expected: "a name, and a person, that no account has yet" },
      ]);
  }

  /** How many accounts there are: none means that nobody can sign in yet. */
  async countAccounts(): Promise<number> {
    const { count } = await this.#options.kysely
      .selectFrom("account")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Accounts whose id or name begins with a text, by their ids. */
  findAccounts(
    begins: string,
  ): Promise<{ id: string; name: string; person: string | null; roles: string[]; state: "active" | "blocked" }[]> {
    const pattern = `${begins.replaceAll(/[\\%_]/g, String.raw`\\$&`)}%`;
    return this.#options.kysely
      .selectFrom("account")
      .select(["id", "name", "person", "roles", "state"])
      .where((either) => either.or([either("id", "like", pattern), either("name", "like", pattern)]))
      .orderBy("id")
      .limit(ACCOUNTS_MAX)
      .execute();
  }

  /** Blocks an account: its sessions and keys stand for nobody from now on. @throws WuxingError INPUT_INVALID when there is none */
  async block(id: string): Promise<void> {
    const { numUpdatedRows } = await this.#options.kysely
      .updateTable("account")
      .set({ state: "blocked", changed_ms: this.#now() })
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      throw new WuxingError("INPUT_INVALID", "account", [{ where: "id", value: id, expected: "an account" }]);
  }

  /** Tells an account's person what somebody is about to do to it. @throws WuxingError INPUT_INVALID when there is no such account */
  async tell(by: Principal, account: string, what: Touched, reason: string): Promise<void> {
    const query = this.#options.kysely.selectFrom("account").select("person").where("id", "=", account);
    const row = await query.executeTakeFirst();
    if (row === undefined)
      throw new WuxingError("INPUT_INVALID", "account", [{ where: "id", value: account, expected: "an account" }]);
    if (row.person !== null) await this.#options.onTouched?.({ by, person: row.person, what, reason });
  }

  /**
   * Takes a purpose that the duties do not give, for some hours. Whoever stands above is told (`onBreakGlass`).
   * @returns until when, ms UTC
   * @throws WuxingError FORBIDDEN for who has no duty
   */
  async breakGlass(principal: Principal, purpose: string, reason: string): Promise<number> {
    const { duties, paths, account } = principal;
    if (duties.length === 0) throw new WuxingError("FORBIDDEN", `${account} has no duty that an emergency could widen`);
    const fromMs = this.#now();
    const row = {
      id: randomUUID(),
      account,
      path: paths[0]!,
      purpose,
      reason,
      from_ms: fromMs,
      to_ms: fromMs + BREAK_GLASS_MS,
    };
    await this.#options.kysely.insertInto("break_glass").values(row).execute();
    await this.#options.onBreakGlass?.({ principal, purpose, reason, id: row.id, untilMs: row.to_ms });
    return row.to_ms;
  }

  /**
   * A new session of whoever has proved who it is (`SignIn`). Those of the account that are over for long are forgotten.
   * @param lastsMs how long it lasts at most
   * @returns its token; only its digest is kept
   */
  async beginSession(account: string, address: string, lastsMs = SESSION_MS): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    const nowMs = this.#now();
    await forgetEnded(this.#options.kysely, account, nowMs - KEPT_MS);
    await this.#options.kysely
      .insertInto("session")
      .values({
        id: digestOf(token),
        account,
        purpose: null,
        purpose_until_ms: null,
        address,
        created_ms: nowMs,
        seen_ms: nowMs,
        expires_ms: nowMs + lastsMs,
        ended_ms: null,
      })
      .execute();
    return token;
  }

  /**
   * A session of whoever the demo takes this browser for, for the length of a shift. A browser that comes without its cookie is
   * another one: of those of before at the same address only the newest are kept.
   */
  async beginDemoSession(account: string, address: string): Promise<string> {
    const token = await this.beginSession(account, address, PURPOSE_MS);
    await keepNewest(this.#options.kysely, account, address, DEMO_SESSIONS_MAX);
    return token;
  }

  /** Whom a session's token stands for; null when it has ended or never was. */
  async bySession(token: string): Promise<Asker | null> {
    const nowMs = this.#now();
    const row = await this.#options.kysely
      .selectFrom("session")
      .innerJoin("account", "account.id", "session.account")
      .select(["session.id", "session.purpose", "session.purpose_until_ms", "session.seen_ms"])
      .select("account.id as account")
      .select(["account.name", "account.person", "account.roles"])
      .where("session.id", "=", digestOf(token))
      .where("session.ended_ms", "is", null)
      .where("session.expires_ms", ">", nowMs)
      .where("session.seen_ms", ">", nowMs - IDLE_MS)
      .where("account.state", "=", "active")
      .executeTakeFirst();
    if (row === undefined) return null;
    if (nowMs - row.seen_ms > SEEN_EVERY_MS)
      await this.#options.kysely.updateTable("session").set({ seen_ms: nowMs }).where("id", "=", row.id).execute();
    const principal = await this.#withEmergency(this.#principal(row.account, row.name, row.person, row.roles, row.id));
    // A purpose holds while it was chosen for and while it is one of theirs: with the duty it ends.
    const isHeld = (row.purpose_until_ms ?? 0) > nowMs && principal.purposes.includes(row.purpose ?? "");
    return isHeld
      ? { principal, purpose: row.purpose, purposeUntilMs: row.purpose_until_ms }
      : { principal, purpose: null, purposeUntilMs: null };
  }

  /** Whom a key stands for, with no more than the key's own rights. */
  async byKey(key: string): Promise<Asker | null> {
    const nowMs = this.#now();
    const row = await this.#options.kysely
      .selectFrom("api_key")
      .innerJoin("account", "account.id", "api_key.account")
      .select(["api_key.purpose", "api_key.rights", "account.id as account", "account.name", "account.person"])
      .select("account.roles")
      .where("api_key.digest", "=", digestOf(key))
      .where("api_key.revoked_ms", "is", null)
      .where("api_key.expires_ms", ">", nowMs)
      .where("account.state", "=", "active")
      .executeTakeFirst();
    if (row === undefined) return null;
    const whole = this.#principal(row.account, row.name, row.person, row.roles, null);
    const rights = new Set([...whole.rights].filter((right) => row.rights.includes(right)));
    return { principal: { ...whole, rights }, purpose: row.purpose, purposeUntilMs: null };
  }

  /** An account by its name, without a session: for the demo and for commands. @throws WuxingError NOT_SIGNED_IN */
  async byAccount(account: string): Promise<Principal> {
    const row = await this.#options.kysely
      .selectFrom("account")
      .select(["id", "name", "person", "roles"])
      .where("id", "=", account)
      .where("state", "=", "active")
      .executeTakeFirst();
    if (row === undefined) throw new WuxingError("NOT_SIGNED_IN", `there is no account ${account}`);
    return this.#principal(row.id, row.name, row.person, row.roles, null);
  }

  /** A new key of an account. It is shown this once. @throws WuxingError FORBIDDEN for a right that the account does not have */
  async addKey(
    owner: Principal,
    {
      label,
      purpose,
      rights,
      expiresMs,
    }: { label: string; purpose: string | null; rights: Right[]; expiresMs: number },
  ): Promise<{ id: string; key: string }> {
    const missing = rights.filter((right) => !owner.rights.has(right) || !RIGHTS.includes(right));
    if (missing.length > 0) throw new WuxingError("FORBIDDEN", `${owner.account} has no ${missing.join(", ")}`);
    if (purpose !== null && !owner.purposes.includes(purpose))
      throw new WuxingError("FORBIDDEN", `${purpose} is no purpose of ${owner.account}`);
    const key = `wxk_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
    const id = randomUUID();
    const row = { id, account: owner.account, label, digest: digestOf(key), purpose, rights: [...rights] };
    await this.#options.kysely
      .insertInto("api_key")
      .values({ ...row, created_ms: this.#now(), expires_ms: expiresMs, revoked_ms: null })
      .execute();
    return { id, key };
  }

  async revokeKey(account: string, id: string): Promise<void> {
    await this.#options.kysely
      .updateTable("api_key")
      .set({ revoked_ms: this.#now() })
      .where("id", "=", id)
      .where("account", "=", account)
      .execute();
  }

  /**
   * What the session's reads are for, for the length of a shift; null: for nothing any more.
   * @returns until when, ms UTC
   * @throws WuxingError FORBIDDEN for a purpose that the account does not have
   */
  async setPurpose(principal: Principal, purpose: string | null): Promise<number | null> {
    if (purpose !== null && !principal.purposes.includes(purpose))
      throw new WuxingError("FORBIDDEN", `${purpose} is no purpose of yours`);
    if (principal.session === null) throw new WuxingError("FORBIDDEN", "only a session has a purpose that lasts");
    const untilMs = purpose === null ? null : this.#now() + PURPOSE_MS;
    await this.#options.kysely
      .updateTable("session")
      .set({ purpose, purpose_until_ms: untilMs })
      .where("id", "=", principal.session)
      .execute();
    return untilMs;
  }

  /** Sessions of an account that have not ended, newest first. */
  async sessionsOf(account: string): Promise<{ id: string; address: string; createdMs: number; seenMs: number }[]> {
    const rows = await this.#options.kysely
      .selectFrom("session")
      .select(["id", "address", "created_ms", "seen_ms"])
      .where("account", "=", account)
      .where("ended_ms", "is", null)
      .where("expires_ms", ">", this.#now())
      .orderBy("created_ms", "desc")
      .limit(100)
      .execute();
    return rows.map(({ id, address, created_ms: createdMs, seen_ms: seenMs }) => ({ id, address, createdMs, seenMs }));
  }

  /** Whether a session has not ended. */
  async isOpen(account: string, id: string): Promise<boolean> {
    return (await this.sessionsOf(account)).some((session) => session.id === id);
  }

  /** @param kept the session that goes on, or null */
  async endSessions(account: string, kept: string | null = null): Promise<void> {
    let query = this.#options.kysely.updateTable("session").set({ ended_ms: this.#now() });
    if (kept !== null) query = query.where("id", "!=", kept);
    await query.where("account", "=", account).where("ended_ms", "is", null).execute();
  }

  async endSession(account: string, id: string): Promise<void> {
    await this.#options.kysely
      .updateTable("session")
      .set({ ended_ms: this.#now() })
      .where("id", "=", id)
      .where("account", "=", account)
      .execute();
  }

  /** Purposes taken in an emergency, while they last. */
  async #withEmergency(principal: Principal): Promise<Principal> {
    const taken = await this.#options.kysely
      .selectFrom("break_glass")
      .select("purpose")
      .where("account", "=", principal.account)
      .where("to_ms", ">", this.#now())
      .execute();
    if (taken.length === 0) return principal;
    return { ...principal, purposes: [...new Set([...principal.purposes, ...taken.map(({ purpose }) => purpose)])] };
  }

  #principal(
    account: string,
    name: string,
    person: string | null,
    roles: readonly string[],
    session: string | null,
  ): Principal {
    const { duties: lookup, cityNow } = this.#options;
    const atMs = cityNow();
    const duties = person === null ? [] : lookup.dutiesOf(person, atMs);
    const placed = duties.map(({ place, slot }) => ({ slot, kind: lookup.kindOf(place) }));
    const paths = [...new Set(duties.map(({ place }) => lookup.getPath(place, atMs)))];
    return { account, person, name, duties, paths, session, ...grantsOf(placed, roles) };
  }
}

function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
