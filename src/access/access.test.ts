import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { AccessDesk } from "./access-desk.ts";
import { AuditChain, verifyAudit, type AuditNote } from "./audit-chain.ts";
import { hashPassword, isPassword } from "./passwords.ts";
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

describe("9. Accounts, sessions and keys; rights come from duties", () => {
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

  test("forget sessions a day after they are over", async () => {
    const over = await enter("wang", "correct horse", "10.0.0.1");
    await desk.endSession("wang", (await desk.bySession(over))!.principal.session!);
    nowMs += 23 * HOUR_MS;
    await desk.beginSession("wang", "10.0.0.1");
    expect(await countSessions()).toBe(2);
    nowMs += 2 * HOUR_MS;
    const open = await desk.beginSession("wang", "10.0.0.1");
    expect(await countSessions()).toBe(2);
    expect(await desk.bySession(open)).not.toBeNull();
  });

  test("of the demo last a shift, and a machine that forgets its cookies does not fill the table", async () => {
    const first = await desk.beginDemoSession("wang", "127.0.0.1");
    expect(await desk.bySession(first)).not.toBeNull();
    nowMs += 1;
    for (let i = 0; i < 60; i++, nowMs++) await desk.beginDemoSession("wang", "127.0.0.1");
    const elsewhere = await desk.beginDemoSession("wang", "::1");
    expect(await countSessions()).toBe(51);
    expect(await desk.bySession(first)).toBeNull();
    expect(await desk.bySession(elsewhere)).not.toBeNull();
    nowMs += 8 * HOUR_MS;
    expect(await desk.bySession(elsewhere)).toBeNull();
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

  test("take a purpose that the duties do not give in an emergency, for three hours, and tell whoever stands above", async () => {
    const told: { purpose: string; reason: string; untilMs: number; account: string }[] = [];
    const duties = {
      dutiesOf: () => [{ place: "g1", slot: "head" }],
      getPath: () => "c1/g1/",
      kindOf: () => "grid",
    };
    const emergency = new AccessDesk({
      kysely: database.kysely,
      duties,
      cityNow: () => nowMs,
      now: () => nowMs,
      onBreakGlass: async ({ purpose, reason, untilMs, principal }) => {
        told.push({ purpose, reason, untilMs, account: principal.account });
      },
    });
    const token = await emergency.beginSession("wang", "10.0.0.1");
    const { principal } = (await emergency.bySession(token))!;
    expect(principal.purposes).toEqual(["case-work"]);
    await expect(emergency.setPurpose(principal, "medical")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const untilMs = await emergency.breakGlass(principal, "medical", "司机突发疾病，须告知急救");
    expect(untilMs).toBe(nowMs + 3 * HOUR_MS);
    expect(told).toEqual([{ purpose: "medical", reason: "司机突发疾病，须告知急救", untilMs, account: "wang" }]);
    await emergency.setPurpose((await emergency.bySession(token))!.principal, "medical");
    expect(await emergency.bySession(token)).toMatchObject({ purpose: "medical" });
    nowMs = untilMs;
    // The shift would last longer: the emergency is over, and what it opened with it.
    const after = (await emergency.bySession(token))!;
    expect([after.purpose, after.principal.purposes]).toEqual([null, ["case-work"]]);
    await desk.addAccount({ id: "boss", name: "boss", roles: ["administrator"] });
    const boss = await desk.byAccount("boss");
    await expect(desk.breakGlass(boss, "medical", "没有职务")).rejects.toMatchObject({ code: "FORBIDDEN" });
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

async function countSessions(): Promise<number> {
  return (await database.kysely.selectFrom("session").select("id").execute()).length;
}

async function enter(account: string, password: string, address: string): Promise<string> {
  await signIn.byPassword(account, password, {}, address);
  return desk.beginSession(account, address);
}

describe("10. Every read and search of personal data is audited: the chain", () => {
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

  test("is one chain when processes write in turns, each believing that it knows the end", async () => {
    const chains = [1, 2, 3].map(() => new AuditChain(database.kysely, () => nowMs));
    for (let i = 0; i < 12; i++) await chains[i % 3].append(note(i));
    const racing = Array.from({ length: 60 }, (_, i) => chains[i % 3].append(note(i)));
    await Promise.all(racing);
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 72, broken: null });
  });

  test("takes more at once than a statement has parameters for", async () => {
    const chain = new AuditChain(database.kysely, () => nowMs);
    await Promise.all(Array.from({ length: 7000 }, (_, i) => chain.append(note(i))));
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 7000, broken: null });
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
    await expect(chain.append({ ...note(1), count: Number.NaN })).rejects.toThrow(/count/);
    await chain.append(note(1));
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 1, broken: null });
    await chain.append(note(2));
    await expect(chain.append({ ...note(3), count: Number.NaN })).rejects.toThrow(/count/);
    await chain.append(note(3));
    expect(await verifyAudit(database.kysely)).toMatchObject({ rows: 3, broken: null });
  });
});
