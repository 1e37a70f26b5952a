import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { AccessDesk } from "./access-desk.ts";
import { AuditChain, verifyAudit, type AuditNote } from "./audit-chain.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import { readAs } from "./read-as.ts";
import { createFieldKey, FieldCipher } from "./field-cipher.ts";
import { Passkeys } from "./passkeys.ts";
import { SecondFactor } from "./second-factor.ts";
import { SignIn } from "./sign-in.ts";
import { findTotpStep } from "./totp.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2022-04-06T01:00:00.000Z");

let database: Database;
let desk: AccessDesk;
let signIn: SignIn;
let nowMs: number;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await sql`truncate work_case, person, account, audit, notice cascade`.execute(database.kysely);
  nowMs = START_MS;
  desk = new AccessDesk({
    kysely: database.kysely,
    duties: {
      dutiesOf: (person) => (person === "wang" ? [{ place: "g1", slot: "head" }] : [{ place: "c1", slot: "desk" }]),
      getPath: (place) => (place === "g1" ? "c1/g1/" : "c1/"),
      kindOf: (place) => (place === "g1" ? "grid" : "county"),
    },
    cityNow: () => nowMs,
    now: () => nowMs,
  });
  const { kysely } = database;
  const now = (): number => nowMs;
  const factors = new SecondFactor(kysely, new FieldCipher([createFieldKey("aes-256-gcm", "k1")]), now);
  signIn = new SignIn({ kysely, factors, passkeys: new Passkeys(kysely, now), now });
  for (const id of ["wang", "chen"])
    await database.kysely.insertInto("person").values({ id, name: id, recorded_ms: 0 }).execute();
  await desk.addAccount({ id: "wang", name: "王", person: "wang", password: "correct horse" });
});
afterAll(() => database.close());

