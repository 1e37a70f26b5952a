import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import type { AccessDesk } from "./access-desk.ts";
import type { Right } from "./rights.ts";

/** An account with what it may do now, for whoever keeps accounts. */
export interface AccountView {
  id: string;
  name: string;
  person: string | null;
  roles: string[];
  state: "active" | "blocked";
  createdMs: number;
  /** What its person's duties and its roles give at this moment; nothing while it is blocked. */
  duties: readonly { place: string; slot: string }[];
  rights: ReadonlySet<Right>;
  purposes: readonly string[];
  /** How many sessions and keys stand for it now. */
  sessions: number;
  keys: number;
}

/** A key of a program, without the key. */
export interface KeyView {
  id: string;
  label: string;
  purpose: string | null;
  rights: string[];
  createdMs: number;
  expiresMs: number;
}

const KEYS_MAX = 200;
const NOBODY = { duties: [], rights: new Set<Right>(), purposes: [] };

/** @throws WuxingError INPUT_INVALID when there is no such account */
export async function getAccountView(
  kysely: Kysely<Tables>,
  desk: Pick<AccessDesk, "byAccount">,
  id: string,
  nowMs = Date.now(),
): Promise<AccountView> {
  const row = await kysely
    .selectFrom("account")
    .select(["id", "name", "person", "roles", "state", "created_ms"])
    .select((from) => [
      from
        .selectFrom("session")
        .select(from.fn.countAll<number>().as("count"))
        .whereRef("session.account", "=", "account.id")
        .where("ended_ms", "is", null)
        .where("expires_ms", ">", nowMs)
        .as("sessions"),
      from
        .selectFrom("api_key")
        .select(from.fn.countAll<number>().as("count"))
        .whereRef("api_key.account", "=", "account.id")
        .where("revoked_ms", "is", null)
        .where("expires_ms", ">", nowMs)
        .as("keys"),
    ])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw noAccount(id);
  const { duties, rights, purposes } = row.state === "active" ? await desk.byAccount(id) : NOBODY;
  const { created_ms: createdMs, sessions, keys, ...rest } = row;
  return { ...rest, createdMs, duties, rights, purposes, sessions: Number(sessions), keys: Number(keys) };
}

/** Lets a blocked account sign in again; sessions and keys that the block has ended stay ended. @throws WuxingError INPUT_INVALID */
export async function unblockAccount(kysely: Kysely<Tables>, id: string, nowMs = Date.now()): Promise<void> {
  await kysely.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable("account")
      .set({ state: "active", changed_ms: nowMs })
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw noAccount(id);
    await transaction
      .updateTable("session")
      .set({ ended_ms: nowMs })
      .where("account", "=", id)
      .where("ended_ms", "is", null)
      .execute();
    await transaction
      .updateTable("api_key")
      .set({ revoked_ms: nowMs })
      .where("account", "=", id)
      .where("revoked_ms", "is", null)
      .execute();
  });
}

/** Keys of an account that still open something, newest first. */
export async function keysOf(kysely: Kysely<Tables>, account: string, nowMs = Date.now()): Promise<KeyView[]> {
  const rows = await kysely
    .selectFrom("api_key")
    .select(["id", "label", "purpose", "rights", "created_ms", "expires_ms"])
    .where("account", "=", account)
    .where("revoked_ms", "is", null)
    .where("expires_ms", ">", nowMs)
    .orderBy("created_ms", "desc")
    .limit(KEYS_MAX)
    .execute();
  return rows.map(({ created_ms: createdMs, expires_ms: expiresMs, ...rest }) => ({ ...rest, createdMs, expiresMs }));
}

function noAccount(id: string): WuxingError {
  return new WuxingError("INPUT_INVALID", "account", [{ where: "id", value: id, expected: "an account" }]);
}
