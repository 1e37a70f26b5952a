import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieOf, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

interface Answer {
  status: number;
  body: Record<string, unknown> & { code?: string };
}

let served: Served;
let boss: string;
let wang: string;
let password: string;

beforeAll(async () => {
  const data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  password = (
    await wuxing(["account", "add", "wang", "--desk", "--city", city, "--data", data, "--name", "王"])
  ).stdout.trim();
  served = await serve(["--city", city, "--data", data]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
  wang = await cookieOf(served.url, "wang", password);
}, 180_000);
afterAll(() => served.stop());

describe("9. Accounts: a second factor over HTTP", () => {
  let secret: string;
  let recovery: string[];

  it("is enrolled with the password and a first code, and then the password alone does not sign in", async () => {
    expect(await ask("POST", "/me/totp", { password: "wrong" })).toMatchObject({ status: 401 });
    const begun = await ask("POST", "/me/totp", { password });
    secret = begun.body["secret"] as string;
    expect(begun.body["uri"]).toMatch(new RegExp(`^otpauth://totp/[^?]+:wang\\?secret=${secret}&issuer=`));
    expect(await signIn()).toMatchObject({ status: 200 });
    const confirmed = await ask("POST", "/me/totp/confirm", { code: totp(secret) });
    recovery = confirmed.body["recoveryCodes"] as string[];
    expect(recovery).toHaveLength(10);
    expect(await signIn()).toMatchObject({
      status: 401,
      body: { code: "CODE_NEEDED", message: { zh: expect.stringContaining("动态码") as string }, detail: "code" },
    });
    // The code that confirmed it is used up.
    expect(await signIn({ code: totp(secret) })).toMatchObject({ status: 401, body: { code: "SIGN_IN_FAILED" } });
    expect(await signIn({ code: recovery[0] })).toMatchObject({ status: 200 });
    expect(await signIn({ code: recovery[0] })).toMatchObject({ status: 401 });
    const answer = await ask("GET", "/me/factors");
    expect(answer.body).toEqual({ totp: true, recoveryCodes: 9, passkeys: [] });
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  it("is switched off by nobody who has not both, and by no program's key", async () => {
    expect(await ask("POST", "/me/totp/off", { password })).toMatchObject({
      status: 401,
      body: { code: "CODE_NEEDED" },
    });
    expect(await ask("POST", "/me/totp/off", { password, code: "000000" })).toMatchObject({ status: 401 });
    const { body } = await ask("POST", "/keys", { label: "program", rights: ["watch"], days: 1 });
    const key = { authorization: `Bearer ${body["key"] as string}` };
    for (const [method, path, given] of [
      ["POST", "/me/totp/off", { password, code: recovery[1] }],
      ["POST", "/keys", { label: "child", rights: ["watch"], days: 366 }],
      ["POST", "/break-glass", { purpose: "medical", reason: "ten letters and more" }],
      ["GET", "/me/factors", undefined],
    ] as const)
      expect({ path, ...(await ask(method, path, given, key)) }).toMatchObject({ path, status: 403 });
    expect(await ask("POST", "/me/totp/off", { password, code: recovery[1] })).toMatchObject({
      status: 200,
      body: { totp: false, recoveryCodes: 0 },
    });
    expect(await signIn()).toMatchObject({ status: 200 });
  });

  it("is reset by an administrator only with a reason, which the audit keeps and the account is told", async () => {
    const begun = await ask("POST", "/me/totp", { password });
    await ask("POST", "/me/totp/confirm", { code: totp(begun.body["secret"] as string) });
    expect(await signIn()).toMatchObject({ body: { code: "CODE_NEEDED" } });
    const as = { cookie: boss };
    expect(await ask("POST", "/accounts/wang/factors/reset", {}, as)).toMatchObject({ status: 400 });
    expect(await ask("POST", "/accounts/wang/factors/reset", { reason: "不说" }, as)).toMatchObject({ status: 400 });
    const reason = "手机丢失，当面核对了身份";
    expect(await ask("POST", "/accounts/wang/factors/reset", { reason })).toMatchObject({ status: 403 });
    expect(await ask("POST", "/accounts/boss/factors/reset", { reason }, as)).toMatchObject({ status: 403 });
    expect(await ask("POST", "/accounts/nobody/factors/reset", { reason }, as)).toMatchObject({ status: 400 });
    expect(await ask("POST", "/accounts/wang/factors/reset", { reason }, as)).toMatchObject({ status: 200 });
    expect(await signIn()).toMatchObject({ status: 200 });
    const told = JSON.stringify((await ask("GET", "/notices")).body);
    expect(told).toContain(`boss 清除了您的动态码和通行密钥：${reason}`);
    const noted = JSON.stringify((await ask("GET", "/audit?subject=wang", undefined, as)).body);
    expect(noted).toContain(reason);
  });
});

async function ask(method: string, path: string, body?: unknown, headers: object = { cookie: wang }): Promise<Answer> {
  const answer = await fetch(`${served.url}/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

function signIn(proof: object = {}): Promise<Answer> {
  return ask("POST", "/session", { account: "wang", password, ...proof }, {});
}

/** As an authenticator reckons it (RFC 4226, 5.3), made without ours. */
function totp(secret: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(secret, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(Date.now() / 30_000), 4);
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.subarray(mac.at(-1)! & 15).readUInt32BE() & 0x7fffffff) % 1e6).padStart(6, "0");
}
