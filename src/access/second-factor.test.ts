import { createHmac } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { AccessDesk } from "./access-desk.ts";
import { createFieldKey, FieldCipher } from "./field-cipher.ts";
import { Passkeys } from "./passkeys.ts";
import { SecondFactor } from "./second-factor.ts";
import { SignIn } from "./sign-in.ts";
import { toBase32 } from "./totp.ts";

const STEP_MS = 30_000;

let database: Database;
let factors: SecondFactor;
let signIn: SignIn;
let nowMs: number;
let secret: string;
let recoveryCodes: string[];

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  const { kysely } = database;
  await sql`truncate account cascade`.execute(kysely);
  nowMs = Date.parse("2022-04-06T01:00:10.000Z");
  const now = (): number => nowMs;
  const duties = { dutiesOf: () => [], getPath: () => "", kindOf: () => "" };
  factors = new SecondFactor(kysely, new FieldCipher([createFieldKey("aes-256-gcm", "k1")]), now);
  signIn = new SignIn({ kysely, factors, passkeys: new Passkeys(kysely, now), now });
  const desk = new AccessDesk({ kysely, duties, cityNow: now, now });
  await desk.addAccount({ id: "wang", name: "王", password: "correct horse" });
  ({ secret } = await factors.begin("wang"));
});
afterAll(() => database.close());

describe("9. Accounts: the second factor", () => {
  test("counts only once a code of it was entered", async () => {
    expect(await enter()).toBe("in");
    expect(await codeOf(factors.confirm("wang", "000000"))).toBe("CODE_WRONG");
    expect(await enter()).toBe("in");
    await confirm();
    expect(await enter()).toBe("CODE_NEEDED");
  });

  test("is asked for only after the right password, and a wrong code answers as a wrong password", async () => {
    await confirm();
    expect(await enter(undefined, "wrong")).toBe("SIGN_IN_FAILED");
    expect(await enter("000000")).toBe("SIGN_IN_FAILED");
    expect(await enter(totp())).toBe("in");
  });

  test("takes each code once, also of two who send it at the same time, and none of before it", async () => {
    await confirm();
    const code = totp();
    expect((await Promise.all([enter(code), enter(code)])).toSorted()).toEqual(["SIGN_IN_FAILED", "in"]);
    expect(await enter(code)).toBe("SIGN_IN_FAILED");
    expect(await enter(totp(nowMs - STEP_MS))).toBe("SIGN_IN_FAILED");
    nowMs += STEP_MS;
    expect(await enter(totp())).toBe("in");
  });

  test("the code that confirmed it does not sign in", async () => {
    const code = totp();
    recoveryCodes = await factors.confirm("wang", code);
    expect(await enter(code)).toBe("SIGN_IN_FAILED");
  });

  test("gives ten recovery codes, each good once, however it is typed", async () => {
    await confirm();
    expect(recoveryCodes).toHaveLength(10);
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^[A-Z2-7]{5}-[A-Z2-7]{5}$/);
    expect(await enter(recoveryCodes[0])).toBe("in");
    expect(await enter(recoveryCodes[0])).toBe("SIGN_IN_FAILED");
    expect(await enter(recoveryCodes[1].toLowerCase().replace("-", " "))).toBe("in");
    expect(await factors.of("wang")).toEqual({ totp: true, passkeys: 0, recoveryCodes: 8 });
    const newer = await factors.renewRecoveryCodes("wang");
    expect(await enter(recoveryCodes[2])).toBe("SIGN_IN_FAILED");
    expect(await enter(newer[0])).toBe("in");
  });

  test("is neither in the database nor known to another account", async () => {
    await confirm();
    const kept = JSON.stringify([
      await database.kysely.selectFrom("totp").selectAll().execute(),
      await database.kysely.selectFrom("recovery_code").selectAll().execute(),
    ]);
    for (const each of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replace("-", ""))])
      expect(kept).not.toContain(each);
    await sql`insert into account select 'li', name, null, password, roles, state, 0, 0 from account`.execute(
      database.kysely,
    );
    expect(await factors.take("li", recoveryCodes[0])).toBe(false);
    // A secret that was moved to another account does not decrypt there.
    await sql`insert into totp select 'li', secret, confirmed_ms, 0 from totp`.execute(database.kysely);
    expect(await codeOf(factors.take("li", totp()))).toBe("DATA_UNREADABLE");
  });

  test("cannot be put in place of one that counts, is switched off whole, and then the password suffices", async () => {
    await confirm();
    expect(await codeOf(factors.begin("wang"))).toBe("INPUT_INVALID");
    await factors.switchOff("wang");
    expect(await factors.of("wang")).toEqual({ totp: false, passkeys: 0, recoveryCodes: 0 });
    expect(await enter()).toBe("in");
  });

  test("a secret that was once entered by hand still counts", async () => {
    await database.kysely.updateTable("totp").set({ secret, confirmed_ms: 0 }).execute();
    expect(await enter()).toBe("CODE_NEEDED");
    expect(await enter(totp())).toBe("in");
  });
});

/** Confirms with the code of now, and goes on to where codes are fresh again. */
async function confirm(): Promise<void> {
  recoveryCodes = await factors.confirm("wang", totp());
  nowMs += 2 * STEP_MS;
}

function enter(code?: string, password = "correct horse"): Promise<string> {
  return codeOf(signIn.byPassword("wang", password, { code }, "10.0.0.1"));
}

function codeOf(doing: Promise<unknown>): Promise<string> {
  return doing.then(
    () => "in",
    (error: { code: string }) => error.code,
  );
}

/** As an authenticator reckons it (RFC 4226, 5.3), made without ours. */
function totp(atMs = nowMs): string {
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(atMs / STEP_MS), 4);
  const mac = createHmac("sha1", bytesOf(secret)).update(counter).digest();
  const number = mac.subarray(mac.at(-1)! & 15).readUInt32BE() & 0x7fffffff;
  return String(number % 1e6).padStart(6, "0");
}

function bytesOf(base32: string): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(base32, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  // The way there and back.
  if (toBase32(bytes) !== base32) throw new Error(`${base32} is not base32 as we write it`);
  return bytes;
}
