import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { AccessDesk } from "./access-desk.ts";
import { createFieldKey, FieldCipher } from "./field-cipher.ts";
import { Passkeys } from "./passkeys.ts";
import { SecondFactor } from "./second-factor.ts";
import { SignIn } from "./sign-in.ts";

const HOUR_MS = 3_600_000;
const NEW = "battery staple 42";

let database: Database;
let desk: AccessDesk;
let signIn: SignIn;
let nowMs: number;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  const { kysely } = database;
  await sql`truncate account cascade`.execute(kysely);
  nowMs = Date.parse("2022-04-06T01:00:00.000Z");
  const now = (): number => nowMs;
  const duties = { dutiesOf: () => [], getPath: () => "", kindOf: () => "" };
  const factors = new SecondFactor(kysely, new FieldCipher([createFieldKey("aes-256-gcm", "k1")]), now);
  signIn = new SignIn({ kysely, factors, passkeys: new Passkeys(kysely, now), now });
  desk = new AccessDesk({ kysely, duties, cityNow: now, now });
  for (const id of ["wang", "chen"]) await desk.addAccount({ id, name: id, password: "correct horse" });
});
afterAll(() => database.close());

describe("9. Accounts: a password that was forgotten", () => {
  test("is chosen anew by its person, with a code that is good once, and every session of before has ended", async () => {
    const [own, others] = [await desk.beginSession("wang", "10.0.0.1"), await desk.beginSession("chen", "10.0.0.2")];
    const { code, untilMs } = await signIn.passwords.makeCode("wang", "boss");
    expect(code).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
    expect(untilMs).toBe(nowMs + 24 * HOUR_MS);
    // Until it is used the old password holds: who makes a code takes nobody's way in away.
    expect(await enter("wang", "correct horse")).toBe("in");
    expect(await choose("wang", code.toLowerCase().replaceAll("-", " "), NEW)).toBe("in");
    expect(await enter("wang", "correct horse")).toBe("SIGN_IN_FAILED");
    expect(await enter("wang", NEW)).toBe("in");
    expect(await desk.bySession(own)).toBeNull();
    expect(await desk.bySession(others)).not.toBeNull();
    expect(await choose("wang", code, "another one 99")).toBe("PASSWORD_CODE_INVALID");
    expect(await enter("wang", NEW)).toBe("in");
  });

  test("is not chosen by another account's code, by the code before the last one, or after a day", async () => {
    const [first, chens] = [await makeCode("wang"), await makeCode("chen")];
    const second = await makeCode("wang");
    for (const wrong of [first, chens, "", "AAAA-AAAA-AAAA-AAAA"])
      expect(await choose("wang", wrong, NEW)).toBe("PASSWORD_CODE_INVALID");
    nowMs += 24 * HOUR_MS;
    expect(await choose("wang", second, NEW)).toBe("PASSWORD_CODE_INVALID");
    expect(await enter("wang", NEW)).toBe("SIGN_IN_FAILED");
  });

  test("of two who send a code at once one chooses", async () => {
    const code = await makeCode("wang");
    const ends = await Promise.all([choose("wang", code, NEW), choose("wang", code, "another one 99")]);
    expect(ends.toSorted()).toEqual(["PASSWORD_CODE_INVALID", "in"]);
    expect(await enter("wang", ends[0] === "in" ? NEW : "another one 99")).toBe("in");
  });

  test("whoever guesses codes waits, and a password that does not do costs neither the code nor a try", async () => {
    const code = await makeCode("wang");
    for (const poor of ["short", "aaaaaaaaaaaa", "wang wang wang 1", "x".repeat(201)])
      expect(await choose("wang", code, poor)).toBe("INPUT_INVALID");
    for (let i = 0; i < 6; i++) expect(await choose("wang", "AAAA-AAAA-AAAA-AAAA", NEW)).toBe("PASSWORD_CODE_INVALID");
    expect(await choose("wang", code, NEW)).toBe("TOO_MANY");
    nowMs += 2001;
    expect(await choose("wang", code, NEW)).toBe("in");
  });

  test("of a blocked account stays as it is, and the code is not in the database", async () => {
    const code = await makeCode("wang");
    const kept = JSON.stringify(await database.kysely.selectFrom("password_code").selectAll().execute());
    expect(kept).not.toContain(code);
    expect(kept).not.toContain(code.replaceAll("-", ""));
    await desk.block("wang");
    expect(await choose("wang", code, NEW)).toBe("PASSWORD_CODE_INVALID");
    await expect(makeCode("wang")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(makeCode("nobody")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("9. Accounts: a password that is changed by its person", () => {
  test("ends the other sessions and every code, not the session in which it was changed", async () => {
    const [here, there] = [await desk.beginSession("wang", "10.0.0.1"), await desk.beginSession("wang", "10.0.0.2")];
    const code = await makeCode("wang");
    const { principal } = (await desk.bySession(here))!;
    await signIn.passwords.change("wang", NEW, principal.session!);
    expect(await desk.bySession(here)).not.toBeNull();
    expect(await desk.bySession(there)).toBeNull();
    expect(await enter("wang", NEW)).toBe("in");
    expect(await choose("wang", code, "another one 99")).toBe("PASSWORD_CODE_INVALID");
  });
});

async function makeCode(account: string): Promise<string> {
  return (await signIn.passwords.makeCode(account, "boss")).code;
}

function choose(account: string, code: string, password: string): Promise<string> {
  return codeOf(signIn.byPasswordCode(account, code, password, "10.0.0.1"));
}

function enter(account: string, password: string): Promise<string> {
  return codeOf(signIn.byPassword(account, password, {}, "10.0.0.9"));
}

function codeOf(doing: Promise<unknown>): Promise<string> {
  return doing.then(
    () => "in",
    (error: { code: string }) => error.code,
  );
}
