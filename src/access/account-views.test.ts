import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { AccessDesk } from "./access-desk.ts";
import { getAccountView, keysOf, unblockAccount } from "./account-views.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2022-04-06T01:00:00.000Z");

let database: Database;
let desk: AccessDesk;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  const { kysely } = database;
  await sql`truncate person, account, audit cascade`.execute(kysely);
  desk = new AccessDesk({
    kysely,
    duties: {
      dutiesOf: () => [{ place: "c1", slot: "desk" }],
      getPath: () => "c1/",
      kindOf: () => "county",
    },
    cityNow: () => NOW_MS,
    now: () => NOW_MS,
  });
  await kysely.insertInto("person").values({ id: "chen", name: "陈", recorded_ms: 0 }).execute();
  await desk.addAccount({ id: "chen", name: "陈", person: "chen", password: "correct horse" });
});
afterAll(() => database.close());

async function addSession(id: string, expiresMs: number): Promise<void> {
  const times = { created_ms: NOW_MS - HOUR_MS, seen_ms: NOW_MS, expires_ms: expiresMs, ended_ms: null };
  await database.kysely
    .insertInto("session")
    .values({ id, account: "chen", purpose: null, address: "10.0.0.1", ...times })
    .execute();
}

describe("9. Accounts: one as its keeper sees it", () => {
  it("has the duties, rights and purposes of this moment, and how many sessions and keys stand for it", async () => {
    await addSession("s1", NOW_MS + HOUR_MS);
    await addSession("s2", NOW_MS - 1);
    const chen = await desk.byAccount("chen");
    await desk.addKey(chen, { label: "报表", purpose: null, rights: ["reports"], expiresMs: NOW_MS + HOUR_MS });
    await desk.addKey(chen, { label: "旧", purpose: null, rights: ["reports"], expiresMs: NOW_MS - 1 });
    const view = await getAccountView(database.kysely, desk, "chen", NOW_MS);
    expect(view).toMatchObject({ id: "chen", state: "active", sessions: 1, keys: 1 });
    expect(view.duties).toMatchObject([{ place: "c1", slot: "desk" }]);
    expect(view.rights.has("watch")).toBe(true);
    expect(view.rights.has("accounts")).toBe(false);
    expect(view.purposes).toContain("checkpoint");
    expect(await keysOf(database.kysely, "chen", NOW_MS)).toMatchObject([{ label: "报表", rights: ["reports"] }]);
  });

  it("that is blocked may do nothing; let in again it has its rights, but no session and no key of before", async () => {
    await addSession("s1", NOW_MS + HOUR_MS);
    const chen = await desk.byAccount("chen");
    await desk.addKey(chen, { label: "报表", purpose: null, rights: ["reports"], expiresMs: NOW_MS + HOUR_MS });
    await desk.block("chen");
    const blocked = await getAccountView(database.kysely, desk, "chen", NOW_MS);
    expect([blocked.state, blocked.duties, blocked.rights.size]).toEqual(["blocked", [], 0]);
    await unblockAccount(database.kysely, "chen", NOW_MS);
    const again = await getAccountView(database.kysely, desk, "chen", NOW_MS);
    expect([again.state, again.sessions, again.keys]).toEqual(["active", 0, 0]);
    expect(again.rights.has("watch")).toBe(true);
  });

  it("that does not exist is refused with its name", async () => {
    const expected = { code: "INPUT_INVALID", problems: [{ value: "nobody" }] };
    await expect(getAccountView(database.kysely, desk, "nobody", NOW_MS)).rejects.toMatchObject(expected);
    await expect(unblockAccount(database.kysely, "nobody", NOW_MS)).rejects.toMatchObject(expected);
  });
});