describe("9 accounts", () => {
  test("keep a password as Argon2id with its own salt", async () => {
    const [first, second] = await Promise.all([hashPassword("口令"), hashPassword("口令")]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(first).not.toBe(second);
    expect(await isPassword("口令", first)).toBe(true);
    expect(await isPassword("口令 ", first)).toBe(false);
    expect(await isPassword("口令", null)).toBe(false);
  });

  test.each([
    [59_000, "287082"],
    [1_111_111_109_000, "081804"],
    [2_000_000_000_000, "279037"],
  ])("take the code of RFC 6238, appendix B, at %d ms", (atMs, code) => {
    const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const step = Math.floor(atMs / 30_000);
    expect(findTotpStep(secret, code, atMs)).toBe(step);
    expect(findTotpStep(secret, code, atMs + 30_000)).toBe(step);
    expect(findTotpStep(secret, code, atMs + 90_000)).toBeNull();
    expect(findTotpStep(secret, "000000", atMs)).toBeNull();
  });

  test("give a session by account and password, and the rights of today's duties", async () => {
    const token = await enter("wang", "correct horse", "10.0.0.1");
    const found = await desk.bySession(token);
    expect(found).toMatchObject({ purpose: null, principal: { person: "wang", paths: ["c1/g1/"] } });
    expect([...found!.principal.rights]).toEqual(["cases"]);
    const kept = await database.kysely.selectFrom("session").selectAll().execute();
    expect(JSON.stringify(kept)).not.toContain(token);
    expect(await desk.bySession(`${token}x`)).toBeNull();
  });

  test("read for nothing until a purpose is chosen, and for it as long as a shift", async () => {
    const token = await enter("wang", "correct horse", "10.0.0.1");
    const { principal } = (await desk.bySession(token))!;
    await expect(desk.setPurpose(principal, "checkpoint")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const untilMs = await desk.setPurpose(principal, "case-work");
    expect(untilMs).toBe(nowMs + 8 * HOUR_MS);
    expect(await desk.bySession(token)).toMatchObject({ purpose: "case-work", purposeUntilMs: untilMs });
    nowMs += 8 * HOUR_MS;
    expect(await desk.bySession(token)).toMatchObject({ purpose: null });
    await desk.setPurpose(principal, "case-work");
    await desk.setPurpose(principal, null);
    expect(await desk.bySession(token)).toMatchObject({ purpose: null });
  });

  test("end a session when it is signed out, unused for twelve hours, or the account is blocked", async () => {
    const sign = (): Promise<string> => enter("wang", "correct horse", "10.0.0.1");
    const [out, idle, blocked] = [await sign(), await sign(), await sign()];
    const { principal } = (await desk.bySession(out))!;
    await desk.endSession("wang", principal.session!);
    expect(await desk.bySession(out)).toBeNull();
    nowMs += 11 * HOUR_MS;
    expect(await desk.bySession(blocked)).not.toBeNull();
    nowMs += 2 * HOUR_MS;
    expect(await desk.bySession(idle)).toBeNull();
    expect(await desk.bySession(blocked)).not.toBeNull();
    await database.kysely.updateTable("account").set({ state: "blocked" }).where("id", "=", "wang").execute();
    expect(await desk.bySession(blocked)).toBeNull();
    await expect(sign()).rejects.toMatchObject({ code: "SIGN_IN_FAILED" });
  });

  test("make whoever guesses wait, by account and by address", async () => {
    const guess = (account: string, address: string): Promise<unknown> =>
      enter(account, "wrong", address).catch((error: { code: string }) => error.code);
    for (let i = 0; i < 6; i++) expect(await guess("wang", `10.0.0.${i}`)).toBe("SIGN_IN_FAILED");
    await expect(enter("wang", "correct horse", "10.0.1.1")).rejects.toMatchObject({
      code: "TOO_MANY",
      retryAfterS: 2,
    });
    nowMs += 2001;
    expect(await enter("wang", "correct horse", "10.0.1.1")).toBeTypeOf("string");
    for (let i = 0; i < 6; i++) expect(await guess(`nobody${i}`, "10.9.9.9")).toBe("SIGN_IN_FAILED");
    expect(await guess("somebody", "10.9.9.9")).toBe("TOO_MANY");
    nowMs += HOUR_MS + 1;
    expect(await guess("somebody", "10.9.9.9")).toBe("SIGN_IN_FAILED");
  });

  test("make whoever guesses many at once wait as well", async () => {
    const guesses = await Promise.all(
      Array.from({ length: 40 }, () =>
        enter("wang", "wrong", "10.0.0.1").catch((error: { code: string }) => error.code),
      ),
    );
    expect(guesses.filter((code) => code === "SIGN_IN_FAILED")).toHaveLength(6);
    expect(guesses.filter((code) => code === "TOO_MANY")).toHaveLength(34);
  });

  test("give keys to programs, with no more than the owner's rights, until they are revoked", async () => {
    await desk.addAccount({ id: "chen", name: "陈", person: "chen" });
    const chen = await desk.byAccount("chen");
    const wanted = { label: "export", purpose: "oversight", rights: ["reports" as const], expiresMs: nowMs + HOUR_MS };
    const { id, key } = await desk.addKey(chen, wanted);
    const found = await desk.byKey(key);
    expect([...found!.principal.rights]).toEqual(["reports"]);
    await expect(desk.addKey(chen, { ...wanted, rights: ["accounts"] })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await desk.revokeKey("chen", id);
    expect(await desk.byKey(key)).toBeNull();
  });
});

async function enter(account: string, password: string, address: string): Promise<string> {
  await signIn.byPassword(account, password, {}, address);
  return desk.beginSession(account, address);
}

describe("9 what a person sees", () => {
  beforeEach(async () => {
    for (const [id, path, taker] of [
      ["own", "c1/g1/", null],
      ["below", "c1/g1/x/", null],
      ["neighbour", "c1/g10/", null],
      ["taken", "c2/g9/", "wang"],
    ] as const) {
      await database.kysely
        .insertInto("work_case")
        .values({
          id,
          type: "t",
          type_version: 1,
          state: "new",
          place: id,
          path,
          slot: "head",
          subject_kind: "vehicle",
          subject: "豫G1_2",
          lock: null,
          parent: null,
          opened_ms: 0,
          due_ms: 1,
          level: 0,
          taken_by: taker,
          outcome: null,
          confirmation: "none",
          closed_ms: null,
          version: 1,
          body: "{}",
        })
        .execute();
      await database.kysely
        .insertInto("case_entry")
        .values({ case: id, seq: 1, at_ms: 0, kind: "opened", actor: null, path, command: null, body: "{}" })
        .execute();
    }
  });

  const ids = (paths: string[], person: string | null): Promise<string[]> =>
    readAs(database.kysely, { paths, person }, async (as) =>
      (await as.selectFrom("work_case").select("id").orderBy("id").execute()).map(({ id }) => id),
    );

  test("is the place, all below it, and what the person has taken: for the list, the get and the story alike", async () => {
    expect(await ids(["c1/g1/"], "wang")).toEqual(["below", "own", "taken"]);
    expect(await ids(["c1/"], "chen")).toEqual(["below", "neighbour", "own"]);
    expect(await ids([], null)).toEqual([]);
    const got = await readAs(database.kysely, { paths: ["c1/g1/"], person: null }, (as) =>
      as.selectFrom("work_case").select("id").where("id", "=", "neighbour").execute(),
    );
    expect(got).toEqual([]);
    const stories = await readAs(database.kysely, { paths: ["c1/g1/"], person: null }, (as) =>
      as.selectFrom("case_entry").select("case").orderBy("case").execute(),
    );
    expect(stories.map((entry) => entry.case)).toEqual(["below", "own"]);
    // Nothing of it is left behind in the connection.
    expect(await database.kysely.selectFrom("work_case").select("id").execute()).toHaveLength(4);
  });

  test.each([
    "insert into lock (id, vehicle, state, locked_ms, expires_ms, body) values ('l', 'v', 'live', 0, 1, '{}')",
    "update lock set state = 'released'",
    "delete from exposure",
    "insert into passage (id, vehicle, gate, direction, time_ms, body) values ('p', 'v', 'g', 'inbound', 0, '{}')",
    "insert into event (at_ms, kind, change, id, cause, body) values (0, 'lock', 'opened', 'x', 'live', '{}')",
    "update work_case set state = 'released'",
    "delete from case_entry",
    "update audit set count = 0",
    "delete from audit",
    "update account set roles = '{administrator}'",
    "insert into session (id, account, address, created_ms, seen_ms, expires_ms) values ('s', 'wang', '', 0, 0, 1)",
    "select * from account",
    "select * from session",
    "select * from lock",
    "alter table work_case disable row level security",
    "create table mine (n integer)",
  ])("11 the role that reads for people cannot: %s", async (statement) => {
    // Not even where the transaction could write.
    const doing = database.kysely.transaction().execute(async (transaction) => {
      await sql`set local role wuxing_app`.execute(transaction);
      await sql.raw(statement).execute(transaction);
    });
    await expect(doing).rejects.toThrow(/permission denied|must be owner/);
    const reading = readAs(database.kysely, { paths: ["c1/"], person: "wang" }, (as) => sql.raw(statement).execute(as));
    await expect(reading).rejects.toThrow(/permission denied|must be owner|read-only transaction/);
  });
});

describe("9 row-level security", () => {
  /** What names nobody, or what everybody of the teams may see of each other: places, duties, names at work. */
  const OPEN = new Set(
    // The clocks of cases are an id and an instant.
    `area area_version case_timer checkpoint duty etc_join follower leave migration person place place_operation place_shape
     place_version rule_version substitute tally`.split(/\s+/),
  );

  test("guards every table with personal data; a new table has to be decided about here", async () => {
    const { rows } = await sql<{ name: string; guarded: boolean }>`
      select relname as name, relrowsecurity as guarded from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname`.execute(database.kysely);
    expect(rows.length).toBeGreaterThan(35);
    expect(rows.filter(({ name, guarded }) => guarded === OPEN.has(name))).toEqual([]);
  });

  test.each(["lock", "exposure", "passage", "event", "account", "audit", "person_field"])(
    "shows nothing of %s to the role that reads for people, also when somebody lets it read there",
    async (table) => {
      await database.kysely.transaction().execute(async (transaction) => {
        await sql`insert into lock (id, vehicle, state, locked_ms, expires_ms, body) values ('l', 'v', 'live', 0, 1, '{}')`.execute(
          transaction,
        );
        await sql`
          insert into exposure (id, vehicle, area, start_ms, exposed_ms, last_ms, body) values ('e', 'v', 'a', 0, 0, 0, '{}')
        `.execute(transaction);
        await sql`
          insert into passage (id, vehicle, gate, direction, time_ms, body) values ('p', 'v', 'g', 'inbound', 0, '{}')
        `.execute(transaction);
        await sql`
          insert into event (at_ms, kind, change, id, cause, body) values (0, 'lock', 'opened', 'x', 'live', '{}')
        `.execute(transaction);
        await sql`insert into person_field (person, key) values ('wang', 'k')`.execute(transaction);
        await sql`
          insert into audit (seq, at_ms, kind, shape, count, status, previous, digest) values (1, 0, 'read', '', 1, 200, '', '')
        `.execute(transaction);
        await sql`grant select on ${sql.table(table)} to wuxing_app`.execute(transaction);
        const count = sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`;
        expect((await count.execute(transaction)).rows[0].count).toBeGreaterThan(0);
        await sql`set local role wuxing_app`.execute(transaction);
        await sql`select set_config('wuxing.paths', 'c1/', true)`.execute(transaction);
        expect((await count.execute(transaction)).rows[0].count).toBe(0);
        await sql`reset role`.execute(transaction);
        await sql`revoke select on ${sql.table(table)} from wuxing_app`.execute(transaction);
        for (const each of ["lock", "exposure", "passage", "event", "person_field", "audit"])
          await sql`delete from ${sql.table(each)}`.execute(transaction);
      });
    },
  );
});

describe("10 the audit", () => {
  const note = (count: number): AuditNote => ({
    account: "wang",
    purpose: "case-work",
    kind: "read",
    subject: "豫G1_2",
    shape: "GET /api/v1/vehicles/:id",
    count,
    status: 200,
  });
  const fill = async (): Promise<void> => {
    const chain = new AuditChain(database.kysely, () => nowMs);
    await Promise.all(Array.from({ length: 50 }, (_, i) => chain.append(note(i))));
  };

  test("is one chain, however many write at once, and says when each note is durable", async () => {
    await Promise.all([fill(), fill()]);
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 100, broken: null });
  });

  test.each([
    ["a changed row", sql`update audit set count = 7 where seq = 20`, { seq: 20, why: "it was changed" }],
    ["a removed row", sql`delete from audit where seq = 20`, { seq: 21, why: "row 20 is missing" }],
    [
      "a row in place of another",
      sql`update audit set digest = (select digest from audit where seq = 3) where seq = 20`,
      { seq: 20, why: "it was changed" },
    ],
  ])("finds %s", async (_, tampering, broken) => {
    await fill();
    await tampering.execute(database.kysely);
    expect(await verifyAudit(database.kysely)).toMatchObject({ broken });
  });

  test("finds rows cut off its end, and a chain made anew, by what was written down", async () => {
    await fill();
    const { rows, head } = await verifyAudit(database.kysely);
    await sql`delete from audit where seq > 45`.execute(database.kysely);
    expect(await verifyAudit(database.kysely)).toMatchObject({ broken: null });
    expect(await verifyAudit(database.kysely, { rows, head })).toMatchObject({ broken: { seq: 50 } });
    await sql`delete from audit`.execute(database.kysely);
    nowMs += 1;
    await fill();
    expect(await verifyAudit(database.kysely, { rows, head })).toMatchObject({ broken: { seq: 50 } });
  });

  test("refuses to show what it cannot note", async () => {
    const chain = new AuditChain(database.kysely, () => nowMs);
    await expect(chain.append({ ...note(1), count: Number.NaN })).rejects.toThrow(/NaN|integer/);
    await chain.append(note(1));
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 1, broken: null });
  });
});
